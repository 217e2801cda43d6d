import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { startBubble } from "./bubble.ts";
import type { BubbleStart } from "./bubble.ts";
import type { Cell, Told, Turn } from "./cell.ts";
import type { Pipe } from "./pipes.ts";
import { commandLine, readyWord } from "./script.ts";

export interface ShellCellStart extends Omit<BubbleStart, "stdio"> {
  readonly stdout: Pipe;
  readonly stderr: Pipe;
  /** Default: none, at its end. */
  readonly stdin?: number | undefined;
}

/** A bubblewrap for one command, that a shell becomes: all that the command starts ends with it. */
export function startShellCell({ stdout, stderr, stdin, ...start }: ShellCellStart): Cell {
  const bubble = (() => {
    try {
      return startBubble({ ...start, stdio: [stdin ?? "ignore", stdout.writable, stderr.writable] });
    } catch (cause) {
      for (const { readable } of [stdout, stderr]) closeSync(readable);
      throw cause;
    }
  })();
  const out = new Socket({ fd: stdout.readable, readable: true, writable: false });
  const errors = new Socket({ fd: stderr.readable, readable: true, writable: false });
  const { channel, firstProcess, kill, wasKilled, hasEnded } = bubble;
  let [fault, lastErrors, isTold] = ["", "", false];
  channel.setEncoding("utf8").on("data", (text: string) => (fault += text));
  for (const stream of [out, errors]) {
    stream.on("error", () => undefined);
    stream.unref();
  }
  const ended = bubble.ended.then(({ code, hasRun }) => ({
    code,
    wasKilled: wasKilled(),
    fault: fault.replace(readyWord, ""),
    ...(hasRun || code === null ? {} : { failure: lastErrors }),
  }));
  const isMounted = (): boolean => fault.startsWith(readyWord);
  const leave = (): void => {
    for (const stream of [out, errors]) stream.destroy();
  };
  return {
    firstProcess,
    tell(told: Told): Turn {
      isTold = true;
      bubble.hold();
      for (const stream of [out, errors]) stream.ref();
      errors.on("data", (part: Buffer) => (lastErrors = (lastErrors + part.toString("utf8")).slice(-1_000)));
      channel.write(`${commandLine(told, { bounds: told.bounds, hasChannel: true })}\n`);
      const insideOnce = (): number | undefined => (isMounted() ? firstProcess() : undefined);
      return { stdout: out, stderr: errors, firstProcess: insideOnce, kill, ended };
    },
    kill,
    ended: ended.then(
      () => isTold || leave(),
      () => leave(),
    ) as Promise<void>,
    mayBeKept: () => false,
    settled: async () => undefined,
    isMounted,
    isUsable: () => !isTold && !hasEnded() && !wasKilled(),
  };
}
