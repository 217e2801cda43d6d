import { SysError } from "@aiosjs/sdk/protocol";
import type {
  AccountRow,
  ApprovalRow,
  BucketName,
  BlobRow,
  BucketRow,
  CallRow,
  CursorRow,
  EvictableNote,
  FileRow,
  FileUsage,
  GroupRow,
  JournalImage,
  KeptFile,
  KeptNote,
  KeyRow,
  Label,
  MessageRow,
  MountRow,
  NoteUsage,
  ProcessRow,
  ShareRow,
  TimerRow,
  ValueRow,
} from "../../kernel/ports.ts";
import type { JournalEvent } from "@aiosjs/sdk/protocol";
import { unknownLabel } from "../../kernel/ports.ts";
import type { CallRows, LoadedRows, SqlRow } from "./wire.ts";

// Rows were written by encode.ts into columns that the schema types: they are trusted here, not parsed again.

export function decodeImage(rows: LoadedRows): JournalImage {
  return {
    processes: rows.processes.map(decodeProcess),
    keys: rows.keys.map(decodeKey),
    accounts: rows.accounts.map(decodeAccount),
    buckets: rows.buckets.map(decodeBucket),
    meta: new Map(rows.meta.map(({ key, value }) => [String(key), String(value)])),
    intents: decodeCalls(rows.intents),
    messages: rows.messages.map(decodeMessage),
    approvals: rows.approvals.map(decodeApproval),
    cursors: rows.cursors.map(decodeCursor),
    timers: rows.timers.map(decodeTimer),
    groups: rows.groups.map(decodeGroup),
    shares: rows.shares.map(decodeShare),
    mounts: rows.mounts.map(decodeMount),
    lastMessageSeq: rows.lastMessageSeq,
    lastEventSeq: rows.lastEventSeq,
    lastFileChange: rows.lastFileChange,
  };
}

export function decodeProcess(row: SqlRow): ProcessRow {
  return {
    pid: row["pid"],
    tenant: row["tenant"],
    parent: row["parent"],
    name: row["name"],
    kind: row["kind"],
    state: row["state"],
    nice: row["nice"],
    class: row["class"],
    capabilities: parse(row, "capabilities"),
    limits: parse(row, "limits"),
    usage: parse(row, "usage"),
    counts: parse(row, "counts"),
    program: parse(row, "program"),
    key: row["key"],
    host: parse(row, "host"),
    onExhausted: row["on_exhausted"],
    startedAtMs: row["started_at"],
    endedAtMs: row["ended_at"],
    exit: parse(row, "exit"),
    incarnation: row["incarnation"],
    seen: labelIn(row, "seen"),
    userTexts: parse(row, "user_texts") ?? [],
  } as ProcessRow;
}

function decodeKey(row: SqlRow): KeyRow {
  return {
    id: row["id"],
    hash: row["hash"],
    tenant: row["tenant"],
    pid: row["pid"],
    scopes: parse(row, "scopes"),
    limits: parse(row, "limits"),
    createdAtMs: row["created_at"],
    expiresAtMs: row["expires_at"],
    isRevoked: row["is_revoked"] === 1,
  } as KeyRow;
}

function decodeAccount(row: SqlRow): AccountRow {
  return {
    scope: row["scope"],
    resource: row["resource"],
    window: row["span"],
    limit: row["ceiling"],
    used: row["used"],
    windowStartedAtMs: row["window_started_at"],
  } as AccountRow;
}

function decodeBucket(row: SqlRow): BucketRow {
  return {
    lane: String(row["lane"]),
    bucket: row["bucket"] as BucketName,
    level: Number(row["level"]),
    atMs: Number(row["at"]),
  };
}

function decodeMessage(row: SqlRow): MessageRow {
  return {
    seq: row["seq"],
    tenant: row["tenant"],
    queue: row["queue"],
    from: row["sender"],
    body: parse(row, "body"),
    atMs: row["at"],
    takenBy: row["taken_by"],
    label: labelIn(row, "label"),
  } as MessageRow;
}

