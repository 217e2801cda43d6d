import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fault } from "./wire.ts";

/** A fault on its way to the kernel's thread. The threads know no SysError: the sdk costs them 90 ms to import. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}

/** SQLite's primary result codes that say more than "failed" (sqlite.org/rescode.html). */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

export const restoreHint = "move the file away or restore it from a backup, or start with another --home";

/** Turns what SQLite or the file system threw into a fault that names the file and what to do. */
export function toFault(cause: unknown, path: string): Fault {
  if (cause instanceof FaultError) return cause.fault;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const { errcode, code } = (cause ?? {}) as { errcode?: number; code?: string };
  switch ((errcode ?? 0) & 0xff) {
    case FULL:
      return full(path);
    case READONLY:
      return readOnly(path);
    case BUSY:
      return {
        kind: "busy",
        message: `another program keeps ${path} locked`,
        hint: "end the program that has the journal open (a database browser, a backup tool)",
      };
    case CORRUPT:
    case NOTADB:
      return { kind: "damaged", message: `${path} is damaged: ${detail}`, hint: restoreHint };
    case IOERR:
    case CANTOPEN:
      return probeFolder(path) ?? { kind: "failed", message: `${path} cannot be read or written: ${detail}` };
    default:
      if (code === "ENOSPC" || code === "EDQUOT") return full(path);
      if (code === "EROFS" || code === "EACCES" || code === "EPERM") return readOnly(path);
      if (code === "EISDIR")
        return { kind: "damaged", message: `${path} is a folder, not a journal`, hint: restoreHint };
      return { kind: "failed", message: `the journal ${path} failed: ${detail}` };
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

/** SQLite's I/O errors do not say why: a write of our own beside the journal does. */
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
