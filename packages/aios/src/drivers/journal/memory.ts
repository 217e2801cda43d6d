import { SysError } from "@aiosjs/sdk/protocol";
import type { CallId, JournalEvent, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type {
  AccountRow,
  AuditQuery,
  AuditVerdict,
  BlobRow,
  CallQuery,
  CallRow,
  EventQuery,
  EvictableNote,
  FileQuery,
  FileRoot,
  FileRow,
  FileUsage,
  FileVersionQuery,
  JournalImage,
  JournalRecord,
  KeptFile,
  KeptNote,
  NodeRow,
  NotePlace,
  NoteQuery,
  NoteRow,
  NoteUsage,
  NoteVersionQuery,
  ProcessRow,
  ValueQuery,
  ValueRow,
} from "../../kernel/ports.ts";
import { createAuditSigner } from "./audit-signature.ts";
import type { AuditSigner } from "./audit-signature.ts";
import { fencedWords, heldWords, isSameBeat } from "./fence-words.ts";
import { Kept } from "./kept.ts";
import { requestOf, storedRequest } from "./memory-bodies.ts";
import { evictableOf, noteChange, noteErasure, noteEviction, notesOf, noteVersionsOf } from "./memory-notes.ts";
import { pruneMemory, sizeOf } from "./memory-prune.ts";
import { createMemoryStore, ownerKey } from "./memory-store.ts";
import type { MemoryStore, StoredCall } from "./memory-store.ts";
import type { Retention, RetentiveJournal } from "./retention.ts";
import type { JournalSize, Pruned } from "./wire.ts";

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;

/**
 * The journal in memory: the same port for tests and for `--home :memory:`; a stop loses all of it.
 * Rows are copied, as to a disk, so that nobody changes what was recorded. A commit resolves within the turn.
 */
export function createMemoryJournal({
  nowMs = Date.now,
  store = createMemoryStore(),
  auditKey,
}: {
  nowMs?: () => number;
  store?: MemoryStore;
  /** What the audit log is signed with: an Ed25519 private key in PEM. Default: nobody signs it. */
  auditKey?: string | undefined;
} = {}): RetentiveJournal {
  return new MemoryJournal({ nowMs, store, signer: auditKey === undefined ? undefined : createAuditSigner(auditKey) });
}

class MemoryJournal implements RetentiveJournal {
  readonly driver = "memory";
  readonly isReadOnly = false;
  readonly #nowMs: () => number;
  readonly #store: MemoryStore;
  readonly #signer: AuditSigner | undefined;
  #node: NodeRow | undefined;

  constructor({ nowMs, store, signer }: { nowMs: () => number; store: MemoryStore; signer: AuditSigner | undefined }) {
    this.#nowMs = nowMs;
    this.#store = store;
    this.#signer = signer;
  }

  load(): Promise<JournalImage> {
    const zombiesAfterMs = this.#nowMs() - DAY_MS;
    const intents = [...this.#store.calls.values()]
      .filter(({ isIntent }) => isIntent)
      .map((stored) => this.#callRow(stored));
    const open = new Map(intents.map(({ call, state }) => [call, state]));
    return Promise.resolve({
      processes: readAll(this.#store.processes).filter(
        ({ endedAtMs }) => endedAtMs === null || endedAtMs > zombiesAfterMs,
      ),
      keys: readAll(this.#store.keys),
      accounts: readAll(this.#store.accounts),
      buckets: readAll(this.#store.buckets),
      meta: new Map(this.#store.meta),
      intents,
      messages: readAll(this.#store.messages).filter(({ takenBy }) => takenBy === null),
      approvals: readAll(this.#store.approvals).filter(
        // That it may be made again is said of one making: with its next intent it is used up.
        ({ state, answeredBy, call, kind }) =>
          state === "pending" ||
          (answeredBy !== null && (kind === "gate" ? open.has(call) : open.get(call) === "ambiguous")),
      ),
      cursors: readAll(this.#store.cursors).filter(({ isRemoved }) => !isRemoved),
      timers: readAll(this.#store.timers).filter(({ isRemoved }) => !isRemoved),
      groups: readAll(this.#store.groups).filter(({ isRemoved }) => !isRemoved),
      shares: this.#store.files.openShares(),
      mounts: readAll(this.#store.mounts).filter(({ isRemoved }) => !isRemoved),
      lastMessageSeq: Math.max(0, ...this.#store.messages.keys()),
      lastEventSeq: this.#store.lastEventSeq,
      lastFileChange: this.#store.files.lastChange,
    });
  }

  commit(records: readonly JournalRecord[]): Promise<void> {
    let changes: (() => void)[];
    try {
      // All of them are copied before the first is applied: a commit is whole or not at all.
      changes = records.map((record) => this.#changeOf(record));
    } catch (cause) {
      return Promise.reject(new SysError("EINVAL", "a record cannot be written as JSON", { cause }));
    }
    if (records.length > 0 && this.#isFenced()) return Promise.reject(this.#fenced());
    for (const change of changes) change();
    return Promise.resolve();
  }

  events({ afterSeq, limit, tenant, pid, topics }: EventQuery): Promise<readonly JournalEvent[]> {
    const found: JournalEvent[] = [];
    for (const seq of [...this.#store.events.keys()].toSorted((left, right) => left - right)) {
      if (found.length >= limit) break;
      if (seq <= afterSeq) continue;
      const event = (this.#store.events.get(seq) as Kept<JournalEvent>).read();
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
    const isWanted = ({ row }: StoredCall): boolean =>
      idempotencyKey === undefined || row.read().idempotencyKey === idempotencyKey;
    const wanted = calls.filter(isWanted).slice(0, limit);
    return Promise.resolve(wanted.map((stored) => this.#callRow(stored)));
  }

  call(id: CallId): Promise<CallRow | undefined> {
    const stored = this.#store.calls.get(id);
    return Promise.resolve(stored && this.#callRow(stored));
  }

  process(pid: Pid): Promise<ProcessRow | undefined> {
    return Promise.resolve(this.#store.processes.get(pid)?.read());
  }

  values({
    tenant,
    scope,
    key,
    prefix = "",
    contains = "",
    afterKey,
    limit,
  }: ValueQuery): Promise<readonly ValueRow[]> {
    const shelf = this.#store.values.get(JSON.stringify([tenant, scope]));
    const keys = key === undefined ? [...(shelf?.keys() ?? [])] : shelf?.has(key) ? [key] : [];
    const found = keys.filter(
      (one) => one.startsWith(prefix) && one.includes(contains) && (afterKey === undefined || one > afterKey),
    );
    const rows = found
      .toSorted()
      .slice(0, limit)
      .map((one) => shelf?.get(one) as Kept<ValueRow>);
    return Promise.resolve(rows.map((row) => row.read()));
  }

  notes(query: NoteQuery): Promise<readonly KeptNote[]> {
    return Promise.resolve(notesOf(this.#store, query));
  }

  noteVersions(query: NoteVersionQuery): Promise<readonly NoteRow[]> {
    return Promise.resolve(noteVersionsOf(this.#store, query));
  }

  noteNamespaces(tenant: TenantId): Promise<readonly string[]> {
    const rows = notesOf(this.#store, { tenant, limit: Number.POSITIVE_INFINITY });
    return Promise.resolve([...new Set(rows.map(({ namespace }) => namespace))].toSorted());
  }

  noteUsage(places: readonly NotePlace[]): Promise<readonly NoteUsage[]> {
    return Promise.resolve(places.map((place) => this.#store.noteTally.of(place)));
  }

  evictableNotes(place: NotePlace, limit: number): Promise<readonly EvictableNote[]> {
    return Promise.resolve(evictableOf(this.#store, place, limit));
  }

  files(query: FileQuery): Promise<readonly KeptFile[]> {
    return Promise.resolve(this.#store.files.find(query));
  }

  fileVersions(query: FileVersionQuery): Promise<readonly FileRow[]> {
    return Promise.resolve(this.#store.files.versions(query));
  }

  blob(hash: string): Promise<BlobRow | undefined> {
    return Promise.resolve(this.#store.files.blob(hash));
  }

  unplacedFiles(limit: number): Promise<readonly KeptFile[]> {
    return Promise.resolve(this.#store.files.unplaced(limit));
  }

  fileUsage(tenant: TenantId, root?: string): Promise<FileUsage> {
    return Promise.resolve(this.#store.files.usage(tenant, root));
  }

  fileRoots(tenant?: TenantId): Promise<readonly FileRoot[]> {
    return Promise.resolve(this.#store.files.roots(tenant));
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

  prune({ keepDays, keepFileDays = keepDays, keepMb }: Retention): Promise<Pruned> {
    const nowMs = this.#nowMs();
    const before = (days: number): number => nowMs - days * DAY_MS;
    const keep = { nowMs, beforeMs: before(keepDays), filesBeforeMs: before(keepFileDays), keepChars: keepMb * MB };
    const pruned = pruneMemory(this.#store, keep);
    return (pruned.events > 0 ? this.signAudit() : Promise.resolve()).then(() => pruned);
  }

  size(): Promise<JournalSize> {
    return Promise.resolve({ bodies: this.#store.bodies.count, sizeBytes: sizeOf(this.#store) });
  }

  signAudit(): Promise<void> {
    if (this.#signer && !this.#isFenced()) this.#store.audit.sign(this.#signer, this.#nowMs());
    return Promise.resolve();
  }

  verifyAudit(query: AuditQuery = {}): Promise<AuditVerdict> {
    return Promise.resolve(this.#store.audit.verify(query, this.#signer?.key));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.signAudit();
  }

  /** Copies the record; what comes back puts it into the store. */
  #changeOf(record: JournalRecord): () => void {
    const store = this.#store;
    switch (record.kind) {
      case "process":
        return put(store.processes, record.row.pid, record.row);
      case "key":
        return put(store.keys, record.row.id, record.row);
      case "account":
        return put(store.accounts, accountKey(record.row), record.row);
      case "bucket":
        return put(store.buckets, JSON.stringify([record.row.lane, record.row.bucket]), record.row);
      case "meta":
        return () => void store.meta.set(record.key, record.value);
      case "message":
        return put(store.messages, record.row.seq, record.row);
      case "approval":
        return put(store.approvals, record.row.id, record.row);
      case "cursor":
        return put(store.cursors, JSON.stringify([record.row.tenant, record.row.name]), record.row);
      case "timer":
        return put(store.timers, record.row.id, record.row);
      case "group":
        return put(store.groups, JSON.stringify([record.row.tenant, record.row.name]), record.row);
      case "value":
        return this.#valueChange(record.row);
      case "note":
        return noteChange(store, record.row);
      case "noteUse":
        return put(store.noteUses, record.row.id, record.row);
      case "noteEvicted":
        return noteEviction(store, record);
      case "noteErased":
        return noteErasure(store, record.id);
      case "file":
        return store.files.put(record.row);
      case "filePlaced":
        return store.files.place(record);
      case "filesErased":
        return store.files.erase(record.tenant, record.root);
      case "blob":
        return store.files.keep(record.row);
      case "mount":
        return put(store.mounts, JSON.stringify([record.row.tenant, record.row.name]), record.row);
      case "share":
        return store.files.share(record.row);
      case "event":
        return this.#eventChange(record.row);
      case "call":
        return this.#callChange(record.row);
    }
  }

  #callChange(row: CallRow): () => void {
    const { calls, callsOf, bodies } = this.#store;
    const { call, state, timing, seq } = row;
    const kept = new Kept({ ...row, request: undefined, requestContent: undefined, result: undefined });
    const asked = storedRequest(row.request);
    const result = new Kept(row.result);
    return () => {
      const before = calls.get(call);
      // The request was recorded when the call was issued.
      const request = before ? before.request : asked;
      if (!before && asked.messages) bodies.keep(asked.messages);
      const isIntent = state === "intent" || state === "ambiguous" || state === "asked";
      calls.set(call, { row: kept, queuedAtMs: timing.queuedAt, isIntent, request, result });
      const owner = ownerKey(row.tenant, row.pid);
      const ids = callsOf.get(owner);
      if (ids) ids.set(seq, call);
      else callsOf.set(owner, new Map([[seq, call]]));
    };
  }

  #eventChange(row: JournalEvent): () => void {
    const store = this.#store;
    const { seq } = row;
    const kept = new Kept(row);
    return () => {
      if (store.events.has(seq)) return;
      store.events.set(seq, kept);
      store.audit.append(kept, this.#nowMs());
      store.lastEventSeq = Math.max(store.lastEventSeq, seq);
    };
  }

  #valueChange(row: ValueRow): () => void {
    const { values } = this.#store;
    const { key, isRemoved } = row;
    const owner = JSON.stringify([row.tenant, row.scope]);
    const kept = new Kept(row);
    return () => {
      const shelf = values.get(owner) ?? new Map<string, Kept<ValueRow>>();
      values.set(owner, shelf);
      if (isRemoved) shelf.delete(key);
      else shelf.set(key, kept);
    };
  }

  #callRow({ row, request, result }: StoredCall): CallRow {
    return { ...row.read(), request: request && requestOf(request), result: result?.read() };
  }
}

const accountKey = ({ scope, resource, window }: AccountRow): string => `${scope} ${resource} ${window}`;

function put<Key, Row>(rows: Map<Key, Kept<Row>>, key: Key, row: Row): () => void {
  const kept = new Kept(row);
  return () => void rows.set(key, kept);
}

const readAll = <Row>(rows: ReadonlyMap<unknown, Kept<Row>>): Row[] => [...rows.values()].map((kept) => kept.read());
