import { SysError } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { Core } from "../../src/kernel/ports.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { countOf, machine, openPreemptionRig, resultOf } from "../preemption-rig.ts";
import { openRig } from "../rig.ts";

/** A story of a second that made way after 300 ms for a quick question, which takes a second too. */
async function standingBy(...options: Parameters<typeof openPreemptionRig>) {
  const rig = await openPreemptionRig(...options);
  const startMs = rig.clock.nowMs();
  const story = rig.chat("a", "Tell a story.", { stream: true });
  await rig.clock.run(startMs + 300);
  const person = rig.chat("b", "Quick?", { class: "interactive" });
  await rig.clock.run(startMs + 600);
  expect(rig.core().snapshots).toBe(1);
  return { ...rig, startMs, story, person };
}

test("suspended while it stands by, a call goes on where it stopped when its process is resumed", async () => {
  const { admin, client, clock, story, person, core } = await standingBy();
  const { pid } = client("a");
  await clock.run(admin.proc.signal({ pid, signal: "suspend" }).outcome());
  await clock.run(person.ended);
  await clock.run(clock.nowMs() + 5_000);
  expect([core().running, core().snapshots]).toEqual([0, 1]);
  await clock.run(admin.proc.signal({ pid, signal: "resume" }).outcome());
  const resumedMs = clock.nowMs();
  const { events, atMs } = await clock.run(story.ended);
  expect(events.at(-1)?.type).toBe("syscall.completed");
  // 30 of its 100 tokens were there.
  expect(atMs - resumedMs).toBeLessThanOrEqual(720);
  expect(core().snapshots).toBe(0);
});

test("killed while it stands by, a call ends once and frees its snapshot", async () => {
  const { admin, client, clock, story, person, core } = await standingBy();
  await clock.run(admin.proc.signal({ pid: client("a").pid, signal: "kill" }).outcome());
  const { events } = await clock.run(story.ended);
  expect(events.at(-1)).toMatchObject({ type: "syscall.failed", error: { code: "ECANCELED" } });
  expect(core().snapshots).toBe(0);
  await clock.run(person.ended);
  expect([core().running, core().waiting]).toEqual([0, 0]);
});

test("a call whose time is up while it stands by fails with ETIMEDOUT, and what it reserved is given back", async () => {
  const settings = { budgets: { local: [{ resource: "tokens" as const, window: "hour" as const, limit: 5_000 }] } };
  const rig = await standingBy({}, { settings, scheduler: { defaultTimeoutMs: 1_250 } });
  const { clock, story, person, core, admin } = rig;
  const { events } = await clock.run(story.ended);
  expect(events.at(-1)).toMatchObject({ type: "syscall.failed", error: { code: "ETIMEDOUT" } });
  const { usage } = resultOf((await clock.run(person.ended)).events) ?? {};
  const { result } = await clock.run(admin.budget.show().outcome());
  const spent = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  // The prompt, and the 30 tokens that came.
  expect(result.accounts[0]?.used).toBeGreaterThan(spent + 30);
  expect(result.accounts[0]?.reserved).toBe(0);
  expect(core().snapshots).toBe(0);
});

test.each(["rr", "priority", "edf", "plas-vtc"])(
  "switched to %s with a call running, one standing by and some waiting, all end as they would have",
  async (policy) => {
    const { refresh, chat, clock, story, person, core } = await standingBy();
    const more = ["c", "d", "e"].map((name) => chat(name, `And ${name}?`));
    await clock.run(refresh({ policy }));
    await clock.run(clock.nowMs() + 700);
    await clock.run(refresh({ policy: "fifo" }));
    const ended = await clock.run(Promise.all([story, person, ...more].map((call) => call.ended)));
    expect(ended.map(({ events }) => events.at(-1)?.type)).toEqual(Array(5).fill("syscall.completed"));
    expect([core().running, core().waiting, core().snapshots]).toEqual([0, 0, 0]);
  },
);

