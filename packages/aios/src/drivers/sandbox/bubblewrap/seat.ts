import { lstatSync, realpathSync, statSync } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Cell } from "./cell.ts";
import { residentCommand } from "./resident.ts";
import { startResidentCell } from "./resident-cell.ts";
import { startShellCell } from "./shell-cell.ts";
import { egressEnvironment, egressForward, forwarder } from "../egress.ts";
import { preparing, waitingScript } from "./script.ts";
import { isInPlace } from "../home/guards.ts";
import type { Guard } from "../home/guards.ts";
import { cellHandles } from "./handles.ts";
import { closeAll, isReachable } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { bubblewrapArguments, egressInside, forwardInside, homeInside } from "./profile.ts";
import type { Hidden, Shown } from "./profile.ts";
import { stageCommand, stagedAt } from "./stage.ts";
import type { Staged } from "./stage.ts";

/** All that stays the same from one start to the next. */
export interface Seat {
  /** What it works in: path on the machine. */
  readonly workspace: string;
  /** Where that is seen. Default: as the home folder. */
  readonly workspaceAt?: string | undefined;
  /** The home folder, where the workspace is another: path on the machine. */
  readonly home?: string | undefined;
  /** Whose processes they are. Never root. */
  readonly uid: number;
  readonly gid: number;
  readonly isRoots: boolean;
  readonly views: readonly Shown[];
  /** Without links. */
  readonly hidden?: readonly string[] | undefined;
  readonly egress?: string | undefined;
  readonly forwards?: readonly { readonly port: number; readonly socket: string }[] | undefined;
}

export interface Started {
  readonly guards: readonly Guard[];
  readonly seccomp: number;
  readonly status?: number | undefined;
  readonly hasSession: boolean;
  /** Whether the program is the first process of the sandbox itself, and not started by bubblewrap's own. */
  readonly isFirst: boolean;
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
  const { uid, gid, workspace, workspaceAt = homeInside, home, views } = seat;
  const sockets = socketsOf(seat);
  /** `needs`: the rights that it takes to read a view, to connect to a socket. */
  const sources: readonly (Staged & { readonly needs: number })[] = [
    { from: workspace, map: seat.isRoots ? "always" : "never", needs: 0 },
    { from: machine.etc, map: "never", needs: 0 },
    ...views.map(({ from }) => ({ from, map: "possibly", needs: 0o004 }) as const),
    ...sockets.map(({ from }) => ({ from, map: "possibly", needs: 0o002 }) as const),
    ...(home === undefined ? [] : [{ from: home, map: "never", needs: 0 } as const]),
  ];
  const needsStage =
    machine.isRoot && sources.some(({ from, map, needs }) => map === "always" || !isReachable(from, { uid, needs }));
  const place = (index: number): string => (needsStage ? stagedAt(index) : sources[index]!.from);
  const profile = bubblewrapArguments({
    ...started,
    workspace: { from: place(0), at: workspaceAt },
    etc: place(1),
    views: views.map(({ at }, index) => ({ from: place(2 + index), at })),
    sockets: sockets.map(({ at }, index) => ({ from: place(2 + views.length + index), at })),
    home: home === undefined ? undefined : place(sources.length - 1),
    hidden: hiddenIn(seat),
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

const socketsOf = ({ egress, forwards = [] }: Seat): readonly Shown[] => [
  ...(egress === undefined ? [] : [{ from: egress, at: egressInside }]),
  ...forwards.map(({ port, socket }) => ({ from: socket, at: forwardInside(port) })),
];

/** Where what is hidden would be seen. */
function hiddenIn({ workspace, workspaceAt = homeInside, views, hidden = [] }: Seat): readonly Hidden[] {
  const trees = [{ from: workspace, at: workspaceAt }, ...views, { from: "/usr", at: "/usr" }];
  return hidden.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return [];
    return trees
      .filter(({ from }) => path === from || path.startsWith(`${from}/`))
      .map(({ from, at }) => ({ at: at + path.slice(from.length), is: stat.isDirectory() ? "folder" : "file" }));
  });
}

/** All that a program finds beside what it is given. */
export const environmentOf = (seat: Seat): Readonly<Record<string, string>> =>
  seat.egress === undefined ? cleanEnvironment : { ...cleanEnvironment, ...egressEnvironment };

/** What runs before a command. */
const firstOf = (seat: Seat): readonly string[] => (forwardsOf(seat).length === 0 ? [] : forwarder(forwardsOf(seat)));

/** The same, for sh. */
export const firstLine = (seat: Seat, hasChannel: boolean): string | undefined =>
  forwardsOf(seat).length === 0 ? undefined : preparing(firstOf(seat), hasChannel);

const forwardsOf = ({ egress, forwards = [] }: Seat): Parameters<typeof forwarder>[0] => [
  ...(egress === undefined ? [] : [egressForward(egressInside)]),
  ...forwards.map(({ port }) => ({ port, socket: forwardInside(port) })),
];

interface StartOptions {
  readonly guards: readonly Guard[];
  /** Of the command that it is started for. */
  readonly input?: string | Uint8Array | undefined;
}

/** Started, and waiting for its command. */
export async function startInSeat(machine: Machine, seat: Seat, options: StartOptions): Promise<Cell> {
  const cell = machine.hasResidents ? startResident(machine, seat, options) : await startShell(machine, seat, options);
  return { ...cell, isUsable: () => cell.isUsable() && isInPlace(seat.workspace, options.guards) };
}

function startResident(machine: Machine, seat: Seat, { guards }: StartOptions): Cell {
  const argv = residentCommand(machine.processor, firstOf(seat));
  const { seccomp, status } = cellHandles;
  const command = seatCommand(machine, seat, { guards, seccomp, status, hasSession: false, isFirst: true, argv });
  return startResidentCell({ ...command, environment: environmentOf(seat), seccomp: machine.openFilter() });
}

async function startShell(machine: Machine, seat: Seat, { guards, input }: StartOptions): Promise<Cell> {
  const handles: number[] = [];
  try {
    const [stdout, stderr] = await Promise.all([machine.pipes.take(seat), machine.pipes.take(seat)]);
    handles.push(stdout.readable, stdout.writable, stderr.readable, stderr.writable);
    const stdin = input === undefined ? undefined : await machine.openInput(input, seat);
    if (stdin !== undefined) handles.push(stdin);
    const argv = ["/bin/sh", "-c", waitingScript(firstLine(seat, true))];
    const { seccomp, status } = cellHandles;
    const command = seatCommand(machine, seat, { guards, seccomp, status, hasSession: false, isFirst: false, argv });
    const filter = machine.openFilter();
    handles.length = 0;
    return startShellCell({ ...command, environment: environmentOf(seat), stdout, stderr, stdin, seccomp: filter });
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
