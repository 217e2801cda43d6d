import { isSysError } from "@aiosjs/sdk/protocol";
import type { JournalEvent, JournalEventBodies, Pid, SysError, TenantId, Topic } from "@aiosjs/sdk/protocol";
import { latestRows } from "./latest-rows.ts";
import type { Clock, Journal, JournalRecord } from "./ports.ts";
import type { Timer, Timers } from "./timers.ts";

/** Events kept in memory for followers that are nearly up to date. */
const RECENT = 4_096;
/** Of bodies that programs publish, so many characters are kept there, and the newest events in any case. */
const RECENT_CHARS = 64 * 1_048_576;
const RECENT_LEAST = 256;
/** Events that a follower who is far behind reads from the journal at a time, of up to a megabyte each. */
const PAGE = 128;
/** Pause between tries of a journal that cannot write: who makes room need not tell the kernel, nor lose a call to it. */
const RETRY_MS = 1_000;
/** What need not be awaited is gathered for so long: one message to the writer and one fsync for many calls. */
const NOTE_MS = 20;

type Origin = { tenant: TenantId; pid: Pid | null };

/**
 * The kernel's end of the journal: collects the records of one turn into one commit, numbers the events,
 * and wakes those who follow them.
 */
export class Outbox {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onFenced: (cause: SysError) => void;
  #noted: Timer | undefined;
  #seq: number;
  #pending: JournalRecord[] = [];
  /** Batches whose commit failed, by the order in which they were sent. */
  #unwritten: { order: number; records: readonly JournalRecord[] }[] = [];
  /** Batches of which the journal has said nothing yet, and those that it took before an earlier one. */
  readonly #underWay = new Set<number>();
  #ahead: { order: number; records: readonly JournalRecord[] }[] = [];
  #flushes = 0;
  #flushing: Promise<void> | undefined;
  /** Settles when what was sent last is in the journal, or refused. */
  #sent: Promise<unknown> = Promise.resolve();
  readonly #recent: JournalEvent[] = [];
  #recentChars = 0;
  /** Of those in memory that are large, by their numbers. */
  readonly #charsOf = new Map<number, number>();
  readonly #followers = new Set<() => void>();
  #failure: unknown;
  /** Another kernel has the journal: nothing is recorded any more. */
  #fenced: SysError | undefined;
  #recovery: PromiseWithResolvers<SysError | undefined> | undefined;
  #isRetrying = false;
  /** Records of `commitOnce`, and those of them that were not written. */
  readonly #once = new WeakSet<JournalRecord>();
  readonly #lost = new WeakSet<JournalRecord>();
  /** Those that no journal can write. */
  readonly #refused = new WeakSet<JournalRecord>();

  constructor(
    journal: Journal,
    options: { clock: Clock; timers: Timers; lastEventSeq: number; onFenced: (cause: SysError) => void },
  ) {
    this.#onFenced = options.onFenced;
    this.#journal = journal;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#seq = options.lastEventSeq;
  }

  get seq(): number {
    return this.#seq;
  }

  /** The last commit's failure, until one succeeds: while it is set, nothing new is admitted. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Written with the next commit, or by itself soon after: a crash loses what was noted in the last `NOTE_MS`. */
  note(...records: JournalRecord[]): void {
    if (this.#fenced) return;
    this.#pending.push(...records);
    if (this.#flushing || this.#noted) return;
    this.#noted = this.#timers.at(this.#clock.nowMs() + NOTE_MS, () => {
      this.commit().catch(() => undefined); // kept in `failure`, and the records for the next try
    });
  }

