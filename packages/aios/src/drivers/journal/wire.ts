// What crosses between the kernel's thread and the journal's threads: strings, numbers and bytes in flat arrays.
// A flat array is cloned at the price of its bytes; an object graph costs the event loop per node.

import type { AuditQuery, NodeRow } from "../../kernel/ports.ts";

export type Value = string | number | null | Uint8Array;

/** A row as SQLite hands it out. */
export type SqlRow = Record<string, Value>;

/** What the journal's threads are told; each is answered once, in order. */
export type Order =
  /** Rows that become durable together: a code, its values, the next code… (see `encode.ts`). */
  | { type: "commit"; group: readonly Value[]; nowMs: number }
  | { type: "load"; zombiesAfterMs: number }
  | { type: "events"; query: EventFilter }
  | { type: "calls"; query: CallFilter }
  | { type: "call"; call: string }
  | { type: "process"; pid: string }
  | { type: "values"; query: ValueFilter }
  | { type: "notes"; query: NoteFilter }
  | { type: "noteVersions"; query: NoteVersionFilter }
  | { type: "noteNamespaces"; tenant: string }
  | { type: "noteUsage"; places: readonly PlaceFilter[] }
  | { type: "evictableNotes"; place: PlaceFilter; limit: number }
  | { type: "files"; query: FileFilter }
  | { type: "fileVersions"; query: FileVersionFilter }
  | { type: "blob"; hash: string }
  | { type: "unplacedFiles"; limit: number }
  | { type: "fileUsage"; tenant: string; root: string | undefined }
  | { type: "fileRoots"; tenant: string | undefined }
  | { type: "holder" }
  | { type: "claim"; node: Omit<NodeRow, "epoch" | "beat">; after: NodeRow | null }
  | { type: "renew"; isSole: boolean }
  | { type: "prune"; nowMs: number; beforeMs: number; filesBeforeMs: number; keepBytes: number }
  /** Signs the audit log, where something in it is new. */
  | { type: "sign"; nowMs: number }
  /** Goes on looking at the audit log, or begins to; a thread looks for one caller at a time. */
  | { type: "audit"; query: Pick<AuditQuery, "publicKey" | "expected">; ownKey: string | undefined; isNew: boolean }
  | { type: "size" }
  | { type: "close" };

export interface EventFilter {
  readonly afterSeq: number;
  readonly limit: number;
  readonly tenant: string | undefined;
  readonly pid: string | undefined;
  readonly topics: readonly string[] | undefined;
}

export interface CallFilter {
  readonly tenant: string;
  readonly pid: string;
  readonly afterSeq: number;
  readonly limit: number;
  readonly idempotencyKey: string | undefined;
}

export interface ValueFilter {
  readonly tenant: string;
  readonly scope: string;
  readonly key: string | undefined;
  readonly prefix: string | undefined;
  readonly contains: string | undefined;
  readonly afterKey: string | undefined;
  readonly limit: number;
}

export interface NoteFilter {
  readonly tenant: string | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly ids: readonly string[] | undefined;
  readonly afterId: string | undefined;
  readonly limit: number;
}

export interface NoteVersionFilter {
  readonly tenant: string;
  readonly id: string | undefined;
  readonly writtenBy: { readonly pid: string; readonly afterSeq: number } | undefined;
  readonly limit: number;
}

export interface PlaceFilter {
  readonly tenant: string | undefined;
  readonly namespace: string | undefined;
}

export interface FileFilter {
  readonly tenant: string;
  readonly root: string;
  readonly paths: readonly string[] | undefined;
  readonly within: string | undefined;
  readonly isGone: boolean | "or there" | undefined;
  readonly afterPath: string | undefined;
  readonly limit: number;
}

export interface FileVersionFilter {
  readonly tenant: string;
  readonly root: string | undefined;
  readonly paths: readonly string[] | undefined;
  readonly within: string | undefined;
  readonly writtenBy: { readonly pid: string; readonly afterSeq: number } | undefined;
  readonly beforeChange: number | undefined;
  readonly afterChange: number | undefined;
  readonly beforeVersion: number | undefined;
  readonly hash: string | undefined;
  readonly isLastThere: boolean | undefined;
  readonly limit: number;
}

/** Calls, with every body they point to once. */
export interface CallRows {
  readonly rows: readonly SqlRow[];
  /** For each row: places in `bodies` of its messages, of its request, of the text that the request writes, and of its result. */
  readonly places: readonly {
    messages: readonly number[] | null;
    request: number | null;
    content: number | null;
    result: number | null;
  }[];
  readonly bodies: readonly string[];
}

export interface LoadedRows {
  readonly processes: readonly SqlRow[];
  readonly keys: readonly SqlRow[];
  readonly accounts: readonly SqlRow[];
  readonly buckets: readonly SqlRow[];
  readonly meta: readonly SqlRow[];
  readonly intents: CallRows;
  readonly messages: readonly SqlRow[];
  readonly approvals: readonly SqlRow[];
  readonly cursors: readonly SqlRow[];
  readonly timers: readonly SqlRow[];
  readonly groups: readonly SqlRow[];
  readonly shares: readonly SqlRow[];
  readonly mounts: readonly SqlRow[];
  readonly lastMessageSeq: number;
  readonly lastEventSeq: number;
  readonly lastFileChange: number;
}

export interface Pruned {
  readonly results: number;
  readonly requests: number;
  readonly calls: number;
  readonly events: number;
  readonly processes: number;
  readonly fileVersions: number;
  readonly fileBlobs: number;
}

export interface JournalSize {
  /** Stored bodies: messages, big requests and big results. */
  readonly bodies: number;
  readonly sizeBytes: number;
}
