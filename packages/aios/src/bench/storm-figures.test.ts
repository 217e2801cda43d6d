import { expect, test } from "vitest";
import type { LoadCall } from "./load-child.ts";
import { figuresOf } from "./storm-figures.ts";
import type { StormRun, StormSetting } from "./storm-figures.ts";

const setting: StormSetting = { agents: 2, callsPerAgent: 2, serviceMs: 300, ratePerSecond: 1 };
const call = (agent: number, [startedAt, endedAt]: readonly [number, number], error?: string): LoadCall => ({
  agent,
  startedAt,
  endedAt,
  error,
});
const none: StormRun = { crowd: [], interactive: [], admittedAtMs: [], refused: 0, unloaded: [], cpuShare: 0 };

test("an agent has finished when all its calls succeeded", () => {
  const crowd = [call(0, [0, 300]), call(0, [300, 600]), call(1, [0, 300]), call(1, [300, 900], "RateLimitError: 429")];
  expect(figuresOf({ ...none, crowd, refused: 3 }, setting)).toMatchObject({ finished: 1, refused: 3, p95Ms: 600 });
});

test("an interactive agent's total runs from its first request to its last answer, and is left out when it failed", () => {
  const unloaded = [call(0, [1_000, 1_300]), call(0, [1_310, 1_610])];
  expect(figuresOf({ ...none, unloaded, interactive: [call(0, [0, 300])] }, setting)).toMatchObject({
    unloadedMs: 610,
    interactiveMs: undefined,
  });
});

test("throughput is counted while calls are held up, so that neither burst nor idle time distorts it", () => {
  // The burst is let through at once; from 2,000 ms on one call a second; the last comes after a pause without demand.
  const admittedAtMs = [0, 1, 2, 2_000, 3_000, 4_000, 5_000, 60_000];
  const crowd = admittedAtMs.map((atMs, index) => call(0, [index < 3 || atMs === 60_000 ? atMs : 0, atMs + 300]));
  expect(figuresOf({ ...none, crowd, admittedAtMs }, setting).throughputShare).toBeCloseTo(1);
});
