import { isSysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import type { Parts } from "../parts.ts";
import { from } from "./label.ts";
import type { Label } from "./label.ts";

/**
 * The call's process sees it from now on, and that is on disk before anything of it is handed out; while the disk is full, as soon
 * as it is not. @throws SysError ESTALE
 */
export async function expose(
  { call, process }: CallRecord,
  label: Label,
  { outbox }: Pick<Parts, "outbox">,
): Promise<void> {
  if (!process.sees(from(label, call))) return;
  try {
    await outbox.commit({ kind: "process", row: process.row() });
  } catch (cause) {
    // What is read is read all the same: the record is kept for the next try.
    if (isSysError(cause) && cause.code === "ESTALE") throw cause;
  }
}
