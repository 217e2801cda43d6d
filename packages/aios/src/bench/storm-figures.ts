import type { LoadCall } from "./load-child.ts";
import { percentile } from "./report.ts";

export interface StormSetting {
  readonly agents: number;
  readonly callsPerAgent: number;
  readonly serviceMs: number;
  /** Requests per second that the upstream allows. */
  readonly ratePerSecond: number;
}

/** One run of the storm through one path. */
export interface StormRun {
  readonly crowd: readonly LoadCall[];
  readonly interactive: readonly LoadCall[];
  readonly admittedAtMs: readonly number[];
  readonly refused: number;
  /** The interactive agent's calls through the same path with nobody else about. */
  readonly unloaded: readonly LoadCall[];
  readonly cpuShare: number;
}

export interface StormFigures {
  /** Of the crowd, without the interactive agent. */
  readonly finished: number;
  readonly refused: number;
  /** Of the crowd's calls. */
  readonly p95Ms: number;
  /** From its first request to its last answer; undefined when it did not finish. */
  readonly interactiveMs: number | undefined;
  readonly unloadedMs: number | undefined;
  readonly throughputShare: number;
}

export function figuresOf(run: StormRun, setting: StormSetting): StormFigures {
  const { crowd, interactive, admittedAtMs, refused, unloaded } = run;
  const done = new Map<number, number>();
  for (const { agent, error } of crowd) if (error === undefined) done.set(agent, (done.get(agent) ?? 0) + 1);
  return {
    finished: [...done.values()].filter((count) => count === setting.callsPerAgent).length,
    refused,
    p95Ms: percentile(
      crowd.map(({ startedAt, endedAt }) => endedAt - startedAt),
      0.95,
    ),
    interactiveMs: totalMs(interactive, setting),
    unloadedMs: totalMs(unloaded, setting),
    throughputShare: throughputShare(crowd, admittedAtMs, setting),
  };
}

function totalMs(calls: readonly LoadCall[], { callsPerAgent }: StormSetting): number | undefined {
  if (calls.length < callsPerAgent || calls.some(({ error }) => error !== undefined)) return undefined;
  return Math.max(...calls.map(({ endedAt }) => endedAt)) - Math.min(...calls.map(({ startedAt }) => startedAt));
}

/**
 * What the upstream let through while calls were being held up, against its limit. A call counts as held up when it waited
 * for more than a second, the burst's own worth, so that the burst is spent by then; the period lasts from the first such
 * call's admission to the last one's.
 */
function throughputShare(calls: readonly LoadCall[], admittedAtMs: readonly number[], setting: StormSetting): number {
  const { serviceMs, ratePerSecond } = setting;
  let first = Infinity;
  let last = -Infinity;
  for (const { startedAt, endedAt, error } of calls) {
    if (error !== undefined || endedAt - startedAt < serviceMs + 1000) continue;
    first = Math.min(first, endedAt - serviceMs);
    last = Math.max(last, endedAt - serviceMs);
  }
  const during = admittedAtMs.filter((atMs) => atMs > first && atMs <= last).length;
  return last > first ? during / ((last - first) / 1000) / ratePerSecond : Number.NaN;
}
