import { startChild } from "../child.ts";
import { aimed, rounded } from "../report.ts";
import type { Figure } from "../report.ts";
import type { RunFigures, RunRequest } from "./run.ts";
import { TARGET_LOAD, TARGET_POLICY } from "./target.ts";

/** The unmodified kernel with very many agents: the mix of programs, at 1.2 × load. */
export async function scaleFigures(options: {
  seed: number;
  say: (line: string) => void;
  signal: AbortSignal | undefined;
}): Promise<{ figures: Figure[]; notes: string[] }> {
  const { seed, say, signal } = options;
  const figures: Figure[] = [];
  for (const [agents, atMost] of [
    [10_000, 6],
    [100_000, 60],
  ] as const) {
    signal?.throwIfAborted();
    say(`${agents.toLocaleString("en")} agents`);
    // A process for each: neither finds the other's garbage.
    await using child = startChild<RunRequest, RunFigures>("sched-child", ["--max-old-space-size=8192"]);
    const run = await child.ask({ workload: "mixed", policy: TARGET_POLICY, agents, seed, load: TARGET_LOAD });
    const name = `${agents.toLocaleString("en")} agents`;
    figures.push(
      aimed(`${name}: wall time`, rounded(run.wallMs / 1_000), { unit: "s", bound: { atMost } }),
      { name: `${name}: calls`, value: run.calls, unit: "calls" },
      { name: `${name}: per call, all in`, value: rounded((run.wallMs * 1_000) / run.calls), unit: "µs" },
      aimed(`${name}: slots leaked`, run.leakedSlots, { unit: "slots", bound: { exactly: 0 } }),
    );
  }
  return { figures, notes: [`workload mixed under ${TARGET_POLICY}: kernel, simulated core and agents in one thread`] };
}
