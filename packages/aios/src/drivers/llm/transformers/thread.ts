import { Worker } from "node:worker_threads";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Order, Outcome, Report, Setup, Work } from "./wire.ts";

export type Word = Exclude<Report, { is: "ready" | "unusable" }>;

export interface Asked extends AsyncIterable<readonly Word[]> {
  /** Nobody waits for it any more: it ends between two tokens. */
  stop(): void;
}

interface Mailbox {
  words: Word[];
  wake: PromiseWithResolvers<void>;
}

const isLast = (word: Word): word is Extract<Word, Outcome> => word.is !== "prompt" && word.is !== "text";

/** A model's thread seen from the kernel's. Orders are answered one after the other; when it breaks, all of them fail. */
export class ModelThread {
  readonly #core: string;
  readonly #worker: Worker;
  readonly #open = new Map<number, Mailbox>();
  readonly #loaded = Promise.withResolvers<void>();
  #lastId = 0;
  #death: SysError | undefined;

  constructor(core: string, setup: Setup, start: (file: URL, setup: Setup) => Worker = startWorker) {
    this.#core = core;
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    this.#worker = start(new URL(file, import.meta.url), setup);
    this.#worker.on("message", (said: Report) => this.#hear(said));
    this.#worker.on("error", (cause) => this.#die(this.#broken(cause)));
    this.#worker.on("exit", () => this.#die(this.#broken(undefined)));
    // Told by whoever waits for it.
    this.#loaded.promise.catch(() => undefined);
  }

  /** Rejects with what is wrong with the model. */
  get loaded(): Promise<void> {
    return this.#loaded.promise;
  }

  get isDead(): boolean {
    return this.#death !== undefined;
  }

  /** Orders that it has not answered, those that were stopped among them. */
  get pending(): number {
    return this.#open.size;
  }

  ask(work: Work): Asked {
    const id = ++this.#lastId;
    const mailbox: Mailbox = { words: [], wake: Promise.withResolvers<void>() };
    this.#open.set(id, mailbox);
    this.#send({ id, ...work });
    const death = (): SysError | undefined => this.#death;
    return {
      stop: () => {
        if (this.#open.has(id)) this.#send({ id, is: "stop" });
      },
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const words = mailbox.words.splice(0);
          if (words.length > 0) yield words;
          if (words.some(isLast)) return;
          if (words.length > 0) continue;
          const gone = death();
          if (gone) throw gone;
          await mailbox.wake.promise;
          mailbox.wake = Promise.withResolvers<void>();
        }
      },
    };
  }

  async end(): Promise<void> {
    this.#die(new SysError("ENODEV", `core ${this.#core} is closed`));
    await this.#worker.terminate();
  }

  #send(order: Order): void {
    if (this.#death === undefined) this.#worker.postMessage(order);
  }

  #hear(said: Report): void {
    if (said.is === "ready") this.#loaded.resolve();
    else if (said.is === "unusable")
      this.#die(
        new SysError("EINVAL", `core ${this.#core}: the model cannot be loaded: ${said.message}`, {
          hint: "look at modelPath and dtype; aios llm pull brings all files that a model needs",
        }),
      );
    else {
      const mailbox = this.#open.get(said.id);
      if (isLast(said)) this.#open.delete(said.id);
      mailbox?.words.push(said);
      mailbox?.wake.resolve();
    }
  }

  #broken(cause: unknown): SysError {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    return new SysError("EIO", `core ${this.#core} broke: its model's thread has ended${why}`, {
      cause,
      retryable: true,
    });
  }

  #die(death: SysError): void {
    this.#death ??= death;
    this.#loaded.reject(this.#death);
    for (const { wake } of this.#open.values()) wake.resolve();
    this.#open.clear();
    if (death.code === "EINVAL") void this.#worker.terminate();
  }
}

const startWorker = (file: URL, setup: Setup): Worker => new Worker(file, { workerData: setup, name: "transformers" });
