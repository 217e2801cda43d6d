// What the order of calls is worth: the real kernel on the virtual clock under seeded workloads, policy by policy against fifo.
import { SysError } from "@aiosjs/sdk/protocol";
import { aimed, machine, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import { compare, gainOf, ratioOf } from "./sched/comparison.ts";
import type { Series } from "./sched/comparison.ts";
import { decisionNs, DEPTH } from "./sched/decision-cost.ts";
import { comparedPolicies } from "./sched/policies/table.ts";
import { scaleFigures } from "./sched/scale.ts";
import type { Estimate } from "./sched/statistics.ts";
import { notesOf, tablesOf } from "./sched/tables.ts";
import { TARGET_LOAD, TARGET_POLICY, TARGET_WORKLOAD } from "./sched/target.ts";
import { workloads } from "./sched/workloads.ts";
import type { WorkloadName } from "./sched/workloads.ts";
import type { Policy } from "../kernel/policies/policy.ts";
import { shippedPolicies } from "../kernel/policies/table.ts";

export interface SchedOptions {
  /** The first seed. Default 1. */
  readonly seed?: number | undefined;
  /** Seeds of what the targets are about; all else takes half as many. Default 10. */
  readonly seeds?: number | undefined;
  /** Default: all. */
  readonly workloads?: readonly string[] | undefined;
  /** Default: all. fifo is always among them. */
  readonly policies?: readonly string[] | undefined;
  /** Work offered against what the core can do. Default 1.2. */
  readonly load?: number | undefined;
  /** Default: 2,000 of the workload that the targets are about, and about 4,000 calls of each other one. */
  readonly agents?: number | undefined;
  /** 10,000 and 100,000 agents instead of the comparison. */
  readonly isScale?: boolean | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const allPolicies = [...shippedPolicies, ...comparedPolicies];
const BELOW_CAPACITY = 0.8;
const CALLS = 4_000;

/** @throws SysError EINVAL for a workload or a policy that nobody knows. */
export async function sched(options: SchedOptions = {}): Promise<BenchReport> {
  const { seed = 1, say = () => undefined, signal } = options;
  const beganAt = performance.now();
  const told = { say, signal };
  const measured = options.isScale === true ? await scaleFigures({ seed, ...told }) : await comparison(options, told);
  const notes = ["every core here is simulated; times are virtual, so the same seed gives the same figures anywhere"];
  const durationS = rounded((performance.now() - beganAt) / 1_000);
  return {
    name: "sched",
    version: 1,
    machine: machine(),
    seed,
    durationS,
    ...measured,
    notes: [...notes, ...measured.notes],
  };
}

type Told = { readonly say: (line: string) => void; readonly signal: AbortSignal | undefined };
type Measured = Pick<BenchReport, "figures" | "notes" | "tables">;

async function comparison(options: SchedOptions, told: Told): Promise<Measured> {
  const { seed = 1, seeds = 10, load = TARGET_LOAD } = options;
  const names = named(options.workloads, Object.keys(workloads), "workload") as WorkloadName[];
  const policies = [
    ...new Set([
      "fifo",
      ...named(
        options.policies,
        allPolicies.map(({ name }) => name),
        "scheduling policy",
      ),
    ]),
  ];
  told.say("cost of a decision");
  const costs = allPolicies.filter(({ name }) => policies.includes(name)).map(costFigure);
  const seedsOf = (workload: WorkloadName, policy: string) => {
    const isTarget = workload === TARGET_WORKLOAD && (policy === "fifo" || policy === TARGET_POLICY);
    return Array.from({ length: isTarget ? seeds : Math.ceil(seeds / 2) }, (_, index) => seed + index);
  };
  const agentsOf = (workload: WorkloadName) =>
    options.agents ?? (workload === TARGET_WORKLOAD ? 2_000 : Math.ceil(CALLS / callsPerAgent(workload)));
  const found = await compare({ workloads: names, policies, seeds: seedsOf, agents: agentsOf, load }, told);
  const targets = targetFigures(found.get(TARGET_WORKLOAD), load);
  const isTargeted = targets.length > 0 && options.load === undefined;
  const idle = isTargeted ? await belowCapacity({ seedsOf, agentsOf, told }) : [];
  return {
    figures: [...targets, ...idle, ...costs],
    tables: tablesOf(found),
    notes: [
      `offered load ${load}; ${names.map((name) => `${name}: ${agentsOf(name)} agents, ${seedsOf(name, TARGET_POLICY).length} seeds`).join("; ")}`,
      "tables: fifo's time against the policy's, geometric mean over the seeds; above 1 is better than fifo; ~: the 95 % interval holds 1, so no difference was seen",
      "the longer a run above capacity, the more waits, and the more order matters: short workloads show less of it",
      ...notesOf(found),
    ],
  };
}

/** How many calls an agent of a workload makes in the mean. */
function callsPerAgent(workload: WorkloadName): number {
  const sample = workloads[workload].plan({ agents: 200, seed: 1, load: 1 });
  const calls = sample.reduce((sum, { waves }) => sum + waves.reduce((all, { steps }) => all + steps.length, 0), 0);
  return calls / sample.length;
}

/** @throws SysError EINVAL with those that there are. */
function named(given: readonly string[] | undefined, known: readonly string[], what: string): readonly string[] {
  const strange = given?.find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new SysError("EINVAL", `no ${what} "${strange}"`, { hint: `there are ${known.join(", ")}` });
  return given && given.length > 0 ? known.filter((name) => given.includes(name)) : known;
}

/** Only what ships has a target. */
function costFigure(policy: Policy): Figure {
  const name = `${policy.name}: one decision, ${DEPTH.toLocaleString("en")} calls waiting`;
  const value = rounded(decisionNs(policy) / 1_000);
  return shippedPolicies.includes(policy)
    ? aimed(name, value, { unit: "µs", bound: { atMost: 5 } })
    : { name, value, unit: "µs" };
}

function targetFigures(series: ReadonlyMap<string, Series> | undefined, load: number): Figure[] {
  if (!series?.has(TARGET_POLICY)) return [];
  const label = (what: string) => `${TARGET_POLICY} against fifo, ${TARGET_WORKLOAD} at ${load} × load: ${what}`;
  const median = gainOf(series, TARGET_POLICY, (run) => run.medianMs);
  const light = gainOf(series, TARGET_POLICY, ({ lightMs }) => lightMs);
  const longest = ratioOf(series, TARGET_POLICY, ({ longestMs }) => longestMs);
  const tokens = ratioOf(series, TARGET_POLICY, (run) => run.tokensPerSecond);
  // The targets are those of this load: at others the same figures stand for themselves.
  const isTarget = load === TARGET_LOAD;
  const figure = (what: string, value: number, bound: Parameters<typeof aimed>[2]["bound"]): Figure =>
    isTarget
      ? aimed(label(what), rounded(value), { unit: "×", bound })
      : { name: label(what), value: rounded(value), unit: "×" };
  const estimated = (what: string, estimate: Estimate | undefined, bound: Parameters<typeof figure>[2]): Figure[] =>
    estimate
      ? [{ ...figure(what, estimate.mean, bound), interval: [rounded(estimate.low), rounded(estimate.high)] }]
      : [];
  return [
    ...estimated("median completion, better by", median, { atLeast: 2 }),
    ...(median ? [figure("median completion, the worst seed, better by", median.least, { atLeast: 1.6 })] : []),
    ...estimated("light tenants' mean completion, better by", light, { atLeast: 2 }),
    ...estimated("p99 of the longest programs, of fifo's", longest, { atMost: 1.6 }),
    ...estimated("throughput, of fifo's", tokens, { atLeast: 0.98 }),
  ];
}

async function belowCapacity(options: {
  seedsOf: (workload: WorkloadName, policy: string) => readonly number[];
  agentsOf: (workload: WorkloadName) => number;
  told: Told;
}): Promise<Figure[]> {
  const found = await compare(
    {
      workloads: [TARGET_WORKLOAD],
      policies: ["fifo", TARGET_POLICY],
      seeds: (...of) => options.seedsOf(...of).slice(0, 5),
      agents: options.agentsOf,
      load: BELOW_CAPACITY,
    },
    options.told,
  );
  return targetFigures(found.get(TARGET_WORKLOAD), BELOW_CAPACITY);
}
