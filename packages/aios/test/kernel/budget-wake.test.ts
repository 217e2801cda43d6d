// A process that a budget has suspended goes on by itself when the budget's window is over, or waits for a person: its policy says.
import { createClient, inLanes } from "@aiosjs/sdk";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Host, Journal } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const HOUR_MS = 3_600_000;
/** Twenty minutes past. */
const startMs = 472_222 * HOUR_MS + HOUR_MS / 3;

async function open(clock = createVirtualClock(startMs), journal: Journal = createMemoryJournal()) {
  const signals: string[] = [];
  const host: Host = {
    signal: (_group, signal) => signals.push(signal) > 0,
    isAlive: () => true,
    isWithin: () => true,
  };
  const rig = await openRig({
    clock,
    journal,
    host,
    cores: () => [createScriptedCore({ clock, limits: { concurrency: 8 } })],
  });
  return { ...rig, signals };
}

/** A command that may make so many calls an hour, and its client. */
async function spawn(
  { admin, kernel }: Awaited<ReturnType<typeof open>>,
  limits: { calls: number; perDay?: number; onExhausted?: "suspend" | "hold" },
) {
  const { pid, key } = await admin.proc.spawn({
    program: { kind: "command", command: ["x"], cwd: "/" },
    onExhausted: limits.onExhausted ?? "suspend",
    limits: [
      { resource: "calls", window: "hour", limit: limits.calls },
      ...(limits.perDay === undefined
        ? []
        : [{ resource: "calls" as const, window: "day" as const, limit: limits.perDay }]),
    ],
  });
  await admin.proc.bind({ pid, hostPid: 7, hostStartedAt: "then" });
  const client = createClient(kernel.transport(kernel.authenticate(key ?? "")));
  const chat = async (text: string, deadlineMs?: number) =>
    client.llm.chat({ messages: [{ role: "user", content: text }] }, deadlineMs === undefined ? {} : { deadlineMs });
  return { pid, chat };
}

test("its waiting call is answered in the next window, however long that takes", async () => {
  const rig = await open();
  const { admin, clock, signals } = rig;
  const { pid, chat } = await spawn(rig, { calls: 1 });
  await clock.run(chat("first"));
  const waiting = chat("second");
  await clock.run(startMs + HOUR_MS / 2);
  expect(await admin.proc.show({ pid })).toMatchObject({ state: "suspended", on: expect.stringContaining("budget") });
  const result = await clock.run(waiting);
  expect(result.message.content).toBe("done second");
  expect(clock.nowMs()).toBeGreaterThanOrEqual(startMs + (HOUR_MS * 2) / 3);
  expect(clock.nowMs()).toBeLessThan(startMs + (HOUR_MS * 2) / 3 + 1_000);
  expect(signals).toEqual(["suspend", "resume"]);
  expect((await rig.events()).map(({ topic }) => topic)).toContain("process.resumed");
});

test("where a longer budget is spent too it is suspended again, until that one's window ends", async () => {
  const rig = await open();
  const { chat } = await spawn(rig, { calls: 1, perDay: 1 });
  await rig.clock.run(chat("first"));
  await rig.clock.run(chat("second"));
  expect(rig.clock.nowMs() % (24 * HOUR_MS)).toBeLessThan(1_000);
  expect(rig.clock.nowMs()).toBeGreaterThan(startMs + HOUR_MS);
});

test("a deadline that the call named stands, and who is suspended by a person waits for the person", async () => {
  const rig = await open();
  const { pid, chat } = await spawn(rig, { calls: 1 });
  await rig.clock.run(chat("first"));
  await expect(rig.clock.run(chat("second", 5_000))).rejects.toMatchObject({ code: "ETIMEDOUT" });
  await rig.admin.proc.signal({ pid, signal: "suspend" });
  await rig.clock.run(startMs + 2 * HOUR_MS);
  expect(await rig.admin.proc.show({ pid })).toMatchObject({ state: "suspended", on: "by a signal" });
  await rig.admin.proc.signal({ pid, signal: "resume" });
  expect((await rig.admin.proc.show({ pid })).state).toBe("blocked");
});

test("a kernel that was started meanwhile wakes it as well, at once where the window is over", async () => {
  for (const [name, awayMs] of [
    ["within the window", HOUR_MS / 10],
    ["after it", HOUR_MS],
  ] as const) {
    const journal = createMemoryJournal();
    const before = await open(createVirtualClock(startMs), journal);
    const { pid, chat } = await spawn(before, { calls: 1 });
    await before.clock.run(chat("first"));
    chat("lost with the kernel").catch(() => undefined);
    await before.clock.run(startMs + 10_000);
    expect((await before.admin.proc.show({ pid })).state).toBe("suspended");
    // The first kernel is left as a crash leaves it.
    const after = await open(createVirtualClock(startMs + awayMs), journal);
    if (awayMs < HOUR_MS / 2) {
      expect(await after.admin.proc.show({ pid }), name).toMatchObject({
        state: "suspended",
        on: expect.stringContaining("budget"),
      });
      await after.clock.run(startMs + (HOUR_MS * 2) / 3 - 1_000);
      expect((await after.admin.proc.show({ pid })).state, name).toBe("suspended");
      await after.clock.run(startMs + (HOUR_MS * 2) / 3 + 1_000);
    } else await after.clock.run(after.clock.nowMs() + 10);
    expect((await after.admin.proc.show({ pid })).state, name).toBe("blocked");
    expect(after.signals, name).toEqual(["resume"]);
  }
});

