import type {
  CallId,
  Exit,
  JournalEvent,
  KeyId,
  Limit,
  Pid,
  Problem,
  SchedulingClass,
  TenantId,
  Timing,
  Topic,
  Usage,
} from "@aiosjs/sdk/protocol";
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
  readonly onExhausted: "suspend" | "refuse";
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly exit: Exit | null;
}

export interface CallRow {
  readonly call: CallId;
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** Order of arrival within the process, from 1. */
  readonly seq: number;
  readonly name: string;
  readonly device: string;
  readonly state: "intent" | "done" | "failed";
  /** Arguments; `messages` of a chat are stored one blob each, shared between calls. `undefined` leaves a stored one as it is. */
  readonly request: unknown;
  readonly result: unknown;
  readonly error: Problem | null;
  readonly usage: Usage;
  readonly timing: Timing;
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
  | { kind: "event"; row: JournalEvent };

/** What a kernel starts from. */
export interface JournalImage {
  /** Live and suspended ones, and zombies of the last day. */
  readonly processes: readonly ProcessRow[];
  readonly keys: readonly KeyRow[];
  readonly accounts: readonly AccountRow[];
  readonly buckets: readonly BucketRow[];
  readonly meta: ReadonlyMap<string, string>;
  /** Calls that were issued and never ended. */
  readonly intents: readonly CallRow[];
  readonly lastEventSeq: number;
}

export interface EventQuery {
  readonly afterSeq: number;
  readonly limit: number;
  readonly tenant?: TenantId | undefined;
  readonly pid?: Pid | undefined;
  readonly topics?: readonly Topic[] | undefined;
}

/**
 * Where the kernel's state lives. Rows are upserts by their id; records of one `commit` become durable together,
 * and commits in the order in which they were made.
 */
export interface Journal extends AsyncDisposable {
  readonly driver: string;
  /** True while the disk is full or read-only: commits reject with ENOSPC. */
  readonly isReadOnly: boolean;
  load(): Promise<JournalImage>;
  /** Resolves when the records are on disk. @throws SysError ENOSPC when the disk is full, EIO when it failed. */
  commit(records: readonly JournalRecord[]): Promise<void>;
  events(query: EventQuery): Promise<readonly JournalEvent[]>;
  calls(query: { tenant: TenantId; pid: Pid; afterSeq: number; limit: number }): Promise<readonly CallRow[]>;
  call(id: CallId): Promise<CallRow | undefined>;
  process(pid: Pid): Promise<ProcessRow | undefined>;
}
