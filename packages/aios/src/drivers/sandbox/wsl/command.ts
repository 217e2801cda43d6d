import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, SandboxCommand, SandboxEvent } from "../../../kernel/ports.ts";
import { CommandEvents } from "../command-events.ts";
import { quoted, spoken, words } from "./distribution.ts";
import type { Distribution } from "./distribution.ts";

/** Handles of bubblewrap, below ten: a shell need not know others. Nobody but the script says anything at the second. */
export const wslHandles = { status: 3, fault: 4, seccomp: 5 } as const;

interface CommandOptions {
  readonly distribution: Distribution;
  readonly clock: Clock;
  /** Where it keeps what it knows of itself while it runs. */
  readonly folder: string;
  readonly filter: string;
  /** bwrap and its arguments, and the shell that reads `told` and runs it. */
  readonly argv: readonly string[];
  readonly told: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: Pick<SandboxCommand, "argv" | "folder" | "input" | "signal">;
  readonly outputBytes: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
}

/** Where this kernel is gone, its commands end by themselves, so much after their time. */
const graceS = 30;
const childOf = (run: string): string => `sed -n 's/.*"child-pid": *\\([0-9]*\\).*/\\1/p' ${run}/status 2>/dev/null`;
/** Resident kibibytes of all processes of the namespace. */
const held = `ps -e -o pidns=,rss= | awk -v n="$(readlink /proc/$p/ns/pid | tr -cd 0-9)" '$1 == n { s += $2; c++ } END { print s + 0, c + 0 }'`;

/** A command in a bubblewrap of the distribution. What ends it is sent there: ending wsl.exe may leave its Linux side alive. */
export class WslCommand {
  readonly #options: CommandOptions;
  readonly #events: CommandEvents;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #run: string;
  /** Where it stands at the end of standard error, what the script has to say comes after it; nobody inside knows it. */
  readonly #marker = randomUUID();
  readonly #over = new AbortController();
  #exceeded: "wallMs" | undefined;
  #wasKilled = false;
  #errors = Buffer.alloc(0);
  #last = "";
  readonly ended: Promise<void>;