/** One that has made its only call of the hour and waits with the next, in the hour after. */
async function held(limits = {}) {
  const journal = createMemoryJournal();
  const rig = await open(createVirtualClock(startMs), journal);
  const { pid, chat } = await spawn(rig, { calls: 1, onExhausted: "hold", ...limits });
  await rig.clock.run(chat("first"));
  const waiting = chat("second");
  waiting.catch(() => undefined);
  await rig.clock.run(startMs + HOUR_MS);
  return { ...rig, journal, pid, chat, waiting };
}

describe("a process that is held when its budget is spent", () => {
  test("waits for a person, also when the window is over, and goes on when it is resumed", async () => {
    const { admin, pid, clock, waiting, signals } = await held();
    expect(await admin.proc.show({ pid })).toMatchObject({
      state: "suspended",
      on: expect.stringContaining("budget"),
    });
    await admin.proc.signal({ pid, signal: "resume" });
    expect((await clock.run(waiting)).message.content).toBe("done second");
    // The signal that resumes a process reaches its group by itself.
    expect(signals).toEqual(["suspend", "resume", "resume"]);
  });

  test("is held again where it is resumed before there is a budget for it", async () => {
    const rig = await open();
    const { pid, chat } = await spawn(rig, { calls: 1, onExhausted: "hold" });
    await rig.clock.run(chat("first"));
    const waiting = chat("second");
    await rig.clock.run(startMs + 1_000);
    await rig.admin.proc.signal({ pid, signal: "resume" });
    await rig.clock.run(startMs + 2_000);
    expect((await rig.admin.proc.show({ pid })).state).toBe("suspended");
    await rig.admin.proc.limits({ pid, limits: [{ resource: "calls", window: "hour", limit: 2 }] });
    expect((await rig.clock.run(waiting)).message.content).toBe("done second");
    expect(rig.clock.nowMs()).toBeLessThan(startMs + HOUR_MS / 2);
  });

  test("is not woken by a kernel that is started when the window is over", async () => {
    const { journal, pid } = await held();
    const after = await open(createVirtualClock(startMs + 2 * HOUR_MS), journal);
    await after.clock.run(startMs + 4 * HOUR_MS);
    expect((await after.admin.proc.show({ pid })).state).toBe("suspended");
    await after.admin.proc.signal({ pid, signal: "resume" });
    expect((await after.admin.proc.show({ pid })).state).toBe("blocked");
  });

  test("goes on when the budget of its tenant is raised, whoever's the home is", async () => {
    const rig = await open();
    await rig.admin.budget.set({
      scope: "tenant:elsewhere",
      limits: [{ resource: "calls", window: "hour", limit: 1 }],
    });
    const { client } = rig.client("owner", "elsewhere");
    const { pid, key } = await client.proc.spawn({
      program: { kind: "command", command: ["x"], cwd: "/" },
      onExhausted: "hold",
    });
    const program = createClient(rig.kernel.transport(rig.kernel.authenticate(key ?? "")));
    const chat = async (content: string) => program.llm.chat({ messages: [{ role: "user", content }] });
    await rig.clock.run(chat("first"));
    const waiting = chat("second");
    await rig.clock.run(startMs + HOUR_MS);
    expect((await rig.admin.proc.show({ pid })).state).toBe("suspended");
    await rig.admin.budget.set({
      scope: "tenant:elsewhere",
      limits: [{ resource: "calls", window: "hour", limit: 5 }],
    });
    expect((await rig.clock.run(waiting)).message.content).toBe("done second");
  });
});

test("an agent is suspended, held or refused as its manifest says, unless who starts it says otherwise", async () => {
  const manifest = { name: "thrifty", instructions: "Save.", onExhausted: "hold" as const };
  const [asManifest, asStarter] = await Promise.all(
    [{}, { onExhausted: "refuse" as const }].map(async (more) => {
      const rig = await openRig({
        cores: (clock) => [createScriptedCore({ clock })],
        programs: {
          find: () => Promise.reject(new Error("no programs here")),
          run: async ({ transport }) =>
            createClient(inLanes(transport)).llm.chat({ messages: [{ role: "user", content: "hello" }] }),
        },
      });
      const { pid } = await rig.admin.proc.spawn({
        program: { kind: "agent", agent: manifest, task: "" },
        limits: [{ resource: "calls", window: "hour", limit: 0 }],
        ...more,
      });
      await rig.clock.run(rig.clock.nowMs() + 3 * HOUR_MS);
      return rig.admin.proc.show({ pid });
    }),
  );
  expect(asManifest).toMatchObject({ state: "suspended" });
  expect(asStarter).toMatchObject({ state: "zombie", exit: { reason: expect.stringContaining("EDQUOT") } });
});
