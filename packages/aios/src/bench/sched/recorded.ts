// Recorded model calls as a workload of the simulation: what if another policy had put them in order?
import { noUsage } from "@aiosjs/sdk/protocol";
import type { ChatArgs, HistoricCall, ResultOf } from "@aiosjs/sdk";
import type { Clock, Core, DriverContext, DriverEvent, KernelSettings, RateLimits } from "../../kernel/ports.ts";
import { summarize } from "./metrics.ts";
import type { Summary } from "./metrics.ts";
import { simulate, stepName } from "./simulate.ts";
import type { AgentPlan, Step } from "./workloads.ts";

type Lane = ResultOf<"llm.lanes">["lanes"][number];

/** A recorded call as its plan makes it again. */
interface RecordedStep extends Step {
  readonly serviceMs: number;
  readonly model: string;
  readonly delayMs: number;
}

interface RecordedWorkload {
  readonly plans: readonly AgentPlan[];
  /** By what a call is known by in the simulation. */
  readonly steps: ReadonlyMap<string, RecordedStep>;
  readonly models: readonly RecordedModel[];
}

interface RecordedModel {
  /** `core/model` */
  readonly model: string;
  readonly limits: RateLimits;
  /** No queue is open for it: its slots are as many as were seen busy at once. */
  readonly isGuessed: boolean;
}

/** Waiting and turnaround of one process, in milliseconds. */
export interface ProcessOutcome {
  readonly pid: string;
  readonly calls: number;
  readonly waitingMs: number;
  readonly turnaroundMs: number;
}

export interface WhatIf {
  readonly waitingMs: Summary;
  readonly turnaroundMs: Summary;
  readonly failed: number;
  readonly processes: ReadonlyMap<string, ProcessOutcome>;
}

/**
 * A process's calls as waves: those that overlapped were under way together, each as long after the first as it was; the pause
 * after them is the program's own, and stays as it was. So a call that is answered sooner lets the next one come sooner.
 */
export function workloadOf(calls: readonly HistoricCall[], lanes: readonly Lane[]): RecordedWorkload {
  const firstMs = calls.reduce((least, { timing }) => Math.min(least, timing.queuedAt), Infinity);
  const ofProcess = Map.groupBy(calls, ({ pid }) => pid);
  const steps = new Map<string, RecordedStep>();
  const plans = [...ofProcess.values()].map((own): AgentPlan => {
    const sorted = own.toSorted((left, right) => left.timing.queuedAt - right.timing.queuedAt);
    const [first] = sorted as [HistoricCall, ...HistoricCall[]];
    const waves = wavesOf(sorted);
    let index = 0;
    for (const wave of waves) for (const step of wave.steps) steps.set(stepName(first.pid, index++), step);
    const { pid, tenant, nice, class: urgency } = first;
    return {
      name: pid,
      tenant,
      nice,
      class: urgency,
      startMs: first.timing.queuedAt - firstMs,
      waves,
      growsContext: false,
    };
  });
  const models = [...Map.groupBy(calls, ({ model }) => model)].map(([model, asked]) => modelOf(model, asked, lanes));
  return { plans, steps, models };
}

function wavesOf(calls: readonly HistoricCall[]): { steps: RecordedStep[]; gapMs: number }[] {
  const waves: { steps: RecordedStep[]; gapMs: number }[] = [];
  let [startMs, endMs] = [0, -Infinity];
  for (const { timing, usage, model } of calls) {
    const { queuedAt, endedAt, waitingMs, turnaroundMs } = timing;
    let wave = waves.at(-1);
    if (!wave || queuedAt >= endMs) {
      if (wave) wave.gapMs = queuedAt - endMs;
      waves.push((wave = { steps: [], gapMs: 0 }));
      startMs = queuedAt;
    }
    endMs = Math.max(endMs, endedAt);
    wave.steps.push({
      model,
      promptTokens: usage.inputTokens,
      outputTokens: Math.max(1, usage.outputTokens),
      serviceMs: Math.max(0, turnaroundMs - waitingMs),
      delayMs: queuedAt - startMs,
    });
  }
  return waves;
}

