import { lstatSync, realpathSync, statSync } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import { startCell } from "./cell.ts";
import type { Cell } from "./cell.ts";
import { egressEnvironment, forwarder } from "../egress.ts";
import { preparing, waitingScript } from "./script.ts";
import { isInPlace } from "../home/guards.ts";
import type { Guard } from "../home/guards.ts";
import { cellHandles } from "./handles.ts";
import { closeAll, isReachable } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { bubblewrapArguments, egressInside } from "./profile.ts";
import { stageCommand, stagedAt } from "./stage.ts";
import type { Staged } from "./stage.ts";

/** All that stays the same from one start to the next. */
export interface Seat {
  /** Path of the home folder on the machine. */
  readonly home: string;
  /** Whose processes they are. Never root. */
  readonly uid: number;
  readonly gid: number;
  readonly isRoots: boolean;
  readonly views: readonly { readonly from: string; readonly at: string }[];
  readonly egress?: string | undefined;
}

export interface Started {
  readonly guards: readonly Guard[];
  readonly seccomp: number;
  readonly status?: number | undefined;
  readonly hasSession: boolean;
  readonly argv: readonly string[];
}

/** What is to be spawned, and as whom. */
export interface SeatCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export function seatCommand(machine: Machine, seat: Seat, started: Started): SeatCommand {
  const { uid, gid } = seat;
  /** To read a view, to connect to the socket. */
  const needs = (index: number): number => (index < 2 ? 0 : index < 2 + seat.views.length ? 0o004 : 0o002);
  const sources: Staged[] = [
    { from: seat.home, map: seat.isRoots ? "always" : "never" },
    { from: machine.etc, map: "never" },
    ...seat.views.map(({ from }) => ({ from, map: "possibly" }) as const),
    ...(seat.egress === undefined ? [] : [{ from: seat.egress, map: "possibly" } as const]),
  ];
  const needsStage =
    machine.isRoot &&
    sources.some(({ from, map }, index) => map === "always" || !isReachable(from, { uid, needs: needs(index) }));
  const place = (index: number): string => (needsStage ? stagedAt(index) : sources[index]!.from);
  const profile = bubblewrapArguments({
    ...started,
    home: place(0),
    etc: place(1),
    views: seat.views.map(({ at }, index) => ({ from: place(2 + index), at })),
    egress: seat.egress === undefined ? undefined : place(2 + seat.views.length),
    system: machine.system,
  });
  const argv = ["bwrap", ...profile, "--", ...started.argv];
  if (needsStage) {
    const [file, ...args] = stageCommand(sources, { uid, gid, argv, processor: machine.processor });
    return { file: file!, args };
  }
  const [file, ...args] = argv;
  return { file: file!, args, ...(machine.isRoot ? { uid, gid } : {}) };
}

/** Programs are found where the system has them, whatever this process's own environment says. */
export const cleanEnvironment = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
  HOME: "/home/agent",
  LANG: "C.UTF-8",
} as const;

/** All that a program finds beside what it is given. */
export const environmentOf = (seat: Seat): Readonly<Record<string, string>> =>
  seat.egress === undefined ? cleanEnvironment : { ...cleanEnvironment, ...egressEnvironment };

/** What runs before a command, in sh. */
export const firstOf = (seat: Seat, hasChannel: boolean): string | undefined =>
  seat.egress === undefined ? undefined : preparing(forwarder(egressInside), hasChannel);

interface StartOptions {
  readonly guards: readonly Guard[];
  readonly input?: string | Uint8Array | undefined;
}

/** Started, and waiting for its command. */
export async function startInSeat(machine: Machine, seat: Seat, { guards, input }: StartOptions): Promise<Cell> {
  const handles: number[] = [];
  try {
    const [stdout, stderr] = await Promise.all([machine.pipes.take(seat), machine.pipes.take(seat)]);
    handles.push(stdout.readable, stdout.writable, stderr.readable, stderr.writable);
    const stdin = input === undefined ? undefined : await machine.openInput(input, seat);
    if (stdin !== undefined) handles.push(stdin);
    const seccomp = machine.openFilter();
    const argv = ["/bin/sh", "-c", waitingScript(firstOf(seat, true))];
    const started = { guards, seccomp: cellHandles.seccomp, status: cellHandles.status, hasSession: false, argv };
    handles.push(seccomp);
    const command = seatCommand(machine, seat, started);
    handles.length = 0;
    const cell = startCell({ ...command, environment: environmentOf(seat), stdout, stderr, stdin, seccomp });
    return { ...cell, isUsable: () => cell.isUsable() && isInPlace(seat.home, guards) };
  } catch (cause) {
    closeAll(...handles);
    throw cause;
  }
}

/** An absolute path without links, to be shown inside. @throws SysError ENOENT */
export function sourcePath(path: string, what: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new SysError("ENOENT", `there is no ${what} ${JSON.stringify(path)}`, { cause });
  }
}

/** Numbers that no account has: nothing on the machine is theirs, and each sandbox's bounds are counted apart. */
const firstUid = 2_000_000_000;
const uids = 100_000_000;

const uidOf = (name: string): number => {
  // FNV-1a.
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return firstUid + (hash % uids);
};

/** Whose processes a sandbox's are: those of the workspace's owner, never root's. `name` makes the number for who has none. */
export function ownerOf(name: string, workspace: string | undefined): Pick<Seat, "uid" | "gid" | "isRoots"> {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  if (uid !== 0) return { uid, gid, isRoots: false };
  const own = { uid: uidOf(name), gid: uidOf(name), isRoots: false };
  if (workspace === undefined) return own;
  const stat = statSync(workspace);
  if (stat.uid === 0) return { ...own, isRoots: true };
  return { uid: stat.uid, gid: stat.gid === 0 ? own.gid : stat.gid, isRoots: false };
}

export const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