function decodeApproval(row: SqlRow): ApprovalRow {
  return {
    id: row["id"],
    tenant: row["tenant"],
    pid: row["pid"],
    call: row["call"],
    kind: row["kind"],
    question: row["question"],
    state: row["state"],
    answer: parse(row, "answer"),
    answeredBy: row["answered_by"],
    about: parse(row, "about"),
    askedAtMs: row["asked_at"],
    answeredAtMs: row["answered_at"],
  } as ApprovalRow;
}

function decodeCursor(row: SqlRow): CursorRow {
  return {
    tenant: row["tenant"],
    name: row["name"],
    pid: row["pid"],
    pattern: row["pattern"],
    position: row["position"],
    atMs: row["at"],
    isRemoved: row["is_removed"] === 1,
  } as CursorRow;
}

function decodeTimer(row: SqlRow): TimerRow {
  return {
    id: row["id"],
    tenant: row["tenant"],
    key: row["key"],
    schedule: row["schedule"],
    timeZone: row["time_zone"],
    program: parse(row, "program"),
    scopes: parse(row, "scopes"),
    nextAtMs: row["next_at"],
    lastPid: row["last_pid"],
    createdAtMs: row["created_at"],
    isRemoved: row["is_removed"] === 1,
  } as TimerRow;
}

function decodeGroup(row: SqlRow): GroupRow {
  return {
    tenant: row["tenant"],
    name: row["name"],
    members: parse(row, "members"),
    createdAtMs: row["created_at"],
    isRemoved: row["is_removed"] === 1,
  } as GroupRow;
}

export function decodeValue(row: SqlRow): ValueRow {
  return {
    tenant: row["tenant"],
    scope: row["scope"],
    key: row["key"],
    value: parse(row, "value"),
    version: row["version"],
    label: labelIn(row, "label"),
    atMs: row["at"],
    isRemoved: row["is_removed"] === 1,
  } as ValueRow;
}

export function decodeNote(row: SqlRow): KeptNote {
  const use = row["retrievals"] === null || row["retrievals"] === undefined ? {} : useOf(row);
  return {
    id: row["id"],
    tenant: row["tenant"],
    namespace: row["namespace"],
    version: row["version"],
    body: parse(row, "body"),
    createdAtMs: row["created_at"],
    atMs: row["at"],
    pid: row["pid"],
    seq: row["seq"],
    isRemoved: row["is_removed"] === 1,
    ...(row["is_evicted"] === 1 ? { isEvicted: true } : {}),
    ...use,
  } as KeptNote;
}

const useOf = (row: SqlRow): object => ({
  accessedAtMs: row["accessed_at"],
  previousAtMs: row["previous_at"],
  retrievals: row["retrievals"],
});

export const decodeNoteUsage = (row: SqlRow): NoteUsage => ({
  notes: Number(row["notes"]),
  bytes: Number(row["bytes"]),
  pinnedNotes: Number(row["pinned_notes"]),
  pinnedBytes: Number(row["pinned_bytes"]),
  evictedNotes: Number(row["evicted_notes"]),
});

export const decodeEvictable = (row: SqlRow): EvictableNote =>
  ({
    id: row["id"],
    tenant: row["tenant"],
    namespace: row["namespace"],
    version: row["version"],
    bytes: row["size_bytes"],
  }) as EvictableNote;

export const decodeFileVersion = (row: SqlRow): FileRow =>
  ({
    tenant: row["tenant"],
    root: row["root"],
    path: row["path"],
    version: row["version"],
    change: row["change"],
    kind: row["kind"],
    hash: row["hash"],
    sizeBytes: row["size_bytes"],
    labels: parse(row, "labels"),
    pid: row["pid"],
    call: row["call"],
    seq: row["seq"],
    atMs: row["at"],
    from: row["origin"],
  }) as FileRow;

export const decodeFile = (row: SqlRow): KeptFile =>
  ({
    ...decodeFileVersion(row),
    stamp: row["stamp"],
    ...(row["unsynced"] === null ? {} : { unsynced: row["unsynced"] }),
  }) as KeptFile;

