import { isSysError } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import type { SimCore } from "../../src/drivers/llm/sim/core.ts";
import type { Core } from "../../src/kernel/ports.ts";
import { countOf, machine, openPreemptionRig as open, resultOf, textOf } from "../preemption-rig.ts";
import { openRig } from "../rig.ts";

test("an interactive call takes the slot of a running one, which goes on exactly where it stopped", async () => {
  const alone = await open();
  const whole = await alone.clock.run(alone.chat("a", "Tell a story.", { stream: true }).ended);
  const { chat, clock, core } = await open();
  const batch = chat("a", "Tell a story.", { stream: true });
  const startMs = clock.nowMs();
  await clock.run(startMs + 505);
  const person = chat("b", "Quick question?", { class: "interactive" });
  const [story, answer] = await clock.run(Promise.all([batch.ended, person.ended]));
  // Without preemption it would have waited for the other 500 ms as well.
  expect(answer.atMs - startMs).toBeLessThanOrEqual(505 + 1_020);
  expect(textOf(story.events)).toBe(textOf(whole.events));
  expect(resultOf(story.events)).toMatchObject({
    result: { message: (resultOf(whole.events) as { result: { message: object } }).result.message },
    usage: { ...resultOf(whole.events)?.usage },
  });
  expect(story.events.map(({ type }) => type).filter((type) => type.startsWith("syscall."))).toEqual([
    "syscall.queued",
    "syscall.started",
    "syscall.preempted",
    "syscall.started",
    "syscall.completed",
  ]);
  // Both were computed once: no token of the story twice.
  expect(story.atMs - startMs).toBeLessThanOrEqual(2_040);
  expect([core().running, core().waiting, core().snapshots, core().arrived]).toEqual([0, 0, 0, 3]);
});

test("a core that cannot resume is left alone, and so is a call of the same class", async () => {
  const { chat, clock } = await open({ resume: "none" });
  const [batch, person] = [chat("a", "Tell a story."), chat("b", "Quick?", { class: "interactive" })];
  const [story] = await clock.run(Promise.all([batch.ended, person.ended]));
  expect(countOf(story.events, "syscall.preempted")).toBe(0);
  const able = await open();
  const [one, two] = [able.chat("a", "One."), able.chat("b", "Two.")];
  const [first] = await able.clock.run(Promise.all([one.ended, two.ended]));
  expect(countOf(first.events, "syscall.preempted")).toBe(0);
});

test("under edf the nearer deadline takes the slot", async () => {
  const { chat, clock } = await open({}, { scheduler: { policy: "edf" } });
  const late = chat("a", "Whenever.", { deadlineMs: 60_000 });
  await clock.run(clock.nowMs() + 300);
  const soon = chat("b", "Soon.", { deadlineMs: 2_000 });
  const [slow, quick] = await clock.run(Promise.all([late.ended, soon.ended]));
  expect(countOf(slow.events, "syscall.preempted")).toBe(1);
  expect(quick.atMs).toBeLessThan(slow.atMs);
});

test("under rr calls take turns of 64 tokens", async () => {
  const { chat, clock } = await open({ outputTokens: 150 }, { scheduler: { policy: "rr" } });
  const calls = ["a", "b", "c"].map((name) => chat(name, `Story of ${name}.`));
  const ended = await clock.run(Promise.all(calls.map((call) => call.ended)));
  expect(ended.map(({ events }) => countOf(events, "syscall.preempted"))).toEqual([2, 2, 2]);
  // 150 tokens each in turns of 64: nobody is done before all have had two turns.
  const startMs = Math.min(...ended.map(({ atMs }) => atMs));
  expect(Math.max(...ended.map(({ atMs }) => atMs)) - startMs).toBeLessThanOrEqual(500);
});

test("a call that is cancelled while it stands by frees its snapshot and ends once", async () => {
  const { chat, clock, core } = await open();
  const batch = chat("a", "Tell a story.");
  await clock.run(clock.nowMs() + 300);
  const person = chat("b", "Quick?", { class: "interactive" });
  await clock.run(clock.nowMs() + 300);
  expect(core().snapshots).toBe(1);
  batch.cancel();
  const [story] = await clock.run(Promise.all([batch.ended, person.ended]));
  expect(story.events.at(-1)).toMatchObject({ type: "syscall.failed", error: { code: "ECANCELED" } });
  expect(countOf(story.events, "syscall.failed")).toBe(1);
  expect([core().running, core().snapshots]).toEqual([0, 0]);
});

