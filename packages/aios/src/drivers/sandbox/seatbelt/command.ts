import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import { cellHandles } from "../bubblewrap/handles.ts";
import { readyWord } from "../bubblewrap/script.ts";
import { CommandEvents } from "../command-events.ts";
import { Pack } from "./pack.ts";
import type { SystemPrograms } from "./programs.ts";

interface CommandOptions {
  readonly programs: SystemPrograms;
  readonly clock: Clock;
  /** Of sandbox-exec. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What the shell inside is told to run. */
  readonly line: string;
  /** The sandbox's own folder, and the file in it whose handle marks what belongs to it. */
  readonly folder: string;
  readonly mark: string;
  readonly command: SandboxCommand;
  readonly outputBytes: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
}

/** How often it is looked at what a command holds: no bound of the system's does that on macOS. */
const lookMs = 200;
/** After everything that was found has ended, for what it had written to come through. */
const drainMs = 1_000;

/** A command in the profile, from its start to the end of all that can be found of it. */
export class RunningCommand {
  readonly #options: CommandOptions;
  readonly #events: CommandEvents;
  readonly #child: ChildProcess;
  readonly #pack: Pack | undefined;
  readonly #over = new AbortController();
  #exceeded: "wallMs" | "memoryBytes" | undefined;
  #wasKilled = false;
  #ending: Promise<void> | undefined;
  #said = "";
  #lastErrors = "";
  /** Nothing of it is left. */
  readonly ended: Promise<void>;

  constructor(options: CommandOptions) {
    const { programs, clock, args, environment, line, folder, mark, command, outputBytes } = options;
    this.#options = options;
    this.#events = new CommandEvents({ outputBytes });
    const sinceMs = clock.nowMs();
    const handle = openSync(mark, "r");
    try {
      // A session of its own. Of this process's handles libuv gives a child on macOS none but these.
      this.#child = spawn(programs.sandboxExec, args, {
        cwd: "/",
        detached: true,
        env: environment,
        stdio: [command.input === undefined ? "ignore" : "pipe", "pipe", "pipe", "ignore", "pipe", handle],
      });
    } finally {
      closeSync(handle);
    }
    const { pid } = this.#child;
    this.#pack = pid === undefined ? undefined : new Pack({ programs, first: pid, folder, sinceMs });
    this.#listen();
    this.ended = this.#follow();
    (this.#child.stdio[cellHandles.command] as Duplex).write(`${line}\n`);
    this.#child.stdin?.end(command.input);
  }

  read(): AsyncGenerator<SandboxEvent, void, undefined> {
    return this.#events.read();
  }

  async look(): Promise<{ readonly processes: number; readonly residentBytes: number }> {
    return (await this.#pack?.look()) ?? { processes: 0, residentBytes: 0 };
  }

  /** Resolves when it is over. */
  async kill(): Promise<void> {
    if (!this.#over.signal.aborted) this.#wasKilled = true;
    await this.#end();
    await this.ended;
  }

  #end(): Promise<void> {
    return (this.#ending ??= this.#pack?.end() ?? Promise.resolve());
  }

  #listen(): void {
    const { stdout, stderr, stdin } = this.#child;
    const channel = this.#child.stdio[cellHandles.command] as Duplex;
    stdout?.on("data", (bytes: Buffer) => this.#events.output("stdout", bytes));
    stderr?.on("data", (bytes: Buffer) => {
      this.#lastErrors = (this.#lastErrors + bytes.toString("utf8")).slice(-1_000);
      this.#events.output("stderr", bytes);
    });
    channel.setEncoding("utf8").on("data", (text: string) => (this.#said += text));
    // What ends early closes them: that is told by its end, not by these.
    for (const stream of [stdout, stderr, stdin, channel]) stream?.on("error", () => undefined);
  }

  async #follow(): Promise<void> {
    const { clock, wallMs, memoryBytes, programs } = this.#options;
    const closed = once(this.#child, "close").catch(() => undefined);
    const drained = new AbortController();
    // A kill that fails is told by its end.
    const kill = (): void => void this.kill().catch(() => undefined);
    const killFor = (bound: "wallMs" | "memoryBytes"): void => {
      this.#exceeded ??= bound;
      kill();
    };
    const watching = [
      clock.wakeAt(clock.nowMs() + wallMs, this.#over.signal).then(() => killFor("wallMs")),
      this.#watch(memoryBytes).then(() => killFor("memoryBytes")),
    ].map((one) =>
      one.catch((fault: unknown) => {
        if (this.#over.signal.aborted) return;
        this.#events.fail(fault);
        kill();
      }),
    );
    try {
      const [code, signal] = (await once(this.#child, "exit").catch((cause: unknown) => {
        throw new SysError("EIO", `${programs.sandboxExec} cannot be started`, { cause });
      })) as [number | null, NodeJS.Signals | null];
      const wasKilled = this.#wasKilled;
      // It runs no longer: what it left behind is ended, and none of its bounds is what did it.
      this.#over.abort();
      await this.#end();
      await Promise.race([closed, clock.wakeAt(clock.nowMs() + drainMs, drained.signal)]);
      this.#tell(wasKilled ? null : (code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
    } catch (fault) {
      this.#events.fail(fault);
    } finally {
      this.#over.abort();
      drained.abort();
      await Promise.all(watching);
      for (const stream of this.#child.stdio) stream?.destroy();
    }
  }

  /** Returns when it holds more than it may. */
  async #watch(memoryBytes: number): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.wakeAt(clock.nowMs() + lookMs, this.#over.signal);
      if ((await this.look()).residentBytes > memoryBytes) return;
    }
  }

  #tell(code: number | null): void {
    const { command } = this.#options;
    const fault = this.#said.replace(readyWord, "");
    if (command.signal.aborted) return this.#events.fail(canceled(command.signal));
    if (code !== null && fault !== "") return this.#events.fail(faultError(fault, command));
    if (code !== null && !this.#said.startsWith(readyWord)) return this.#events.fail(startError(this.#lastErrors));
    const exceeded = code === null && this.#exceeded !== undefined ? { exceeded: this.#exceeded } : {};
    this.#events.end({ code, signal: code === null ? "SIGKILL" : null, ...exceeded });
  }
}

export const canceled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was aborted", { cause: signal.reason });

function faultError(fault: string, { argv, folder }: SandboxCommand): SysError {
  if (fault === "folder") return new SysError("ENOENT", `there is no folder ${JSON.stringify(folder)} in the sandbox`);
  if (fault === "program") {
    return new SysError("ENOENT", `there is no program ${JSON.stringify(argv[0])} in the sandbox`, {
      hint: "programs of the system, Homebrew, MacPorts and Nix are there; others have to be given as views",
    });
  }
  return new SysError("EIO", `the sandbox cannot run a command: ${fault}`);
}

const startError = (said: string): SysError =>
  new SysError("EIO", `the sandbox cannot be started: ${said.trim().split("\n").at(-1) ?? ""}`, {
    hint: "aios doctor --sandbox",
  });