const limitOf = {
  requests: "requestsPerMinute",
  inputTokens: "inputTokensPerMinute",
  outputTokens: "outputTokensPerMinute",
  tokens: "tokensPerMinute",
} as const;

/** What the kernel's queues before a model allow now, all its endpoints together. */
function modelOf(model: string, calls: readonly HistoricCall[], lanes: readonly Lane[]): RecordedModel {
  const own = lanes.filter((lane) => `${lane.core}/${lane.model}` === model);
  if (own.length === 0) return { model, limits: { concurrency: mostAtOnce(calls) }, isGuessed: true };
  const limits: Record<string, number> = { concurrency: own.reduce((sum, lane) => sum + lane.concurrency, 0) };
  for (const { name, perMinute, burst } of own.flatMap(({ buckets }) => buckets)) {
    const limit = limitOf[name as keyof typeof limitOf];
    limits[limit] = (limits[limit] ?? 0) + perMinute;
    if (name === "requests") limits["burst"] = (limits["burst"] ?? 0) + burst;
  }
  return { model, limits, isGuessed: false };
}

function mostAtOnce(calls: readonly HistoricCall[]): number {
  const turns = calls.flatMap(({ timing }) => [
    { atMs: timing.endedAt - Math.max(0, timing.turnaroundMs - timing.waitingMs), step: 1 },
    { atMs: timing.endedAt, step: -1 },
  ]);
  let [now, most] = [0, 1];
  for (const { step } of turns.toSorted((left, right) => left.atMs - right.atMs || left.step - right.step))
    most = Math.max(most, (now += step));
  return most;
}

/** The recorded calls in the order in which a policy would have let them go, on the virtual clock. */
export async function whatIf(
  workload: RecordedWorkload,
  scheduler: Partial<KernelSettings["scheduler"]>,
): Promise<WhatIf> {
  const { calls } = await simulate({
    workload: workload.plans,
    scheduler,
    idleReapMs: A_CENTURY_MS,
    cores: (clock) => workload.models.map((model, endpoint) => recordedCore(model, { endpoint, clock, workload })),
  });
  const processes = new Map<string, ProcessOutcome>();
  for (const { agent, timing } of calls) {
    const before = processes.get(agent.name);
    processes.set(agent.name, {
      pid: agent.name,
      calls: (before?.calls ?? 0) + 1,
      waitingMs: (before?.waitingMs ?? 0) + timing.waitingMs,
      turnaroundMs: (before?.turnaroundMs ?? 0) + timing.turnaroundMs,
    });
  }
  return {
    waitingMs: summarize(calls.map(({ timing }) => timing.waitingMs)),
    turnaroundMs: summarize(calls.map(({ timing }) => timing.turnaroundMs)),
    failed: calls.filter(({ failure }) => failure !== undefined).length,
    processes,
  };
}

const A_CENTURY_MS = 3.2e12;

/** A core that takes as long for each call as its model took when it was recorded. */
function recordedCore(
  { model, limits }: RecordedModel,
  { endpoint, clock, workload }: { endpoint: number; clock: Clock; workload: RecordedWorkload },
): Core {
  const [name, id] = [model.slice(0, model.indexOf("/")), model.slice(model.indexOf("/") + 1)];
  return {
    name,
    endpoint,
    device: "llm",
    kind: "recorded",
    isSimulated: true,
    isOpenEnded: false,
    honoursMaxTokens: true,
    serves: ["llm.chat"],
    dialects: [],
    resume: "none",
    limits,
    models: () => [{ id }],
    async *execute(_name: string, args: unknown, { signal }: DriverContext): AsyncGenerator<readonly DriverEvent[]> {
      const { content } = (args as ChatArgs).messages[0] ?? {};
      const said = typeof content === "string" ? content : "";
      const step = workload.steps.get(said.slice(0, said.indexOf(":")));
      if (!step) throw new Error(`no recorded call ${said.slice(0, 80)}`);
      await clock.wakeAt(clock.nowMs() + step.serviceMs, signal);
      const usage = { ...noUsage, inputTokens: step.promptTokens, outputTokens: step.outputTokens };
      const message = { role: "assistant" as const, content: "" };
      yield [{ type: "result", result: { message, finishReason: "stop", model }, usage }];
    },
  };
}
