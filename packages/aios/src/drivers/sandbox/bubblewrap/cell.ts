import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { SysError } from "@aiosjs/sdk/protocol";
import { cellHandles } from "./handles.ts";
import { coverInherited } from "./inherited.ts";
import { readyWord } from "./script.ts";
import type { Pipe } from "./pipes.ts";

export interface CellStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdout: Pipe;
  readonly stderr: Pipe;
  /** Default: none, at its end. */
  readonly stdin?: number | undefined;
  /** The filter; read by this start, and of no use to another. */
  readonly seccomp: number;
}

/** One bubblewrap, for one command: all that the command starts ends with it. Its handles are closed when it has ended. */
export interface Cell {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Undefined until it is known. */
  readonly firstProcess: () => number | undefined;
  /** Hands it the command it waits for. */
  tell(line: string): void;
  kill(): void;
  /** Nothing of it lives any more. `fault`: what kept the program from being started. */
  readonly ended: Promise<CellEnd>;
  /** All is mounted: what was shown to it may bear another name from now on. */
  readonly isMounted: () => boolean;
  /** It can still be told a command, and what was mounted for it is in place. */
  readonly isUsable: () => boolean;
}

interface CellEnd {
  /** Null: bubblewrap itself was killed. */
  readonly code: number | null;
  readonly wasKilled: boolean;
  readonly fault: string;
  /** Else bubblewrap has failed on the way to it, and said why on standard error. */
  readonly hasRun: boolean;
}

/** Starts it; whatever was handed over is closed here, in any case. */
export function startCell(start: CellStart): Cell {
  const { stdout, stderr, stdin, seccomp, uid, gid, environment } = start;
  const covered = coverInherited(cellHandles.seccomp + 1);
  const stdio: StdioOptions & unknown[] = [
    stdin ?? "ignore",
    stdout.writable,
    stderr.writable,
    "pipe",
    "pipe",
    seccomp,
  ];
  for (const at of covered?.at ?? []) {
    while (stdio.length < at) stdio.push("ignore");
    stdio[at] = covered?.empty;
  }
  let child: ChildProcess;
  try {
    child = spawn(start.file, start.args, {
      cwd: "/",
      env: environment,
      stdio,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  } catch (cause) {
    for (const handle of [stdout.readable, stderr.readable]) closeSync(handle);
    throw new SysError("EIO", "a sandbox cannot be started", { cause });
  } finally {
    for (const handle of [stdout.writable, stderr.writable, seccomp, stdin, covered?.empty])
      if (handle !== undefined) closeSync(handle);
  }
  const out = new Socket({ fd: stdout.readable, readable: true, writable: false });
  const errors = new Socket({ fd: stderr.readable, readable: true, writable: false });
  const status = child.stdio[cellHandles.status] as Duplex;
  const command = child.stdio[cellHandles.command] as Duplex;
  // A waiting cell does not keep this process from ending, and ends with it; one that works or is being ended does.
  const held = [child, status, command, out, errors] as readonly { ref?(): void; unref?(): void }[];
  for (const one of held) one.unref?.();
  const hold = (): void => {
    for (const one of held) one.ref?.();
  };
  let [said, fault] = ["", ""];
  let [wasKilled, hasEnded] = [false, false];
  status.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (wasKilled) killFirst();
  });
  command.setEncoding("utf8").on("data", (text: string) => (fault += text));
  // What ends early closes them: that is told by its end, not by these.
  for (const stream of [status, command, out, errors]) stream.on("error", () => undefined);

  const firstProcess = (): number | undefined => {
    const match = /"child-pid":\s*(\d+)/.exec(said);
    return match ? Number(match[1]) : undefined;
  };
  const killFirst = (): void => {
    const hostPid = firstProcess();
    if (hostPid === undefined || hasEnded) return;
    try {
      process.kill(hostPid, "SIGKILL");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
    }
  };
  const ended = (async (): Promise<CellEnd> => {
    // Not at its exit: what it said last may come after that.
    const [code] = (await once(child, "close").catch((cause: unknown) => {
      throw new SysError("EIO", `${start.file} cannot be started`, { cause });
    })) as [number | null];
    return { code, wasKilled, fault: fault.replace(readyWord, ""), hasRun: /"exit-code"/.test(said) };
  })().finally(() => (hasEnded = true));
  ended.catch(() => {
    for (const stream of [out, errors]) stream.destroy();
  });
  return {
    stdout: out,
    stderr: errors,
    firstProcess,
    tell(line) {
      hold();
      command.write(`${line}\n`);
    },
    kill() {
      if (hasEnded) return;
      wasKilled = true;
      hold();
      // The first process takes all others of its namespace with it, and bubblewrap ends only after them. Killed itself
      // it would leave before they are gone, and just started even leave them alive; it says which process is the first
      // before that one does anything.
      killFirst();
    },
    ended,
    isMounted: () => fault.startsWith(readyWord),
    isUsable: () => !hasEnded && !wasKilled,
  };
}
