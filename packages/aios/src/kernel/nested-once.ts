import { asCallId, fromProblem } from "@aiosjs/sdk/protocol";
import type { CallId, SyscallName } from "@aiosjs/sdk/protocol";
import { callRow } from "./call-row.ts";
import type { KernelCall } from "./devices/device.ts";
import type { CallRow } from "./ports.ts";

/** Calls of one name: all but the last were cut off. */
const MAX_TRIES = 100;

/** From here on a restart goes on with this call under its own name, if whoever made it comes back for it. */
export function intend({ record, parts }: Pick<KernelCall, "record" | "parts">): void {
  if (!record.isIntended) parts.outbox.note({ kind: "call", row: callRow(record, "intent") });
  record.isIntended = true;
}

/**
 * Makes a call for this one, as its caller would make it, and once: a call that is made again after a restart is told what is
 * on record of it. `key` tells it from the others that are made for this one. @throws SysError as it failed
 */
export async function nestedOnce(
  call: KernelCall,
  { name, args, key, deadlineMs }: { name: string; args: unknown; key: string; deadlineMs?: number },
): Promise<{ call: CallId; result: unknown }> {
  const named = `${call.record.call}/${key}`;
  const row = call.record.recorded && (await recorded(named, name, call));
  if (row?.error) throw fromProblem(row.error);
  if (row) return { call: row.call, result: row.result };
  let id = asCallId("");
  const onCall = (made: CallId): void => void (id = made);
  const result = await call.nested(name as SyscallName, args, { key: named, isCallers: true, deadlineMs, onCall });
  return { call: id, result };
}

async function recorded(
  idempotencyKey: string,
  name: string,
  { record, parts, lifecycle, principal }: KernelCall,
): Promise<CallRow | undefined> {
  const { process } = record;
  // As the kernel finds whose work it is.
  const owner = process.kind === "kernel" && name.startsWith("llm.") ? lifecycle.identify(principal, {}) : process;
  await parts.outbox.flushed();
  const { tenant, pid } = owner;
  const rows = await parts.journal.calls({ tenant, pid, idempotencyKey, afterSeq: 0, limit: MAX_TRIES });
  return rows.findLast(isOver);
}

/** Nothing more comes of it: it is done, or failed for good. */
const isOver = ({ state, error }: CallRow): boolean =>
  state === "done" || (state === "failed" && error !== null && !error.retryable && error.code !== "ECANCELED");
