import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { harmlessEnvironment } from "../../proc/harmless-environment.ts";
import type { Outcome, Report, Setup, ToModel, Work } from "./wire.ts";

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

/**
 * A model's process seen from the kernel's. Orders are answered one after the other; when it breaks, all of them fail.
 * A thread would not do: what the runtime aborts on, the end of a thread that computes among it, ends the whole process.
 */
export class ModelChild {
  readonly #core: string;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, Mailbox>();
  readonly #loaded = Promise.withResolvers<void>();
  #lastId = 0;
  #death: SysError | undefined;

  constructor(core: string, setup: Setup, start: () => ChildProcess = startModelChild) {
    this.#core = core;
    this.#child = start();
    this.#child.on("message", (said: Report) => this.#hear(said));
    this.#child.on("error", (cause) => this.#die(this.#broken(cause.message, cause)));
    this.#child.on("exit", (code, killedBy) =>
      this.#die(this.#broken(killedBy ? `killed by ${killedBy}` : `exit code ${code}`)),
    );
    this.#send({ is: "load", setup });
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
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const gone = once(this.#child, "exit");
    // Not asked to: on its way out the runtime waits for nothing that it still computes.
    this.#child.kill("SIGKILL");
    await gone;
  }

  #send(order: ToModel): void {
    // One whose channel is closed is about to be told as dead.
    if (this.#death === undefined && this.#child.connected) this.#child.send(order, () => undefined);
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

  #broken(why: string, cause?: Error): SysError {
    return new SysError("EIO", `core ${this.#core} broke: its model's process has ended (${why})`, {
      cause,
      retryable: true,
    });
  }

  #die(death: SysError): void {
    this.#death ??= death;
    this.#loaded.reject(this.#death);
    for (const { wake } of this.#open.values()) wake.resolve();
    this.#open.clear();
    if (death.code === "EINVAL") this.#child.kill("SIGKILL");
  }
}

/** What the runtime reads of its environment, next to what is harmless. */
const runtimeNames = /^(CUDA|NVIDIA|OMP|ORT)_|^(LD|DYLD)_LIBRARY_PATH$/;

export const startModelChild = (): ChildProcess =>
  fork(join(import.meta.dirname, `model-child${extname(import.meta.filename)}`), {
    env: harmlessEnvironment(runtimeNames),
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
