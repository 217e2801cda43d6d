// Native clients that ask without end, over all kernels of a home. Each call has an idempotency key and is made until it is
// answered, so that each has happened exactly once; what they were told is remembered.
import { setTimeout as sleep } from "node:timers/promises";
import type { CrashKernel } from "./crash-kernel.ts";
import { Keeper, keptNotes } from "./keepers.ts";
import type { KeptNotes } from "./keepers.ts";
import type { SeenAtEnd } from "./file-checks.ts";

/** A definite answer of a kernel: the result, or why not. */
export interface Answer {
  readonly call: string;
  readonly result?: Record<string, unknown>;
  readonly code?: string;
  /** The same call may be made again under its key. */
  readonly isRetryable?: boolean;
  readonly detail?: string;
}

export interface Acknowledged {
  /** Calls with a result that somebody was told. */
  readonly calls: Set<string>;
  readonly values: Map<string, number>;
  readonly files: Map<string, Set<string>>;
  readonly keys: Set<string>;
  readonly sent: Map<string, number>;
  readonly received: Map<string, number[]>;
  readonly notes: Map<string, KeptNotes>;
  /** What programs kept in notes and files, by their processes, as they saw it at their ends. */
  readonly ended: Map<string, SeenAtEnd>;
}

/** Refusals of a kernel that cannot write, or is not sure of its home: nothing has happened. */
const passing = new Set(["ENOSPC", "EAGAIN", "EIO", "ECANCELED", "ETIMEDOUT"]);

/** Of these there is no record. */
const views = new Set(["mem.get", "mem.search"]);

export class Clients {
  readonly told: Acknowledged = {
    calls: new Set(),
    values: new Map(),
    files: new Map(),
    keys: new Set(),
    sent: new Map(),
    received: new Map(),
    notes: new Map(),
    ended: new Map(),
  };
  readonly faults: string[] = [];
  /** Answers so far. */
  answers = 0;
  readonly #kernel: () => CrashKernel;
  readonly #clients: Promise<void>[] = [];
  readonly #waiting = new Set<{ at: number; reached: () => void }>();
  #isOver = false;
  #isAbandoned = false;
  #keys = 0;

