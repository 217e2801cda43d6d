import { Worker } from "node:worker_threads";
import { SysError } from "@aiosjs/sdk/protocol";
import type { WorkerData } from "./sqlite-worker.ts";
import type { Answer, Fault, Order } from "./wire.ts";

const codes = {
  full: "ENOSPC",
  "read-only": "ENOSPC",
  busy: "EBUSY",
  damaged: "EIO",
  failed: "EIO",
  "unknown-body": "EAGAIN",
  fenced: "ESTALE",
} as const satisfies Record<Fault["kind"], string>;

const toSysError = ({ kind, message, hint }: Fault): SysError =>
  new SysError(codes[kind], message, {
    hint,
    ...(kind === "damaged" || kind === "fenced" ? { retryable: false } : {}),
  });

/** A journal thread seen from the kernel's: orders go in, each answer settles one promise. */
export class JournalThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #death: SysError | undefined;

  private constructor(data: WorkerData) {
    const file = import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, name: `journal-${data.role}` });
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (cause) => this.#die(cause));
    this.#worker.on("exit", () => this.#die(undefined));
  }

  /** Starts the thread and waits until the journal is open. @throws SysError saying which file and what to do. */
  static async start(data: WorkerData): Promise<JournalThread> {
    const thread = new JournalThread(data);
    try {
      await thread.#expect(0);
    } catch (cause) {
      await thread.#worker.terminate();
      throw cause;
    }
    return thread;
  }

  /** The answer, as what the caller knows it to be. @throws SysError */
  ask<T>(order: Order): Promise<T> {
    const id = ++this.#lastId;
    const answer = this.#expect(id) as Promise<T>;
    if (this.#death === undefined) this.#worker.postMessage({ id, order });
    return answer;
  }

  async stop(): Promise<void> {
    try {
      await this.ask({ type: "close" });
    } finally {
      await this.#worker.terminate();
    }
  }

  #expect(id: number): Promise<unknown> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    return waiting.promise;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("fault" in answer) waiting?.reject(toSysError(answer.fault));
    else waiting?.resolve(answer.value);
  }

  #die(cause: unknown): void {
    this.#death ??= new SysError("EIO", "the journal's thread has ended", {
      cause,
      hint: "restart the kernel; what was acknowledged is in the journal",
      retryable: false,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
  }
}
