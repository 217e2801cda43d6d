import { Worker } from "node:worker_threads";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SandboxEvent } from "../../../kernel/ports.ts";
import type { Report, Setup } from "./wire.ts";

const mebibyte = 1024 * 1024;

type End = Extract<SandboxEvent, { type: "ended" }>;
type Changes = Extract<Report, { is: "ended" }>["changed"];

interface CommandOptions {
  readonly setup: Setup;
  readonly wallMs: number;
  /** What it has written, when it comes to its own end; what a killed one wrote goes with it. */
  readonly keep: (changed: Changes) => void;
}

/** One command in a thread of its own: ending the thread ends whatever its code does, in the middle of a loop too. */
export class JsCommand {
  readonly #thread: Worker;
  readonly #events: SandboxEvent[] = [];
  readonly #deadline: NodeJS.Timeout;
  #news = Promise.withResolvers<void>();
  #fault: SysError | undefined;
  #hasEnded = false;

  constructor({ setup, wallMs, keep }: CommandOptions) {
    const module = import.meta.url.endsWith(".ts") ? "./js-thread.ts" : "./js-thread.js";
    this.#thread = new Worker(new URL(module, import.meta.url), {
      name: "sandbox",
      workerData: setup,
      env: {},
      stdin: false,
      // Texts on their way in and out are copied; the interpreter's own memory is counted by the interpreter.
      resourceLimits: { maxOldGenerationSizeMb: 64 + Math.ceil((4 * setup.memoryBytes) / mebibyte) },
    });
    this.#thread.on("message", (said: Report) => {
      if (this.#hasEnded) return;
      if (said.is === "output") this.#tell({ type: "output", stream: said.stream, bytes: said.bytes });
      else {
        keep(said.changed);
        const { code, droppedBytes } = said;
        if (said.isOutOfMemory) this.#end(killed({ exceeded: "memoryBytes", droppedBytes }));
        else this.#end({ type: "ended", code, signal: null, droppedBytes });
      }
    });
    this.#thread.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ERR_WORKER_OUT_OF_MEMORY") this.#end(killed({ exceeded: "memoryBytes" }));
      // What breaks the interpreter is the code that it runs.
      else if (/^(Range|Runtime)Error$/.test(cause.name)) this.#end(killed({ signal: "SIGSEGV" }));
      else {
        this.#fault ??= new SysError("EIO", `the interpreter failed: ${cause.message}`, { cause });
        this.#end(killed());
      }
    });
    this.#thread.on("exit", () => this.#end(killed()));
    this.#deadline = setTimeout(() => this.#end(killed({ exceeded: "wallMs" })), wallMs);
  }

  /** Of the thread, with the interpreter's memory. */
  async memoryBytes(): Promise<number> {
    if (this.#hasEnded) return 0;
    // It rejects where the thread ends meanwhile.
    const heap = await this.#thread.getHeapStatistics().catch(() => undefined);
    return heap === undefined ? 0 : heap.used_heap_size + heap.external_memory;
  }

  /** @throws SysError ECANCELED when the signal says so, EIO when the interpreter itself failed. */
  async *events(signal: AbortSignal): AsyncGenerator<SandboxEvent, void, undefined> {
    const abort = (): void => {
      this.#fault ??= cancelled(signal);
      this.#end(killed());
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event?.type === "ended") {
          await this.#thread.terminate();
          if (this.#fault) throw this.#fault;
        }
        if (event) yield event;
        if (event?.type === "ended") return;
        if (event) continue;
        await this.#news.promise;
        this.#news = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener("abort", abort);
      await this.kill();
    }
  }

  async kill(): Promise<void> {
    this.#end(killed());
    await this.#thread.terminate();
  }

  #end(end: End): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    void this.#thread.terminate();
    this.#tell(end);
  }

  #tell(event: SandboxEvent): void {
    this.#events.push(event);
    this.#news.resolve();
  }
}

export const cancelled = (signal: AbortSignal): SysError =>
  new SysError("ECANCELED", "the command was cancelled", { cause: signal.reason });

function killed({ signal = "SIGKILL", droppedBytes = 0, ...rest }: Partial<Omit<End, "type" | "code">> = {}): End {
  return { type: "ended", code: null, signal, droppedBytes, ...rest };
}
