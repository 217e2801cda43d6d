import type {
  CallId,
  Exit,
  GroupMember,
  JournalEvent,
  KeyId,
  Limit,
  OnExhausted,
  Pid,
  Problem,
  SchedulingClass,
  TenantId,
  Timing,
  Topic,
  Usage,
} from "@aiosjs/sdk/protocol";
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
import type { Label } from "./gate/label.ts";
import type { Judgement } from "./gate/verdict.ts";
import type { GateQuestion } from "./gate/verdict.ts";
import type { BucketName } from "./ports.ts";

export interface ProcessRow {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly parent: Pid | null;
  readonly name: string;
  readonly kind: "agent" | "module" | "command" | "client" | "kernel";
  readonly state: "live" | "suspended" | "zombie";
  readonly nice: number;
  readonly class: SchedulingClass;
  readonly capabilities: readonly string[];
  readonly limits: readonly Limit[];
  readonly usage: Usage;
  readonly counts: {
    done: number;
    failed: number;
    toolCalls: number;
    waitingMs: number;
    seq: number;
  };
  /** Program and task of an agent, command line of a command, identity of a client. */
  readonly program: unknown;
  readonly key: KeyId | null;
  readonly host: { hostPid: number; hostStartedAt: string } | null;
  readonly onExhausted: OnExhausted;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly exit: Exit | null;
  /** How many times its program was started, from 1. */
  readonly incarnation: number;
  /** All that it has seen. */
  readonly seen: Label;
  /** What people have told it, and what they had told who started it. */
  readonly userTexts: readonly string[];
}

export interface CallRow {
  readonly call: CallId;
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** Order of arrival within the process, from 1. */
  readonly seq: number;
  readonly name: string;
  readonly device: string;
  /**
   * `ambiguous`: it was issued, and nobody knows whether it happened; a person is asked. `undone`: its process was taken back
   * to an earlier call; whether it had failed, `error` says. `asked`: it has not been made, and waits for a person's leave.
   */
  readonly state: "intent" | "done" | "failed" | "ambiguous" | "undone" | "asked";
  /** Arguments; `messages` of a chat are stored one blob each, shared between calls. `undefined` leaves a stored one as it is. */
  readonly request: unknown;
  /**
   * What `request.content` says is this content of a file, whole and in UTF-8, which comes in the same commit or is kept: a
   * journal may keep it once. Reading a call gives `request` as it was, and not this.
   */
  readonly requestContent?: string | undefined;
  readonly result: unknown;
  readonly error: Problem | null;
  readonly usage: Usage;
  readonly timing: Timing;
  /** The start of its program, from 1, that made it, or was told its recorded answer last. */
  readonly incarnation: number;
  /** Its place in a program that is replayed: `lane#n`. Null for programs that are not. */
  readonly replayKey: string | null;
  /** SHA-256 of what it means; null where nothing is compared. */
  readonly requestHash: string | null;
  /** What its client repeats it under. */
  readonly idempotencyKey: string | null;
  /** The how-manieth call of its process to end, from 1; null while it has not. */
  readonly completion: number | null;
  /** When the first piece of its answer came. */
  readonly firstOutputAtMs: number | null;
  /** What its process had seen when it passed the gate; null: it passed none. */
  readonly context: Label | null;
  /** What the policy said of it then; null: it was not asked, or that is from before it was kept. */
  readonly judgement: Judgement | null;
}

/** A message in a queue: a process's inbox (`inbox:PID`), a pipe. */
export interface MessageRow {
  /** Order in which messages were sent, over all queues. */
  readonly seq: number;
  readonly tenant: TenantId;
  readonly queue: string;
  readonly from: Pid | null;
  readonly body: unknown;
  readonly atMs: number;
  /** The call that took it; null while it waits. */
  readonly takenBy: CallId | null;
  /** What its sender had seen. */
  readonly label: Label;
}

/** A question to a person. */
export interface ApprovalRow {
  readonly id: string;
  readonly tenant: TenantId;
  readonly pid: Pid;
  readonly call: CallId;
  /** What is asked: `ambiguous` – it may have happened already; `gate` – it may be made. */
  readonly kind: "ambiguous" | "gate";
  readonly question: string;
  readonly state: "pending" | "approved" | "denied";
  readonly answer: unknown;
  /** The key by which it was answered; null: nobody has, or nobody needs it any more. */
  readonly answeredBy: KeyId | null;
  /** Of `gate`: what the kernel knows of the call, and the SHA-256 of its arguments, which alone an answer is good for. */
  readonly about: GateQuestion | null;
  readonly askedAtMs: number;
  readonly answeredAtMs: number | null;
}

/** How far a subscriber of topics has come. */
export interface CursorRow {
  readonly tenant: TenantId;
  readonly name: string;
  readonly pid: Pid | null;
  /** Topics it reads, as `orders.*`. */
  readonly pattern: string;
  /** The last event that it acknowledged. */
  readonly position: number;
  readonly atMs: number;
  readonly isRemoved: boolean;
}

/** A program that is started again and again. */
export interface TimerRow {
  readonly id: string;
  readonly tenant: TenantId;
  readonly key: KeyId;
  /** Cron expression of five fields, or `@every 90s`. */
  readonly schedule: string;
  readonly timeZone: string;
  /** Its name, the arguments of the `proc.spawn` that it makes, and what it does while the last one still runs. */
  readonly program: unknown;
  readonly scopes: readonly string[];
  readonly nextAtMs: number | null;
  readonly lastPid: Pid | null;
  readonly createdAtMs: number;
  readonly isRemoved: boolean;
}

/** A value that a program keeps. */
export interface ValueRow {
  readonly tenant: TenantId;
  /** Whose: `process:PID`, or a name that a tenant's processes share. */
  readonly scope: string;
  readonly key: string;
  readonly value: unknown;
  /** Greater with every write of the key. */
  readonly version: number;
  /** What its writer had seen. */
  readonly label: Label;
  readonly atMs: number;
  readonly isRemoved: boolean;
}

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

/** Processes and agents of a tenant that reach each other's notes by it. */
export interface GroupRow {
  readonly tenant: TenantId;
  readonly name: string;
  readonly members: readonly GroupMember[];
  readonly createdAtMs: number;
  readonly isRemoved: boolean;
}

export interface KeyRow {
  readonly id: KeyId;
  readonly hash: string;
  readonly tenant: TenantId;
  /** Set for a process key. */
  readonly pid: Pid | null;
  readonly scopes: readonly string[];
  readonly limits: readonly Limit[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly isRevoked: boolean;
}

/** What a budget's window has used. `scope`: `tenant:x`, `key:x`, `process:x`. */
export interface AccountRow {
  readonly scope: string;
  readonly resource: Limit["resource"];
  readonly window: Limit["window"];
  /** Absent limit: usage is counted only. */
  readonly limit: number | null;
  readonly used: number;
  readonly windowStartedAtMs: number;
}

export interface BucketRow {
  readonly lane: string;
  readonly bucket: BucketName;
  readonly level: number;
  readonly atMs: number;
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
