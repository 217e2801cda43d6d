// A process that a budget has suspended goes on by itself when the budget's window is over.
import { createClient } from "@aiosjs/sdk";
import { expect, test } from "vitest";
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
  const host: Host = { signal: (_group, signal) => signals.push(signal) > 0, isAlive: () => true };
  const rig = await openRig({
    clock,
    journal,
    host,
    cores: () => [createScriptedCore({ clock, limits: { concurrency: 8 } })],
  });
  return { ...rig, signals };
}

/** A command that may make so many calls an hour, and its client. */
async function spawn({ admin, kernel }: Awaited<ReturnType<typeof open>>, limits: { calls: number; perDay?: number }) {
  const { pid, key } = await admin.proc.spawn({
    program: { kind: "command", command: ["x"], cwd: "/" },
    onExhausted: "suspend",
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
