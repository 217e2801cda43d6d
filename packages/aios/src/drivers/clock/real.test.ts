import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { createRealClock, realClock } from "./real.ts";

test("a wait never ends before its instant and leaves no listener behind", async () => {
  const { signal } = new AbortController();
  const dueMs = realClock.nowMs() + 15.5;
  await realClock.wakeAt(dueMs, signal);
  expect(realClock.nowMs()).toBeGreaterThanOrEqual(dueMs);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("an instant that has passed ends the wait at once", async () => {
  await realClock.wakeAt(realClock.nowMs() - 1000, new AbortController().signal);
});

test("abort rejects with the signal's reason, before and during the wait", async () => {
  const abort = new AbortController();
  const wait = realClock.wakeAt(realClock.nowMs() + 2 ** 40, abort.signal);
  abort.abort(new Error("enough"));
  await expect(wait).rejects.toThrow("enough");
  await expect(realClock.wakeAt(0, abort.signal)).rejects.toThrow("enough");
});

/** Clocks of a machine, set by hand. */
function machine() {
  const clocks = { wall: 1_000_000, steady: 50 };
  const clock = createRealClock({ wallMs: () => clocks.wall, steadyMs: () => clocks.steady });
  const pass = (ms: number): number => {
    clocks.wall += ms;
    clocks.steady += ms;
    return clock.nowMs();
  };
  return { clocks, clock, pass };
}

test("a clock that is set back never goes back: time goes on at half its pace until the two meet again", () => {
  const { clocks, clock, pass } = machine();
  expect(pass(1_000)).toBe(1_001_000);
  clocks.wall -= 60_000;
  expect(clock.nowMs()).toBe(1_001_000);
  expect(pass(10_000)).toBe(1_006_000);
  // Read as often as you like.
  for (let read = 0; read < 10_000; read++) pass(0.5);
  expect(clock.nowMs()).toBe(1_008_500);
  expect(pass(104_000)).toBeGreaterThan(clocks.wall);
  expect(pass(1_001)).toBe(Math.floor(clocks.wall));
  expect(pass(1_000)).toBe(Math.floor(clocks.wall));
});

test("a clock that is set forward is followed at once", () => {
  const { clocks, clock, pass } = machine();
  clocks.wall += 3_600_000;
  expect(clock.nowMs()).toBe(4_600_000);
  expect(pass(1)).toBe(4_600_001);
});
