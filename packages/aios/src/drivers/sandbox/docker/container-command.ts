import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { SandboxEvent } from "../../../kernel/ports.ts";
import { CommandEvents } from "../command-events.ts";
import { refused } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { createUnframer } from "./frames.ts";
import { LastWord } from "./last-word.ts";

/** How long what a dead container has said may take to come. */
const drainMs = 5_000;
/** What a timer can wait, 24 days; one that is told more does not wait at all. */
const longestMs = 2 ** 31 - 1;

interface CommandOptions {
  readonly engine: Engine;
  readonly name: string;
  readonly container: unknown;
  readonly input: Uint8Array | undefined;
  readonly lastWord: string;
  readonly program: string;
  readonly wallMs: number;
  readonly outputBytes: number;
}

const created = z.object({ Id: z.string() });
const inspected = z.object({ State: z.object({ OOMKilled: z.boolean(), ExitCode: z.number() }) });
const statistics = z.object({
  pids_stats: z.object({ current: z.number().default(0) }).default({ current: 0 }),
  memory_stats: z.object({ usage: z.number().default(0) }).default({ usage: 0 }),
});

type Killed = { readonly by: "wallMs" } | { readonly by: "stop" } | { readonly by: "fault"; readonly fault: unknown };

/** One command in a container of its own: the end of its first process is the end of all, and the engine counts it alone. */
export class ContainerCommand {
  readonly #options: CommandOptions;
  readonly #events: CommandEvents;
  readonly #gone: Promise<void>;
  readonly #errors: LastWord;
  #container: string | undefined;
  #killed: Killed | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
    this.#events = new CommandEvents(options);
    this.#errors = new LastWord(options.lastWord, (bytes) => this.#events.output("stderr", bytes));
    this.#gone = this.#run().catch((cause: unknown) => this.#events.fail(cause));
  }

  /** @throws SysError ECANCELED when the signal says so, ENOENT there is no such program, ENOSYS no way to the proxy, EIO. */
  async *events(signal: AbortSignal): AsyncGenerator<SandboxEvent, void, undefined> {
    const abort = (): void => void this.#kill({ by: "fault", fault: cancelled(signal) });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      yield* this.#events.read();
    } finally {
      signal.removeEventListener("abort", abort);
      await this.kill();
    }
  }

  /** Returns when nothing of it is left. */
  async kill(): Promise<void> {
    await this.#kill({ by: "stop" });
    await this.#gone;
  }

  async stats(): Promise<{ readonly processes: number; readonly memoryBytes: number }> {
    const { engine } = this.#options;
    const path = `/containers/${this.#container ?? ""}/stats`;
    const { status, body } = await engine.ask("GET", path, { query: { stream: "false", "one-shot": "true" } });
    const read = statistics.safeParse(body);
    // It ended meanwhile.
    if (status !== 200 || !read.success) return { processes: 0, memoryBytes: 0 };
    return { processes: Math.max(0, read.data.pids_stats.current - 1), memoryBytes: read.data.memory_stats.usage };
  }

  async freeze(verb: "pause" | "unpause"): Promise<void> {
    if (this.#container === undefined) return;
    const { status, body } = await this.#options.engine.ask("POST", `/containers/${this.#container}/${verb}`);
    // 404 and 409: it ended meanwhile, or is so already.
    if (status >= 300 && status !== 404 && status !== 409) throw refused(verb, { status, body });
  }

  async #run(): Promise<void> {
    const { engine, name, container } = this.#options;
    const made = created.parse(await engine.do("POST", "/containers/create", { query: { name }, body: container }));
    try {
      await this.#start(made.Id);
    } finally {
      await engine.ask("DELETE", `/containers/${made.Id}`, { query: { force: "true", v: "true" } });
    }
  }

  async #start(id: string): Promise<void> {
    const { engine, input, wallMs } = this.#options;
    using streams = new DisposableStack();
    const output = streams.adopt(await engine.attach(id, "output"), (stream) => stream.destroy());
    const drained = this.#listen(output);
    // A connection of its own: where a program does not read its input this one breaks, and takes no output with it.
    const feed = input && streams.adopt(await engine.attach(id, "input"), (stream) => stream.destroy());
    feed?.on("error", () => undefined).resume();
    if (this.#killed) return this.#end({ code: 137, isOutOfMemory: false });
    this.#container = id;
    await engine.do("POST", `/containers/${id}/start`);
    // It may have been asked for when there was nothing to kill yet.
    if (this.#killed) await this.#send(id);
    const clock = setTimeout(() => void this.#kill({ by: "wallMs" }), Math.min(wallMs, longestMs));
    using _clock = { [Symbol.dispose]: () => clearTimeout(clock) };
    if (input !== undefined) feed?.end(input);
    // Podman looks that often; Docker knows no such parameter.
    await engine.do("POST", `/containers/${id}/wait`, { query: { interval: "10ms" } });
    const enough = new AbortController();
    await Promise.race([drained, sleep(drainMs, undefined, { signal: enough.signal })]);
    enough.abort();
    const { State } = inspected.parse(await engine.do("GET", `/containers/${id}/json`));
    this.#end({ code: State.ExitCode, isOutOfMemory: State.OOMKilled });
  }

  async #listen(stream: Socket): Promise<void> {
    const unframe = createUnframer((from, bytes) => {
      if (from === "stdout") this.#events.output(from, bytes);
      else this.#errors.push(bytes);
    });
    const closed = Promise.withResolvers<void>();
    // An engine that goes away is told of by what waits for the container's end.
    stream
      .on("data", unframe)
      .on("error", () => undefined)
      .on("close", () => closed.resolve());
    await closed.promise;
  }

  #end({ code, isOutOfMemory }: { readonly code: number; readonly isOutOfMemory: boolean }): void {
    const killed = { code: null, signal: "SIGKILL" };
    const isWordSaid = this.#errors.end(code === 126 || code === 127 || code === 137);
    if (this.#killed?.by === "fault") this.#events.fail(this.#killed.fault);
    else if (this.#killed?.by === "wallMs") this.#events.end({ ...killed, exceeded: "wallMs" });
    else if (this.#killed) this.#events.end(killed);
    else if (code === 127 && isWordSaid)
      this.#events.fail(
        new SysError("ENOENT", `there is no program "${this.#options.program}" in the container`, {
          hint: "name another, or use an image that has it",
        }),
      );
    else if (code === 126 && isWordSaid)
      this.#events.fail(
        new SysError("ENOSYS", "nothing in the container leads to the proxy", {
          hint: "use an image that has perl, or a sandbox without a way out",
        }),
      );
    else if (code === 137 && (isOutOfMemory || isWordSaid)) this.#events.end({ ...killed, exceeded: "memoryBytes" });
    else this.#events.end({ code, signal: null });
  }

  async #kill(killed: Killed): Promise<void> {
    if (this.#killed) return;
    this.#killed = killed;
    if (this.#container !== undefined) await this.#send(this.#container);
  }

  async #send(id: string): Promise<void> {
    const { engine } = this.#options;
    // Either is refused where it has ended meanwhile; in a frozen one the signal waits until it is let go.
    await engine.ask("POST", `/containers/${id}/kill`, { query: { signal: "KILL" } }).catch(() => undefined);
    await engine.ask("POST", `/containers/${id}/unpause`).catch(() => undefined);
  }
}

export const cancelled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was cancelled", { cause: signal.reason });
