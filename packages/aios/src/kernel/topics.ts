import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId, Topic, TopicEvent } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, CursorRow, Journal, JournalRecord } from "./ports.ts";
import type { Process } from "./process.ts";
import type { TopicLog } from "./topic-log.ts";

/** A reader has at most so many events that it has not acknowledged. */
const MAX_UNACKNOWLEDGED = 1_000;
/** Subscriptions of a tenant. */
const MAX_SUBSCRIPTIONS = 10_000;
/** An event at which a subscriber has failed so often is set aside. */
const MAX_FAILURES = 5;
const PAST: readonly Topic[] = ["topic.subscribed", "subscriber.failed", "topic.dead"];

interface Cursor {
  row: CursorRow;
  /** The position on disk. */
  durable: number;
  reader: Process | undefined;
  /** Not acknowledged, in order. */
  delivered: Pick<TopicEvent, "seq" | "topic">[];
  /** Reading goes on behind this. */
  scannedTo: number;
  /** Stops the read under way; it begins anew. */
  reading: AbortController | undefined;
  readonly failures: Map<number, number>;
  readonly dead: Set<number>;
  /** Failures of the time before this kernel are known. */
  isWhole: boolean;
}

/**
 * Subscriptions: places in the event log, of a tenant and a name. Each is read by one process at a time, in order, at least
 * once. The place is on disk; what was delivered and not acknowledged is not, and so it comes again after a restart. Failures
 * are events, and counted from them.
 */
export class Topics {
  readonly #cursors = new Map<string, Cursor>();
  readonly #counts = new Map<TenantId, number>();
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly log: TopicLog;

  constructor(parts: { journal: Journal; outbox: Outbox; clock: Clock; log: TopicLog }, rows: readonly CursorRow[]) {
    this.#journal = parts.journal;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
    this.log = parts.log;
    for (const row of rows) this.#put(row, false);
  }