test("budgets and buckets are reserved once, however often a call makes way", async () => {
  const limits = { requestsPerMinute: 10, burst: 5, outputTokensPerMinute: 6_000 };
  const settings = { budgets: { local: [{ resource: "tokens" as const, window: "hour" as const, limit: 5_000 }] } };
  const { chat, clock, admin } = await open({ limits }, { settings, scheduler: { policy: "rr" } });
  const startMs = clock.nowMs();
  const calls = ["a", "b", "c"].map((name) => chat(name, `Story of ${name}.`));
  const ended = await clock.run(Promise.all(calls.map((call) => call.ended)));
  expect(ended.map(({ events }) => [events.at(-1)?.type, countOf(events, "syscall.preempted")])).toEqual(
    Array(3).fill(["syscall.completed", 1]),
  );
  const used = ended.reduce((sum, { events }) => {
    const { inputTokens = 0, outputTokens = 0 } = resultOf(events)?.usage ?? {};
    return sum + inputTokens + outputTokens;
  }, 0);
  const { accounts } = (await clock.run(admin.budget.show().outcome())).result;
  expect(accounts.map(({ used: spent, reserved }) => [spent, reserved])).toEqual([[used, 0]]);
  // Three requests go at once. Were each turn one more, the seventh would have to wait for a minute's tenth.
  expect(Math.max(...ended.map(({ atMs }) => atMs)) - startMs).toBeLessThanOrEqual(3_100);
});

describe("a core that is taken away while a call stands by", () => {
  test.each([
    ["begins anew elsewhere where nothing was handed out", false],
    ["fails where something was", true],
  ])("%s", async (_name, isStreamed) => {
    const cores: Core[] = [];
    const rig = await openRig({
      cores: (clock) => {
        cores.push(createSimCore({ clock, ...machine }));
        return cores;
      },
    });
    const ask = (session: string, quality: object, stream: boolean) =>
      rig
        .client(session)
        .client.llm.chat({ messages: [{ role: "user", content: "Tell." }], stream }, quality)
        .outcome();
    const story = ask("a", {}, isStreamed).catch((cause: unknown) => cause);
    await rig.clock.run(rig.clock.nowMs() + 300);
    const person = ask("b", { class: "interactive" }, false);
    await rig.clock.run(rig.clock.nowMs() + 300);
    const old = cores[0] as SimCore;
    cores.splice(0, 1, createSimCore({ clock: rig.clock, ...machine }));
    await rig.clock.run(rig.refresh({}));
    const outcome = await rig.clock.run(story);
    await rig.clock.run(person);
    expect(isSysError(outcome)).toBe(isStreamed);
    expect([old.snapshots, old.running]).toEqual([0, 0]);
  });
});

test("a call waits until its tokens fit into the core's memory, and small ones do not pass it for ever", async () => {
  let held = 0;
  const seen: string[] = [];
  const rig = await openRig({
    cores: (clock) => {
      const core = createSimCore({ clock, ...machine, slots: 8, outputTokens: 50 });
      return [
        {
          ...core,
          freeTokens: () => 1_000 - held,
          async *execute(name, args, context) {
            const { messages, maxTokens = 0 } = args as { messages: { content: string }[]; maxTokens?: number };
            const needed = Math.ceil((messages[0]?.content.length ?? 0) / 4) + maxTokens;
            held += needed;
            seen.push(`${messages[0]?.content.slice(0, 5)} ${held}`);
            yield* core.execute(name, args, context);
            held -= needed;
          },
        },
      ];
    },
  });
  const ask = (name: string, tokens: number) =>
    rig
      .client(name)
      .client.llm.chat({ messages: [{ role: "user", content: name.padEnd(tokens * 4, ".") }], maxTokens: 50 })
      .outcome();
  const calls = [ask("small", 100), ask("large", 900), ask("third", 100), ask("fours", 100)];
  await rig.clock.run(Promise.all(calls));
  expect(seen.map((line) => line.split(" ")[0])).toEqual(["small", "large", "third", "fours"]);
  expect(Math.max(...seen.map((line) => Number(line.split(" ")[1])))).toBeLessThanOrEqual(1_000);
});
