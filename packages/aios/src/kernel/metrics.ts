import type { Parts } from "./parts.ts";
import type { Core, KernelMetrics } from "./ports.ts";

/** Counts calls by syscall name. */
export class CallCounts {
  readonly #counts = new Map<string, { done: number; failed: number }>();

  add(name: string, outcome: "done" | "failed"): void {
    const counts = this.#counts.get(name) ?? { done: 0, failed: 0 };
    counts[outcome]++;
    this.#counts.set(name, counts);
  }

  all(): KernelMetrics["calls"] {
    return Object.fromEntries(this.#counts);
  }
}

export function metricsOf(parts: Parts, counts: CallCounts): KernelMetrics {
  const processes: Record<string, number> = {};
  for (const process of parts.processes)
    if (process.kind !== "kernel") processes[process.state] = (processes[process.state] ?? 0) + 1;
  const lanes = parts.lanes.all().map((lane) => {
    const { id, model, running, done, failed, refused, waitingMsTotal, usage } = lane;
    const core = (lane.driver as Core).name;
    return { lane: id, core, model, queued: lane.queue.size, running, done, failed, refused, waitingMsTotal, usage };
  });
  return { processes, lanes, calls: counts.all(), cache: parts.answers.counts, eventSeq: parts.outbox.events.seq };
}