  /** Resolves when what could not be written is: at once while nothing has failed. With ESTALE when it never will be. */
  recovered(): Promise<SysError | undefined> {
    if (this.#failure === undefined || this.#fenced) return Promise.resolve(this.#fenced);
    this.#recovery ??= Promise.withResolvers<SysError | undefined>();
    return this.#recovery.promise;
  }

  /** Resolves when the records, and all noted before them, are durable. @throws SysError ENOSPC | EIO | ESTALE */
  commit(...records: JournalRecord[]): Promise<void> {
    if (this.#fenced) return Promise.reject(this.#fenced);
    this.#pending.push(...records);
    this.#noted?.cancel();
    this.#noted = undefined;
    return (this.#flushing ??= this.#flush());
  }

  /** As `commit`, but what cannot be written now is forgotten, not tried again. @throws SysError ENOSPC | EIO | ESTALE */
  async commitOnce(...records: JournalRecord[]): Promise<void> {
    if (this.#fenced) throw this.#fenced;
    for (const record of records) this.#once.add(record);
    try {
      await this.commit(...records);
    } catch (cause) {
      // Another record of the same turn may be what the journal refuses.
      if (records.some((record) => this.#lost.has(record))) throw cause;
    }
  }

  /** As `commit`, however long the disk is full: for programs that live on the journal. @throws SysError ESTALE | EINVAL */
  async commitPatiently(...records: JournalRecord[]): Promise<void> {
    try {
      await this.commit(...records);
    } catch (cause) {
      if (records.some((record) => this.#refused.has(record))) throw cause;
      // Kept for the next try: nothing of it is lost.
      const fenced = await this.recovered();
      if (fenced) throw fenced;
    }
  }

  /** What was noted so far is in the journal, for who reads there; while it cannot be written, the journal is as it is. */
  async flushed(): Promise<void> {
    if (this.#noted || this.#flushing || this.#pending.length > 0) await this.commit().catch(() => undefined);
    await this.#sent;
  }

  event<T extends Topic>(topic: T, origin: Origin, body: JournalEventBodies[T]): void {
    this.note(this.eventRecord(topic, origin, body));
  }

  eventRecord<T extends Topic>(
    topic: T,
    { tenant, pid, chars = 0 }: Origin & { /** Of the body, where that may be large. */ readonly chars?: number },
    body: JournalEventBodies[T],
  ): JournalRecord {
    const row = { seq: ++this.#seq, topic, tenant, pid, atMs: this.#clock.nowMs(), body } as JournalEvent;
    this.#recent.push(row);
    if (chars > 0) this.#charsOf.set(row.seq, chars);
    this.#recentChars += chars;
    if (this.#recent.length > 2 * RECENT) this.#forget(RECENT);
    else if (this.#recentChars > RECENT_CHARS && this.#recent.length > 2 * RECENT_LEAST)
      this.#forget(this.#recent.length - RECENT_LEAST);
    for (const wake of this.#followers) wake();
    return { kind: "event", row };
  }

  /** Records of one turn go together: the microtask lets the turn's other notes join. */
  async #flush(): Promise<void> {
    await Promise.resolve();
    const unwritten = this.#unwritten.toSorted((left, right) => left.order - right.order);
    const records = [...unwritten.flatMap((batch) => batch.records), ...this.#pending];
    const order = ++this.#flushes;
    this.#unwritten = [];
    this.#pending = [];
    this.#flushing = undefined;
    this.#underWay.add(order);
    const sent = this.#journal.commit(latestRows(records));
    this.#sent = sent.catch(() => undefined);
    try {
      await sent;
      this.#underWay.delete(order);
      const isOvertaking = [...this.#underWay].some((earlier) => earlier < order);
      // Should an earlier batch be refused yet, this one is written again in its wake, and has the last word.
      if (isOvertaking) this.#ahead.push({ order, records });
      else this.#ahead = [];
      if (this.#unwritten.length > 0) return void this.#unwritten.push({ order, records });
      this.#failure = undefined;
      this.#recovery?.resolve(undefined);
      this.#recovery = undefined;
    } catch (cause) {
      this.#underWay.delete(order);
      if (isSysError(cause) && cause.code === "EINVAL") return this.#singly(records);
      this.#failure = cause;
      const kept = records.filter((record) => !this.#isLost(record));
      if (isSysError(cause) && cause.code === "ESTALE") {
        this.#onFenced(cause);
        throw cause;
      }
      // Kept in order for the next try: a full disk loses nothing. Bounded, for nothing new is admitted meanwhile.
      this.#unwritten.push({ order, records: kept }, ...this.#ahead.splice(0));
      this.#retryLater();
      throw cause;
    }
  }

  #forget(count: number): void {
    for (const { seq } of this.#recent.splice(0, count)) {
      this.#recentChars -= this.#charsOf.get(seq) ?? 0;
      this.#charsOf.delete(seq);
    }
  }

  /** What other kernels record from here on is not ours to follow: nothing is tried again. */
  fence(cause: SysError): void {
    this.#fenced ??= cause;
    this.#failure = this.#fenced;
    this.#pending = [];
    this.#unwritten = [];
    this.#recovery?.resolve(this.#fenced);
  }

  #isLost(record: JournalRecord): boolean {
    if (!this.#once.has(record)) return false;
    this.#lost.add(record);
    return true;
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#timers.at(this.#clock.nowMs() + RETRY_MS, () => {
      this.#isRetrying = false;
      this.commit().catch(() => undefined); // comes back here, until it succeeds
    });
  }

  /** A record that no journal can write (a cycle in what an in-process caller passed) must not hold up the others. */
  async #singly(records: readonly JournalRecord[]): Promise<void> {
    let refused: unknown;
    for (const record of records)
      await this.#journal.commit([record]).catch((cause: unknown) => {
        refused = cause;
        if (isSysError(cause) && cause.code === "EINVAL") this.#refused.add(record);
        // Written with the next commit, where the disk is what refuses.
        if (!this.#isLost(record) && isSysError(cause) && cause.code !== "EINVAL") this.#pending.push(record);
      });
    throw refused;
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
        await this.flushed();
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
}
