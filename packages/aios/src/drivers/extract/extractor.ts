import { Worker } from "node:worker_threads";
import { formatOf, nameOf, unread } from "../../files/extract/format-of.ts";
import type { Answer, Order } from "./extract-worker.ts";
import type { FileText } from "./file-text.ts";

export interface ExtractorOptions {
  /** Characters of text that are kept of one file. */
  readonly maxChars?: number;
  /** Of a file; of a longer one only text is read, to this length. */
  readonly maxBytes?: number;
  /** Characters of a chunk, about. */
  readonly chunkChars?: number;
  /** How long one file may take; behind it the thread is ended. */
  readonly timeoutMs?: number;
  /** What the thread may take in memory, besides the engine itself. */
  readonly memoryMebibytes?: number;
}

interface FileToRead {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Reads files in a thread of its own, one after the other. */
export interface Extractor extends AsyncDisposable {
  /**
   * The file's text in chunks, and what it says of itself. What a file does, be it that it takes too long, too much memory, or
   * ends the thread, is told as its `problem`; the next one is read in a new thread. Nothing is kept: after a crash it is asked
   * again.
   * @throws the signal's reason, and an AbortError when the extractor is closed.
   */
  read(file: FileToRead, options?: { readonly signal?: AbortSignal }): Promise<FileText>;
}

const mebibyte = 1024 * 1024;
const watchMs = 100;
/** An idle thread holds the libraries that it has loaded. */
const idleMs = 30_000;

/** The thread starts with the first file, and ends when there is none for half a minute. */
export const createExtractor = (options: ExtractorOptions = {}): Extractor => new ThreadExtractor(options);

interface Waiting {
  readonly file: FileToRead;
  readonly settled: PromiseWithResolvers<FileText>;
}

class ThreadExtractor implements Extractor {
  readonly #limits: Required<ExtractorOptions>;
  readonly #waiting: Waiting[] = [];
  #now: (Waiting & { readonly id: number }) | undefined;
  #thread: Worker | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #deadline: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ExtractorOptions) {
    const { maxChars = 1_000_000, maxBytes = 64 * mebibyte, chunkChars = 1200 } = options;
    const { timeoutMs = 20_000, memoryMebibytes = 512 } = options;
    this.#limits = { maxChars, maxBytes, chunkChars, timeoutMs, memoryMebibytes };
  }

  async read(file: FileToRead, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FileText> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    const { path, bytes } = file;
    const { maxBytes } = this.#limits;
    const isLong = bytes.length > maxBytes;
    if (isLong && formatOf(bytes, nameOf(path).extension).is !== "text")
      return withoutText(
        file,
        `too large: of a file of this kind ${maxBytes} bytes are read at most, it has ${bytes.length}`,
      );
    const waiting: Waiting = {
      file: isLong ? { path, bytes: bytes.subarray(0, maxBytes) } : file,
      settled: Promise.withResolvers(),
    };
    const abort = (): void => this.#abort(waiting, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.push(waiting);
    this.#next();
    try {
      return await waiting.settled.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { settled } of this.#waiting.splice(0)) settled.reject(closed());
    this.#now?.settled.reject(closed());
    this.#end();
    await this.#ending;
  }

  #next(): void {
    if (this.#now) return;
    clearTimeout(this.#deadline);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      clearInterval(this.#watch);
      this.#deadline = this.#thread && setTimeout(() => this.#end(), idleMs).unref();
      this.#thread?.unref();
      return;
    }
    const { timeoutMs, maxChars, chunkChars } = this.#limits;
    const id = ++this.#lastId;
    this.#now = { ...waiting, id };
    const thread = (this.#thread ??= this.#start());
    thread.ref();
    // A copy of these bytes alone: they may be a part of a much longer buffer.
    const bytes = new Uint8Array(waiting.file.bytes);
    thread.postMessage({ id, path: waiting.file.path, bytes, maxChars, chunkChars } satisfies Order, [bytes.buffer]);
    this.#deadline = setTimeout(() => this.#fail(`too much work: it took more than ${timeoutMs / 1000} s`), timeoutMs);
    clearInterval(this.#watch);
    this.#watch = setInterval(() => void this.#measure(thread), watchMs);
  }

  #start(): Worker {
    const module = import.meta.url.endsWith(".ts") ? "./extract-worker.ts" : "./extract-worker.js";
    const { memoryMebibytes } = this.#limits;
    const thread = new Worker(new URL(module, import.meta.url), {
      name: "extract",
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: memoryMebibytes },
    });
    thread.on("message", ({ id, text }: Answer) => {
      if (this.#now?.id === id) this.#settle(text);
    });
    thread.on("error", (cause: NodeJS.ErrnoException) => {
      if (this.#thread !== thread) return;
      const isMemory = cause.code === "ERR_WORKER_OUT_OF_MEMORY";
      this.#fail(isMemory ? this.#tooMuchMemory() : `damaged: ${cause.message}`);
    });
    thread.on("exit", () => {
      if (this.#thread === thread) this.#fail("damaged: it ended the thread that reads files");
    });
    return thread;
  }

  /** Bytes outside of the engine's heap, as those that a stream unpacks to, fall under no limit of the engine's. */
  async #measure(thread: Worker): Promise<void> {
    try {
      const { used_heap_size: heap, external_memory: outside } = await thread.getHeapStatistics();
      const isTooMuch = heap + outside > this.#limits.memoryMebibytes * mebibyte;
      if (isTooMuch && this.#thread === thread && this.#now) this.#fail(this.#tooMuchMemory());
    } catch {
      // The thread has ended meanwhile, which is told elsewhere.
    }
  }

  readonly #tooMuchMemory = (): string =>
    `too large: reading it takes more than ${this.#limits.memoryMebibytes} MiB of memory`;

  #fail(problem: string): void {
    this.#end();
    if (this.#now) this.#settle(withoutText(this.#now.file, problem));
  }

  #abort(waiting: Waiting, reason: unknown): void {
    waiting.settled.reject(reason);
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#now?.settled !== waiting.settled) return;
    this.#end();
    this.#now = undefined;
    this.#next();
  }

  #settle(text: FileText): void {
    this.#now?.settled.resolve(text);
    this.#now = undefined;
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#watch);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread) this.#ending = Promise.all([this.#ending, thread.terminate()]);
  }
}

const closed = (): Error => new DOMException("the extractor is closed", "AbortError");

function withoutText(file: FileToRead, problem: string): FileText {
  const { sections: _, ...rest } = unread(file, problem);
  return { ...rest, chunks: [] };
}