function decodeShare(row: SqlRow): ShareRow {
  const { hash } = row;
  return {
    id: row["id"],
    tenant: row["tenant"],
    root: row["root"],
    path: row["path"],
    version: row["version"],
    content: hash === null ? null : { hash, sizeBytes: row["size_bytes"] },
    pid: row["pid"],
    createdAtMs: row["created_at"],
    expiresAtMs: row["expires_at"],
    endedAtMs: row["ended_at"],
  } as ShareRow;
}

const decodeMount = (row: SqlRow): MountRow =>
  ({
    tenant: row["tenant"],
    name: row["name"],
    folder: row["folder"],
    identity: row["identity"],
    isReadOnly: row["is_read_only"] === 1,
    createdAtMs: row["created_at"],
    isRemoved: row["is_removed"] === 1,
  }) as MountRow;

export const decodeFileUsage = (row: SqlRow): FileUsage => ({
  files: Number(row["files"]),
  bytes: Number(row["bytes"]),
  keptBytes: Number(row["kept_bytes"]),
});

export const decodeBlob = (row: SqlRow): BlobRow =>
  ({
    hash: row["hash"],
    sizeBytes: row["size_bytes"],
    encoding: row["encoding"],
    bytes: row["bytes"],
  }) as BlobRow;

export function decodeEvent(row: SqlRow): JournalEvent {
  return {
    seq: row["seq"],
    topic: row["topic"],
    tenant: row["tenant"],
    pid: row["pid"],
    atMs: row["at"],
    body: parse(row, "body"),
  } as JournalEvent;
}

/**
 * Requests and results are decoded when they are first read: a listing of a thousand calls touches few of them,
 * and calls of one conversation share the message objects.
 */
export function decodeCalls({ rows, places, bodies }: CallRows): CallRow[] {
  const values = new Map<number, unknown>();
  const bodyAt = (place: number): unknown => {
    if (!values.has(place)) values.set(place, JSON.parse(bodies[place] as string));
    return values.get(place);
  };
  return rows.map((row, index) => {
    const place = places[index] as CallRows["places"][number];
    const pruned = Number(row["pruned"]);
    const request = lazily(() => {
      if (pruned > 1) return undefined;
      const rest = place.request === null ? parse(row, "request") : bodyAt(place.request);
      if (place.content !== null) return { ...(rest as object), content: bodies[place.content] };
      return place.messages === null ? rest : { ...(rest as object), messages: place.messages.map(bodyAt) };
    });
    const result = lazily(() => {
      if (pruned > 0) return undefined;
      return place.result === null ? parse(row, "result") : bodyAt(place.result);
    });
    return {
      call: row["call"],
      tenant: row["tenant"],
      pid: row["pid"],
      seq: row["seq"],
      name: row["name"],
      device: row["device"],
      state: row["state"],
      get request(): unknown {
        return request();
      },
      get result(): unknown {
        return result();
      },
      error: parse(row, "error"),
      usage: parse(row, "usage"),
      timing: {
        queuedAt: row["queued_at"],
        startedAt: row["started_at"],
        endedAt: row["ended_at"],
        waitingMs: row["waiting_ms"],
        turnaroundMs: row["turnaround_ms"],
      },
      incarnation: row["incarnation"],
      replayKey: row["replay_key"],
      requestHash: row["request_hash"],
      idempotencyKey: row["idempotency_key"],
      completion: row["completion"],
      firstOutputAtMs: row["first_output_at"],
      context: parse(row, "context"),
      judgement: parse(row, "judgement"),
    } as CallRow;
  });
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function parse(row: SqlRow, column: string): unknown {
  const text = row[column];
  if (typeof text !== "string") return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SysError("EIO", `the journal is damaged: column ${column} of a row is not what was written`, {
      cause,
      hint: "restore journal.db from a backup, or start with another --home",
      retryable: false,
    });
  }
}

const labelIn = (row: SqlRow, column: string): Label => (parse(row, column) as Label | null) ?? unknownLabel;
