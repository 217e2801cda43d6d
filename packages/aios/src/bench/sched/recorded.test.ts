import { noUsage } from "@aiosjs/sdk";
import type { HistoricCall } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { whatIf, workloadOf } from "./recorded.ts";

let number = 0;
/** A call that came at `queuedAt`, waited, and was served. */
const call = (
  pid: string,
  [queuedAt, waitingMs, serviceMs]: [number, number, number],
  more: Partial<HistoricCall> = {},
): HistoricCall => ({
  call: `c${++number}`,
  pid,
  process: pid,
  tenant: "local",
  nice: 0,
  class: "batch",
  model: "up/m",
  code: null,
  usage: { ...noUsage, inputTokens: 100, outputTokens: 50 },
  timing: {
    queuedAt,
    startedAt: queuedAt + waitingMs,
    endedAt: queuedAt + waitingMs + serviceMs,
    waitingMs,
    turnaroundMs: waitingMs + serviceMs,
  },
  ...more,
});
const lane = (concurrency: number) => ({
  lane: "up#0/m",
  core: "up",
  model: "m",
  isSimulated: false,
  queued: 0,
  running: 0,
  concurrency,
  buckets: [],
  cooldownUntil: null,
  price: null,
  done: 0,
  failed: 0,
  refused: 0,
});

test("under the order in which they came, recorded calls wait as long as they did", async () => {
  const calls = [call("a", [1_000, 0, 500]), call("b", [1_100, 400, 300]), call("c", [1_200, 600, 100])];
  const { processes, failed } = await whatIf(workloadOf(calls, [lane(1)]), { policy: "fifo" });
  expect(failed).toBe(0);
  expect([...processes.values()]).toEqual([
    { pid: "a", calls: 1, waitingMs: 0, turnaroundMs: 500 },
    { pid: "b", calls: 1, waitingMs: 400, turnaroundMs: 700 },
    { pid: "c", calls: 1, waitingMs: 600, turnaroundMs: 700 },
  ]);
});

test("a nice process goes first under priority, and who gained and lost is told apart", async () => {
  const calls = [
    call("running", [0, 0, 1_000]),
    call("heavy", [10, 990, 5_000]),
    call("urgent", [20, 5_980, 100], { nice: -20 }),
  ];
  const workload = workloadOf(calls, [lane(1)]);
  const fifo = await whatIf(workload, { policy: "fifo" });
  const priority = await whatIf(workload, { policy: "priority" });
  expect(fifo.processes.get("urgent")?.waitingMs).toBe(5_980);
  expect(priority.processes.get("urgent")?.waitingMs).toBe(980);
  expect(priority.processes.get("heavy")?.waitingMs).toBe(1_090);
});

test("who is answered sooner asks sooner again: the pause between two calls is the program's and stays", async () => {
  const calls = [call("long", [0, 0, 1_000]), call("chat", [100, 900, 100]), call("chat", [1_350, 0, 100])];
  const { plans } = workloadOf(calls, [lane(2)]);
  expect(plans[1]?.waves).toMatchObject([
    { gapMs: 250, steps: [{ serviceMs: 100 }] },
    { gapMs: 0, steps: [{ serviceMs: 100 }] },
  ]);
  const { processes, waitingMs } = await whatIf(workloadOf(calls, [lane(2)]), { policy: "fifo" });
  expect(waitingMs.mean).toBe(0);
  expect(processes.get("chat")).toMatchObject({ calls: 2, turnaroundMs: 200 });
});

test("calls that were under way together come as far apart as they did", async () => {
  const calls = [
    call("a", [0, 0, 500]),
    call("a", [100, 0, 700]),
    call("a", [300, 200, 100]),
    call("a", [2_000, 0, 10]),
  ];
  const { plans } = workloadOf(calls, [lane(2)]);
  expect(plans[0]?.waves.map(({ steps, gapMs }) => [steps.map(({ delayMs }) => delayMs), gapMs])).toEqual([
    [[0, 100, 300], 1_200],
    [[0], 0],
  ]);
});

test("a model without a queue now has as many slots as were seen busy at once, and each model its own queue", async () => {
  const calls = [
    call("a", [0, 0, 100]),
    call("b", [0, 0, 100], { model: "gone/x" }),
    call("c", [50, 0, 100], { model: "gone/x" }),
    call("d", [60, 40, 100], { model: "gone/x" }),
  ];
  const { models } = workloadOf(calls, [lane(3)]);
  expect(models).toEqual([
    { model: "up/m", limits: { concurrency: 3 }, isGuessed: false },
    { model: "gone/x", limits: { concurrency: 2 }, isGuessed: true },
  ]);
  const { processes } = await whatIf(workloadOf(calls, [lane(3)]), { policy: "fifo" });
  expect([...processes.values()].map(({ waitingMs }) => waitingMs)).toEqual([0, 0, 0, 40]);
});

test("a day of silence between two calls costs nothing and loses nobody", async () => {
  const calls = [call("a", [0, 0, 100]), call("a", [86_400_000, 0, 100]), call("b", [86_400_000, 0, 100])];
  const { processes, failed } = await whatIf(workloadOf(calls, [lane(1)]), { policy: "plas-vtc" });
  expect(failed).toBe(0);
  expect(processes.size).toBe(2);
});
