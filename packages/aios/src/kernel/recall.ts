import { piecesOf } from "@aiosjs/sdk/protocol";
import type { ChatResult, SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { CallTable } from "./call-table.ts";
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
    // Handed out once in an incarnation, also if the kernel dies now. On a full disk the record waits for its next try.
    if (!isReplayed && row.incarnation !== incarnation)
      await outbox.commit({ kind: "call", row: { ...row, request: undefined, incarnation } }).catch(() => undefined);
    refusal = record.cancelled;
  } catch (cause) {
    refusal = record.cancelled ?? (cause as SysError);
  }
  if (!isReplayed) retries.ended(record, { ...row, incarnation });
  calls.close(record);
  if (refusal) record.end({ error: refusal });
  else record.recall(row, row.name === "llm.chat" && row.state === "done" ? piecesOf(row.result as ChatResult) : []);
  if (!isReplayed) return;
  await record.taken();
  replay?.handedOut();
}
