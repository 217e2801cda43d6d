import type { JournalEvent } from "@aiosjs/sdk/protocol";
import type {
  AccountRow,
  ApprovalRow,
  BucketRow,
  CallRow,
  CursorRow,
  GroupRow,
  KeyRow,
  MessageRow,
  MountRow,
  NodeRow,
  NoteRow,
  NoteUseRow,
  ProcessRow,
  TimerRow,
  ValueRow,
} from "../../kernel/ports.ts";
import type { Kept } from "./kept.ts";
import { MemoryAudit } from "./memory-audit.ts";
import { MemoryBodies } from "./memory-bodies.ts";
import type { StoredRequest } from "./memory-bodies.ts";
import { MemoryFiles } from "./memory-files.ts";
import { NoteTally } from "./note-tally.ts";

export interface StoredCall {
  /** Without its request and result. */
  readonly row: Kept<CallRow>;
  readonly queuedAtMs: number;
  readonly isIntent: boolean;
  readonly request: StoredRequest | undefined;
  readonly result: Kept | undefined;
}

/** What a journal in memory holds; several handles may share one, as several kernels share a file. */
export interface MemoryStore {
  readonly processes: Map<string, Kept<ProcessRow>>;
  readonly keys: Map<string, Kept<KeyRow>>;
  readonly accounts: Map<string, Kept<AccountRow>>;
  readonly buckets: Map<string, Kept<BucketRow>>;
  readonly meta: Map<string, string>;
  readonly messages: Map<number, Kept<MessageRow>>;
  readonly approvals: Map<string, Kept<ApprovalRow>>;
  readonly cursors: Map<string, Kept<CursorRow>>;
  readonly timers: Map<string, Kept<TimerRow>>;
  readonly groups: Map<string, Kept<GroupRow>>;
  readonly mounts: Map<string, Kept<MountRow>>;
  /** By tenant and scope, then by key. */
  readonly values: Map<string, Map<string, Kept<ValueRow>>>;
  /** By id, then by version. */
  readonly notes: Map<string, Map<number, Kept<NoteRow>>>;
  readonly noteUses: Map<string, Kept<NoteUseRow>>;
  /** By id, the version that is evicted. */
  readonly evictedNotes: Map<string, number>;
  readonly noteTally: NoteTally;
  readonly files: MemoryFiles;
  readonly calls: Map<string, StoredCall>;
  readonly callsOf: Map<string, Map<number, string>>;
  readonly events: Map<number, Kept<JournalEvent>>;
  readonly audit: MemoryAudit;
  readonly bodies: MemoryBodies;
  lastEventSeq: number;
  holder: NodeRow | undefined;
}

export const createMemoryStore = (): MemoryStore => ({
  processes: new Map(),
  keys: new Map(),
  accounts: new Map(),
  buckets: new Map(),
  meta: new Map(),
  messages: new Map(),
  approvals: new Map(),
  cursors: new Map(),
  timers: new Map(),
  groups: new Map(),
  mounts: new Map(),
  values: new Map(),
  notes: new Map(),
  noteUses: new Map(),
  evictedNotes: new Map(),
  noteTally: new NoteTally(),
  files: new MemoryFiles(),
  calls: new Map(),
  callsOf: new Map(),
  events: new Map(),
  audit: new MemoryAudit(),
  bodies: new MemoryBodies(),
  lastEventSeq: 0,
  holder: undefined,
});

/** Whose calls `callsOf` holds. */
export const ownerKey = (tenant: string, pid: string): string => `${tenant}/${pid}`;
