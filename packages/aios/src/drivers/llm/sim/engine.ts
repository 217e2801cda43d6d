import type { Clock } from "../../../kernel/ports.ts";
import type { SimParameters } from "./parameters.ts";

/** One generation, as the machine sees it. */
export interface Work {
  readonly prefillTokens: number;
  readonly outputTokens: number;
  /** Cache it needs: the whole prompt and the whole answer. */
  readonly kvTokens: number;
  /** Tokens per report of progress. */
  readonly chunkTokens: number;
  /** Iterations per token: 1, or more for a slow one. */
  readonly slowness: number;
  /** No token comes after so many; the slot stays taken until the abort. */
  readonly stallAfterTokens: number | undefined;
  /** Tokens that were produced before it made way; the prompt and they are in the cache again at the cost of a swap. */
  readonly startTokens?: number | undefined;
  /** It makes way after so many tokens, or at the end of the iteration in which `preempt` fires. */
  readonly quantumTokens?: number | undefined;
  readonly preempt?: AbortSignal | undefined;
  readonly signal: AbortSignal;
}

/**
 * The machine: takes generations in order of arrival into its slots, and tells how many tokens each has so far. One that makes
 * way ends below `outputTokens`.
 */
export interface Engine {
  /** Rejects with the signal's reason when it aborts; the slot is free at once. */
  run(work: Work): AsyncIterable<number>;
  /** Generations in a slot, and those before one. */
  readonly running: number;
  readonly waiting: number;
}

type Machine = Pick<
  SimParameters,
  "slots" | "kvTokens" | "iterationMs" | "perSequenceMs" | "prefillUsPerToken" | "prefillChunkTokens" | "swapUsPerToken"
>;

interface Sequence {
  readonly work: Work;
  prefillLeft: number;
  produced: number;
  /** Iterations since the last token. */
  idle: number;
  /** The last count reported, and the next. */
  reported: number;
  reportAt: number;
  /** Makes way after so many tokens. */
  stopAt: number;
  isStopped: boolean;
  reader: { resolve: () => void; reject: (reason: unknown) => void } | undefined;
}

/**
 * Continuous batching (Orca, OSDI '22): each iteration decodes one token of every running sequence and takes in a chunk
 * of waiting prompts; sequences come and go between iterations. Iterations in which nothing happens are skipped in one
 * step, so that the cost is per report, not per token.
 */
