import type { SchedulingClass } from "@aiosjs/sdk/protocol";
import type { Process } from "./process.ts";

export interface Urgency {
  readonly nice: number;
  readonly class: SchedulingClass;
}

/** What a call itself says; the rest is its process's. */
export type Asked = { readonly [Key in keyof Urgency]?: Urgency[Key] | undefined };

/** A process that waits for another one's end, by a call that may say how urgent it is. */
export interface Lender {
  readonly process: Process;
  readonly asked: Asked;
}

/** What a process has that lends no urgency of its own. */
const least: Urgency = { nice: 19, class: "batch" };

/**
 * How urgent a call of this process is: as it says, else as its process is; and never less than any that waits for the process
 * to end, and those that wait for them (priority inheritance). Live: over when they have stopped waiting.
 */
export function urgencyOf(process: Process, asked: Asked = {}, seen: Set<Process> = new Set()): Urgency {
  // A tenant's own process is nobody in particular: `aios wait` must not undo what `aios nice` said.
  const own = process.kind === "kernel" && seen.size > 0 ? least : process;
  let nice = asked.nice ?? own.nice;
  let urgency = asked.class ?? own.class;
  if (seen.has(process)) return { nice, class: urgency };
  seen.add(process);
  for (const lender of process.lenders) {
    const lent = urgencyOf(lender.process, lender.asked, seen);
    nice = Math.min(nice, lent.nice);
    if (lent.class === "interactive") urgency = "interactive";
  }
  return { nice, class: urgency };
}