describe("a core that breaks when the call goes on", () => {
  test.each([
    ["has failed where something was handed out", true, "syscall.failed"],
    ["is asked anew where nothing was", false, "syscall.completed"],
  ] as const)("%s", async (_name, isStreamed, last) => {
    let broken = 0;
    let discarded = 0;
    const { client, clock } = await openRig({
      cores: (at) => {
        const sim = createSimCore({ clock: at, ...machine });
        const core: Core = {
          ...sim,
          async *execute(name, args, context) {
            const { snapshot } = context;
            if (snapshot && broken++ === 0) throw new SysError("EIO", "the machine was restarted");
            for await (const batch of sim.execute(name, args, context))
              yield batch.map((event) => {
                if (event.type !== "preempted") return event;
                const discard = (): void => {
                  discarded++;
                  event.snapshot.discard();
                };
                return {
                  ...event,
                  snapshot: Object.assign(Object.create(event.snapshot) as typeof event.snapshot, { discard }),
                };
              });
          },
        };
        return [core];
      },
    });
    const ask = async (session: string, stream: boolean, quality: object) => {
      const events = [];
      const messages = [{ role: "user" as const, content: "Tell." }];
      for await (const event of client(session).client.llm.chat({ messages, stream }, quality)) events.push(event);
      return events;
    };
    const story = ask("a", isStreamed, {});
    await clock.run(clock.nowMs() + 300);
    const person = ask("b", false, { class: "interactive" });
    const events = await clock.run(story);
    await clock.run(person);
    expect(events.at(-1)?.type).toBe(last);
    expect(events.filter(({ type }) => type === "syscall.failed" || type === "syscall.completed")).toHaveLength(1);
    expect(broken).toBeGreaterThan(0);
    expect(discarded).toBeGreaterThan(0);
  });
});

test("a call makes way eight times at most, however much urgent work comes", async () => {
  const { chat, clock } = await openPreemptionRig({ outputTokens: 40 });
  const story = chat("a", "Tell a story.", { stream: true });
  let isOver = false;
  void story.ended.then(() => (isOver = true));
  const people = [];
  for (let n = 0; !isOver && n < 60; n++) {
    await clock.run(clock.nowMs() + 20);
    people.push(chat(`p${n}`, "Quick?", { class: "interactive" }).ended);
    await clock.run(clock.nowMs() + 410);
  }
  const { events } = await clock.run(story.ended);
  expect(countOf(events, "syscall.preempted")).toBe(8);
  await clock.run(Promise.all(people));
});

describe("a switch that costs more than it saves", () => {
  test("is not made: the call has next to nothing left", async () => {
    const { chat, clock } = await openPreemptionRig();
    const story = chat("a", "Tell a story.", { stream: true });
    // The place's answers are known to have 100 tokens.
    await clock.run(story.ended);
    const startMs = clock.nowMs();
    const again = chat("a", "Tell a story.", { stream: true });
    await clock.run(startMs + 980);
    const person = chat("b", "Quick?", { class: "interactive" });
    const [{ events }] = await clock.run(Promise.all([again.ended, person.ended]));
    expect(countOf(events, "syscall.preempted")).toBe(0);
  });

  test("is not made: a core that would read a long prompt again", async () => {
    const asTokens = async (resume: Core["resume"]) => {
      const { client, clock } = await openRig({
        cores: (at) => [{ ...createSimCore({ clock: at, ...machine }), resume }],
      });
      const ask = async (session: string, content: string, quality: object) => {
        const events = [];
        const messages = [{ role: "user" as const, content }];
        for await (const event of client(session).client.llm.chat({ messages, stream: true, maxTokens: 400 }, quality))
          events.push(event);
        return events;
      };
      const story = ask("a", "word ".repeat(4_000), {});
      await clock.run(clock.nowMs() + 300);
      const person = ask("b", "Quick?", { class: "interactive" });
      const [events] = await clock.run(Promise.all([story, person]));
      return countOf(events, "syscall.preempted");
    };
    expect(await asTokens("kv")).toBe(1);
    expect(await asTokens("tokens")).toBe(0);
    expect(await asTokens("prefix")).toBe(0);
  });
});