export function createBatchEngine(clock: Clock, machine: Machine): Engine {
  const waiting = new Set<Sequence>();
  const running = new Set<Sequence>();
  let kvFree = machine.kvTokens;
  let isPumping = false;
  let interruption = new AbortController();
  /** Iterations of the plan under way; while it is one, whoever comes waits for its end anyway. */
  let planned = 0;
  /** Swapping holds up the next iteration of all. */
  let swapMs = 0;

  const swap = ({ work, produced }: Sequence) => {
    const heldTokens = work.kvTokens - work.outputTokens + produced;
    swapMs += (heldTokens * machine.swapUsPerToken) / 1000;
  };

  const admit = () => {
    for (const sequence of waiting) {
      // Strictly in order: one that does not fit holds up those behind it, as in a real server.
      if (running.size >= machine.slots || sequence.work.kvTokens > kvFree) return;
      waiting.delete(sequence);
      running.add(sequence);
      kvFree -= sequence.work.kvTokens;
      if (sequence.produced > 0) swap(sequence);
    }
  };

  const leave = (sequence: Sequence) => {
    if (running.delete(sequence)) kvFree += sequence.work.kvTokens;
    else if (!waiting.delete(sequence)) return;
    interruption.abort(arrival);
  };

  /** Iterations until somebody has something to report, and how long each takes; undefined when all are stalled. */
  const plan = (): { count: number; eachMs: number } | undefined => {
    let decoding = 0;
    let prefill = 0;
    let count = Infinity;
    for (const sequence of running) {
      if (isStalled(sequence)) continue;
      if (sequence.prefillLeft > 0) {
        prefill += sequence.prefillLeft;
        count = 1;
      } else {
        decoding++;
        const { slowness } = sequence.work;
        count = Math.min(count, Math.max(1, (sequence.reportAt - sequence.produced) * slowness - sequence.idle));
      }
    }
    if (count === Infinity) return undefined;
    const prefillMs = (Math.min(prefill, machine.prefillChunkTokens) * machine.prefillUsPerToken) / 1000;
    if (swapMs > 0) count = 1;
    const eachMs = machine.iterationMs + decoding * machine.perSequenceMs + prefillMs + swapMs;
    swapMs = 0;
    return { count, eachMs };
  };

  /** @returns how many left their slots. */
  const advance = (iterations: number): number => {
    if (iterations === 0) return 0;
    let left = 0;
    let prefillBudget = machine.prefillChunkTokens;
    for (const sequence of running) {
      if (isStalled(sequence)) continue;
      if (sequence.prefillLeft > 0) {
        const taken = Math.min(sequence.prefillLeft, prefillBudget);
        sequence.prefillLeft -= taken;
        prefillBudget -= taken;
        // The iteration that ends a prompt yields its first token; planned one at a time while there is a prefill.
        if (sequence.prefillLeft > 0) continue;
      }
      const { slowness } = sequence.work;
      sequence.idle += iterations;
      sequence.produced = Math.min(lastToken(sequence.work), sequence.produced + Math.floor(sequence.idle / slowness));
      sequence.idle %= slowness;
      const isDone = sequence.produced >= sequence.work.outputTokens;
      sequence.isStopped = !isDone && sequence.produced >= sequence.stopAt;
      if (sequence.isStopped) swap(sequence);
      if (sequence.produced >= sequence.reportAt || sequence.isStopped) report(sequence);
      if (isDone || sequence.isStopped) {
        running.delete(sequence);
        kvFree += sequence.work.kvTokens;
        left++;
      }
    }
    return left;
  };

  /** True when the instant came, false when somebody came or left before. */
  const sleep = async (untilMs: number): Promise<boolean> => {
    if (interruption.signal.aborted) interruption = new AbortController();
    const { signal } = interruption;
    try {
      await clock.wakeAt(untilMs, signal);
      return true;
    } catch (cause) {
      if (signal.aborted) return false;
      throw cause;
    }
  };

  const someoneComesOrLeaves = () => {
    interruption = new AbortController();
    const { signal } = interruption;
    return new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  };

  const pump = async () => {
    isPumping = true;
    let atMs = clock.nowMs();
    planned = 1;
    // All that come at this instant are in the first iteration.
    await clock.wakeAt(atMs, forever);
    while (running.size + waiting.size > 0) {
      admit();
      const step = plan();
      if (step === undefined) {
        planned = 0;
        await someoneComesOrLeaves();
        atMs = clock.nowMs();
        continue;
      }
      let { count } = step;
      planned = count;
      // Somebody came or left: the iteration under way ends as planned, then all is planned anew.
      while (!(await sleep(atMs + count * step.eachMs))) {
        count = Math.min(count, Math.max(0, Math.ceil((clock.nowMs() - atMs) / step.eachMs)));
        if (count === 0) break;
      }
      atMs += count * step.eachMs;
      planned = 1;
      // Who has an answer may ask again, and who waits before the core may come: at this very instant.
      if (advance(count) > 0) await clock.wakeAt(atMs, forever);
    }
    isPumping = false;
  };

  async function* run(work: Work): AsyncGenerator<number> {
    work.signal.throwIfAborted();
    const start = work.startTokens ?? 0;
    const sequence: Sequence = {
      work,
      prefillLeft: start > 0 ? 0 : Math.max(1, work.prefillTokens),
      produced: start,
      idle: 0,
      reported: start,
      reportAt: Math.min(lastToken(work), start + Math.min(work.chunkTokens, work.quantumTokens ?? Infinity)),
      stopAt: start + (work.quantumTokens ?? Infinity),
      isStopped: false,
      reader: undefined,
    };
    const makeWay = () => {
      sequence.stopAt = 0;
      sequence.reportAt = sequence.produced;
      if (waiting.delete(sequence)) {
        sequence.isStopped = true;
        sequence.reader?.resolve();
      }
      if (planned > 1) interruption.abort(arrival);
    };
    if (work.preempt?.aborted === true) makeWay();
    work.preempt?.addEventListener("abort", makeWay, { once: true });
    const abort = () => {
      leave(sequence);
      sequence.reader?.reject(work.signal.reason);
    };
    work.signal.addEventListener("abort", abort, { once: true });
    waiting.add(sequence);
    if (!isPumping) void pump();
    else if (running.size < machine.slots && planned !== 1) interruption.abort(arrival);
    try {
      let seen = start;
      while (seen < work.outputTokens) {
        work.signal.throwIfAborted();
        if (sequence.reported === seen) {
          if (sequence.isStopped) return;
          await new Promise<void>((resolve, reject) => {
            sequence.reader = { resolve, reject };
          });
        }
        if (sequence.reported === seen) continue;
        seen = sequence.reported;
        yield seen;
      }
    } finally {
      work.signal.removeEventListener("abort", abort);
      work.preempt?.removeEventListener("abort", makeWay);
      leave(sequence);
    }
  }

  return {
    run,
    get running() {
      return running.size;
    },
    get waiting() {
      return waiting.size;
    },
  };
}

const forever = new AbortController().signal;

/** Production ends here; below `outputTokens` the sequence is stalled and keeps its slot. */
const lastToken = ({ outputTokens, stallAfterTokens }: Work) =>
  Math.min(outputTokens, stallAfterTokens ?? outputTokens);

/** The reason of an interruption, made once: an AbortError of its own would take a stack trace each time. */
const arrival = new Error("somebody came or left");

const isStalled = ({ work, produced }: Sequence) => produced >= lastToken(work);

function report(sequence: Sequence) {
  sequence.reported = sequence.produced;
  sequence.reportAt = Math.min(
    lastToken(sequence.work),
    sequence.produced + sequence.work.chunkTokens,
    sequence.stopAt,
  );
  sequence.reader?.resolve();
  sequence.reader = undefined;
}
