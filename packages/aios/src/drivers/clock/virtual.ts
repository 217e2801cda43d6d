import type { Clock } from "../../kernel/ports.ts";

/** A turn of the event loop; the promise of node:timers/promises takes three times as long. */
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The queue of ticks comes after all continuations, and those that they make. */
const promisesSettled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

export interface VirtualClock extends Clock {
  /**
   * Lets time pass, from one due sleeper to the next, until nobody sleeps any more; until the instant `until`
   * (which is then the time); or until the promise `until` has settled, whose value it returns.
   * Time moves only when nothing is runnable: one turn of the event loop after the last sleeper was woken.
   * @throws Error when `until` is a promise that has not settled and nobody is left to wake: a deadlock.
   */
  run(): Promise<void>;
  run(until: number): Promise<void>;
  run<Value>(until: Promise<Value>): Promise<Value>;
  /** How many sleep now. */
  readonly sleeping: number;
}

interface Sleeper {
  readonly dueMs: number;
  readonly order: number;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Place in the heap, so that an aborted sleeper leaves it at once. */
  at: number;
}

export interface VirtualClockOptions {
  /**
   * What "nothing is runnable" means: `all` waits for a turn of the event loop, so that I/O of the machine may take part;
   * `promises` only until no promise has a continuation left: seven times cheaper, for runs that touch nothing outside.
   */
  readonly awaits?: "all" | "promises";
}

/** In runs that await promises alone, one turn of the event loop so often: signals of the machine must get through. */
const WAKES_PER_TURN = 1_000;

/** A clock for tests and simulations. Sleepers of the same instant wake in the order in which they lay down. */
export function createVirtualClock(startMs = 0, { awaits = "all" }: VirtualClockOptions = {}): VirtualClock {
  const sleepers = createHeap();
  let nowMs = startMs;
  let order = 0;
  let wakes = 0;

  const isQuiet = (): Promise<void> =>
    awaits === "all" || ++wakes % WAKES_PER_TURN === 0 ? nextTurn() : promisesSettled();

  // One listener per signal: adding the n-th listener to a signal takes n steps, and 100,000 sleepers may share one.
  const listeners = new Map<AbortSignal, { asleep: Set<Sleeper>; abort: () => void }>();
  const listen = (sleeper: Sleeper) => {
    const { signal } = sleeper;
    const known = listeners.get(signal);
    if (known !== undefined) {
      known.asleep.add(sleeper);
      return;
    }
    const asleep = new Set([sleeper]);
    const abort = () => {
      listeners.delete(signal);
      for (const one of asleep) {
        sleepers.remove(one);
        one.reject(signal.reason);
      }
    };
    listeners.set(signal, { asleep, abort });
    signal.addEventListener("abort", abort, { once: true });
  };
  const unlisten = (sleeper: Sleeper) => {
    const { signal } = sleeper;
    const known = listeners.get(signal);
    known?.asleep.delete(sleeper);
    if (known?.asleep.size !== 0) return;
    listeners.delete(signal);
    signal.removeEventListener("abort", known.abort);
  };

  /** Wakes all whose instant is the next one; false when there is none up to `untilMs`. */
  const wakeNext = (untilMs: number): boolean => {
    const first = sleepers.first();
    if (first === undefined || first.dueMs > untilMs) return false;
    nowMs = Math.max(nowMs, first.dueMs);
    for (let next = sleepers.first(); next !== undefined && next.dueMs <= nowMs; next = sleepers.first()) {
      sleepers.remove(next);
      unlisten(next);
      next.resolve();
    }
    return true;
  };

  const runTo = async (untilMs: number): Promise<void> => {
    do await isQuiet();
    while (wakeNext(untilMs));
    if (untilMs !== Infinity) nowMs = Math.max(nowMs, untilMs);
  };

  const runFor = async <Value>(until: Promise<Value>): Promise<Value> => {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    until.then(settle, settle);
    for (;;) {
      await isQuiet();
      if (isSettled) return until;
      if (!wakeNext(Infinity))
        throw new Error(`deadlock at ${nowMs} ms of virtual time: everybody waits, nobody sleeps`);
    }
  };

  return {
    nowMs: () => nowMs,
    wakeAt: (dueMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        const sleeper: Sleeper = { dueMs, order: order++, signal, resolve, reject, at: -1 };
        sleepers.add(sleeper);
        listen(sleeper);
      }),
    run: ((until?: number | Promise<unknown>) =>
      until instanceof Promise ? runFor(until) : runTo(until ?? Infinity)) as VirtualClock["run"],
    get sleeping() {
      return sleepers.size();
    },
  };
}

/** A binary heap by (due, order) whose entries know their place. */
function createHeap() {
  const entries: Sleeper[] = [];
  const isBefore = (left: Sleeper, right: Sleeper) =>
    left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
  const put = (entry: Sleeper, at: number) => {
    entries[at] = entry;
    entry.at = at;
  };

  const rise = (entry: Sleeper) => {
    let at = entry.at;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = entries[above]!;
      if (!isBefore(entry, parent)) break;
      put(parent, at);
      at = above;
    }
    put(entry, at);
  };

  const sink = (entry: Sleeper) => {
    let at = entry.at;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && isBefore(entries[below + 1]!, entries[below]!)) below++;
      const child = entries[below]!;
      if (!isBefore(child, entry)) break;
      put(child, at);
      at = below;
    }
    put(entry, at);
  };

  return {
    size: () => entries.length,
    first: () => entries[0],
    add: (entry: Sleeper) => {
      entry.at = entries.length;
      entries.push(entry);
      rise(entry);
    },
    remove: (entry: Sleeper) => {
      const last = entries.pop();
      if (last === undefined || last === entry) return;
      last.at = entry.at;
      put(last, last.at);
      rise(last);
      sink(last);
    },
  };
}
