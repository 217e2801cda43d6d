import type { Note, Pid, TenantId } from "@aiosjs/sdk/protocol";

/** A version of a note of memory: every change of a note makes one. */
export interface NoteRow {
  readonly id: string;
  readonly tenant: TenantId;
  /** `process:PID`, `agent:NAME`, `group:NAME` or `tenant`. */
  readonly namespace: string;
  readonly version: number;
  readonly body: NoteBody;
  readonly createdAtMs: number;
  readonly atMs: number;
  /** The process and its call that wrote this version; `seq` is the call's. */
  readonly pid: Pid;
  readonly seq: number;
  readonly isRemoved: boolean;
}

/** What a version of a note says. */
export type NoteBody = Omit<
  Note,
  "id" | "namespace" | "version" | "createdAt" | "updatedAt" | "accessedAt" | "retrievalCount"
>;

/** How a note was used: of the note, not of one of its versions. */
export interface NoteUseRow {
  readonly id: string;
  readonly accessedAtMs: number;
  /** The use before that; null: there was none. */
  readonly previousAtMs: number | null;
  readonly retrievals: number;
}

/** A note as it is, and how it was used. */
export type KeptNote = NoteRow & Partial<NoteUseRow> & { readonly isEvicted?: boolean };

/** What the notes of a namespace take. A note that is not removed is live, or it is evicted: then it counts as that alone. */
export interface NoteUsage {
  readonly notes: number;
  /** Of what the notes say, as it is kept: JSON in UTF-8. */
  readonly bytes: number;
  /** Of these. */
  readonly pinnedNotes: number;
  readonly pinnedBytes: number;
  readonly evictedNotes: number;
}

/** Whose notes: of a namespace, without one of all of the tenant, without a tenant of all tenants. */
export interface NotePlace {
  readonly tenant?: TenantId | undefined;
  readonly namespace?: string | undefined;
}

/** A note that may be evicted. */
export interface EvictableNote {
  readonly id: string;
  readonly tenant: TenantId;
  readonly namespace: string;
  readonly version: number;
  readonly bytes: number;
}

/** The present versions of notes that are not removed, in order of their ids. */
export interface NoteQuery {
  /** Absent: of all tenants. */
  readonly tenant?: TenantId | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly afterId?: string | undefined;
  readonly limit: number;
}

/** Versions of one note, the last first, whatever the clock said; or those that one process's calls wrote, newest first. */
export interface NoteVersionQuery {
  readonly tenant: TenantId;
  readonly id?: string | undefined;
  readonly writtenBy?: { readonly pid: Pid; readonly afterSeq: number } | undefined;
  readonly limit: number;
}
