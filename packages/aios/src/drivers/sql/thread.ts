import { Worker } from "node:worker_threads";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Fault } from "./fault.ts";

/** A thread's answer to the order with this number; 0 is for having started. */
export type Answer = { id: number; value: unknown } | { id: number; fault: Fault };

const codes = {
  full: "ENOSPC",
  "read-only": "ENOSPC",
  busy: "EBUSY",
  damaged: "EIO",
  failed: "EIO",
  refused: "EINVAL",
  fenced: "ESTALE",
  down: "ENODEV",
  "unknown-body": "EAGAIN",
} as const satisfies Record<Fault["kind"], string>;

export const toSysError = ({ kind, message, hint }: Fault): SysError =>
  new SysError(codes[kind], message, {
    hint,
    ...(kind === "damaged" || kind === "fenced" ? { retryable: false } : {}),
  });

interface Started {
  /** The module that the thread runs. */
  readonly file: URL;
  readonly name: string;
  readonly data: object;
}

/** A database's thread seen from the kernel's: orders go in, each answer settles one promise. */
export class SqlThread<Order extends { readonly type: string }> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #death: SysError | undefined;

  private constructor({ file, name, data }: Started) {
    this.#worker = new Worker(file, { workerData: data, name, env: {} });
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    this.#worker.on("error", (cause) => this.#die(cause));
    this.#worker.on("exit", () => this.#die(undefined));
  }

  /** Starts the thread and waits until its file is open. @throws SysError saying which file and what to do. */
  static async start<Order extends { readonly type: string }>(started: Started): Promise<SqlThread<Order>> {
    const thread = new SqlThread<Order>(started);
    try {
      await thread.#expect(0);
    } catch (cause) {
      await thread.#worker.terminate();
      throw cause;
    }
    return thread;
  }

  /** The answer, as what the caller knows it to be. @throws SysError */
  ask<T>(order: Order | { readonly type: "close" }): Promise<T> {
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
    this.#death ??= new SysError("EIO", "the database's thread has ended", {
      cause,
      hint: "restart the kernel; what was acknowledged is on the disk",
      retryable: false,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
  }
}