  constructor(options: CommandOptions) {
    const { distribution, folder, told, command, outputBytes } = options;
    this.#options = options;
    this.#events = new CommandEvents({ outputBytes });
    this.#run = quoted(`${folder}/${this.#marker}`);
    this.#child = distribution.start(this.#line());
    const { stdin, stdout, stderr } = this.#child;
    // What ends early closes them: that is told by its end, not by these.
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => undefined);
    stdout.on("data", (bytes: Buffer) => this.#events.output("stdout", bytes));
    stderr.on("data", (bytes: Buffer) => this.#hear(bytes));
    this.ended = this.#follow();
    stdin.write(`${told}\n`);
    stdin.end(command.input);
  }

  read(): AsyncGenerator<SandboxEvent, void, undefined> {
    return this.#events.read();
  }

  /** Resolves when nothing of it runs any more. */
  async kill(): Promise<void> {
    if (!this.#over.signal.aborted && !this.#wasKilled) {
      this.#wasKilled = true;
      const [run, child] = [this.#run, childOf(this.#run)];
      const look = `if [ -d ${run} ]; then s=1; : > ${run}/stop; p=$(${child}); [ -n "$p" ] && kill -9 $p 2>/dev/null; elif [ $s = 1 ]; then exit 0; fi`;
      // Until what it is about is gone. It may be there only in a while: the first call starts the virtual machine.
      const killing = this.#options.distribution.start(
        `s=0; i=0; while [ $i -lt 1200 ]; do ${look}; sleep 0.05; i=$((i+1)); done`,
      );
      // Where it cannot be started the other could not either.
      for (const one of [killing, killing.stdin]) one.on("error", () => undefined);
      killing.stdin.end();
      await this.ended;
      killing.kill();
    }
    await this.ended;
  }

  #line(): string {
    const { argv, filter, environment, wallMs, memoryBytes } = this.#options;
    const [run, { status, fault, seccomp }] = [this.#run, wslHandles];
    const clean = words(["env", "-i", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]);
    const untilS = Math.ceil(wallMs / 1_000) + graceS;
    const handles = `${status}>${run}/status ${fault}>${run}/fault ${seccomp}<${quoted(filter)}`;
    const bwrap = `${clean} timeout -s KILL ${untilS} ${words(argv)} ${handles}`;
    const over = `k=$(${held}); [ "\${k%% *}" -le ${Math.floor(memoryBytes / 1024)} ] || { echo memoryBytes > ${run}/exceeded; kill -9 $p; }`;
    return [
      // What a program makes is as it would be elsewhere, whatever wsl.exe begins with.
      "umask 022",
      `mkdir -m 700 -p ${run} || exit 1`,
      `c=137`,
      `if [ ! -e ${run}/stop ]; then (while sleep 0.2; do p=$(${childOf(run)}); [ -z "$p" ] || { ${over}; }; done) </dev/null >/dev/null 2>&1 & w=$!`,
      // Through pipes: what wsl.exe hands over may be sockets, which a program cannot open by name (> /dev/stderr).
      `cat | { { ${bwrap} 7>&-; echo $? > ${run}/code; } 2>&1 >&7 | cat >&2; } 7>&1 | cat`,
      `c=$(cat ${run}/code)`,
      `kill $w 2>/dev/null`,
      "fi",
      `printf '%s %s %s %s %s' ${this.#marker} $c "$(cat ${run}/exceeded 2>/dev/null || echo -)" "$(grep -c exit-code ${run}/status 2>/dev/null)" "$(cat ${run}/fault 2>/dev/null)" >&2`,
      `rm -rf ${run}`,
    ].join("; ");
  }

  /** Lets through what is not the beginning of the marker, and keeps what comes after it. */
  #hear(bytes: Buffer): void {
    this.#errors = Buffer.concat([this.#errors, bytes]);
    const marker = Buffer.from(this.#marker);
    const at = this.#errors.indexOf(marker);
    let until = at;
    if (at < 0) {
      until = this.#errors.length;
      for (let length = Math.min(marker.length - 1, until); length > 0; length--) {
        if (!this.#errors.subarray(until - length).equals(marker.subarray(0, length))) continue;
        until -= length;
        break;
      }
    }
    const said = this.#errors.subarray(0, until);
    this.#errors = this.#errors.subarray(until);
    if (said.length === 0) return;
    this.#last = (this.#last + spoken(said)).slice(-1_000);
    this.#events.output("stderr", said);
  }

  async #follow(): Promise<void> {
    const { clock, wallMs } = this.#options;
    const watching = clock
      .wakeAt(clock.nowMs() + wallMs, this.#over.signal)
      .then(() => {
        this.#exceeded = "wallMs";
        void this.kill();
      })
      .catch((fault: unknown) => this.#over.signal.aborted || this.#events.fail(fault));
    try {
      await once(this.#child, "close");
      this.#over.abort();
      this.#tell();
    } catch (cause) {
      this.#events.fail(new SysError("EIO", "wsl.exe cannot be started", { cause, hint: "wsl --install" }));
    } finally {
      this.#over.abort();
      await watching;
    }
  }

  #tell(): void {
    const { command } = this.#options;
    if (command.signal.aborted) return this.#events.fail(canceled(command.signal));
    const [, said, exceeded, runs, fault] = /^\S+ (\d+) (\S+) (\d*) ?(.*)$/s.exec(this.#errors.toString()) ?? [];
    const bound = this.#exceeded ?? (exceeded === "memoryBytes" ? exceeded : undefined);
    if (this.#wasKilled || bound !== undefined) {
      return this.#events.end({ code: null, signal: "SIGKILL", ...(bound === undefined ? {} : { exceeded: bound }) });
    }
    if (fault !== undefined && fault !== "") return this.#events.fail(faultError(fault, command));
    if (said === undefined || Number(runs) === 0) return this.#events.fail(startError(this.#last));
    this.#events.end({ code: Number(said), signal: null });
  }
}

/** Prints what all processes of the commands in the folder hold, as `kibibytes processes`, a line for each command. */
export const heldLine = (folder: string): string =>
  `for r in ${quoted(folder)}/*; do p=$(${childOf('"$r"')}); [ -z "$p" ] || ${held}; done`;

export const canceled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was aborted", { cause: signal.reason });

function faultError(fault: string, { argv, folder }: Pick<SandboxCommand, "argv" | "folder">): SysError {
  if (fault === "folder") return new SysError("ENOENT", `there is no folder ${JSON.stringify(folder)} in the sandbox`);
  if (fault === "program") {
    return new SysError("ENOENT", `there is no program ${JSON.stringify(argv[0])} in the sandbox`, {
      hint: "programs of the distribution's /usr are there; others have to be given as views",
    });
  }
  return new SysError("EIO", `the sandbox cannot run a command: ${fault}`);
}

const startError = (said: string): SysError =>
  new SysError("EIO", `the sandbox cannot be started: ${said.trim().split("\n").at(-1) ?? ""}`, {
    hint: "aios doctor --sandbox",
  });
