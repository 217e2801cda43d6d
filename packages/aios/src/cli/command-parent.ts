import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { WriteStream } from "node:fs";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";

export interface CommandProgram {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where stdout and stderr are written besides the terminal; nowhere when the terminal is handed over. */
  readonly logPath: string | undefined;
  /** The command gets the terminal itself (colours, prompts, a full screen). */
  readonly hasTerminal: boolean;
  /** Nothing is printed and no terminal's signal ends it: it was started with --detach. */
  readonly isDetached: boolean;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when it could not be started at all. */
  readonly failure?: NodeJS.ErrnoException;
}

/**
 * Starts a command as leader of a process group (on POSIX: of a session) of its own and stays until it has ended.
 * `onStart` learns the host's process id as soon as there is one. Ctrl-C goes to the group; a second one kills it.
 * When the leader has ended, what is left of its group is killed: nothing runs on without a process to answer for it.
 */
export async function parentCommand(program: CommandProgram, onStart: (hostPid: number) => void): Promise<CommandEnd> {
  const { command, cwd, environment, logPath, hasTerminal, isDetached } = program;
  const output = isDetached || !hasTerminal ? "pipe" : "inherit";
  const child = spawn(command[0]!, command.slice(1), {
    cwd,
    env: environment,
    detached: true,
    stdio: [isDetached ? "ignore" : "inherit", output, output],
  });
  const log = logPath === undefined ? undefined : createWriteStream(logPath, { flags: "a", mode: 0o600 });
  // A full disk must not end the command: what it prints still reaches the terminal.
  log?.on("error", () => undefined);
  using _signals = forwardSignals(child, { isDetached, hasTerminal });
  if (child.pid !== undefined) onStart(child.pid);
  const copied = Promise.all([
    copy(child.stdout, isDetached ? undefined : process.stdout, log),
    copy(child.stderr, isDetached ? undefined : process.stderr, log),
  ]);
  const end = await ended(child);
  signalGroup(child, "SIGKILL");
  await copied;
  if (log && !log.closed) {
    log.end();
    await once(log, "close");
  }
  return end;
}

/** The code that a shell would give: the command's own, 128 + signal, 127 when there is no such command. */
export function exitCodeOf({ code, signal, failure }: CommandEnd): number {
  if (failure) return failure.code === "ENOENT" ? 127 : 126;
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function ended(child: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once("error", (failure: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, failure });
    });
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** Copies as fast as the slower of terminal and file takes it. When the terminal goes away, the command's pipe does too. */
async function copy(
  from: Readable | null,
  terminal: Writable | undefined,
  log: WriteStream | undefined,
): Promise<void> {
  if (!from) return;
  const onTerminalGone = (): void => void from.destroy();
  terminal?.once("error", onTerminalGone);
  try {
    for await (const chunk of from) {
      const isLogReady = log?.write(chunk) ?? true;
      const isTerminalReady = terminal?.write(chunk) ?? true;
      if (!isLogReady && log && !log.destroyed) await Promise.race([once(log, "drain"), once(log, "close")]);
      if (!isTerminalReady && terminal && !terminal.destroyed) await once(terminal, "drain");
    }
  } catch (cause) {
    if (!from.destroyed) throw cause;
  } finally {
    terminal?.off("error", onTerminalGone);
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
): Disposable {
  let interrupts = 0;
  const listeners: [NodeJS.Signals, () => void][] = [["SIGTERM", () => signalGroup(child, "SIGTERM")]];
  if (isDetached) {
    listeners.push(["SIGHUP", () => undefined], ["SIGINT", () => undefined]);
  } else {
    listeners.push(["SIGINT", () => signalGroup(child, ++interrupts > 1 ? "SIGKILL" : "SIGINT")]);
    listeners.push(["SIGHUP", () => signalGroup(child, "SIGHUP")]);
    listeners.push(["SIGQUIT", () => signalGroup(child, "SIGQUIT")]);
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
  for (const [signal, listener] of known) process.on(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of known) process.off(signal, listener);
    },
  };
}
