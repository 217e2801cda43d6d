import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * What went wrong in a thread, as data. `refused`: the statement is wrong or breaks a constraint. `fenced`: somebody
 * newer owns what was to be written. `down`: a program that the thread asks is not there. `unknown-body`: the kernel's thread
 * thought a body stored that is not; it forgets what it thinks and sends the commit whole.
 */
export interface Fault {
  readonly kind: "full" | "read-only" | "busy" | "damaged" | "failed" | "refused" | "fenced" | "down" | "unknown-body";
  readonly message: string;
  readonly hint?: string;
}

/** A fault on its way to the kernel's thread. The threads know no SysError: the sdk costs them 90 ms to import. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}

/** SQLite's primary result codes that say more than "failed" (sqlite.org/rescode.html). */
const results = {
  SQLITE_ERROR: 1,
  SQLITE_BUSY: 5,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_CONSTRAINT: 19,
  SQLITE_MISMATCH: 20,
  SQLITE_RANGE: 25,
  SQLITE_NOTADB: 26,
} as const;

/** SQLite's primary result code: node:sqlite has the number, libsql too, better-sqlite3 the extended code's name. */
function resultCode(cause: unknown): number {
  const { errcode, rawCode, code } = (cause ?? {}) as { errcode?: number; rawCode?: number; code?: string };
  const number = errcode ?? rawCode;
  if (number !== undefined) return number & 0xff;
  const name = /^SQLITE_[A-Z]+/.exec(code ?? "")?.[0];
  return name !== undefined && name in results ? results[name as keyof typeof results] : 0;
}

export const isBusy = (cause: unknown): boolean => resultCode(cause) === results.SQLITE_BUSY;
export const isReadOnly = (cause: unknown): boolean => resultCode(cause) === results.SQLITE_READONLY;

export const restoreHint = "move the file away or restore it from a backup, or start with another --home";

/** Turns what SQLite or the file system threw into a fault that names the file and what to do. */
export function toFault(cause: unknown, path: string): Fault {
  if (cause instanceof FaultError) return cause.fault;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const { code } = (cause ?? {}) as { code?: string };
  switch (resultCode(cause)) {
    case results.SQLITE_FULL:
      return full(path);
    case results.SQLITE_READONLY:
      return readOnly(path);
    case results.SQLITE_BUSY:
      return {
        kind: "busy",
        message: `another program keeps ${path} locked`,
        hint: "end the program that has the file open (a database browser, a backup tool)",
      };
    case results.SQLITE_CORRUPT:
    case results.SQLITE_NOTADB:
      return { kind: "damaged", message: `${path} is damaged: ${detail}`, hint: restoreHint };
    case results.SQLITE_IOERR:
    case results.SQLITE_CANTOPEN:
      return probeFolder(path) ?? { kind: "failed", message: `${path} cannot be read or written: ${detail}` };
    case results.SQLITE_ERROR:
    case results.SQLITE_CONSTRAINT:
    case results.SQLITE_MISMATCH:
    case results.SQLITE_RANGE:
      return { kind: "refused", message: `${path} refuses a statement: ${detail}` };
    default:
      if (code === "ENOSPC" || code === "EDQUOT") return full(path);
      if (code === "EROFS" || code === "EACCES" || code === "EPERM") return readOnly(path);
      if (code === "EISDIR")
        return { kind: "damaged", message: `${path} is a folder, not a journal`, hint: restoreHint };
      return { kind: "failed", message: `the database ${path} failed: ${detail}` };
  }
}

const full = (path: string): Fault => ({
  kind: "full",
  message: `the disk that holds ${path} is full`,
  hint: "free some space: the kernel goes on by itself a second later",
});

const readOnly = (path: string): Fault => ({
  kind: "read-only",
  message: `${path} is read-only`,
  hint: "make the file and its folder writable: the kernel goes on by itself a second later",
});

/** SQLite's I/O errors do not say why: a write of our own beside the file does. */
function probeFolder(path: string): Fault | undefined {
  const probe = join(dirname(path), `.probe-${process.pid}`);
  try {
    const file = openSync(probe, "w");
    try {
      writeSync(file, Buffer.alloc(4_096));
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(probe, { force: true });
    }
    return undefined;
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === "ENOSPC" || code === "EDQUOT") return full(path);
    if (code === "EROFS" || code === "EACCES" || code === "EPERM") return readOnly(path);
    return undefined;
  }
}
