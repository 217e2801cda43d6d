import type { JournalEvent, Pid, TenantId, Topic } from "@aiosjs/sdk/protocol";
import type { Journal } from "./ports.ts";

/** Events kept in memory for followers that are nearly up to date. */
const RECENT = 4_096;
/** Of bodies that programs publish, so many characters are kept there, and the newest events in any case. */
const RECENT_CHARS = 64 * 1_048_576;
const RECENT_LEAST = 256;
/** Events that a follower who is far behind reads from the journal at a time, of up to a megabyte each. */
const PAGE = 128;

/** The kernel's events: numbers them, keeps the latest in memory, and wakes those who follow them. */
export class EventLog {
  readonly #journal: Journal;
  /** Resolves when what was added so far is where the journal is read. */
  readonly #flushed: () => Promise<void>;
  #seq: number;
  readonly #recent: JournalEvent[] = [];
  #recentChars = 0;
  /** Of those in memory that are large, by their numbers. */
  readonly #charsOf = new Map<number, number>();
  readonly #followers = new Set<() => void>();

  constructor(journal: Journal, { lastSeq, flushed }: { lastSeq: number; flushed: () => Promise<void> }) {
    this.#journal = journal;
    this.#flushed = flushed;
    this.#seq = lastSeq;
  }

  /** Of the last event. */
  get seq(): number {
    return this.#seq;
  }

  /** Numbers an event and tells its followers; `chars` counts its body, where that may be large. */
  add(event: Omit<JournalEvent, "seq">, chars: number): JournalEvent {
    const row = { seq: ++this.#seq, ...event } as JournalEvent;
    this.#recent.push(row);
    if (chars > 0) this.#charsOf.set(row.seq, chars);
    this.#recentChars += chars;
    if (this.#recent.length > 2 * RECENT) this.#forget(RECENT);
    else if (this.#recentChars > RECENT_CHARS && this.#recent.length > 2 * RECENT_LEAST)
      this.#forget(this.#recent.length - RECENT_LEAST);
    for (const wake of this.#followers) wake();
    return row;
  }

  /** Events after `afterSeq` that `isWanted`, from the journal, then from memory, then as they come. */
  async *follow(
    query: {
      afterSeq: number;
      tenant?: TenantId | undefined;
      pid?: Pid | undefined;
      topics?: readonly Topic[] | undefined;
    },
    signal: AbortSignal,
  ): AsyncGenerator<readonly JournalEvent[]> {
    let { afterSeq } = query;
    const isWanted = (event: JournalEvent): boolean =>
      event.seq > afterSeq &&
      (query.tenant === undefined || event.tenant === query.tenant) &&
      (query.pid === undefined || event.pid === query.pid) &&
      (!query.topics || query.topics.includes(event.topic));
    while (!signal.aborted) {
      const oldest = this.#recent[0]?.seq ?? this.#seq + 1;
      if (afterSeq + 1 < oldest && afterSeq < this.#seq) {
        await this.#flushed();
        const rows = await this.#journal.events({ ...query, afterSeq, limit: PAGE });
        const last = rows.at(-1);
        if (rows.length > 0) yield rows;
        // What was written meanwhile is in memory too: it is not told twice.
        afterSeq = Math.max(afterSeq, last?.seq ?? 0, rows.length < PAGE ? oldest - 1 : 0);
        continue;
      }
      const wanted = this.#recent.slice(Math.max(0, afterSeq + 1 - oldest)).filter(isWanted);
      afterSeq = this.#seq;
      if (wanted.length > 0) yield wanted;
      else await this.#change(signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#followers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#followers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #forget(count: number): void {
    for (const { seq } of this.#recent.splice(0, count)) {
      this.#recentChars -= this.#charsOf.get(seq) ?? 0;
      this.#charsOf.delete(seq);
    }
  }
}
