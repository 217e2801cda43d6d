import type { JournalEvent, TenantId, TopicEvent } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Letter } from "./message-queue.ts";
import type { Outbox } from "./outbox.ts";
import type { Journal } from "./ports.ts";
import { labelsFrom, unknownLabel } from "./gate/label.ts";
import { matchesTopic } from "./topic-pattern.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Events that are read from the journal at a time, of up to a megabyte each. */
const PAGE = 64;
/** Characters of bodies in one answer, beyond which it holds no further event. */
const MAX_CHARS = 8 * 1_048_576;

interface TopicQuery {
  readonly tenant: TenantId;
  readonly pattern: string;
  readonly afterSeq: number;
  readonly limit: number;
  /** Passed over. */
  readonly without?: ReadonlySet<number>;
}

interface TopicPage {
  readonly events: readonly TopicEvent[];
  /** Nothing that is wanted lies between the query's `afterSeq` and here but `events`. */
  readonly scannedTo: number;
}

/** The topics of the event log. An event is read when it is on disk, and never before an earlier one. */
export class TopicLog {
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  /** Published by calls that have not ended, and behind one of those, in the order of their numbers. */
  readonly #onTheWay = new Map<number, { readonly tenant: TenantId; readonly topic: string; isKept?: boolean }>();
  readonly #readers = new WaitingLine<Pick<TopicQuery, "tenant" | "pattern">, void>();
  /** Counts what has become readable. */
  #arrivals = 0;

  constructor(parts: { journal: Journal; outbox: Outbox }) {
    this.#journal = parts.journal;
    this.#outbox = parts.outbox;
  }

  /** `chars`: of the body as JSON. */
  publish(
    record: CallRecord,
    { topic, from, body, label, chars }: Omit<Letter, "atMs"> & { topic: string; chars: number },
  ): number {
    const { tenant, pid } = record.process;
    const published = this.#outbox.eventRecord(
      "topic.published",
      { tenant, pid, chars },
      { topic, from, body, labels: labelsFrom(label) },
    );
    const { seq } = (published as { row: JournalEvent }).row;
    this.#onTheWay.set(seq, { tenant: record.process.tenant, topic });
    record.effects.push(published);
    record.settles.push((isKept) => this.#settle(seq, isKept));
    return seq;
  }

  #settle(settled: number, isKept: boolean): void {
    const event = this.#onTheWay.get(settled);
    if (event) event.isKept = isKept;
    for (const [seq, { tenant, topic, isKept: isReadable }] of this.#onTheWay) {
      if (isReadable === undefined) return;
      this.#onTheWay.delete(seq);
      if (!isReadable) continue;
      this.#arrivals++;
      this.#readers.serveAll(undefined, (one) => one.tenant === tenant && matchesTopic(one.pattern, topic));
    }
  }

  /** At least one event; waits for it. Rejects with the signal's reason. */
  async next(query: TopicQuery, signal: AbortSignal): Promise<TopicPage> {
    let { afterSeq } = query;
    for (;;) {
      const before = this.#arrivals;
      const page = await this.read({ ...query, afterSeq });
      if (page.events.length > 0) return page;
      afterSeq = page.scannedTo;
      signal.throwIfAborted();
      if (before === this.#arrivals) await this.#readers.wait(query, signal);
    }
  }

  /** How many are there, up to the limit. */
  async count({ limit, ...query }: TopicQuery): Promise<number> {
    let { afterSeq } = query;
    for (let found = 0; ;) {
      const { events, scannedTo } = await this.read({ ...query, afterSeq, limit: limit - found });
      found += events.length;
      if (events.length === 0 || found === limit) return found;
      afterSeq = scannedTo;
    }
  }

  /** What is there, or as much of it as one answer holds. */
  async read({ tenant, pattern, afterSeq, limit, without }: TopicQuery): Promise<TopicPage> {
    const events: TopicEvent[] = [];
    let scannedTo = afterSeq;
    let chars = 0;
    for (let size = Math.min(limit, PAGE); ; size = PAGE) {
      const [horizon = Number.POSITIVE_INFINITY] = this.#onTheWay.keys();
      const rows = await this.#journal.events({
        tenant,
        topics: ["topic.published"],
        afterSeq: scannedTo,
        limit: size,
      });
      for (const row of rows) {
        if (row.seq >= horizon) return { events, scannedTo };
        scannedTo = row.seq;
        if (row.topic !== "topic.published" || !matchesTopic(pattern, row.body.topic) || without?.has(row.seq))
          continue;
        events.push({ seq: row.seq, labels: unknown, ...row.body, at: row.atMs });
        chars += JSON.stringify(row.body.body)?.length ?? 0;
        if (events.length === limit || chars >= MAX_CHARS) return { events, scannedTo };
      }
      if (rows.length < size) return { events, scannedTo };
    }
  }
}

/** Of events from before there were labels. */
const unknown = labelsFrom(unknownLabel);
