// The wall clock is set while the kernel runs: forward by an hour, or back and let to catch up, as the real clock does it.
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createMemoryStore } from "../../src/drivers/journal/memory-store.ts";
import type { SysError } from "@aiosjs/sdk";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const HOUR_MS = 3_600_000;

/**
 * A machine whose wall clock may be set forward: its timers go by the steady clock, so that who waits for an instant is
 * woken as late as it was to be before the jump, and by any other waking after it.
 */
function settable(steady: VirtualClock): { clock: VirtualClock; set: (byMs: number) => void } {
  let offsetMs = 0;
  return {
    clock: {
      ...steady,
      nowMs: () => steady.nowMs() + offsetMs,
      wakeAt: async (ms, signal) => {
        const atMs = ms - offsetMs;
        await steady.wakeAt(atMs, signal);
      },
      run: ((until?: number | Promise<unknown>) =>
        steady.run((typeof until === "number" ? until - offsetMs : until) as never)) as VirtualClock["run"],
    },
    set: (byMs) => (offsetMs += byMs),
  };
}

async function kernelThatMayJump() {
  const { clock, set } = settable(createVirtualClock(1_700_000_000_000));
  const store = createMemoryStore();
  const journal = createMemoryJournal({ store, nowMs: () => clock.nowMs() });
  const node = await journal.claim({ id: "a", hostPid: 1, leaseMs: 15_000, isSole: true }, "anyone");
  const fenced: SysError[] = [];
  const rig = await openRig({
    clock,
    journal,
    node,
    onFenced: (cause) => fenced.push(cause),
    cores: (virtual) => [createScriptedCore({ clock: virtual, limits: { concurrency: 1 } })],
    settings: { idleReapMs: 100 * HOUR_MS, budgets: { team: [{ resource: "calls", window: "hour", limit: 2 }] } },
  });
  return { ...rig, clock, set, store, fenced, pass: (ms: number) => clock.run(clock.nowMs() + ms) };
}

test("a clock that is set forward costs no lease, and nobody waits less than no time", async () => {
  const { client, clock, set, store, fenced, pass, admin } = await kernelThatMayJump();
  const one = client("one");
  const calls = Promise.allSettled([one.chat("running"), one.chat("waiting")]);
  await pass(10);
  set(HOUR_MS);
  await clock.run(calls);
  await pass(20_000);
  await clock.run(one.chat("works"));
  expect(fenced).toEqual([]);
  expect(store.holder?.beat).toBeGreaterThan(2);
  const { calls: traced } = await admin.proc.trace({ pid: one.pid });
  for (const { timing } of traced) {
    expect(timing.waitingMs).toBeGreaterThanOrEqual(0);
    expect(timing.turnaroundMs).toBeGreaterThanOrEqual(timing.waitingMs);
  }
});

test("a budget's hour that a jump skips is over, and the next one is whole", async () => {
  const { client, clock, set, pass } = await kernelThatMayJump();
  const one = client("one", "team");
  await clock.run(one.chat("1"));
  await clock.run(one.chat("2"));
  const spent: SysError = await one.chat("3").then(
    () => Promise.reject(new Error("it was let through")),
    (cause: SysError) => cause,
  );
  expect(spent.code).toBe("EDQUOT");
  expect(spent.retryAfterMs).toBeGreaterThan(0);
  set(HOUR_MS);
  await pass(6_000);
  await clock.run(one.chat("4"));
  await clock.run(one.chat("5"));
  await expect(one.chat("6")).rejects.toMatchObject({ code: "EDQUOT" });
});
