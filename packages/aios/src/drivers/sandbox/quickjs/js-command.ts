import { Worker } from "node:worker_threads";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxEvent } from "../../../kernel/ports.ts";
import { CommandEvents } from "../command-events.ts";
import type { Report, Setup } from "./wire.ts";

const mebibyte = 1024 * 1024;
/** What a timer can wait, 24 days; one that is told more does not wait at all. */
const longestMs = 2 ** 31 - 1;

type Changes = Extract<Report, { is: "ended" }>["changed"];

interface CommandOptions {
  readonly setup: Setup;
  readonly wallMs: number;
  /** What it has written, when it comes to its own end; what a killed one wrote goes with it. */
  readonly keep: (changed: Changes) => void;
}

const killed = { code: null, signal: "SIGKILL" } as const;

/** One command in a thread of its own: ending the thread ends whatever its code does, in the middle of a loop too. */
export class JsCommand {
  readonly #thread: Worker;
  readonly #events: CommandEvents;
  readonly #gone: Promise<unknown>;

  constructor({ setup, wallMs, keep }: CommandOptions) {
    const events = (this.#events = new CommandEvents(setup));
    const module = import.meta.url.endsWith(".ts") ? "./js-thread.ts" : "./js-thread.js";
    const thread = (this.#thread = new Worker(new URL(module, import.meta.url), {
      name: "sandbox",
      workerData: setup,
      env: {},
      stdin: false,
      // Texts on their way in and out are copied; the interpreter's own memory is counted by the interpreter.
      resourceLimits: { maxOldGenerationSizeMb: 64 + Math.ceil((4 * setup.memoryBytes) / mebibyte) },
    }));
    thread.on("message", (said: Report) => {
      if (events.hasEnded) return;
      if (said.is === "output") return events.output(said.stream, said.bytes);
      keep(said.changed);
      const { code, droppedBytes, isOutOfMemory } = said;
      if (isOutOfMemory) events.end({ ...killed, exceeded: "memoryBytes", droppedBytes });
      else events.end({ code, signal: null, droppedBytes });
    });
    thread.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ERR_WORKER_OUT_OF_MEMORY") events.end({ ...killed, exceeded: "memoryBytes" });
      // What breaks the interpreter is the code that it runs.
      else if (/^(Range|Runtime)Error$/.test(cause.name)) events.end({ code: null, signal: "SIGSEGV" });
      else events.fail(new SysError("EIO", `the interpreter failed: ${cause.message}`, { cause }));
    });
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.promise;
    const clock = setTimeout(
      () => {
        events.end({ ...killed, exceeded: "wallMs" });
        void thread.terminate();
      },
      Math.min(wallMs, longestMs),
    );
    thread.on("exit", () => {
      clearTimeout(clock);
      events.end(killed);
      gone.resolve();
    });
  }

  /** Of the thread, with the interpreter's memory. */
  async memoryBytes(): Promise<number> {
    if (this.#events.hasEnded) return 0;
    // It rejects where the thread ends meanwhile.
    const heap = await this.#thread.getHeapStatistics().catch(() => undefined);
    return heap === undefined ? 0 : heap.used_heap_size + heap.external_memory;
  }

  /** @throws SysError ECANCELED when the signal says so, EIO when the interpreter itself failed. */
  async *events(signal: AbortSignal): AsyncGenerator<SandboxEvent, void, undefined> {
    const abort = (): void => this.#events.fail(cancelled(signal));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      for await (const event of this.#events.read()) {
        if (event.type === "ended") await this.kill();
        yield event;
      }
    } finally {
      signal.removeEventListener("abort", abort);
      await this.kill();
    }
  }

  /** Returns when it is gone. */
  async kill(): Promise<void> {
    this.#events.end(killed);
    await Promise.all([this.#thread.terminate(), this.#gone]);
  }
}

export const cancelled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was cancelled", { cause: signal.reason });
