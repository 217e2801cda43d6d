import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface PortHolder {
  readonly pid: number;
  /** Its command line. */
  readonly command: string;
}

/**
 * Who listens on a TCP port of this machine, from Linux's /proc (proc(5)): the socket's inode stands in the table of
 * sockets, and among the open files of its process. Undefined elsewhere, and where it belongs to another user.
 */
export function portHolder(port: number): PortHolder | undefined {
  if (process.platform !== "linux") return undefined;
  const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listening(table, port)));
  if (sockets.size === 0) return undefined;
  for (const pid of entriesOf("/proc").filter((name) => /^\d+$/.test(name)))
    if (entriesOf(`/proc/${pid}/fd`).some((fd) => sockets.has(targetOf(`/proc/${pid}/fd/${fd}`))))
      return { pid: Number(pid), command: textOf(`/proc/${pid}/cmdline`).split("\0").filter(Boolean).join(" ") };
  return undefined;
}

const LISTEN = "0A";

/** Sockets as they look among a process's open files: `socket:[12345]`. */
function listening(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return textOf(table)
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTEN && local?.endsWith(`:${hexPort}`))
    .map((columns) => `socket:[${columns[9]}]`);
}

// A process may end, or be another user's, while it is looked at: then there is nothing to see.
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
