import { rounded } from "../report.ts";
import type { Table } from "../report.ts";
import { gainOf, ratioOf } from "./comparison.ts";
import type { Comparison } from "./comparison.ts";
import type { RunFigures } from "./run.ts";
import type { Estimate } from "./statistics.ts";
import { TARGET_WORKLOAD } from "./target.ts";
import type { WorkloadName } from "./workloads.ts";

const columns: readonly (readonly [string, (run: RunFigures) => number | undefined])[] = [
  ["median completion", (run) => run.medianMs],
  ["mean completion", (run) => run.meanMs],
  ["p99 completion", (run) => run.p99Ms],
  ["light tenants", (run) => run.lightMs],
  ["longest p99", (run) => run.longestMs],
  ["longest wait", (run) => run.longestWaitMs],
];

/** By workload for what all have, and all figures of the workload that the targets are about. */
export function tablesOf(found: Comparison): Table[] {
  const policies = [...(found.values().next().value?.keys() ?? [])].filter((name) => name !== "fifo");
  const cell = (estimate: Estimate | undefined) =>
    estimate ? { value: rounded(estimate.mean), low: rounded(estimate.low), high: rounded(estimate.high) } : null;
  const table = (
    title: string,
    heads: readonly string[],
    at: (policy: string, head: string) => Estimate | undefined,
  ) => ({
    title,
    columns: heads,
    neutral: 1,
    rows: policies.map((name) => ({ name, cells: heads.map((head) => cell(at(name, head))) })),
  });
  const target = found.get(TARGET_WORKLOAD);
  const byName = new Map(columns);
  return [
    ...(target
      ? [
          table(
            TARGET_WORKLOAD,
            columns.map(([name]) => name),
            (policy, head) => gainOf(target, policy, byName.get(head)!),
          ),
        ]
      : []),
    ...columns
      .filter(([name]) => name.endsWith("completion"))
      .map(([name, pick]) =>
        table(name, [...found.keys()], (policy, workload) =>
          gainOf(found.get(workload as WorkloadName)!, policy, pick),
        ),
      ),
  ];
}

/** What one must know of a comparison: throughput that was not equal, calls that failed. */
export function notesOf(found: Comparison): string[] {
  const notes: string[] = [];
  for (const [workload, series] of found) {
    const unequal = [...series.keys()].flatMap((policy) => {
      const tokens = ratioOf(series, policy, (run) => run.tokensPerSecond)?.mean ?? 1;
      return Math.abs(tokens - 1) > 0.02 ? [`${policy} ${rounded(tokens)}`] : [];
    });
    if (unequal.length > 0) notes.push(`${workload}: throughput is not equal, of fifo's: ${unequal.join(", ")}`);
    const failed = [...series.values()].flat().reduce((sum, run) => sum + run.failed, 0);
    if (failed > 0) notes.push(`${workload}: ${failed} calls failed over all runs`);
  }
  return notes;
}
