import type { CallRecord } from "../call-record.ts";
import type { Process } from "../process.ts";
import { strictest } from "./gates.ts";
import type { Reason, Verdict } from "./verdict.ts";

/** Calls nothing before it has a plan, and nothing but that then. */
const isPlanned = ({ planned, program }: Process): boolean =>
  planned !== undefined || (program as { manifest?: { mode?: string } }).manifest?.mode === "plan";

/**
 * What the plan of a process, or of one above it, leaves out is not called. What a tool calls for itself was chosen with the tool;
 * syscalls that read reach the process's own alone.
 */
export function withinPlan(
  { process, seq, withinSeq }: Pick<CallRecord, "process" | "seq" | "withinSeq">,
  { verdict, name, isTool }: { verdict: Verdict; name: string; isTool: boolean },
): Verdict {
  if (seq !== withinSeq || (!isTool && verdict.effect === "read")) return verdict;
  for (let one: Process | undefined = process; one; one = one.parent)
    if (isPlanned(one) && one.planned?.includes(name) !== true) {
      const why = one.planned
        ? `${name} is not in the plan of ${one.name}, which was made before anything else was read`
        : `${one.name} has made no plan yet (proc.plan)`;
      const reason: Reason = { gate: "L3", where: "plan", why };
      return { ...verdict, gate: strictest(verdict.gate, "L3"), reasons: [reason, ...verdict.reasons] };
    }
  return verdict;
}
