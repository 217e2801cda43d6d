import type { SimulationRun } from "./simulate.ts";

export interface Summary {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What a run is judged by. Times are virtual milliseconds. */
export interface SimulationMetrics extends SimulationRun {
  readonly done: number;
  readonly failed: number;
  readonly completionMs: Summary;
  /** Waiting in run queues per call. */
  readonly waitMs: Summary & { readonly max: number };
  /** Of the completion times: 1 is equal, 1/n is one takes all. Jain, Chiu and Hawe, 1984. */
  readonly jain: number;
  readonly callsPerSecond: number;
  readonly tokensPerSecond: number;
  readonly wastedTokens: number;
}

export function metricsOf(run: SimulationRun): SimulationMetrics {
  const { calls, virtualMs } = run;
  const completions = [...run.completionOfMs.values()];
  const done = calls.filter(({ failure }) => failure === undefined);
  const tokens = done.reduce((sum, { usage }) => sum + usage.outputTokens, 0);
  const waits = done.map(({ timing }) => timing.waitingMs);
  return {
    ...run,
    done: done.length,
    failed: calls.length - done.length,
    completionMs: summarize(completions),
    waitMs: { ...summarize(waits), max: waits.reduce((most, wait) => Math.max(most, wait), 0) },
    jain: jain(completions),
    callsPerSecond: (done.length / virtualMs) * 1000,
    tokensPerSecond: (tokens / virtualMs) * 1000,
    wastedTokens: calls.reduce((sum, { usage }) => sum + usage.wastedTokens, 0),
  };
}

export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const sum = values.reduce((left, right) => left + right, 0);
  return { mean: values.length === 0 ? 0 : sum / values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function jain(values: readonly number[]): number {
  const sum = values.reduce((left, right) => left + right, 0);
  const squares = values.reduce((left, right) => left + right * right, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
