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
  readonly signal: AbortSignal;
}

/** The machine: takes generations in order of arrival into its slots, and tells how many tokens each has so far. */
export interface Engine {
  /** Rejects with the signal's reason when it aborts; the slot is free at once. */
  run(work: Work): AsyncIterable<number>;
  /** Generations in a slot, and those before one. */
  readonly running: number;
  readonly waiting: number;
}

type Machine = Pick<
  SimParameters,
  "slots" | "kvTokens" | "iterationMs" | "perSequenceMs" | "prefillUsPerToken" | "prefillChunkTokens"
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

  const admit = () => {
    for (const sequence of waiting) {
      // Strictly in order: one that does not fit holds up those behind it, as in a real server.
      if (running.size >= machine.slots || sequence.work.kvTokens > kvFree) return;
      waiting.delete(sequence);
      running.add(sequence);
      kvFree -= sequence.work.kvTokens;
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
        count = Math.min(count, (sequence.reportAt - sequence.produced) * slowness - sequence.idle);
      }
    }
    if (count === Infinity) return undefined;
    const prefillMs = (Math.min(prefill, machine.prefillChunkTokens) * machine.prefillUsPerToken) / 1000;
    return { count, eachMs: machine.iterationMs + decoding * machine.perSequenceMs + prefillMs };
  };

  const advance = (iterations: number) => {
    if (iterations === 0) return;
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
      if (sequence.produced >= sequence.reportAt) report(sequence);
      if (sequence.produced >= sequence.work.outputTokens) {
        running.delete(sequence);
        kvFree += sequence.work.kvTokens;
      }
    }
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
    while (running.size + waiting.size > 0) {
      admit();
      const step = plan();
      if (step === undefined) {
        await someoneComesOrLeaves();
        atMs = clock.nowMs();
        continue;
      }
      let { count } = step;
      // Somebody came or left: the iteration under way ends as planned, then all is planned anew.
      while (!(await sleep(atMs + count * step.eachMs))) {
        count = Math.min(count, Math.max(0, Math.ceil((clock.nowMs() - atMs) / step.eachMs)));
        if (count === 0) break;
      }
      atMs += count * step.eachMs;
      advance(count);
    }
    isPumping = false;
  };

  async function* run(work: Work): AsyncGenerator<number> {
    work.signal.throwIfAborted();
    const sequence: Sequence = {
      work,
      prefillLeft: Math.max(1, work.prefillTokens),
      produced: 0,
      idle: 0,
      reported: 0,
      reportAt: Math.min(lastToken(work), work.chunkTokens),
      reader: undefined,
    };
    const abort = () => {
      leave(sequence);
      sequence.reader?.reject(work.signal.reason);
    };
    work.signal.addEventListener("abort", abort, { once: true });
    waiting.add(sequence);
    if (!isPumping) void pump();
    else if (running.size < machine.slots) interruption.abort(arrival);
    try {
      let seen = 0;
      while (seen < work.outputTokens) {
        work.signal.throwIfAborted();
        if (sequence.reported === seen) {
          await new Promise<void>((resolve, reject) => {
            sequence.reader = { resolve, reject };
          });
        }
        seen = sequence.reported;
        yield seen;
      }
    } finally {
      work.signal.removeEventListener("abort", abort);
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

/** Production ends here; below `outputTokens` the sequence is stalled and keeps its slot. */
const lastToken = ({ outputTokens, stallAfterTokens }: Work) =>
  Math.min(outputTokens, stallAfterTokens ?? outputTokens);

/** The reason of an interruption, made once: an AbortError of its own would take a stack trace each time. */
const arrival = new Error("somebody came or left");

const isStalled = ({ work, produced }: Sequence) => produced >= lastToken(work);

function report(sequence: Sequence) {
  sequence.reported = sequence.produced;
  sequence.reportAt = Math.min(lastToken(sequence.work), sequence.produced + sequence.work.chunkTokens);
  sequence.reader?.resolve();
  sequence.reader = undefined;
}
