import { expect, test } from "vitest";
import { createVirtualClock } from "./virtual.ts";

const never = new AbortController().signal;

test("sleepers wake by due time, and in the order they lay down where it is equal", async () => {
  const clock = createVirtualClock();
  const woken: string[] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.wakeAt(ms, never);
    woken.push(`${name}@${clock.nowMs()}`);
  };
  void sleep("c", 30);
  void sleep("a1", 10);
  void sleep("b", 20);
  void sleep("a2", 10);
  void sleep("past", -5);
  await clock.run();
  expect(woken).toEqual(["past@0", "a1@10", "a2@10", "b@20", "c@30"]);
});

test("time does not move while something is runnable", async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  void (async () => {
    await clock.wakeAt(10, never);
    for (let step = 0; step < 1000; step++) await Promise.resolve();
    seen.push(clock.nowMs());
    await clock.wakeAt(15, never);
    seen.push(clock.nowMs());
  })();
  void clock.wakeAt(20, never).then(() => seen.push(clock.nowMs()));
  await clock.run();
  expect(seen).toEqual([10, 15, 20]);
});

test("running until an instant stops there and leaves later sleepers asleep", async () => {
  const clock = createVirtualClock(1000);
  let isAwake = false;
  void clock.wakeAt(2000, never).then(() => {
    isAwake = true;
  });
  await clock.run(1500);
  expect([clock.nowMs(), isAwake, clock.sleeping]).toEqual([1500, false, 1]);
  await clock.run(2000);
  expect([clock.nowMs(), isAwake, clock.sleeping]).toEqual([2000, true, 0]);
});

test("running until a promise returns its value at the virtual instant it settled", async () => {
  const clock = createVirtualClock();
  const beat = async (): Promise<never> => {
    for (;;) await clock.wakeAt(clock.nowMs() + 100, never);
  };
  void beat();
  await expect(clock.run(clock.wakeAt(250, never).then(() => "done"))).resolves.toBe("done");
  expect(clock.nowMs()).toBe(250);
});

test("a promise that nobody can settle any more is named a deadlock", async () => {
  const clock = createVirtualClock();
  await expect(clock.run(new Promise<void>(() => {}))).rejects.toThrow("deadlock at 0 ms");
});

test("an aborted sleeper rejects with the reason at once and is gone", async () => {
  const clock = createVirtualClock();
  const abort = new AbortController();
  const others = Array.from({ length: 100 }, (_, index) => clock.wakeAt(1 + ((index * 37) % 100), never));
  const sleep = clock.wakeAt(50, abort.signal);
  abort.abort(new Error("enough"));
  await expect(sleep).rejects.toThrow("enough");
  expect(clock.sleeping).toBe(100);
  await expect(clock.wakeAt(1, abort.signal)).rejects.toThrow("enough");
  await clock.run(Promise.all(others));
  expect(clock.nowMs()).toBe(100);
});

test("a hundred thousand sleepers, half of them aborted, wake in order", async () => {
  const clock = createVirtualClock();
  const abort = new AbortController();
  let last = 0;
  let count = 0;
  let isOrdered = true;
  for (let index = 0; index < 100_000; index++) {
    const dueMs = (index * 7919) % 50_021;
    if (index % 2 === 1) {
      clock.wakeAt(dueMs, abort.signal).catch(() => {});
      continue;
    }
    void clock.wakeAt(dueMs, never).then(() => {
      isOrdered &&= clock.nowMs() >= last;
      last = clock.nowMs();
      count++;
    });
  }
  abort.abort();
  await clock.run();
  expect([count, isOrdered, clock.sleeping]).toEqual([50_000, true, 0]);
});
