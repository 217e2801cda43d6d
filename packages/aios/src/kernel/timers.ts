import { Heap } from "./heap.ts";
import type { HeapItem } from "./heap.ts";
import type { Clock } from "./ports.ts";

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
  /** Instants that are awaited on the clock, the earliest last. Each is earlier than the one before, so they are few. */
  readonly #awaited: number[] = [];
  readonly #closed = new AbortController();

  readonly #mayAct: () => boolean;

  /** While `mayAct` says no, what is due waits for `goOn`. */
  constructor(clock: Clock, mayAct: () => boolean = () => true) {
    this.#clock = clock;
    this.#mayAct = mayAct;
  }

  /** Calls `act` once at `atMs` or later, in order of due time, then of registration. */
  at(atMs: number, act: () => void): Timer {
    const due: Due = { atMs, order: this.#order++, act, heapIndex: -1, cancel: () => this.#due.remove(due) };
    this.#due.push(due);
    this.#arm();
    return due;
  }

  close(): void {
    this.#closed.abort("the kernel has stopped");
  }

  #arm(): void {
    const next = this.#due.peek();
    const { signal } = this.#closed;
    if (!next || signal.aborted) return;
    // A wake-up that comes too early costs less than aborting it: a later one stays awaited when an earlier one comes.
    const { atMs } = next;
    if ((this.#awaited.at(-1) ?? Number.POSITIVE_INFINITY) <= atMs) return;
    this.#awaited.push(atMs);
    this.#clock.wakeAt(atMs, signal).then(
      () => this.#wake(atMs),
      () => undefined, // the kernel has stopped
    );
  }

  #wake(awaitedMs: number): void {
    const place = this.#awaited.lastIndexOf(awaitedMs);
    if (place >= 0) this.#awaited.splice(place, 1);
    this.goOn();
  }

  /** Does what is due. */
  goOn(): void {
    if (this.#closed.signal.aborted || !this.#mayAct()) return;
    const nowMs = this.#clock.nowMs();
    for (let next = this.#due.peek(); next && next.atMs <= nowMs; next = this.#due.peek()) {
      this.#due.remove(next);
      next.act();
    }
    this.#arm();
  }
}
