import type { CallId, JournalEvent, Pid, TenantId, Topic } from "@aiosjs/sdk/protocol";
import type { AuditQuery, AuditVerdict } from "./audit-port.ts";
import type {
  BlobRow,
  FileQuery,
  FileRoot,
  FileRow,
  FileUsage,
  FileVersionQuery,
  KeptFile,
  MountRow,
  ShareRow,
} from "./file-rows.ts";
import type {
  EvictableNote,
  KeptNote,
  NotePlace,
  NoteQuery,
  NoteRow,
  NoteUsage,
  NoteUseRow,
  NoteVersionQuery,
} from "./note-rows.ts";
import type {
  ProcessRow,
  CallRow,
  MessageRow,
  ApprovalRow,
  CursorRow,
  TimerRow,
  ValueRow,
  GroupRow,
  KeyRow,
  AccountRow,
  BucketRow,
} from "./journal-rows.ts";

export interface ValueQuery {
  readonly tenant: TenantId;
  readonly scope: string;
  /** One of them only. */
  readonly key?: string | undefined;
  /** Those that begin so. */
  readonly prefix?: string | undefined;
  /** Those in which it stands somewhere. */
  readonly contains?: string | undefined;
  readonly afterKey?: string | undefined;
  readonly limit: number;
}

export type JournalRecord =
  | { kind: "process"; row: ProcessRow }
  | { kind: "call"; row: CallRow }
  | { kind: "key"; row: KeyRow }
  | { kind: "account"; row: AccountRow }
  | { kind: "bucket"; row: BucketRow }
  | { kind: "meta"; key: string; value: string }
  | { kind: "message"; row: MessageRow }
  | { kind: "approval"; row: ApprovalRow }
  | { kind: "cursor"; row: CursorRow }
  | { kind: "timer"; row: TimerRow }
  | { kind: "value"; row: ValueRow }
  | { kind: "group"; row: GroupRow }
  | { kind: "note"; row: NoteRow }
  | { kind: "noteUse"; row: NoteUseRow }
  /** Of this version: a newer one is live. */
  | { kind: "noteEvicted"; id: string; version: number; isEvicted: boolean }
  /** Nothing of the note is left, in none of its versions. */
  | { kind: "noteErased"; id: string }
  /**
   * A new version, and what stands at its path now. Its content comes in the same commit, or is kept already. Where that is no
   * file, the links to what stood there end.
   */
  | { kind: "file"; row: FileRow }
  /** What stands at the path is on the disk, if it still is this version. */
  | ({ kind: "filePlaced"; version: number; stamp: string; unsynced?: string } & Pick<
      FileRow,
      "tenant" | "root" | "path"
    >)
  /** Nothing of the root is left, in none of its versions, nor a link to it; contents go when the journal forgets. */
  | { kind: "filesErased"; tenant: TenantId; root: string }
  /** Kept once: of a content that is there already nothing is changed. Its bytes are copied when it is committed. */
  | { kind: "blob"; row: BlobRow }
  | { kind: "share"; row: ShareRow }
  | { kind: "mount"; row: MountRow }
  | { kind: "event"; row: JournalEvent };

/** What a kernel starts from. */
export interface JournalImage {
  /** Live and suspended ones, and zombies of the last day. */
  readonly processes: readonly ProcessRow[];
  readonly keys: readonly KeyRow[];
  readonly accounts: readonly AccountRow[];
  readonly buckets: readonly BucketRow[];
  readonly meta: ReadonlyMap<string, string>;
  /** Calls that were issued and never ended, and those whose outcome a person is asked about. */
  readonly intents: readonly CallRow[];
  /** Those that nobody has taken. */
  readonly messages: readonly MessageRow[];
  /** Those that nobody has answered. */
  readonly approvals: readonly ApprovalRow[];
  readonly cursors: readonly CursorRow[];
  readonly timers: readonly TimerRow[];
  readonly groups: readonly GroupRow[];
  /** Those that nobody has ended, whether they have expired or not. */
  readonly shares: readonly ShareRow[];
  readonly mounts: readonly MountRow[];
  readonly lastMessageSeq: number;
  readonly lastEventSeq: number;
  /** Of all files that are known; 0 without any. */
  readonly lastFileChange: number;
}

/** Calls of a process, in order of their arrival. */
export interface CallQuery {
  readonly tenant: TenantId;
  readonly pid: Pid;
  readonly afterSeq: number;
  readonly limit: number;
  /** The one under it only. */
  readonly idempotencyKey?: string | undefined;
}

