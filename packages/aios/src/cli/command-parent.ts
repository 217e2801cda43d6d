import { spawn } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import type { Jail } from "../command-jail.ts";
import { setTimeout as sleep } from "node:timers/promises";

export interface CommandProgram {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The command gets the terminal itself (colours, prompts, a full screen). */
  readonly hasTerminal: boolean;
  /** Nothing is printed and no terminal's signal ends it: it was started with --detach. */
  readonly isDetached: boolean;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its parent was told to end it: by the terminal, or with SIGTERM. */
  readonly isAskedFor: boolean;
  /** Set when it could not be started at all. */
  readonly failure?: NodeJS.ErrnoException;
}

const drainMs = 1_000;

/** What the parent does beside: it learns when there is a process, and keeps what that prints. */
export interface ParentDuties {
  readonly started: (hostPid: number) => void;
  /** Not called where the command has the terminal itself. */
  readonly print: (text: string) => void;
  /** Default: with all rights of its user. */
  readonly jail?: Pick<Jail, "start"> | undefined;
}

/**
 * Starts a command as leader of a process group (on POSIX: of a session) of its own and stays until it has ended.
 * Ctrl-C goes to the group; a second one kills it. When the leader has ended, what is left of its group is killed:
 * nothing runs on without a process to answer for it.
 */
export async function parentCommand(program: CommandProgram, duties: ParentDuties): Promise<CommandEnd> {
  const { command, cwd, environment, hasTerminal, isDetached } = program;
  const output = isDetached || !hasTerminal ? "pipe" : "inherit";
  const stdio: StdioOptions = [isDetached ? "ignore" : "inherit", output, output];
  const child = duties.jail
    ? duties.jail.start({ argv: command, environment, folder: cwd }, stdio)
    : spawn(command[0]!, command.slice(1), { cwd, env: environment, detached: true, stdio });
  using signals = forwardSignals(child, { isDetached, hasTerminal });
  if (child.pid !== undefined) duties.started(child.pid);
  const copied = Promise.all([
    copy(child.stdout, isDetached ? undefined : process.stdout, duties),
    copy(child.stderr, isDetached ? undefined : process.stderr, duties),
  ]);
  const end = await ended(child);
  signalGroup(child, "SIGKILL");
  // What is in the pipes still comes at once; only a daemon that left the group could hold them open.
  await Promise.race([copied, sleep(drainMs, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  await copied;
  return { ...end, isAskedFor: signals.hasForwarded };
}

/** The code that a shell would give: the command's own, 128 + signal, 127 when there is no such command. */
export function exitCodeOf({ code, signal, failure }: Omit<CommandEnd, "isAskedFor">): number {
  if (failure) return failure.code === "ENOENT" ? 127 : 126;
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function ended(child: ChildProcess): Promise<Omit<CommandEnd, "isAskedFor">> {
  return new Promise((resolve) => {
    child.once("error", (failure: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, failure });
    });
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** Copies as fast as the terminal takes it. When the terminal goes away, the command's pipe does too. */
async function copy(from: Readable | null, terminal: Writable | undefined, { print }: ParentDuties): Promise<void> {
  if (!from) return;
  // Alone, and to the end: a reader that has seen enough ends the command, and we have to tell how that ended.
  terminal?.removeAllListeners("error").on("error", () => from.destroy());
  const decoder = new TextDecoder();
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      print(decoder.decode(chunk, { stream: true }));
      if (terminal && !terminal.write(chunk)) await once(terminal, "drain");
    }
  } catch (cause) {
    if (!from.destroyed) throw cause;
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    // A negative id is the group; Windows has none, there the child alone is ended.
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch (cause) {
    // ESRCH: the group is gone already, which is what was wanted.
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** The terminal signals our group, not the command's: what it says is handed on. */
function forwardSignals(
  child: ChildProcess,
  { isDetached, hasTerminal }: { isDetached: boolean; hasTerminal: boolean },
): Disposable & { readonly hasForwarded: boolean } {
  let interrupts = 0;
  let hasForwarded = false;
  const end = (signal: NodeJS.Signals): void => {
    hasForwarded = true;
    signalGroup(child, signal);
  };
  const listeners: [NodeJS.Signals, () => void][] = [["SIGTERM", () => end("SIGTERM")]];
  if (isDetached) {
    listeners.push(["SIGHUP", () => undefined], ["SIGINT", () => undefined]);
  } else {
    listeners.push(["SIGINT", () => end(++interrupts > 1 ? "SIGKILL" : "SIGINT")]);
    listeners.push(["SIGHUP", () => end("SIGHUP")]);
    listeners.push(["SIGQUIT", () => end("SIGQUIT")]);
    listeners.push(["SIGCONT", () => signalGroup(child, "SIGCONT")]);
    listeners.push([
      "SIGTSTP",
      () => {
        signalGroup(child, "SIGSTOP");
        process.kill(process.pid, "SIGSTOP");
      },
    ]);
    if (hasTerminal) listeners.push(["SIGWINCH", () => signalGroup(child, "SIGWINCH")]);
  }
  const known = process.platform === "win32" ? listeners.filter(([signal]) => signal in constants.signals) : listeners;
  // While it runs the signals are the command's: who else listened would end us before it, and leave its tree behind.
  const others = known.map(([signal]) => [signal, process.listeners(signal)] as const);
  for (const [signal, listener] of known) process.removeAllListeners(signal).on(signal, listener);
  return {
    get hasForwarded() {
      return hasForwarded;
    },
    [Symbol.dispose]() {
      for (const [signal, listener] of known) process.off(signal, listener);
      for (const [signal, theirs] of others) for (const listener of theirs) process.on(signal, listener);
    },
  };
}
