import { isSysError } from "@aiosjs/sdk/protocol";
import type { JournalEvent, JournalEventBodies, Pid, SysError, TenantId, Topic } from "@aiosjs/sdk/protocol";
import { EventLog } from "./event-log.ts";
import { latestRows } from "./latest-rows.ts";
import type { NoteChange } from "./memory.ts";
import type { Clock, FileRow, Journal, JournalRecord } from "./ports.ts";
import type { Timer, Timers } from "./timers.ts";

/**
 * Commits of one turn that go to the journal together. A turn with more of them is sent as several batches: while one
 * is written, the callers of the one before it go on.
 */
const BATCH_COMMITS = 16;
/** Pause between tries of a journal that cannot write: who makes room need not tell the kernel, nor lose a call to it. */
const RETRY_MS = 1_000;
/** What need not be awaited is gathered for so long: one message to the writer and one fsync for many calls. */
const NOTE_MS = 20;

type Origin = { tenant: TenantId; pid: Pid | null };

/** The records of one commit: durable together, or not at all. */
type Group = readonly JournalRecord[];

/** Why groups of a batch were not written, where others of it were. */
type Refusals = ReadonlyMap<Group, unknown>;

interface Batch {
  readonly groups: Group[];
  commits: number;
  readonly settled: PromiseWithResolvers<Refusals>;
}

interface SentBatch {
  /** In which the batches were sent. */
  readonly order: number;
  readonly groups: readonly Group[];
}

const none: Refusals = new Map();

/** The kernel's end of the journal: collects the records of one turn, and keeps what could not be written yet. */
export class Outbox {
  readonly events: EventLog;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onFenced: (cause: SysError) => void;
  readonly #onNote: (change: NoteChange) => void;
  readonly #onFile: (row: FileRow) => Promise<void>;
  readonly #placing = new WeakMap<JournalRecord, Promise<void>>();
  #noted: Timer | undefined;
  #open = emptyBatch();
  /** Of this turn. */
  #full: Batch[] = [];
  #isFlushing = false;
  /** Batches whose commit failed. */
  #unwritten: SentBatch[] = [];
  /** Batches of which the journal has said nothing yet, and those that it took before an earlier one. */
  readonly #underWay = new Set<number>();
  #ahead: SentBatch[] = [];
  #sends = 0;
  /** Settles when what was sent last is in the journal, or refused. */
  #sent: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  /** Another kernel has the journal: nothing is recorded any more. */
  #fenced: SysError | undefined;
  #recovery: PromiseWithResolvers<SysError | undefined> | undefined;
  #isRetrying = false;
  /** Records that are forgotten when they cannot be written at once. */
  readonly #once = new WeakSet<JournalRecord>();

  constructor(
    journal: Journal,
    options: {
      clock: Clock;
      timers: Timers;
      lastEventSeq: number;
      onFenced: (cause: SysError) => void;
      /** Called when a change of a note is on disk, before whoever waits for it hears so. */
      onNote?: ((change: NoteChange) => void) | undefined;
      /** The same of a file: who waits for it hears of it when it has settled. */
      onFile?: ((row: FileRow) => Promise<void>) | undefined;
    },
  ) {
    this.#onFenced = options.onFenced;
    this.#onNote = options.onNote ?? (() => undefined);
    this.#onFile = options.onFile ?? (() => Promise.resolve());
    this.#journal = journal;
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.events = new EventLog(journal, { lastSeq: options.lastEventSeq, flushed: () => this.flushed() });
  }

