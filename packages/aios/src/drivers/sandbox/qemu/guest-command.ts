import { once } from "node:events";
import type { Socket } from "node:net";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxEvent } from "../../../kernel/ports.ts";
import { CommandEvents } from "../command-events.ts";
import { ByteReader } from "./byte-reader.ts";
import { changesOf } from "./changes.ts";
import type { Machine } from "./machine.ts";
import { UntilWord } from "./until-word.ts";

/** What a timer can wait, 24 days. */
const longestMs = 2 ** 31 - 1;
/** A guest that was told to end its command has so long to say what came of it. */
const graceMs = 20_000;
/** To take in what it is sent, and to tell what came of it: a guest that hangs holds nobody up for longer. */
const transferMs = 600_000;
/** Names of files that a guest may answer with. */
const longestListBytes = 256 * 1024 * 1024;

export interface GuestCommandOptions {
  /** Starts a machine that waits for a job. */
  readonly start: () => Promise<Machine>;
  /** Whole archives in turn with all else that happens in the home folder. */
  readonly send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
  readonly receive: (from: ByteReader, present: ReadonlySet<string>) => Promise<void>;
  readonly program: string;
  readonly lastWord: string;
  readonly wallMs: number;
  readonly outputBytes: number;
}

type Killed = { readonly by: "wallMs" } | { readonly by: "stop" } | { readonly by: "fault"; readonly fault: unknown };