export interface EventQuery {
  readonly afterSeq: number;
  readonly limit: number;
  readonly tenant?: TenantId | undefined;
  readonly pid?: Pid | undefined;
  readonly topics?: readonly Topic[] | undefined;
}

/** The kernel that holds a journal, or held it last. */
export interface NodeRow {
  readonly id: string;
  /** One more than that of the kernel before it. */
  readonly epoch: number;
  readonly hostPid: number;
  /** It renews three times within this. */
  readonly leaseMs: number;
  /** Counts its renewals: as long as it grows, the node lives. */
  readonly beat: number;
  /** The operating system says that no other kernel has the journal. */
  readonly isSole: boolean;
}

/**
 * One kernel at a time writes to a journal. After `claim` every commit of this handle checks, in its own transaction,
 * that nobody has claimed the journal since; afterwards all of them reject with ESTALE, for ever, and nothing of theirs
 * is kept. A handle that claimed nothing is not checked.
 */
interface Fence {
  /** The kernel that claimed the journal last; undefined when none ever has. */
  holder(): Promise<NodeRow | undefined>;
  /**
   * Takes the journal over from whoever has it, or from `after` alone, if that is the holder and has not renewed since
   * it was looked at. A crash leaves it taken or not taken.
   * @throws SysError EBUSY when another holds it by now, or the file is locked; ENOSPC, EIO
   */
  claim(node: Pick<NodeRow, "id" | "hostPid" | "leaseMs" | "isSole">, after: NodeRow | "anyone"): Promise<NodeRow>;
  /** Tells that this node lives. @throws SysError ESTALE when another one has claimed the journal; ENOSPC, EIO, EBUSY */
  renew(node: Pick<NodeRow, "isSole">): Promise<void>;
}

/**
 * Where the kernel's state lives. Rows are upserts by their id; records of one `commit` become durable together,
 * and commits in the order in which they were made.
 */
export interface Journal extends Fence, AsyncDisposable {
  readonly driver: string;
  /** True while the disk is full or read-only: commits reject with ENOSPC. */
  readonly isReadOnly: boolean;
  load(): Promise<JournalImage>;
  /**
   * Resolves when the records are on disk.
   * @throws SysError ENOSPC when the disk is full, EIO when it failed, ESTALE for ever once another kernel has claimed it.
   */
  commit(records: readonly JournalRecord[]): Promise<void>;
  events(query: EventQuery): Promise<readonly JournalEvent[]>;
  calls(query: CallQuery): Promise<readonly CallRow[]>;
  call(id: CallId): Promise<CallRow | undefined>;
  process(pid: Pid): Promise<ProcessRow | undefined>;
  /** In order of their keys. */
  values(query: ValueQuery): Promise<readonly ValueRow[]>;
  notes(query: NoteQuery): Promise<readonly KeptNote[]>;
  noteVersions(query: NoteVersionQuery): Promise<readonly NoteRow[]>;
  /** Those in which a tenant has notes. */
  noteNamespaces(tenant: TenantId): Promise<readonly string[]>;
  /** One of each place, in their order; kept with every change, not counted. */
  noteUsage(places: readonly NotePlace[]): Promise<readonly NoteUsage[]>;
  /**
   * Live notes that are not pinned, those to evict first first (LRU-K with K = 2, O'Neil et al. 1993): the short-lived tiers
   * before the long-term one; in each, the longest ago that they were used the last time but one, then the last time. Who has
   * not been used twice comes first.
   */
  evictableNotes(place: NotePlace, limit: number): Promise<readonly EvictableNote[]>;
  /** In order of their paths: by code points, which is the order of their bytes in UTF-8. */
  files(query: FileQuery): Promise<readonly KeptFile[]>;
  /** In order of their changes, the last first. */
  fileVersions(query: FileVersionQuery): Promise<readonly FileRow[]>;
  /** A content by its hash. */
  blob(hash: string): Promise<BlobRow | undefined>;
  /** Of all tenants, in order of their changes: what is to be put on the disk, or taken from it, and what is not synced there. */
  unplacedFiles(limit: number): Promise<readonly KeptFile[]>;
  /** Of a root, without one of all of the tenant's; kept with every change, not counted. */
  fileUsage(tenant: TenantId, root?: string): Promise<FileUsage>;
  /** Those in which something stands, or stood and is known still: of a tenant, without one of all; in order of code points. */
  fileRoots(tenant?: TenantId): Promise<readonly FileRoot[]>;
  /** Looks at every entry of the audit log that was durable when it was asked. @throws SysError EIO, the reason of the signal */
  verifyAudit(query?: AuditQuery): Promise<AuditVerdict>;
}
