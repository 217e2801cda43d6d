import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SystemPrograms } from "./programs.ts";

/** A process as the system lists it. */
export interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly uid: number;
  /** What it has in memory; not what was compressed or swapped out. */
  readonly residentBytes: number;
  /** With the pid, it tells one process from a later one with the same number. */
  readonly startedAt: string;
}

const run = promisify(execFile);
const surroundings = { cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }, maxBuffer: 64 * 1024 * 1024 };

/** All of this machine that have not ended. macOS has no /proc, and Node no door to what it has instead. */
export async function listProcesses({ ps }: Pick<SystemPrograms, "ps">): Promise<readonly Listed[]> {
  const columns = "pid=,ppid=,pgid=,uid=,rss=,stat=,lstart=";
  const { stdout } = await run(ps, ["-axo", columns], surroundings).catch((cause: unknown) => {
    throw new SysError("EIO", "what runs in a sandbox cannot be seen: ps failed", { cause });
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, group, uid, resident, state = "", startedAt = ""] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith("Z")) return [];
    const [residentBytes, ...ids] = [Number(resident) * 1024, Number(pid), Number(parent), Number(group), Number(uid)];
    return [{ pid: ids[0]!, parent: ids[1]!, group: ids[2]!, uid: ids[3]!, residentBytes, startedAt }];
  });
}

/** Of these, the ones that hold something open below the folder, or stand in it. */
export async function holdersBelow(
  { lsof }: Pick<SystemPrograms, "lsof">,
  { folder, pids }: { readonly folder: string; readonly pids: readonly number[] },
): Promise<readonly number[]> {
  if (pids.length === 0) return [];
  const args = ["-nP", "-w", "-F", "pn", "-p", pids.join(",")];
  // It fails when one of them has ended, with the others all the same in what it printed.
  const { stdout } = await run(lsof, args, surroundings).catch((cause: unknown) => {
    if (typeof (cause as { code?: unknown }).code === "number") return cause as { stdout: string };
    throw new SysError("EIO", "what runs in a sandbox cannot be seen: lsof failed", { cause });
  });
  const found = new Set<number>();
  let pid = 0;
  for (const line of stdout.split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1));
    else if (line === `n${folder}` || line.startsWith(`n${folder}/`)) found.add(pid);
  }
  return [...found];
}