  /** The last commit's failure, until one succeeds: while it is set, nothing new is admitted. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Written with the next commit, or by itself soon after: a crash loses what was noted in the last `NOTE_MS`. */
  note(...records: JournalRecord[]): void {
    if (this.#fenced) return;
    this.#open.groups.push(records);
    if (this.#isFlushing || this.#noted) return;
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

  /**
   * Resolves when the records, and all noted before them, are durable. What the disk refuses is tried again until it is
   * written; what no journal can write is not. @throws SysError ENOSPC | EIO | ESTALE | EINVAL
   */
  async commit(...records: JournalRecord[]): Promise<void> {
    if (this.#fenced) throw this.#fenced;
    this.#noted?.cancel();
    this.#noted = undefined;
    const batch = this.#open;
    batch.groups.push(records);
    if (++batch.commits === BATCH_COMMITS) {
      this.#full.push(batch);
      this.#open = emptyBatch();
    }
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      // The microtask lets the turn's other records join.
      void Promise.resolve().then(() => this.#flush());
    }
    const refusal = (await batch.settled.promise).get(records);
    if (refusal !== undefined) throw refusal;
    // Files: what is told of one stands in its place.
    for (const record of records) await this.#placing.get(record);
  }

  /** As `commit`, but what cannot be written now is forgotten, not tried again. @throws SysError ENOSPC | EIO | ESTALE | EINVAL */
  commitOnce(...records: JournalRecord[]): Promise<void> {
    for (const record of records) this.#once.add(record);
    return this.commit(...records);
  }

  /** As `commit`, however long the disk is full: for programs that live on the journal. @throws SysError ESTALE | EINVAL */
  async commitPatiently(...records: JournalRecord[]): Promise<void> {
    try {
      await this.commit(...records);
    } catch (cause) {
      if (isInvalid(cause)) throw cause;
      // Kept for the next try: nothing of it is lost.
      const fenced = await this.recovered();
      if (fenced) throw fenced;
    }
  }

  /** What was noted so far is in the journal, for who reads there; while it cannot be written, the journal is as it is. */
  async flushed(): Promise<void> {
    if (this.#noted || this.#isFlushing || this.#open.groups.length > 0) await this.commit().catch(() => undefined);
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
    const event = { topic, tenant, pid, atMs: this.#clock.nowMs(), body } as Omit<JournalEvent, "seq">;
    return { kind: "event", row: this.events.add(event, chars) };
  }

  /** What other kernels record from here on is not ours to follow: nothing is tried again. */
  fence(cause: SysError): void {
    this.#fenced ??= cause;
    this.#failure = this.#fenced;
    this.#unwritten = [];
    this.#recovery?.resolve(this.#fenced);
  }

  #flush(): void {
    this.#isFlushing = false;
    const batches = [...this.#full, this.#open];
    this.#full = [];
    this.#open = emptyBatch();
    for (const batch of batches) {
      if (batch.groups.length === 0) continue;
      this.#send(batch.groups).then(batch.settled.resolve, batch.settled.reject);
    }
  }

  async #send(added: readonly Group[]): Promise<Refusals> {
    if (this.#fenced) throw this.#fenced;
    const unwritten = this.#unwritten.toSorted((left, right) => left.order - right.order);
    const groups = [...unwritten.flatMap((batch) => batch.groups), ...added];
    const order = ++this.#sends;
    this.#unwritten = [];
    this.#underWay.add(order);
    const sent = this.#journal.commit(latestRows(groups.flat()));
    this.#sent = sent.catch(() => undefined);
    try {
      await sent;
    } catch (cause) {
      const refusals = isInvalid(cause) ? await this.#singly(groups) : undefined;
      this.#underWay.delete(order);
      if (refusals) return refusals;
      this.#failed({ order, groups }, cause);
      throw cause;
    }
    this.#underWay.delete(order);
    this.#written({ order, groups });
    return none;
  }

  #written(batch: SentBatch): void {
    for (const group of batch.groups) this.#tell(group);
    const isOvertaking = [...this.#underWay].some((earlier) => earlier < batch.order);
    // Should an earlier batch be refused yet, this one is written again in its wake, and has the last word.
    if (isOvertaking) this.#ahead.push(batch);
    else this.#ahead = [];
    if (this.#unwritten.length > 0) return void this.#unwritten.push(batch);
    this.#failure = undefined;
    this.#recovery?.resolve(undefined);
    this.#recovery = undefined;
  }

  #tell(group: Group): void {
    for (const record of group)
      if (record.kind === "note" || record.kind === "noteErased" || record.kind === "noteEvicted") this.#onNote(record);
      else if (record.kind === "file") this.#placing.set(record, this.#onFile(record.row));
  }

  #failed({ order, groups }: SentBatch, cause: unknown): void {
    this.#failure = cause;
    if (isSysError(cause) && cause.code === "ESTALE") return this.#onFenced(cause);
    // Kept in order for the next try: a full disk loses nothing. Bounded, for nothing new is admitted meanwhile.
    const kept = groups.map((group) => group.filter((record) => !this.#once.has(record)));
    this.#unwritten.push({ order, groups: kept }, ...this.#ahead.splice(0));
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#timers.at(this.#clock.nowMs() + RETRY_MS, () => {
      this.#isRetrying = false;
      this.commit().catch(() => undefined); // comes back here, until it succeeds
    });
  }

  /** A record that no journal can write (a cycle in what an in-process caller passed) must not hold up those of others. */
  async #singly(groups: readonly Group[]): Promise<Refusals> {
    const refusals = new Map<Group, unknown>();
    for (const group of groups)
      try {
        await this.#journal.commit(latestRows(group));
        this.#tell(group);
      } catch (cause) {
        refusals.set(group, cause);
        if (!isInvalid(cause)) this.#failed({ order: ++this.#sends, groups: [group] }, cause);
      }
    if (this.#ahead.length > 0) {
      // What was sent meanwhile is newer, and has the last word.
      this.#unwritten.push(...this.#ahead.splice(0));
      this.commit().catch(() => undefined); // kept in `failure`
    }
    return refusals;
  }
}

function emptyBatch(): Batch {
  const settled = Promise.withResolvers<Refusals>();
  // Who only noted something waits for nothing.
  settled.promise.catch(() => undefined);
  return { groups: [], commits: 0, settled };
}

const isInvalid = (cause: unknown): boolean => isSysError(cause) && cause.code === "EINVAL";
