import { dirname, resolve } from "node:path";
import { asTenantId, isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { CallId, JournalEvent, Pid, TenantId } from "@aiosjs/sdk/protocol";
import type {
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
import { nodeEngine } from "../sql/engine.ts";
import type { EngineChoice } from "../sql/engine.ts";
import { SqlThread } from "../sql/thread.ts";
import type { AuditProgress } from "./audit-check.ts";
import { publicKeyOf } from "./audit-signature.ts";
import {
  decodeBlob,
  decodeCalls,
  decodeEvent,
  decodeEvictable,
  decodeFile,
  decodeFileUsage,
  decodeFileVersion,
  decodeImage,
  decodeNote,
  decodeNoteUsage,
  decodeProcess,
  decodeValue,
} from "./decode.ts";
import { joined, sizeOfGroup } from "./commit-group.ts";
import type { Pending } from "./commit-group.ts";
import { encodeCommit } from "./encode.ts";
import { KnownTranscripts } from "./known-transcripts.ts";
import { refuseNetworkFilesystem } from "./network-filesystem.ts";
import type { Retention, RetentiveJournal } from "./retention.ts";
import type { WorkerData } from "./sqlite-worker.ts";
import type { CallRows, JournalSize, LoadedRows, Order, Pruned, SqlRow, Value } from "./wire.ts";

const DAY_MS = 86_400_000;
/** Transcripts remembered to recognise their continuation, all processes together: about 32 MB. */
const KNOWN_CHARS = 32 * 1024 * 1024;

export interface SqliteJournalOptions {
  /** The database file; folders above it are made. */
  readonly path: string;
  /** Default: node:sqlite. */
  readonly engine?: EngineChoice;
  /** The file never grows past so many pages of 4 KB: beyond it commits reject with ENOSPC. Default: the disk. */
  readonly maxPages?: number;
  /** What the audit log is signed with: an Ed25519 private key in PEM. Default: nobody signs it. */
  readonly auditKey?: string;
  /** Unix epoch milliseconds; default `Date.now`. */
  readonly nowMs?: () => number;
}

/**
 * The journal in a SQLite file: WAL, synchronous=FULL, one writer thread, group commit. What was committed while the
 * writer was busy becomes durable with one fsync. When a commit fails, those made after it and not yet on their way
 * fail with it, so that the journal never holds a later one without an earlier one; the next commit tries again.
 * A crash loses no commit that was acknowledged.
 * @throws SysError ENOSPC, EIO or EBUSY naming the file: foreign, damaged or newer files and network file systems
 * are refused, never read as empty.
 */
export async function openSqliteJournal(options: SqliteJournalOptions): Promise<RetentiveJournal> {
  const path = resolve(options.path);
  await refuseNetworkFilesystem(dirname(path));
  const { engine = nodeEngine, maxPages, auditKey, nowMs = Date.now } = options;
  const writer = await startThread({ role: "writer", path, engine, maxPages, auditKey });
  const publicKey = auditKey === undefined ? undefined : publicKeyOf(auditKey);
  return new SqliteJournal(writer, { path, engine, nowMs, publicKey });
}

type JournalThread = SqlThread<Order>;

function startThread(data: WorkerData): Promise<JournalThread> {
  const module = import.meta.url.endsWith(".ts") ? "./sqlite-worker.ts" : "./sqlite-worker.js";
  return SqlThread.start<Order>({ file: new URL(module, import.meta.url), name: `journal-${data.role}`, data });
}

class SqliteJournal implements RetentiveJournal {
  readonly driver = "sqlite";
  readonly #writer: JournalThread;
  readonly #path: string;
  readonly #engine: EngineChoice;
  readonly #nowMs: () => number;
  /** Of who signs the audit log. */
  readonly #publicKey: string | undefined;
  readonly #known = new KnownTranscripts({ maxChars: KNOWN_CHARS });
  #reader: Promise<JournalThread> | undefined;
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  /** Settles when whoever waited for the groups written so far has been told. */
  #told: Promise<void> = Promise.resolve();
  /** Settles when the turn of the event loop in which somebody was told last is over. */
  #turn: Promise<void> = Promise.resolve();
  #isReadOnly = false;
  #isClosed = false;

  constructor(
    writer: JournalThread,
    {
      path,
      engine,
      nowMs,
      publicKey,
    }: { path: string; engine: EngineChoice; nowMs: () => number; publicKey: string | undefined },
  ) {
    this.#writer = writer;
    this.#publicKey = publicKey;
    this.#path = path;
    this.#engine = engine;
    this.#nowMs = nowMs;
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  async load(): Promise<JournalImage> {
    return decodeImage(await this.#writer.ask<LoadedRows>({ type: "load", zombiesAfterMs: this.#nowMs() - DAY_MS }));
  }

  commit(records: readonly JournalRecord[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new SysError("EIO", `the journal ${this.#path} is closed`));
    let values: Value[];
    try {
      values = encodeCommit(records, this.#known);
    } catch (cause) {
      return Promise.reject(new SysError("EINVAL", "a record cannot be written as JSON", { cause }));
    }
    const settled = Promise.withResolvers<void>();
    const bytes = values.reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.byteLength : 0), 0);
    this.#pending.push({ records, values, bytes, settled });
    this.#flushing ??= this.#flush();
    return settled.promise;
  }

  async events(query: EventQuery): Promise<readonly JournalEvent[]> {
    const { afterSeq, limit, tenant, pid, topics } = query;
    const filter = { afterSeq, limit, tenant, pid, topics };
    const reader = await this.#readerThread();
    return (await reader.ask<SqlRow[]>({ type: "events", query: filter })).map(decodeEvent);
  }

  async calls({ tenant, pid, afterSeq, limit, idempotencyKey }: CallQuery): Promise<readonly CallRow[]> {
    const reader = await this.#readerThread();
    const query = { tenant, pid, afterSeq, limit, idempotencyKey };
    return decodeCalls(await reader.ask<CallRows>({ type: "calls", query }));
  }

  async call(id: CallId): Promise<CallRow | undefined> {
    const reader = await this.#readerThread();
    return decodeCalls(await reader.ask<CallRows>({ type: "call", call: id }))[0];
  }

  async process(pid: Pid): Promise<ProcessRow | undefined> {
    const reader = await this.#readerThread();
    const row = await reader.ask<SqlRow | undefined>({ type: "process", pid });
    return row && decodeProcess(row);
  }

  async values({ tenant, scope, key, prefix, contains, afterKey, limit }: ValueQuery): Promise<readonly ValueRow[]> {
    const reader = await this.#readerThread();
    const query = { tenant, scope, key, prefix, contains, afterKey, limit };
    return (await reader.ask<SqlRow[]>({ type: "values", query })).map(decodeValue);
  }

  async notes({ tenant, namespaces, ids, afterId, limit }: NoteQuery): Promise<readonly KeptNote[]> {
    const reader = await this.#readerThread();
    const query = { tenant, namespaces, ids, afterId, limit };
    return (await reader.ask<SqlRow[]>({ type: "notes", query })).map(decodeNote);
  }

  async noteVersions({ tenant, id, writtenBy, limit }: NoteVersionQuery): Promise<readonly NoteRow[]> {
    const reader = await this.#readerThread();
    const query = { tenant, id, writtenBy, limit };
    return (await reader.ask<SqlRow[]>({ type: "noteVersions", query })).map(decodeNote);
  }

  async noteNamespaces(tenant: TenantId): Promise<readonly string[]> {
    const reader = await this.#readerThread();
    return (await reader.ask<SqlRow[]>({ type: "noteNamespaces", tenant })).map(({ namespace }) => String(namespace));
  }

  async noteUsage(places: readonly NotePlace[]): Promise<readonly NoteUsage[]> {
    const reader = await this.#readerThread();
    const wanted = places.map(({ tenant, namespace }) => ({ tenant, namespace }));
    return (await reader.ask<SqlRow[]>({ type: "noteUsage", places: wanted })).map(decodeNoteUsage);
  }

  async evictableNotes({ tenant, namespace }: NotePlace, limit: number): Promise<readonly EvictableNote[]> {
    const reader = await this.#readerThread();
    const order = { type: "evictableNotes" as const, place: { tenant, namespace }, limit };
    return (await reader.ask<SqlRow[]>(order)).map(decodeEvictable);
  }

  async files(asked: FileQuery): Promise<readonly KeptFile[]> {
    const { tenant, root, paths, within, isGone, afterPath, limit } = asked;
    const reader = await this.#readerThread();
    const query = { tenant, root, paths, within, isGone, afterPath, limit };
    return (await reader.ask<SqlRow[]>({ type: "files", query })).map(decodeFile);
  }

  async fileVersions(asked: FileVersionQuery): Promise<readonly FileRow[]> {
    const { tenant, root, paths, within, writtenBy, hash, isLastThere, limit } = asked;
    const { beforeChange, afterChange, beforeVersion } = asked;
    const reader = await this.#readerThread();
    const between = { beforeChange, afterChange, beforeVersion };
    const query = { tenant, root, paths, within, writtenBy, ...between, hash, isLastThere, limit };
    return (await reader.ask<SqlRow[]>({ type: "fileVersions", query })).map(decodeFileVersion);
  }

  async blob(hash: string): Promise<BlobRow | undefined> {
    const reader = await this.#readerThread();
    const row = await reader.ask<SqlRow | undefined>({ type: "blob", hash });
    return row && decodeBlob(row);
  }

  async unplacedFiles(limit: number): Promise<readonly KeptFile[]> {
    const reader = await this.#readerThread();
    return (await reader.ask<SqlRow[]>({ type: "unplacedFiles", limit })).map(decodeFile);
  }

  async fileUsage(tenant: TenantId, root?: string): Promise<FileUsage> {
    const reader = await this.#readerThread();
    return decodeFileUsage(await reader.ask<SqlRow>({ type: "fileUsage", tenant, root }));
  }

  async fileRoots(tenant?: TenantId): Promise<readonly FileRoot[]> {
    const reader = await this.#readerThread();
    const rows = await reader.ask<SqlRow[]>({ type: "fileRoots", tenant });
    return rows.map((row) => ({ tenant: asTenantId(String(row["tenant"])), root: String(row["root"]) }));
  }

  async holder(): Promise<NodeRow | undefined> {
    return this.#writer.ask<NodeRow | undefined>({ type: "holder" });
  }

  async claim(
    { id, hostPid, leaseMs, isSole }: Pick<NodeRow, "id" | "hostPid" | "leaseMs" | "isSole">,
    after: NodeRow | "anyone",
  ): Promise<NodeRow> {
    const node = { id, hostPid, leaseMs, isSole };
    return this.#writer.ask<NodeRow>({ type: "claim", node, after: after === "anyone" ? null : after });
  }

  async renew({ isSole }: Pick<NodeRow, "isSole">): Promise<void> {
    await this.#writer.ask({ type: "renew", isSole });
  }

  async prune({ keepDays, keepFileDays = keepDays, keepMb }: Retention): Promise<Pruned> {
    const nowMs = this.#nowMs();
    const [beforeMs, filesBeforeMs] = [nowMs - keepDays * DAY_MS, nowMs - keepFileDays * DAY_MS];
    return this.#writer.ask<Pruned>({ type: "prune", nowMs, beforeMs, filesBeforeMs, keepBytes: keepMb * 1024 * 1024 });
  }

  async signAudit(): Promise<void> {
    if (this.#publicKey !== undefined) await this.#writer.ask({ type: "sign", nowMs: this.#nowMs() });
  }

  async verifyAudit({ publicKey, expected, signal }: AuditQuery = {}): Promise<AuditVerdict> {
    // A thread of its own: a long log keeps nobody else waiting.
    const thread = await startThread({ role: "reader", path: this.#path, engine: this.#engine });
    try {
      for (let isNew = true; ; isNew = false) {
        signal?.throwIfAborted();
        const order = { type: "audit" as const, query: { publicKey, expected }, ownKey: this.#publicKey, isNew };
        const seen = await thread.ask<AuditProgress | AuditVerdict>(order);
        if ("last" in seen) return seen;
      }
    } finally {
      await thread.stop();
    }
  }

  async size(): Promise<JournalSize> {
    return (await this.#readerThread()).ask<JournalSize>({ type: "size" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    await this.#told;
    // What cannot be signed now is signed by the next one.
    await this.signAudit().catch(() => undefined);
    const reader = await this.#reader;
    await reader?.stop();
    await this.#writer.stop();
  }

  /** Started by the first question: most short-lived kernels ask none. */
  #readerThread(): Promise<JournalThread> {
    if (this.#isClosed) return Promise.reject(new SysError("EIO", `the journal ${this.#path} is closed`));
    this.#reader ??= startThread({ role: "reader", path: this.#path, engine: this.#engine }).catch((cause: unknown) => {
      this.#reader = undefined;
      throw cause;
    });
    return this.#reader;
  }

  /** Sends groups, one at a time, until nothing is pending. */
  async #flush(): Promise<void> {
    // The commits of this turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) await this.#write(this.#pending.splice(0, sizeOfGroup(this.#pending)));
    this.#flushing = undefined;
  }

  async #write(group: readonly Pending[]): Promise<void> {
    try {
      await this.#send(group);
    } catch (cause) {
      this.#isReadOnly = isSysError(cause) && cause.code === "ENOSPC";
      // What was taken for stored with the failed group is not.
      this.#known.clear();
      const failed = [...group, ...this.#pending];
      this.#pending = [];
      await this.#told;
      for (const { settled } of failed) settled.reject(cause);
      return;
    }
    // A commit without records waits for those before it, and says nothing about the disk.
    if (group.some(({ values }) => values.length > 0)) this.#isReadOnly = false;
    this.#told = this.#tell(group);
  }

  /**
   * Of a group's commits, each in a turn of its own: whose commit comes first makes the next one while the others wait,
   * and the writer has work while they go on. Told all at once, they would come back all at once.
   */
  async #tell(group: readonly Pending[]): Promise<void> {
    await this.#told;
    for (const { settled } of group) {
      await this.#turn;
      this.#turn = new Promise((resolve) => setImmediate(resolve));
      settled.resolve();
    }
  }

  async #send(group: readonly Pending[]): Promise<void> {
    try {
      await this.#writer.ask({ type: "commit", group: joined(group), nowMs: this.#nowMs() });
    } catch (cause) {
      if (!isSysError(cause) || cause.code !== "EAGAIN") throw cause;
      // A transcript that we thought stored has been pruned meanwhile: send everything whole.
      this.#known.clear();
      for (const pending of [...group, ...this.#pending]) pending.values = encodeCommit(pending.records, this.#known);
      await this.#writer.ask({ type: "commit", group: joined(group), nowMs: this.#nowMs() });
    }
  }
}
