import { SysError } from "@aiosjs/sdk/protocol";
import type { CallId, JournalEvent, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type {
  AccountRow,
  ApprovalRow,
  BucketRow,
  CallQuery,
  CallRow,
  CursorRow,
  EventQuery,
  JournalImage,
  JournalRecord,
  KeyRow,
  MessageRow,
  NodeRow,
  ProcessRow,
  TimerRow,
  ValueQuery,
  ValueRow,
} from "../../kernel/ports.ts";
import { fencedWords, heldWords, isSameBeat } from "./fence-words.ts";
import type { StoredRequest } from "./memory-bodies.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { MemoryStore, StoredCall } from "./memory-store.ts";
import { subscribed } from "./retention.ts";
import type { Retention, RetentiveJournal } from "./retention.ts";
import type { JournalSize, Pruned } from "./wire.ts";

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;

/**
 * The journal in memory: the same port for tests and for `--home :memory:`; a stop loses all of it.
 * Rows are kept as text, as on disk, so that nobody changes what was recorded. A commit resolves within the turn.
 */
export function createMemoryJournal({
  nowMs = Date.now,
  store = createMemoryStore(),
}: { nowMs?: () => number; store?: MemoryStore } = {}): RetentiveJournal {
  return new MemoryJournal({ nowMs, store });
}

class MemoryJournal implements RetentiveJournal {
  readonly driver = "memory";
  readonly isReadOnly = false;
  readonly #nowMs: () => number;
  readonly #store: MemoryStore;
  #node: NodeRow | undefined;

  constructor({ nowMs, store }: { nowMs: () => number; store: MemoryStore }) {
    this.#nowMs = nowMs;
    this.#store = store;
  }

  load(): Promise<JournalImage> {
    const zombiesAfterMs = this.#nowMs() - DAY_MS;
    const intents = [...this.#store.calls.values()].filter(({ isIntent }) => isIntent);
    return Promise.resolve({
      processes: parseAll<ProcessRow>(this.#store.processes).filter(
        ({ endedAtMs }) => endedAtMs === null || endedAtMs > zombiesAfterMs,
      ),
      keys: parseAll<KeyRow>(this.#store.keys),
      accounts: parseAll<AccountRow>(this.#store.accounts),
      buckets: parseAll<BucketRow>(this.#store.buckets),
      meta: new Map(this.#store.meta),
      intents: intents.map((stored) => this.#callRow(stored)),
      messages: parseAll<MessageRow>(this.#store.messages).filter(({ takenBy }) => takenBy === null),
      approvals: parseAll<ApprovalRow>(this.#store.approvals).filter(({ state }) => state === "pending"),
      cursors: parseAll<CursorRow>(this.#store.cursors).filter(({ isRemoved }) => !isRemoved),
      timers: parseAll<TimerRow>(this.#store.timers).filter(({ isRemoved }) => !isRemoved),
      lastMessageSeq: Math.max(0, ...this.#store.messages.keys()),
      lastEventSeq: this.#store.lastEventSeq,
    });
  }

  commit(records: readonly JournalRecord[]): Promise<void> {
    let texts: string[];
    try {
      // All of them before the first is applied: a commit is whole or not at all.
      texts = records.map((record) => JSON.stringify("row" in record ? withoutBodies(record.row) : record.value));
      for (const record of records) {
        if (record.kind === "call") JSON.stringify([record.row.request, record.row.result]);
      }
    } catch (cause) {
      return Promise.reject(new SysError("EINVAL", "a record cannot be written as JSON", { cause }));
    }
    if (records.length > 0 && this.#isFenced()) return Promise.reject(this.#fenced());
    for (const [index, record] of records.entries()) this.#apply(record, texts[index] as string);
    return Promise.resolve();
  }

  events({ afterSeq, limit, tenant, pid, topics }: EventQuery): Promise<readonly JournalEvent[]> {
    const found: JournalEvent[] = [];
    for (const seq of [...this.#store.events.keys()].toSorted((left, right) => left - right)) {
      if (found.length >= limit) break;
      if (seq <= afterSeq) continue;
      const event = JSON.parse(this.#store.events.get(seq) as string) as JournalEvent;
      if (tenant !== undefined && event.tenant !== tenant) continue;
      if (pid !== undefined && event.pid !== pid) continue;
      if (topics === undefined || topics.includes(event.topic)) found.push(event);
    }
    return Promise.resolve(found);
  }

  calls(query: CallQuery): Promise<readonly CallRow[]> {
    const ids = this.#store.callsOf.get(ownerKey(query.tenant, query.pid)) ?? new Map<number, string>();
    const seqs = [...ids.keys()].filter((seq) => seq > query.afterSeq).toSorted((left, right) => left - right);
    const calls = seqs.map((seq) => this.#store.calls.get(ids.get(seq) as string) as StoredCall);
    const { idempotencyKey, limit } = query;
    const isWanted = ({ text }: StoredCall): boolean =>
      idempotencyKey === undefined || (JSON.parse(text) as CallRow).idempotencyKey === idempotencyKey;
    const wanted = calls.filter(isWanted).slice(0, limit);
    return Promise.resolve(wanted.map((stored) => this.#callRow(stored)));
  }

  call(id: CallId): Promise<CallRow | undefined> {
    const stored = this.#store.calls.get(id);
    return Promise.resolve(stored && this.#callRow(stored));
  }

  process(pid: Pid): Promise<ProcessRow | undefined> {
    const text = this.#store.processes.get(pid);
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as ProcessRow));
  }

  values({ tenant, scope, key, prefix = "", afterKey, limit }: ValueQuery): Promise<readonly ValueRow[]> {
    const shelf = this.#store.values.get(JSON.stringify([tenant, scope]));
    const keys = key === undefined ? [...(shelf?.keys() ?? [])] : shelf?.has(key) ? [key] : [];
    const found = keys.filter((one) => one.startsWith(prefix) && (afterKey === undefined || one > afterKey));
    const texts = found
      .toSorted()
      .slice(0, limit)
      .map((one) => shelf?.get(one) as string);
    return Promise.resolve(texts.map((text) => JSON.parse(text) as ValueRow));
  }

  holder(): Promise<NodeRow | undefined> {
    return Promise.resolve(this.#store.holder);
  }

  claim(node: Pick<NodeRow, "id" | "hostPid" | "leaseMs" | "isSole">, after: NodeRow | "anyone"): Promise<NodeRow> {
    const { holder } = this.#store;
    if (after !== "anyone" && !isSameBeat(holder, after)) {
      const { message, hint } = heldWords(holder, "the journal");
      return Promise.reject(new SysError("EBUSY", message, { hint, retryable: false }));
    }
    this.#node = { ...node, epoch: (holder?.epoch ?? 0) + 1, beat: 0 };
    this.#store.holder = this.#node;
    return Promise.resolve(this.#node);
  }

  renew({ isSole }: Pick<NodeRow, "isSole">): Promise<void> {
    const { holder } = this.#store;
    if (holder === undefined || this.#isFenced()) return Promise.reject(this.#fenced());
    this.#store.holder = { ...holder, beat: holder.beat + 1, isSole };
    return Promise.resolve();
  }

  #fenced(): SysError {
    const { message, hint } = fencedWords(this.#store.holder, "the journal");
    return new SysError("ESTALE", message, { hint });
  }

  #isFenced(): boolean {
    const { holder } = this.#store;
    return this.#node !== undefined && (holder?.id !== this.#node.id || holder.epoch !== this.#node.epoch);
  }

  prune({ keepDays, keepMb }: Retention): Promise<Pruned> {
    const beforeMs = this.#nowMs() - keepDays * DAY_MS;
    const pruned = { results: 0, requests: 0, calls: 0, events: 0, processes: 0 };
    const ended = [...this.#store.calls].filter(([, { isIntent, text }]) => !isIntent && !this.#isToldAgain(text));
    ended.sort(([, left], [, right]) => left.queuedAtMs - right.queuedAtMs);
    for (const [id, { queuedAtMs }] of ended) if (queuedAtMs < beforeMs) pruned.calls += this.#forget(id);
    const cursors = parseAll<CursorRow>(this.#store.cursors).filter(({ isRemoved }) => !isRemoved);
    for (const [seq, text] of this.#store.events) {
      const { atMs, topic, tenant } = JSON.parse(text) as JournalEvent;
      if (seq === this.#store.lastEventSeq || atMs >= beforeMs) continue;
      const isAwaited = cursors.some((cursor) => cursor.tenant === tenant && cursor.position < seq);
      if (isAwaited && subscribed.includes(topic)) continue;
      this.#store.events.delete(seq);
      pruned.events++;
    }
    for (const [pid, text] of this.#store.processes) {
      const { state, endedAtMs } = JSON.parse(text) as ProcessRow;
      if (state !== "zombie" || endedAtMs === null || endedAtMs >= beforeMs) continue;
      this.#store.processes.delete(pid);
      pruned.processes++;
    }
    const isTooLarge = (): boolean => this.#sizeBytes() > keepMb * MB;
    for (const [id] of ended) if (isTooLarge()) pruned.results += this.#drop(id, "result");
    for (const [id] of ended) if (isTooLarge()) pruned.requests += this.#drop(id, "request");
    for (const [id] of ended) if (isTooLarge()) pruned.calls += this.#forget(id);
    return Promise.resolve(pruned);
  }

  /** A living program is told it again after a restart. */
  #isToldAgain(text: string): boolean {
    const { pid, replayKey, requestHash } = JSON.parse(text) as CallRow;
    const process = this.#store.processes.get(pid);
    const isAlive = process !== undefined && (JSON.parse(process) as ProcessRow).endedAtMs === null;
    return isAlive && (replayKey ?? requestHash) !== null;
  }

  size(): Promise<JournalSize> {
    return Promise.resolve({ bodies: this.#store.bodies.count, sizeBytes: this.#sizeBytes() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #apply(record: JournalRecord, text: string): void {
    switch (record.kind) {
      case "process":
        this.#store.processes.set(record.row.pid, text);
        break;
      case "key":
        this.#store.keys.set(record.row.id, text);
        break;
      case "account":
        this.#store.accounts.set(JSON.stringify([record.row.scope, record.row.resource, record.row.window]), text);
        break;
      case "bucket":
        this.#store.buckets.set(JSON.stringify([record.row.lane, record.row.bucket]), text);
        break;
      case "meta":
        this.#store.meta.set(record.key, record.value);
        break;
      case "message":
        this.#store.messages.set(record.row.seq, text);
        break;
      case "approval":
        this.#store.approvals.set(record.row.id, text);
        break;
      case "cursor":
        this.#store.cursors.set(JSON.stringify([record.row.tenant, record.row.name]), text);
        break;
      case "timer":
        this.#store.timers.set(record.row.id, text);
        break;
      case "value":
        this.#applyValue(record.row, text);
        break;
      case "event":
        this.#store.events.set(record.row.seq, text);
        this.#store.lastEventSeq = Math.max(this.#store.lastEventSeq, record.row.seq);
        break;
      case "call":
        this.#applyCall(record.row, text);
        break;
    }
  }

  #applyCall(row: CallRow, text: string): void {
    const before = this.#store.calls.get(row.call);
    // The request was recorded when the call was issued.
    const request = before ? before.request : this.#store.bodies.keepRequest(row.request);
    const result = this.#store.bodies.keep(row.result);
    if (before?.result !== undefined) this.#store.bodies.drop(before.result);
    const queuedAtMs = row.timing.queuedAt;
    this.#store.calls.set(row.call, {
      text,
      queuedAtMs,
      isIntent: row.state === "intent" || row.state === "ambiguous",
      request,
      result,
    });
    const owner = ownerKey(row.tenant, row.pid);
    const ids = this.#store.callsOf.get(owner) ?? new Map<number, string>();
    this.#store.callsOf.set(owner, ids.set(row.seq, row.call));
  }

  #applyValue({ tenant, scope, key, isRemoved }: ValueRow, text: string): void {
    const owner = JSON.stringify([tenant, scope]);
    const shelf = this.#store.values.get(owner) ?? new Map<string, string>();
    this.#store.values.set(owner, shelf);
    if (isRemoved) shelf.delete(key);
    else shelf.set(key, text);
  }

  #callRow({ text, request, result }: StoredCall): CallRow {
    return {
      ...(JSON.parse(text) as CallRow),
      request: request === undefined ? undefined : this.#store.bodies.requestOf(request),
      result: result === undefined ? undefined : (JSON.parse(result) as unknown),
    };
  }

  #forget(id: string): number {
    const stored = this.#store.calls.get(id);
    if (stored === undefined) return 0;
    this.#drop(id, "result");
    this.#drop(id, "request");
    this.#store.calls.delete(id);
    const { tenant, pid, seq } = JSON.parse(stored.text) as CallRow;
    this.#store.callsOf.get(ownerKey(tenant, pid))?.delete(seq);
    return 1;
  }

  #drop(id: string, part: "request" | "result"): number {
    const stored = this.#store.calls.get(id);
    if (stored?.[part] === undefined) return 0;
    if (part === "result") this.#store.bodies.drop(stored.result as string);
    else this.#store.bodies.dropRequest(stored.request as StoredRequest);
    this.#store.calls.set(id, { ...stored, [part]: undefined });
    return 1;
  }

  #sizeBytes(): number {
    let size = this.#store.bodies.sizeChars;
    for (const { text } of this.#store.calls.values()) size += text.length;
    for (const text of this.#store.events.values()) size += text.length;
    return size;
  }
}

const ownerKey = (tenant: string, pid: string): string => `${tenant}/${pid}`;

const withoutBodies = (row: object): object => {
  const { request: _request, result: _result, ...rest } = row as { request?: unknown; result?: unknown };
  return "call" in row ? rest : row;
};

const parseAll = <Row>(texts: ReadonlyMap<unknown, string>): Row[] =>
  [...texts.values()].map((text) => JSON.parse(text) as Row);
