import { piecesOf } from "@aiosjs/sdk/protocol";
import type { ChatResult, SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { CallTable } from "./call-table.ts";
import { asSysError } from "./driver-error.ts";
import type { Parts } from "./parts.ts";
import type { CallRow } from "./ports.ts";

interface RecallOptions {
  /** When those that ended before it have been handed out. */
  readonly turn: Promise<void> | undefined;
  readonly calls: CallTable;
  readonly parts: Pick<Parts, "outbox" | "retries">;
}

/** A program that was started again is told what it was told; one whose call has a place, when it was told it. */
export async function recall(record: CallRecord, row: CallRow, { turn, calls, parts }: RecallOptions): Promise<void> {
  const { outbox, retries } = parts;
  const { incarnation, isReplayed, replay } = record.process;
  let refusal: SysError | undefined;
  try {
    await turn;
    // Handed out once in an incarnation, also if the kernel dies now: not before that is on disk.
    if (!isReplayed && row.incarnation !== incarnation)
      await outbox.commitOnce({ kind: "call", row: { ...row, request: undefined, incarnation } });
    refusal = record.cancelled;
    if (!isReplayed) retries.ended(record, { ...row, incarnation });
  } catch (cause) {
    refusal = record.cancelled ?? asSysError(cause, "the journal");
    if (!isReplayed) replay?.giveBack(row);
  }
  calls.close(record);
  if (refusal) record.end({ error: refusal });
  else record.recall(row, row.name === "llm.chat" && row.state === "done" ? piecesOf(row.result as ChatResult) : []);
  if (!isReplayed) return;
  await record.taken();
  replay?.handedOut();
}
