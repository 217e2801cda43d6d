import { isTerminal, noUsage, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { CallId, KeyId, SysEvent, Timing, Usage } from "@aiosjs/sdk/protocol";
import { callerLimits } from "./budget.ts";
import type { Account } from "./budget.ts";
import type { CallEvent, CallRow, Clock, JournalRecord, OriginalRequest, Subscription } from "./ports.ts";
import { from, join, neutral } from "./gate/label.ts";
import type { Label } from "./gate/label.ts";
import type { Judgement } from "./gate/verdict.ts";
import type { PromptSize } from "./model-call.ts";
import type { Process } from "./process.ts";
import type { Route } from "./route.ts";

interface Reader {
  wake: (() => void) | undefined;
}

export interface CallOptions {
  readonly call: CallId;
  readonly seq: number;
  readonly name: string;
  readonly args: unknown;
  readonly process: Process;
  readonly clock: Clock;
  readonly onDetach: "abort" | "keep";
  /** Of who makes it. */
  readonly key: KeyId;
  readonly original?: OriginalRequest | undefined;
  /** The call's place in a program that is replayed. */
  readonly replayKey?: string | undefined;
  readonly requestHash?: string | undefined;
  /** What its client repeats it under. */
  readonly idempotencyKey?: string | undefined;
  /** The call as an earlier incarnation of its program made it. */
  readonly recorded?: CallRow | undefined;
  readonly withinSeq?: number | undefined;
}

/**
 * A syscall from the door to its last event: a buffer of events with one writer and any number of readers.
 * The writer never waits for a reader; a reader sees all events from the first one on.
 */
export class CallRecord {
  readonly call: CallId;
  readonly seq: number;
  /** Number of the call of the program that it is made for: its own, where that is itself. */
  readonly withinSeq: number;
  readonly name: string;
  /** A debugger may edit them before the call is admitted. */
  args: unknown;
  readonly process: Process;
  readonly key: KeyId;
  readonly events: CallEvent[] = [];
  readonly queuedAtMs: number;
  /** When it was made first; a call that a restart cut off is made again. */
  readonly issuedAtMs: number;
  readonly abort = new AbortController();
  state: "queued" | "running" | "ended" = "queued";
  device: string;
  startedAtMs: number | undefined;
  /** Time in run queues before the present stay. */
  waitedMs = 0;
  /** When the present stay in a run queue began; undefined while running. */
  waitingSinceMs: number | undefined;
  /** When the first piece of its answer came. */
  firstOutputAtMs: number | undefined;
  /** The how-manieth call of its process to end. */
  completion: number | undefined;
  usage: Usage = noUsage;
  result: unknown = undefined;
  /** Why the call was cancelled, if somebody did. */
  cancelled: SysError | undefined;
  /** Something was handed out that cannot be taken back: the call is not repeated any more. */
  hasOutput = false;
  attempts = 0;
  /** Of a model call; measured once, for counting a long prompt with its tools takes a while. */
  size: PromptSize | undefined = undefined;
  /** Of a chat with a choice of lanes: its beginning, as caches of cores know it. */
  prefix: readonly number[] | undefined = undefined;
  /** Where it may go; absent for calls that have one lane. */
  route: Route | undefined = undefined;
  /** Under what its answer is kept for equal requests; undefined: it is not. */
  cacheKey: string | undefined = undefined;
  /** The budgets that pay for it. */
  accounts: readonly Account[] = [];
  /** What its result holds of others. */
  carries: Label = neutral;
  /** What its process had seen when it passed the gate; null: it has passed none. */
  context: Label | null = null;
  /** What the policy said of it then; null: it was not asked. */
  judgement: Judgement | null = null;
  /** What it changes by its result, which it may say in it. */
  conclude: ((result: unknown) => Promise<unknown>) | undefined = undefined;
  /** What it changes in the kernel's own tables: one commit with its result, so that it happens once. */
  readonly effects: JournalRecord[] = [];
  /** What is done in memory when it is known whether those are on disk: they never will be if they are not now. */
  readonly settles: ((isKept: boolean) => void)[] = [];
  /** Its request is in the journal. */
  isIntended = false;
  /** The kernel stops: the call stays open in the journal, and the next kernel goes on with it. */
  isLeft = false;
  /** The call as an earlier incarnation of its program made it. */
  readonly recorded: CallRow | undefined;
  readonly onDetach: "abort" | "keep";
  readonly replayKey: string | undefined;
  readonly requestHash: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Forgotten at the end of the call: it weighs as much as the arguments. */
  original: OriginalRequest | undefined;
  readonly #mayForward: boolean;
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  #attached = 0;
  #isTaken = false;
  #taking: PromiseWithResolvers<void> | undefined;

  constructor(options: CallOptions) {
    this.call = options.call;
    this.seq = options.seq;
    this.withinSeq = options.withinSeq ?? options.seq;
    this.name = options.name;
    this.args = options.args;
    this.process = options.process;
    this.key = options.key;
    this.device = options.name.slice(0, options.name.indexOf("."));
    this.#clock = options.clock;
    this.onDetach = options.onDetach;
    this.replayKey = options.replayKey;
    this.requestHash = options.requestHash;
    this.idempotencyKey = options.idempotencyKey;
    this.original = options.original;
    this.#mayForward = options.original !== undefined;
    this.queuedAtMs = options.clock.nowMs();
    this.recorded = options.recorded;
    this.issuedAtMs = options.recorded?.timing.queuedAt ?? this.queuedAtMs;
    this.isIntended = options.recorded !== undefined;
    this.events.push({
      type: "syscall.queued",
      call: this.call,
      pid: this.process.pid,
      name: this.name,
      atMs: this.queuedAtMs,
    });
  }

  /** Something that its result will tell of. */
  see(label: Label): void {
    this.carries = join(this.carries, from(label, this.call));
  }

  push(events: readonly CallEvent[]): void {
    if (this.state === "ended") return;
    if (this.firstOutputAtMs === undefined && this.state === "running" && events.some(isOutput))
      this.firstOutputAtMs = this.#clock.nowMs();
    this.events.push(...events);
    for (const reader of this.#readers) reader.wake?.();
  }

  /** Answers as it was answered before: at no cost, and nothing is recorded. */
  recall(row: CallRow, pieces: readonly CallEvent[]): void {
    const { device, usage, timing, error } = row;
    this.state = "running";
    this.device = device;
    const last: SysEvent = error
      ? { type: "syscall.failed", error: { ...error, pid: this.process.pid, call: this.call }, usage, timing }
      : { type: "syscall.completed", result: row.result, usage, timing };
    this.usage = usage;
    this.push([{ type: "syscall.started", device, waitingMs: 0, isReplayed: true }, ...pieces, last]);
    this.state = "ended";
    this.original = undefined;
  }

  /** The last event. `state` is "ended" from here on; later events are dropped. */
  end(outcome: { result: unknown } | { error: SysError }): void {
    if (this.state === "ended") return;
    const { usage } = this;
    const timing = this.timing();
    const last: SysEvent =
      "error" in outcome
        ? {
            type: "syscall.failed",
            error: { ...toProblem(outcome.error), pid: this.process.pid, call: this.call },
            usage,
            timing,
          }
        : { type: "syscall.completed", result: outcome.result, usage, timing };
    this.push([last]);
    this.state = "ended";
    this.original = undefined;
  }

  /** Resolves when nothing of it goes on any more. */
  hasEnded(): Promise<void> {
    if (this.state === "ended") return Promise.resolve();
    return new Promise((resolve) => {
      const reader: Reader = {
        wake: () => {
          const last = this.events.at(-1);
          if (!last || !isTerminal(last)) return;
          this.#readers.delete(reader);
          resolve();
        },
      };
      this.#readers.add(reader);
    });
  }

  /** The next incarnation of its program makes it again, in its place. What a tool calls for itself has none: the tool's call is made again. */
  get isAskedAgain(): boolean {
    return this.process.isReplayed && this.replayKey !== undefined;
  }

  /** Resolves when somebody has heard the last event, or when nobody listens. */
  taken(): Promise<void> {
    if (this.#isTaken || this.#readers.size === 0) return Promise.resolve();
    this.#taking ??= Promise.withResolvers<void>();
    return this.#taking.promise;
  }

  #take(): void {
    this.#isTaken = true;
    this.#taking?.resolve();
  }

  /** It has ended before, on record: nothing but that is said of it. */
  get isToldAgain(): boolean {
    return this.recorded !== undefined && this.recorded.completion !== null;
  }

  /** Whether anybody hears what it says. */
  get isRead(): boolean {
    return this.#attached > 0;
  }

  waitingMs(): number {
    return this.waitedMs + (this.waitingSinceMs === undefined ? 0 : this.#clock.nowMs() - this.waitingSinceMs);
  }

  timing(): Timing {
    const endedAt = this.#clock.nowMs();
    return {
      queuedAt: this.queuedAtMs,
      startedAt: this.startedAtMs ?? endedAt,
      endedAt,
      waitingMs: this.waitingMs(),
      turnaroundMs: endedAt - this.queuedAtMs,
    };
  }

  cancel(reason: SysError): void {
    if (this.state === "ended" || this.cancelled) return;
    this.cancelled = reason;
    this.abort.abort(reason);
  }

  /** A reader that leaves before the end may end the call: see `onDetach`. */
  subscribe(): Subscription {
    this.#attached++;
    let isAttached = true;
    const detach = (): void => {
      if (!isAttached) return;
      isAttached = false;
      this.#attached--;
      // Most readers leave after the last event: an error with its stack is not made for them.
      if (this.#attached === 0 && this.onDetach === "abort" && this.state !== "ended")
        this.cancel(new SysError("ECANCELED", "the client left before the answer"));
    };
    return {
      call: this.call,
      pid: this.process.pid,
      waitingMs: () => this.waitingMs(),
      limits: () => callerLimits(this.accounts, this.#clock.nowMs()),
      cancel: () => this.cancel(new SysError("ECANCELED", "cancelled by the caller")),
      withFrames: () => ({ [Symbol.asyncIterator]: () => this.#read(detach) }),
      // Only what was asked for in a client's own bytes is answered in an upstream's.
      [Symbol.asyncIterator]: () =>
        this.#mayForward ? withoutFrames(this.#read(detach)) : (this.#read(detach) as AsyncIterator<SysEvent[]>),
    };
  }

  #read(detach: () => void): AsyncIterator<readonly CallEvent[]> {
    let index = 0;
    const reader: Reader = { wake: undefined };
    this.#readers.add(reader);
    const leave = (): IteratorResult<readonly CallEvent[]> => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#taking?.resolve();
      detach();
      reader.wake?.();
      return { done: true, value: undefined };
    };
    const take = (): IteratorResult<readonly CallEvent[]> => {
      const value = index === 0 ? this.events.slice() : this.events.slice(index);
      index = this.events.length;
      if (this.state === "ended") this.#take();
      return { done: false, value };
    };
    const next = async (): Promise<IteratorResult<readonly CallEvent[]>> => {
      if (index < this.events.length) return take();
      const last = this.events.at(-1);
      if (!last || isTerminal(last) || !this.#readers.has(reader)) return leave();
      await new Promise<void>((resolve) => (reader.wake = resolve));
      reader.wake = undefined;
      return index < this.events.length ? take() : leave();
    };
    return { next, return: () => Promise.resolve(leave()) };
  }
}

const isOutput = ({ type }: CallEvent): boolean => type.endsWith(".delta") || type === "frames";

function withoutFrames(iterator: AsyncIterator<readonly CallEvent[]>): AsyncIterator<readonly SysEvent[]> {
  return {
    async next() {
      const { done, value } = await iterator.next();
      if (done === true) return { done, value: undefined };
      return { done: false, value: value.filter((event) => event.type !== "frames") };
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}
