import { Heap } from "./heap.ts";
import type { HeapItem } from "./heap.ts";
import type { Clock } from "./ports.ts";

/** One reason for all: an abort without one builds an exception with a stack each time. */
const REPLACED = "replaced by an earlier timer";

export interface Timer {
  cancel(): void;
}

interface Due extends HeapItem, Timer {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** All due times of the kernel on one heap. Only the earliest is awaited on the clock. */
export class Timers {
  readonly #clock: Clock;
  readonly #due = new Heap<Due>(
    (left, right) => left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order),
  );
  #order = 0;
  #awaited: { atMs: number; abort: AbortController } | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `act` once at `atMs` or later, in order of due time, then of registration. */
  at(atMs: number, act: () => void): Timer {
    const due: Due = { atMs, order: this.#order++, act, heapIndex: -1, cancel: () => this.#due.remove(due) };
    this.#due.push(due);
    this.#arm();
    return due;
  }

  close(): void {
    this.#isClosed = true;
    this.#awaited?.abort.abort(REPLACED);
  }

  #arm(): void {
    const next = this.#due.peek();
    if (!next || this.#isClosed) return;
    // A wake-up that comes too early costs less than aborting it.
    if (this.#awaited && this.#awaited.atMs <= next.atMs) return;
    this.#awaited?.abort.abort(REPLACED);
    const awaited = { atMs: next.atMs, abort: new AbortController() };
    this.#awaited = awaited;
    this.#clock.wakeAt(next.atMs, awaited.abort.signal).then(
      () => this.#wake(awaited),
      () => undefined, // aborted: an earlier one is awaited, or the kernel has stopped
    );
  }

  #wake(awaited: object): void {
    if (this.#awaited !== awaited) return;
    this.#awaited = undefined;
    const nowMs = this.#clock.nowMs();
    for (let next = this.#due.peek(); next && next.atMs <= nowMs; next = this.#due.peek()) {
      this.#due.remove(next);
      next.act();
    }
    this.#arm();
  }
}
