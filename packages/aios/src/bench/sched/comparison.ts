import { availableParallelism } from "node:os";
import { startChild } from "../child.ts";
import { geometricMean } from "./statistics.ts";
import type { Estimate } from "./statistics.ts";
import type { RunFigures, RunRequest } from "./run.ts";
import type { WorkloadName } from "./workloads.ts";

/** What one policy made of one workload, seed by seed, in the order of the seeds. */
export type Series = readonly RunFigures[];

/** Runs by workload and policy. */
export type Comparison = ReadonlyMap<WorkloadName, ReadonlyMap<string, Series>>;

export interface ComparisonPlan {
  readonly workloads: readonly WorkloadName[];
  /** fifo must be among them: it is what all are compared with. */
  readonly policies: readonly string[];
  /** Beginning with the same one for each policy of a workload. */
  readonly seeds: (workload: WorkloadName, policy: string) => readonly number[];
  readonly agents: (workload: WorkloadName) => number;
  readonly load: number;
}

/** Runs all simulations of the plan in as many processes as there are cores. A run is a function of its request: their order is nothing. */
export async function compare(
  plan: ComparisonPlan,
  { say, signal }: { say: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<Comparison> {
  const requests = plan.workloads.flatMap((workload) =>
    plan.policies.flatMap((policy) =>
      plan
        .seeds(workload, policy)
        .map((seed): RunRequest => ({ workload, policy, seed, agents: plan.agents(workload), load: plan.load })),
    ),
  );
  const found = new Map<RunRequest, RunFigures>();
  const waiting = [...requests];
  let told = 0;
  const work = async (): Promise<void> => {
    await using child = startChild<RunRequest, RunFigures>("sched-child");
    for (let request = waiting.shift(); request; request = waiting.shift()) {
      signal?.throwIfAborted();
      found.set(request, await child.ask(request));
      const tenth = Math.floor((10 * found.size) / requests.length);
      if (tenth > told) say(`${found.size} of ${requests.length} simulations (${request.workload})`);
      told = tenth;
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), requests.length) }, work));
  return new Map(
    plan.workloads.map((workload) => [
      workload,
      new Map(
        plan.policies.map((policy) => [
          policy,
          requests.flatMap((one) => (one.workload === workload && one.policy === policy ? [found.get(one)!] : [])),
        ]),
      ),
    ]),
  );
}

/** A figure of a policy against fifo's of the same seed; undefined where the workload does not have it. */
export function ratioOf(
  series: ReadonlyMap<string, Series>,
  policy: string,
  pick: (run: RunFigures) => number | undefined,
): Estimate | undefined {
  const ratios = (series.get(policy) ?? []).flatMap((run, index) => {
    const [mine, fifo] = [pick(run), pick(series.get("fifo")![index]!)];
    // Nothing to wait for under either is no difference.
    if (mine === 0 && fifo === 0) return [1];
    return mine === undefined || fifo === undefined || mine === 0 || fifo === 0 ? [] : [mine / fifo];
  });
  return ratios.length > 0 ? geometricMean(ratios) : undefined;
}

/** The same the other way round: above 1 is better than fifo. */
export function gainOf(...given: Parameters<typeof ratioOf>): Estimate | undefined {
  const ratio = ratioOf(...given);
  if (!ratio) return undefined;
  const { mean, low, high, least, most } = ratio;
  return { mean: 1 / mean, low: 1 / high, high: 1 / low, least: 1 / most, most: 1 / least };
}
