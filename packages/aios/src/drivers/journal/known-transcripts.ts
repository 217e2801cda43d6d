import { isSameJson } from "./same-json.ts";

/** A request without its messages, and where it is stored: in the call's row (`text`) or by its hash. */
export interface KnownRest {
  readonly value: unknown;
  readonly text: string | null;
  readonly hash: string | null;
  readonly chars: number;
}

/** A request that the journal holds. The values are copies: what a program does to its own ones is not seen here. */
export interface KnownTranscript {
  readonly messages: readonly unknown[];
  /** The hash of the chain up to and with each message. */
  readonly links: readonly string[];
  /** Characters of each message as JSON. */
  readonly sizes: readonly number[];
  readonly rest: KnownRest;
}

/** Parallel conversations of one process that are recognised; more share the oldest's place. */
const PER_PROCESS = 4;

interface Entry {
  readonly transcripts: KnownTranscript[];
  sizeChars: number;
}

/**
 * Which transcripts the journal holds, so that the next request of a conversation is compared with the last one
 * (a memory comparison) in place of being written and hashed again. Bounded; forgetting costs time, never correctness.
 */
export class KnownTranscripts {
  readonly #entries = new Map<string, Entry>();
  readonly #maxChars: number;
  #chars = 0;

  /** @param options.maxChars all messages held, in characters. */
  constructor({ maxChars }: { maxChars: number }) {
    this.#maxChars = maxChars;
  }

  /** The known transcript of `pid` that shares the longest beginning with `messages`, and how many messages that is. */
  find(pid: string, messages: readonly unknown[]): { known: KnownTranscript; shared: number } | undefined {
    let best: { known: KnownTranscript; shared: number } | undefined;
    for (const known of this.#entries.get(pid)?.transcripts ?? []) {
      const shared = sharedLength(known.messages, messages);
      if (best === undefined || shared > best.shared) best = { known, shared };
    }
    return best;
  }

  /** Remembers `next`; it takes the place of `previous` when it continues it. */
  remember(pid: string, next: KnownTranscript, previous: KnownTranscript | undefined): void {
    const entry = this.#entries.get(pid) ?? { transcripts: [], sizeChars: 0 };
    this.#entries.delete(pid);
    const index = previous === undefined ? -1 : entry.transcripts.indexOf(previous);
    const gone = index >= 0 ? index : entry.transcripts.length < PER_PROCESS ? -1 : 0;
    const delta = sizeOf(next) - (gone >= 0 ? sizeOf(entry.transcripts.splice(gone, 1)[0] as KnownTranscript) : 0);
    entry.transcripts.push(next);
    entry.sizeChars += delta;
    this.#chars += delta;
    this.#entries.set(pid, entry);
    for (const [oldest, { sizeChars }] of this.#entries) {
      if (this.#chars <= this.#maxChars) break;
      this.#entries.delete(oldest);
      this.#chars -= sizeChars;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#chars = 0;
  }
}

function sharedLength(known: readonly unknown[], messages: readonly unknown[]): number {
  const most = Math.min(known.length, messages.length);
  let shared = 0;
  while (shared < most && isSameJson(known[shared], messages[shared])) shared++;
  return shared;
}

function sizeOf({ sizes, rest }: KnownTranscript): number {
  let sum = rest.chars;
  for (const size of sizes) sum += size;
  return sum;
}
