import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import { SysError } from "@aiosjs/sdk/protocol";
import { cellHandles } from "./handles.ts";
import { coverInherited } from "./inherited.ts";

export interface BubbleStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Standard input, output and error; "pipe": `errors`. */
  readonly stdio: readonly [number | "ignore", number | "ignore", number | "pipe"];
  /** The filter; read by this start, and of no use to another. */
  readonly seccomp: number;
}

/** One started bubblewrap. */
export interface Bubble {
  /** To what is inside, both ways. */
  readonly channel: Duplex;
  /** Null: standard error was given. */
  readonly errors: Readable | null;
  /** Of the machine's; undefined until it is known. */
  readonly firstProcess: () => number | undefined;
  readonly kill: () => void;
  /** Nothing of it lives any more. Null: bubblewrap itself was killed. */
  readonly ended: Promise<{ readonly code: number | null; readonly hasRun: boolean }>;
  readonly wasKilled: () => boolean;
  readonly hasEnded: () => boolean;
  /** One that waits does not keep this process from ending, and ends with it; one that works or is being ended does. */
  readonly hold: () => void;
  readonly letGo: () => void;
}

/** Starts it; what was handed over is closed here, in any case. */
export function startBubble({ file, args, uid, gid, environment, stdio: given, seccomp }: BubbleStart): Bubble {
  const covered = coverInherited(cellHandles.seccomp + 1);
  const stdio: StdioOptions & unknown[] = [...given, "pipe", "pipe", seccomp];
  for (const at of covered?.at ?? []) {
    while (stdio.length < at) stdio.push("ignore");
    stdio[at] = covered?.empty;
  }
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      cwd: "/",
      env: environment,
      stdio,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  } catch (cause) {
    throw new SysError("EIO", "a sandbox cannot be started", { cause });
  } finally {
    for (const handle of [...given, seccomp, covered?.empty]) if (typeof handle === "number") closeSync(handle);
  }
  const status = child.stdio[cellHandles.status] as Duplex;
  const channel = child.stdio[cellHandles.command] as Duplex;
  const errors = child.stderr;
  const held = [child, status, channel, errors] as readonly ({ ref?(): void; unref?(): void } | null)[];
  const letGo = (): void => {
    for (const one of held) one?.unref?.();
  };
  const hold = (): void => {
    for (const one of held) one?.ref?.();
  };
  letGo();
  let said = "";
  let [wasKilled, hasEnded] = [false, false];
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
  status.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (wasKilled) killFirst();
  });
  // What ends early closes them: that is told by its end, not by these.
  for (const stream of [status, channel, errors]) stream?.on("error", () => undefined);
  const ended = (async () => {
    // Not at its exit: what it said last may come after that.
    const [code] = (await once(child, "close").catch((cause: unknown) => {
      throw new SysError("EIO", `${file} cannot be started`, { cause });
    })) as [number | null];
    return { code, hasRun: /"exit-code"/.test(said) };
  })().finally(() => (hasEnded = true));
  return {
    channel,
    errors,
    firstProcess,
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
    wasKilled: () => wasKilled,
    hasEnded: () => hasEnded,
    hold,
    letGo,
  };
}