/** One command in a machine of its own: what it did to the home folder comes back when it has ended, however it did. */
export class GuestCommand {
  readonly #options: GuestCommandOptions;
  readonly #events: CommandEvents;
  readonly #gone: Promise<void>;
  #machine: Machine | undefined;
  #hasStarted = false;
  #hasEnded = false;
  #isPaused = false;
  #killed: Killed | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(options: GuestCommandOptions) {
    this.#options = options;
    this.#events = new CommandEvents(options);
    this.#gone = this.#run().catch((cause: unknown) => this.#fail(cause));
  }

  /** @throws SysError ECANCELED when the signal says so, ENOENT there is no such program, E2BIG, EIO. */
  async *events(signal: AbortSignal): AsyncGenerator<SandboxEvent, void, undefined> {
    const abort = (): void => this.#kill({ by: "fault", fault: cancelled(signal) });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      yield* this.#events.read();
    } finally {
      signal.removeEventListener("abort", abort);
      await this.kill();
    }
  }

  /** Returns when nothing of it is left, and what it did is in the home folder. */
  async kill(): Promise<void> {
    this.#kill({ by: "stop" });
    await this.#gone;
  }

  /** What is in the home folder is not asked for any more. */
  async drop(): Promise<void> {
    this.#killed ??= { by: "stop" };
    await this.#machine?.kill();
    await this.#gone;
  }

  async stats(): Promise<{ readonly processes: number; readonly memoryBytes: number }> {
    return { processes: 1, memoryBytes: (await this.#machine?.residentBytes()) ?? 0 };
  }

  async freeze(verb: "stop" | "cont"): Promise<void> {
    if (!this.#machine || this.#killed) return;
    this.#isPaused = verb === "stop";
    // It may have ended meanwhile.
    await this.#machine.monitor.ask(verb).catch(() => undefined);
  }

  async #run(): Promise<void> {
    if (this.#killed) return this.#end({ code: 137, isOutOfMemory: false });
    const machine = await this.#options.start();
    this.#machine = machine;
    try {
      // It may have been asked for when there was nothing to kill yet.
      if (this.#killed) return this.#end({ code: 137, isOutOfMemory: false });
      await this.#runIn(machine);
    } finally {
      clearTimeout(this.#grace);
      await machine.kill();
    }
  }

  async #runIn(machine: Machine): Promise<void> {
    const { lastWord, send, wallMs, program } = this.#options;
    const drained = Promise.all((["out", "err"] as const).map((one) => this.#listen(machine[one], one, lastWord)));
    const say = new ByteReader(machine.say);
    const first = await within(machine, async () => {
      await send((bytes) => write(machine, bytes));
      return await say.line();
    });
    if (first === "started") {
      this.#hasStarted = true;
      if (this.#killed) this.#tellToEnd();
    }
    const clock = setTimeout(() => this.#kill({ by: "wallMs" }), Math.min(wallMs, longestMs));
    const ended = await say.line().finally(() => clearTimeout(clock));
    // From here on it only tells what came of it.
    this.#hasEnded = true;
    clearTimeout(this.#grace);
    const [, code = "", deaths = ""] = /^ended (\d{1,3}) oom_kill (\d+)$/.exec(ended) ?? [];
    if (code === "") throw new SysError("EIO", "the guest says what is not understood");
    await within(machine, async () => {
      await this.#receive(machine, say);
      await drained;
    });
    if (first === "missing")
      return this.#events.fail(
        this.#killed?.by === "fault"
          ? this.#killed.fault
          : new SysError("ENOENT", `there is no program "${program}" in the guest`, {
              hint: "name another, or make a guest that has it (aios help sandbox guest)",
            }),
      );
    this.#end({ code: Number(code), isOutOfMemory: Number(deaths) > 0 });
  }

  async #receive(machine: Machine, say: ByteReader): Promise<void> {
    const sizes = (await say.line()).match(/\b\d{1,9}\b/g)?.map(Number) ?? [];
    if (sizes.length !== 5 || sizes[4]! > longestListBytes)
      throw new SysError("EIO", "the guest says what is not understood");
    const lists: Buffer[] = [];
    for (const size of sizes.slice(0, 4)) lists.push(await say.exactly(size));
    const [before, beforeStats, after, afterStats] = lists as [Buffer, Buffer, Buffer, Buffer];
    const { present, changed } = changesOf({ names: before, stats: beforeStats }, { names: after, stats: afterStats });
    await write(machine, Buffer.from(`changed ${changed.length}\n`));
    await write(machine, changed);
    await this.#options.receive(say, present);
  }

  async #listen(socket: Socket, stream: "out" | "err", lastWord: string): Promise<void> {
    const over = Promise.withResolvers<void>();
    const name = stream === "out" ? "stdout" : "stderr";
    const until = new UntilWord(lastWord, (bytes) => this.#events.output(name, bytes));
    socket.on("data", (piece: Buffer) => {
      if (until.push(piece)) over.resolve();
    });
    socket.on("close", () => over.resolve());
    await over.promise;
  }

  #end({ code, isOutOfMemory }: { readonly code: number; readonly isOutOfMemory: boolean }): void {
    const killed = { code: null, signal: "SIGKILL" };
    if (this.#killed?.by === "fault") this.#events.fail(this.#killed.fault);
    else if (this.#killed?.by === "wallMs") this.#events.end({ ...killed, exceeded: "wallMs" });
    else if (this.#killed) this.#events.end(killed);
    else if (code === 137 && isOutOfMemory) this.#events.end({ ...killed, exceeded: "memoryBytes" });
    else this.#events.end({ code, signal: null });
  }

  /** Where it was killed it does not matter how its machine ended. */
  #fail(cause: unknown): void {
    if (this.#killed) this.#end({ code: 137, isOutOfMemory: false });
    else this.#events.fail(cause);
  }

  #kill(killed: Killed): void {
    if (this.#killed || this.#hasEnded || this.#events.hasEnded) return;
    this.#killed = killed;
    if (this.#hasStarted) this.#tellToEnd();
    else void this.#machine?.kill();
  }

  #tellToEnd(): void {
    const machine = this.#machine;
    if (!machine) return;
    if (this.#isPaused) void machine.monitor.ask("cont").catch(() => undefined);
    machine.job.write("kill\n");
    this.#grace = setTimeout(() => void machine.kill(), graceMs);
  }
}

async function within<T>(machine: Machine, act: () => Promise<T>): Promise<T> {
  const clock = setTimeout(() => void machine.kill(), transferMs);
  try {
    return await act();
  } finally {
    clearTimeout(clock);
  }
}

async function write({ job, gone }: Machine, bytes: Uint8Array): Promise<void> {
  if (job.destroyed) throw new SysError("EIO", "the virtual machine has ended");
  if (job.write(bytes)) return;
  const stop = new AbortController();
  const { signal } = stop;
  try {
    await Promise.race([once(job, "drain", { signal }), once(job, "close", { signal }), gone]);
  } finally {
    stop.abort();
  }
}

export const cancelled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was cancelled", { cause: signal.reason });
