import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { realClock } from "./real.ts";

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