  #put(row: CursorRow, isWhole: boolean): void {
    this.#cursors.set(keyOf(row.tenant, row.name), cursorOf(row, isWhole));
    this.#counts.set(row.tenant, (this.#counts.get(row.tenant) ?? 0) + 1);
  }

  #remove({ tenant, name }: CursorRow): void {
    if (this.#cursors.delete(keyOf(tenant, name))) this.#counts.set(tenant, (this.#counts.get(tenant) ?? 1) - 1);
  }

  /** In order of their names. */
  list(tenant: TenantId): (CursorRow & { reader: Process | undefined; unacknowledged: number })[] {
    return [...this.#cursors.values()]
      .filter(({ row }) => row.tenant === tenant)
      .map(({ row, reader, delivered }) => ({ ...row, reader, unacknowledged: delivered.length }))
      .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** @throws SysError EEXIST when there is one of this name and another pattern, EAGAIN when the tenant has too many. */
  subscribe(
    record: CallRecord,
    { name, pattern, position }: Pick<CursorRow, "name" | "pattern" | "position">,
  ): { position: number; isNew: boolean } {
    const { tenant, pid } = record.process;
    const key = keyOf(tenant, name);
    const known = this.#cursors.get(key);
    if (known && known.row.pattern !== pattern)
      throw new SysError("EEXIST", `the subscription ${name} is there already, to ${known.row.pattern}`, {
        hint: "take another name, or remove it first (topic.unsubscribe)",
      });
    if (known) return { position: known.row.position, isNew: false };
    const count = this.#counts.get(tenant) ?? 0;
    if (count >= MAX_SUBSCRIPTIONS)
      throw new SysError("EAGAIN", `tenant ${tenant} has ${count} subscriptions`, {
        hint: "remove those that nobody reads (topic.unsubscribe); topic.list lists them",
      });
    const row = { tenant, name, pid, pattern, position, atMs: this.#clock.nowMs(), isRemoved: false };
    this.#put(row, true);
    const subscribed = this.#outbox.eventRecord("topic.subscribed", record.process, { name, pattern, position });
    record.effects.push({ kind: "cursor", row }, subscribed);
    record.settles.push((isKept) => void (isKept || this.#remove(row)));
    return { position, isNew: true };
  }

  unsubscribe(record: CallRecord, name: string): void {
    const cursor = this.#find(record, name);
    const row = { ...cursor.row, isRemoved: true };
    record.effects.push(
      { kind: "cursor", row },
      this.#outbox.eventRecord("topic.unsubscribed", record.process, { name }),
    );
    record.settles.push((isKept) => {
      if (!isKept) return;
      this.#remove(row);
      cursor.reading?.abort(new SysError("ECANCELED", `the subscription ${name} was removed`));
    });
  }

  /** Waits for events. @throws SysError EBUSY, EAGAIN; rejects with the signal's reason. */
  async read(
    record: CallRecord,
    { name, limit, again }: { name: string; limit: number; again: boolean },
    signal: AbortSignal,
  ): Promise<readonly TopicEvent[]> {
    const cursor = this.#find(record, name);
    this.#claim(cursor, record.process, again);
    let reading = (cursor.reading = new AbortController());
    try {
      await this.#learn(cursor);
      const room = MAX_UNACKNOWLEDGED - cursor.delivered.length;
      if (room <= 0)
        throw new SysError("EAGAIN", `${cursor.delivered.length} events of ${name} are not acknowledged`, {
          hint: "acknowledge what has been worked off (topic.ack)",
        });
      for (;;) {
        const { tenant, pattern } = cursor.row;
        const query = {
          tenant,
          pattern,
          afterSeq: cursor.scannedTo,
          limit: Math.min(limit, room),
          without: cursor.dead,
        };
        const page = await this.log.next(query, AbortSignal.any([signal, reading.signal])).catch((cause: unknown) => {
          if (cause === REWOUND) return undefined;
          throw cause;
        });
        record.abort.signal.throwIfAborted();
        if (page && !reading.signal.aborted) return deliver(cursor, record, page);
        reading = cursor.reading = new AbortController();
      }
    } finally {
      if (cursor.reading === reading) cursor.reading = undefined;
    }
  }

  #claim(cursor: Cursor, process: Process, again: boolean): void {
    const { reader, row } = cursor;
    if (cursor.reading)
      throw new SysError("EBUSY", `another call reads the subscription ${row.name}`, {
        hint: "one at a time reads it; a second name reads the same events on its own",
      });
    if (reader && reader !== process && cursor.delivered.length > 0)
      throw new SysError(
        "EBUSY",
        `process ${reader.pid} has ${cursor.delivered.length} unacknowledged events of ${row.name}`,
        {
          hint: "it acknowledges them or ends first; a second name reads the same events on its own",
        },
      );
    cursor.reader = process;
    if (again) rewind(cursor, cursor.row.position);
  }

  /** @throws SysError EINVAL for an event that is not there yet. */
  ack(record: CallRecord, { name, seq }: { name: string; seq: number }): number {
    const cursor = this.#find(record, name);
    if (seq > this.#outbox.events.seq) throw new SysError("EINVAL", `there is no event ${seq} yet`);
    if (seq <= cursor.durable) return cursor.durable;
    const position = Math.max(cursor.row.position, seq);
    cursor.row = { ...cursor.row, position, atMs: this.#clock.nowMs() };
    cursor.scannedTo = Math.max(cursor.scannedTo, position);
    record.effects.push({ kind: "cursor", row: cursor.row });
    record.settles.push((isKept) => {
      if (isKept) settleAt(cursor, position);
      else cursor.row = { ...cursor.row, position: cursor.durable };
    });
    return position;
  }

  /** @throws SysError EINVAL for what it has acknowledged, or never read. */
  async nack(
    record: CallRecord,
    { name, seq, reason }: { name: string; seq: number; reason: string },
  ): Promise<{ failures: number; isDead: boolean }> {
    const cursor = this.#find(record, name);
    await this.#learn(cursor);
    const { tenant, pattern, position } = cursor.row;
    const page = seq > position ? await this.log.read({ tenant, pattern, afterSeq: seq - 1, limit: 1 }) : undefined;
    const event = page?.events[0];
    if (event?.seq !== seq || cursor.dead.has(seq))
      throw new SysError("EINVAL", `the event ${seq} does not wait in the subscription ${name}`, {
        hint: "it takes the seq of an event that topic.read has given and that is not acknowledged",
      });
    const failed = this.#failed(cursor, { ...event, reason });
    record.effects.push(...failed.records);
    record.settles.push((isKept) => {
      if (!isKept) return;
      failed.apply();
      rewind(cursor, seq - 1);
    });
    return failed;
  }

  /** What a reader leaves behind comes to the next one; an abnormal end is a failure at the oldest of it. */
  ended(process: Process): void {
    for (const cursor of this.#cursors.values()) {
      if (cursor.reader !== process) continue;
      const { exit } = process;
      const oldest = cursor.delivered.find(({ seq }) => seq > cursor.row.position);
      if (oldest && exit?.code !== 0) {
        const reason = `process ${process.pid} ended before it had acknowledged it: ${exit?.reason ?? ""}`;
        const failed = this.#failed(cursor, { ...oldest, reason });
        this.#outbox.note(...failed.records);
        failed.apply();
      }
      cursor.reader = undefined;
      rewind(cursor, cursor.row.position);
    }
  }

  #failed(
    { row, failures: counts, dead }: Cursor,
    { seq, topic, reason }: Pick<TopicEvent, "seq" | "topic"> & { reason: string },
  ): { failures: number; isDead: boolean; records: JournalRecord[]; apply: () => void } {
    const { tenant, name } = row;
    const failures = (counts.get(seq) ?? 0) + 1;
    const isDead = failures >= MAX_FAILURES;
    const origin = { tenant, pid: row.pid };
    const records = [this.#outbox.eventRecord("subscriber.failed", origin, { name, seq, topic, reason, failures })];
    if (isDead) records.push(this.#outbox.eventRecord("topic.dead", origin, { name, seq, topic, reason }));
    const apply = (): void => {
      counts.set(seq, failures);
      if (isDead) dead.add(seq);
    };
    return { failures, isDead, records, apply };
  }

  /** What the journal says of failures under earlier kernels. */
  async #learn(cursor: Cursor): Promise<void> {
    if (cursor.isWhole) return;
    const { tenant, name, position } = cursor.row;
    for (let afterSeq = position; ;) {
      const events = await this.#journal.events({ tenant, topics: PAST, afterSeq, limit: 1_000 });
      for (const event of events) {
        afterSeq = event.seq;
        if (!("name" in event.body) || event.body.name !== name) continue;
        if (event.topic === "topic.subscribed") forget(cursor, Number.POSITIVE_INFINITY);
        if (event.topic === "subscriber.failed") cursor.failures.set(event.body.seq, event.body.failures);
        if (event.topic === "topic.dead") cursor.dead.add(event.body.seq);
      }
      if (events.length < 1_000) break;
    }
    cursor.isWhole = true;
  }

  #find({ process }: CallRecord, name: string): Cursor {
    const cursor = this.#cursors.get(keyOf(process.tenant, name));
    if (cursor) return cursor;
    throw new SysError("ENOENT", `no subscription ${name}`, {
      hint: "topic.subscribe makes one; topic.list lists them",
    });
  }
}

const REWOUND = new SysError("ECANCELED", "reading begins anew");

const keyOf = (tenant: TenantId, name: string): string => `${tenant} ${name}`;

const cursorOf = (row: CursorRow, isWhole: boolean): Cursor => ({
  row,
  durable: row.position,
  reader: undefined,
  delivered: [],
  scannedTo: row.position,
  reading: undefined,
  failures: new Map(),
  dead: new Set(),
  isWhole,
});

function deliver(
  cursor: Cursor,
  record: CallRecord,
  { events, scannedTo }: { events: readonly TopicEvent[]; scannedTo: number },
): readonly TopicEvent[] {
  const before = cursor.scannedTo;
  cursor.delivered.push(...events.map(({ seq, topic }) => ({ seq, topic })));
  cursor.scannedTo = scannedTo;
  record.settles.push((isKept) => {
    if (!isKept) rewind(cursor, before);
  });
  return events;
}

/** What comes after this is delivered again. */
function rewind(cursor: Cursor, to: number): void {
  cursor.delivered = cursor.delivered.filter(({ seq }) => seq <= to);
  cursor.scannedTo = Math.min(cursor.scannedTo, Math.max(to, cursor.row.position));
  cursor.reading?.abort(REWOUND);
}

/** All up to here is acknowledged, on disk. */
function settleAt(cursor: Cursor, position: number): void {
  cursor.durable = Math.max(cursor.durable, position);
  cursor.row = { ...cursor.row, position: Math.max(cursor.row.position, position) };
  cursor.delivered = cursor.delivered.filter(({ seq }) => seq > cursor.durable);
  forget(cursor, cursor.durable);
}

function forget({ failures, dead }: Cursor, upTo: number): void {
  for (const seq of failures.keys()) if (seq <= upTo) failures.delete(seq);
  for (const seq of dead) if (seq <= upTo) dead.delete(seq);
}
