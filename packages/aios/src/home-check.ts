// Looks at a home without a kernel: a composition beside boot.ts, for `doctor`.
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SysError } from "@aiosjs/sdk/protocol";
import { isBusy, restoreHint } from "./drivers/sql/fault.ts";
import { APPLICATION_ID, openForReading } from "./drivers/sql/sqlite-file.ts";

export { refuseNetworkFilesystem } from "./drivers/journal/network-filesystem.ts";

/**
 * Whether a kernel of this machine holds the home. Its lock is the operating system's, so this is true of a kernel that
 * does not answer, and false of one that was killed, whatever process has its number now.
 */
export function isHeld(home: string): boolean {
  const path = join(home, "kernel.lock.db");
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    db.prepare("select count(*) from sqlite_master").get();
    return false;
  } catch (cause) {
    return isBusy(cause);
  } finally {
    db.close();
  }
}

const magic = "SQLite format 3\0";

/**
 * Reads every page of a journal, beside a running kernel too; returns its size.
 * @throws SysError EIO when it is damaged or somebody else's.
 */
export function checkJournal(path: string): { readonly sizeBytes: number } {
  const sizeBytes = statSync(path).size;
  const header = Buffer.alloc(magic.length);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  if (header.toString("latin1") !== magic) throw damaged(`${path} is not a journal`);
  try {
    const db = openForReading(path);
    try {
      const { application_id: id } = db.prepare("pragma application_id").get() as { application_id: number };
      if (id !== APPLICATION_ID) throw damaged(`${path} is a database of another program`);
      const rows = db.prepare("pragma quick_check(1)").all() as { quick_check: string }[];
      if (rows[0]?.quick_check !== "ok") throw damaged(`${path} is damaged: ${rows[0]?.quick_check ?? "no answer"}`);
    } finally {
      db.close();
    }
  } catch (cause) {
    throw cause instanceof SysError ? cause : damaged(`${path} cannot be read: ${(cause as Error).message}`, cause);
  }
  return { sizeBytes };
}

const damaged = (message: string, cause?: unknown) =>
  new SysError("EIO", message, { cause, hint: restoreHint, retryable: false });
