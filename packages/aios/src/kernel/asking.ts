import { SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { summarize } from "./devices/summary.ts";
import type { Verdict } from "./gate/verdict.ts";
import type { Parts } from "./parts.ts";

/**
 * Resolves when a person has allowed a call. One with a deadline is cancelled when that is over first.
 * @throws SysError EPOLICY when they have not
 */
export async function askLeave(
  record: CallRecord,
  verdict: Verdict,
  { parts, deadlineMs }: { parts: Pick<Parts, "approvals" | "gate" | "timers">; deadlineMs: number | undefined },
): Promise<void> {
  const { approvals, gate, timers } = parts;
  const late = (): void => record.cancel(new SysError("ETIMEDOUT", `nobody answered within ${deadlineMs} ms`));
  const timer = deadlineMs === undefined ? undefined : timers.at(record.queuedAtMs + deadlineMs, late);
  try {
    const { isApproved } = await approvals.ask(record, await gate.questionOf(record, verdict));
    if (!isApproved)
      throw new SysError("EPOLICY", `a person was asked, and did not allow ${record.name}`, {
        hint: "do without it, or tell whoever gave you the task what is missing",
      });
  } finally {
    timer?.cancel();
  }
}

/**
 * Nobody knows whether a call happened: it is never repeated silently. Undefined: a person wants it made again; else what they
 * say it came to.
 */
export async function askWhetherAgain(
  record: CallRecord,
  { approvals }: Pick<Parts, "approvals">,
): Promise<{ readonly result: unknown } | { readonly error: SysError } | undefined> {
  const { name, args, process } = record;
  const what = summarize(name, args, undefined);
  const question = `${what} of ${process.name} (${process.pid}) was cut off, and may have happened. Make it again?`;
  const { isApproved, result } = await approvals.ask(record, { kind: "ambiguous", question, about: null });
  if (result !== undefined) return { result };
  if (isApproved) return undefined;
  return { error: new SysError("EAMBIGUOUS", `nobody knows whether ${name} happened before the restart`) };
}