  /** `kernel`: the one that clients know of. */
  constructor(kernel: () => CrashKernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const forever = (name: string, turn: (name: string, turn: number) => Promise<void>): void => {
      const client = async (): Promise<void> => {
        for (let number = 0; !this.#isOver; number++) {
          await turn(name, number);
          await sleep(3);
        }
      };
      this.#clients.push(
        client().catch((cause: unknown) => {
          this.faults.push(`${name}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
        }),
      );
    };
    forever("putter-1", this.#put);
    forever("putter-2", this.#put);
    forever("writer-1", this.#write);
    forever("writer-2", this.#write);
    forever("maker", this.#makeKey);
    forever("sender-1", this.#send);
    forever("sender-2", this.#send);
    forever("sink", this.#receive);
    for (const name of ["keeper-1", "keeper-2"]) {
      const kept = keptNotes();
      this.told.notes.set(name, kept);
      const insist = (syscall: string, args: object) => this.#insist(name, syscall, args);
      const keeper = new Keeper(name, { kept, insist, faults: this.faults });
      forever(name, (_name, turn) => keeper.turn(turn));
    }
  }

  /** No client asks anything new; resolves when all were answered. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  /** Whoever still waits for an answer gives up. */
  abandon(): void {
    this.#isOver = true;
    this.#isAbandoned = true;
  }

  /** Resolves after so many more answers, or after so long. */
  async after({ answers, ms }: { answers: number; ms: number }): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const wait = { at: this.answers + answers, reached: reached.resolve };
    this.#waiting.add(wait);
    const waited = new AbortController();
    await Promise.race([reached.promise, sleep(ms, undefined, { signal: waited.signal }).catch(() => undefined)]);
    waited.abort();
    this.#waiting.delete(wait);
  }

  /** A versioned counter: an increment that is made twice, or lost, is refused from then on. */
  readonly #put = async (name: string): Promise<void> => {
    const value = (this.told.values.get(name) ?? 0) + 1;
    const version = this.#versions.get(name) ?? 0;
    const { result } = await this.#insist(name, "value.put", { scope: "shared", key: name, value, ifVersion: version });
    this.told.values.set(name, value);
    this.#versions.set(name, Number(result["version"]));
  };
  readonly #versions = new Map<string, number>();

  /** A file holds what was written last, or what is being written. */
  readonly #write = async (name: string, turn: number): Promise<void> => {
    const content = `${name} ${turn} `.repeat(1 + (turn % 40));
    const path = `${turn % 3}.txt`;
    // Before the first one there is none.
    const may = this.told.files.get(`${name}/${path}`) ?? new Set([""]);
    this.told.files.set(`${name}/${path}`, may.add(content));
    await this.#insist(name, "fs.write", { path, content });
    for (const earlier of may) if (earlier !== content) may.delete(earlier);
  };

  readonly #makeKey = async (name: string): Promise<void> => {
    const { result } = await this.#insist(name, "key.create", {});
    this.told.keys.add(String(result["id"]));
    await sleep(30);
  };

  readonly #send = async (name: string): Promise<void> => {
    const pid = await this.#pidOfSink;
    const number = (this.told.sent.get(name) ?? 0) + 1;
    await this.#insist(name, "proc.send", { pid, body: { from: name, number } });
    this.told.sent.set(name, number);
  };

  readonly #receive = async (name: string): Promise<void> => {
    const answer = await this.#answer(name, "proc.receive", { timeoutMs: 300 });
    if (answer.result === undefined) return;
    const { from, number } = answer.result["body"] as { from: string; number: number };
    const heard = this.told.received.get(from) ?? [];
    if (heard.length + 1 !== number)
      this.faults.push(`message ${number} of ${from} came as number ${heard.length + 1}`);
    heard.push(number);
    this.told.received.set(from, heard);
  };

  readonly #pidKnown = Promise.withResolvers<string>();
  readonly #pidOfSink = this.#pidKnown.promise;

  /** Who the sink is: known once its first call was seen. */
  sinkIs(pid: string): void {
    this.#pidKnown.resolve(pid);
  }

  async #insist(name: string, syscall: string, args: object): Promise<Answer & { result: Record<string, unknown> }> {
    for (;;) {
      const answer = await this.#answer(name, syscall, args);
      if (answer.result !== undefined) return { ...answer, result: answer.result };
      // Refused for good, and nothing has happened: it is another call.
      if (!passing.has(answer.code ?? "")) throw new Error(`${syscall} was refused: ${answer.code} ${answer.detail}`);
      await sleep(50);
    }
  }

  /** Asks under one key until a kernel has answered for good. */
  async #answer(session: string, syscall: string, args: object): Promise<Answer> {
    const key = `${session}-${this.#keys++}`;
    for (;;) {
      if (this.#isAbandoned) throw new Error(`${syscall} was not answered`);
      const answer = await ask(this.#kernel(), syscall, { args, session, key });
      // One that was taken over from refuses what the next one knows better.
      if (answer === undefined || answer.code === "ESTALE_HOME" || answer.isRetryable === true) {
        await sleep(answer?.isRetryable ? 100 : 20);
        continue;
      }
      if (answer.result !== undefined && !views.has(syscall)) this.told.calls.add(answer.call);
      this.answers++;
      for (const wait of this.#waiting) if (this.answers >= wait.at) wait.reached();
      return answer;
    }
  }
}

/** One attempt; undefined when the kernel went away before it answered. */
export async function ask(
  kernel: CrashKernel,
  syscall: string,
  { args, session, key, pid }: { args: object; session: string; key?: string; pid?: string },
): Promise<Answer | undefined> {
  const { door } = kernel;
  if (!door) return undefined;
  try {
    const response = await fetch(`${door.url}/v1/syscalls/${syscall}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${door.key}`,
        "content-type": "application/json",
        "x-session-id": session,
        "user-agent": session,
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...(pid === undefined ? {} : { "x-aios-pid": pid }),
      },
      body: JSON.stringify(args),
      signal: kernel.left.signal,
    });
    const body = (await response.json()) as {
      result?: Record<string, unknown>;
      code?: string;
      detail?: string;
      retryable?: boolean;
    };
    const call = response.headers.get("x-aios-call") ?? "";
    if (response.ok) return { call, result: body.result ?? {} };
    const isFenced = body.code === "ESTALE" && /taken over/.test(body.detail ?? "");
    const code = isFenced ? "ESTALE_HOME" : (body.code ?? "");
    return { call, code, detail: body.detail ?? "", isRetryable: body.retryable === true };
  } catch (cause) {
    // A connection that broke, an answer that was cut off, or a kernel that was left.
    if (cause instanceof TypeError || cause instanceof SyntaxError || kernel.left.signal.aborted) return undefined;
    throw cause;
  }
}
