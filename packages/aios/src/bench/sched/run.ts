import { metricsOf } from "./metrics.ts";
import { comparedPolicies } from "./policies/table.ts";
import { simulate } from "./simulate.ts";
import type { SimulationRun } from "./simulate.ts";
import type { AgentPlan, WorkloadName } from "./workloads.ts";

/** One simulation of the comparison. */
export interface RunRequest {
  readonly workload: WorkloadName;
  readonly policy: string;
  readonly agents: number;
  readonly seed: number;
  readonly load: number;
}

/** What is kept of it. Virtual milliseconds, unless the name says otherwise; absent where the workload has no such agents. */
export interface RunFigures {
  readonly calls: number;
  readonly failed: number;
  readonly medianMs: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly tokensPerSecond: number;
  readonly jain: number;
  readonly longestWaitMs: number;
  readonly wastedTokens: number;
  readonly wallMs: number;
  readonly leakedSlots: number;
  /** Mean completion of the tenants beside the noisy one. */
  readonly lightMs?: number;
  /** 99th percentile of the longest programs, those of the shape `deep`. */
  readonly longestMs?: number;
}

/** In prompts that are `held` a conversation sends its new turn alone: what is compared is order, not the reading of text. */
export async function runOnce({ policy, ...options }: RunRequest): Promise<RunFigures> {
  const run = await simulate({ ...options, context: "held", scheduler: { policy }, policies: comparedPolicies });
  const { completionMs, waitMs, ...metrics } = metricsOf(run);
  const light = completionsOf(run, ({ tenant }) => tenant.startsWith("tenant-"));
  const longest = completionsOf(run, ({ name }) => name.startsWith("deep-")).toSorted((left, right) => left - right);
  return {
    calls: metrics.calls.length,
    failed: metrics.failed,
    medianMs: completionMs.p50,
    meanMs: completionMs.mean,
    p99Ms: completionMs.p99,
    tokensPerSecond: metrics.tokensPerSecond,
    jain: metrics.jain,
    longestWaitMs: waitMs.max,
    wastedTokens: metrics.wastedTokens,
    wallMs: metrics.wallMs,
    leakedSlots: metrics.leakedSlots,
    ...(light.length > 0 ? { lightMs: light.reduce((sum, one) => sum + one, 0) / light.length } : {}),
    ...(longest.length > 0
      ? { longestMs: longest[Math.min(longest.length - 1, Math.floor(longest.length * 0.99))] ?? 0 }
      : {}),
  };
}

function completionsOf({ completionOfMs }: SimulationRun, isMeant: (plan: AgentPlan) => boolean): number[] {
  return [...completionOfMs].flatMap(([plan, ms]) => (isMeant(plan) ? [ms] : []));
}
