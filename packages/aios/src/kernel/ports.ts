// All that enters the kernel from outside, and all that drivers and doors see of it.
import type {
  AccessPolicy,
  CallId,
  JournalEvent,
  KeyId,
  Limit,
  Pid,
  Recall,
  Remember,
  SchedulingClass,
  SysEvent,
  TenantId,
  Topic,
  Transport,
  Usage,
} from "@aiosjs/sdk/protocol";
import type { DiskContent } from "./disk-port.ts";
import type { CallEvent, OriginalRequest } from "./driver-port.ts";

export type {
  FramesEvent,
  CallEvent,
  DriverEvent,
  Snapshot,
  ObservedLimit,
  OriginalRequest,
  DriverContext,
  EgressNews,
  Reach,
  Driver,
  BucketName,
  RateLimits,
  Price,
  ModelSyscall,
  ModelSpec,
  PublishedModel,
  PriceTable,
  Core,
  ToolSpec,
  Toolbox,
} from "./driver-port.ts";
export type { AuditFault, AuditQuery, AuditVerdict } from "./audit-port.ts";
export type { Holder, Holding, WayBack } from "./holding-port.ts";
export type {
  IsolationTier,
  Sandbox,
  SandboxCommand,
  SandboxDriver,
  SandboxEvent,
  SandboxLimits,
  SandboxProbe,
  SandboxSpec,
  SandboxStats,
  WrappedCommand,
} from "./sandbox-port.ts";
export type { KnownSecret, KnownSecrets, TextRedactor } from "./secret-port.ts";
export type { Host, HostGroup, KeptProgram, ProgramContext, ProgramDriver } from "./program-port.ts";
export { requireHome } from "./access.ts";
export { unknownLabel } from "./gate/label.ts";
export type { Label } from "./gate/label.ts";
export { MAX_DEPTH } from "./disk-port.ts";
export { HOST_PATTERN, patternFor, readDestination } from "./host-pattern.ts";
export type { Destination } from "./host-pattern.ts";
export { wholeTerm } from "./search-port.ts";
export type { FacetFilter, Findable, FindQuery, Found, IndexStatus, SearchIndex, Unembedded } from "./search-port.ts";
export type {
  ProcessRow,
  CallRow,
  KeyRow,
  AccountRow,
  BucketRow,
  MessageRow,
  ApprovalRow,
  CursorRow,
  GroupRow,
  TimerRow,
  ValueRow,
} from "./journal-rows.ts";
export type {
  ValueQuery,
  JournalRecord,
  JournalImage,
  CallQuery,
  EventQuery,
  NodeRow,
  Journal,
} from "./journal-port.ts";
export type {
  Disk,
  DiskContent,
  DiskEntry,
  DiskPlace,
  DiskRoot,
  DiskWatch,
  Encoding,
  MountedFolder,
  Placement,
  Staged,
} from "./disk-port.ts";
export type { FilePiece } from "./file-piece.ts";
export type { FilePlan, FileRequest, FileText, FileTools } from "./file-tools-port.ts";
export type {
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
export type {
  EvictableNote,
  KeptNote,
  NoteBody,
  NotePlace,
  NoteQuery,
  NoteRow,
  NoteUsage,
  NoteUseRow,
  NoteVersionQuery,
} from "./note-rows.ts";

// ── Time, chance, hash ──────────────────────────────────────────────────────

export interface Clock {
  /** Unix epoch milliseconds; may jump, so compare instants of one clock only. */
  nowMs(): number;
  /** Resolves at `ms` or later; rejects when `signal` aborts. */
  wakeAt(ms: number, signal: AbortSignal): Promise<void>;
}

/** When schedules come, by the clocks of people. */
export interface Calendar {
  /** IANA name of the machine's own time zone. */
  readonly timeZone: string;
  /**
   * The first instant of a cron expression after `afterMs`; undefined where there is none (the 30th of February).
   * @throws SysError EINVAL for what is no schedule, or no time zone.
   */
  nextAt(schedule: string, timeZone: string, afterMs: number): number | undefined;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` characters of [0-9a-z], unguessable on a real driver. */
  text(length: number): string;
}

export interface Hash {
  /** Hexadecimal SHA-256. */
  sha256(text: string): string;
}

/** Signs with a secret of the home, which nobody sees. */
export interface Seal {
  /** Letters, digits, `-` and `_`. */
  sign(text: string): string;
  /** In a time that does not tell how much of it is right. */
  isSignedBy(text: string, signature: string): boolean;
}

/** What processes print. */
export interface Logs {
  append(pid: Pid, text: string): void;
  /** The last `tailBytes`, then with `follow` what comes, until the signal aborts. */
  read(pid: Pid, options: { tailBytes: number; follow: boolean; signal: AbortSignal }): AsyncIterable<string>;
}

/** Texts under keys, for a time. What it holds may vanish at any moment. */
export interface Cache extends AsyncDisposable {
  /** Undefined for what it does not hold (any more). Rejects soon when the store cannot be asked: nobody waits for a cache. */
  get(key: string): Promise<string | undefined>;
  /** Replaces. Rejects as `get` does. */
  set(key: string, value: string, options: { ttlMs: number }): Promise<void>;
}

// ── Settings ────────────────────────────────────────────────────────────────

/** Which lane serves a call that leaves the model open, and what takes over where one has failed. */
export interface RouterSettings {
  readonly strategy: "sequential" | "weighted" | "least-busy" | "latency" | "cost-quality" | "cascade";
  /** `weighted`: by `core/model` or core; absent: 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** `cost-quality`: the mean quality that is kept, 0…1. */
  readonly alpha: number;
  /** By `core/model`, or by the name that was asked for: what is asked next when it has failed. */
  readonly fallbacks: Readonly<Record<string, readonly string[]>>;
  /** The first rule whose language the last user message is written in says the model of a call for `auto`. */
  readonly rules: readonly { readonly lang: string; readonly model: string }[];
}

/** Which answers are given again. */
export interface CacheSettings {
  /** Seconds that an answer is kept. */
  readonly ttlS: number;
  /** Answers of requests at any temperature too, if they offer no tools. */
  readonly anyTemperature: boolean;
}

/** One immutable snapshot of the configuration; `refresh` swaps it whole. */
export interface KernelSettings {
  readonly name: string;
  readonly version: string;
  readonly scheduler: {
    /** fifo, rr, priority, edf, plas-vtc, or one handed in with the ports. */
    readonly policy: string;
    /** plas-vtc: a tenant's share against the others', 1 where none is named. */
    readonly weights: Readonly<Record<string, number>>;
    /** Waiting calls in all; beyond it EAGAIN. */
    readonly queueLimit: number;
    /** Waiting calls of one tenant. */
    readonly tenantQueueLimit: number;
    /** Calls running at once on one core that names no concurrency. */
    readonly maxConcurrent: number;
    /** A call that has not ended by then fails with ETIMEDOUT. */
    readonly defaultTimeoutMs: number;
    /** `priority`: a waiting call rises by one nice level per so many milliseconds. */
    readonly ageMs: number;
    /** Attempts of a call whose upstream breaks (5xx, reset); 429s are not counted. */
    readonly maxAttempts: number;
  };
  /** A list leaves the choice to the router. */
  readonly aliases: Readonly<Record<string, string | readonly string[]>>;
  readonly router: RouterSettings;
  /** Absent: no answer is kept. */
  readonly cache?: CacheSettings | undefined;
  /** Below this many output tokens a clamped call is refused instead (EDQUOT). */
  readonly minOutputTokens: number;
  /** Time that running calls get to end when the kernel stops. */
  readonly graceMs: number;
  /** Client processes without a call for so long are reaped. */
  readonly idleReapMs: number;
  /** New client processes per key and minute. */
  readonly maxNewProcessesPerMinute: number;
  /** What live notes may take in megabytes: those of one namespace, of one tenant, and of all. */
  readonly memory: {
    readonly defaultQuotaMb: number;
    readonly tenantQuotaMb: number;
    readonly globalLimitMb: number;
    /** For chats that say nothing of it. */
    readonly recall?: Recall | undefined;
    readonly remember?: Remember | undefined;
    /** Whether short-lived notes become long-term ones by themselves, with or without a model. Default: off. */
    readonly consolidate?: "off" | "text" | "model" | undefined;
    readonly consolidateEveryMs?: number | undefined;
  };
  /** What a tenant's files and their kept versions take, what stands in a process's own folder, and how many a tenant has. */
  readonly files: {
    readonly maxBytes: number;
    readonly maxBytesPerProcess: number;
    readonly maxFiles: number;
  };
  /** What may be called, and how. Default: the shipped one. */
  readonly accessPolicy?: AccessPolicy | undefined;
  /** Tenant-wide budgets. */
  readonly budgets: Readonly<Record<string, readonly Limit[]>>;
}

// ── The kernel, as doors see it ─────────────────────────────────────────────

/** Who asks. Made by `authenticate`, never by a request. */
export interface Principal {
  readonly tenant: TenantId;
  readonly key: KeyId;
  /** Set for a process key: everything is done as this process. */
  readonly pid: Pid | null;
  /** Capability patterns: `*`, `llm.*`, `llm.chat`. `*` alone sees all tenants. */
  readonly scopes: readonly string[];
}

export interface Caller {
  readonly principal: Principal;
  /** The process that asks; without one, the key itself is the process. */
  readonly pid?: Pid | undefined;
  readonly nice?: number | undefined;
  readonly class?: SchedulingClass | undefined;
  readonly deadlineMs?: number | undefined;
  /** What a foreign door made the arguments from. */
  readonly original?: OriginalRequest | undefined;
  /** The call's place in its program; heard from a process about itself only. */
  readonly replayKey?: string | undefined;
  /** Its client says that it has made the call before, and has had no answer. */
  readonly isRetry?: boolean | undefined;
  /** Calls of a process under one key are one call, however often it is made. */
  readonly idempotencyKey?: string | undefined;
  /** Made by one of the process's calls, not by its program. */
  readonly isNested?: boolean | undefined;
  /** With `isNested`: number of the call of the program that it is made for. */
  readonly withinSeq?: number | undefined;
  /** Of a chat that does not say itself what it has to do with memory. */
  readonly recall?: Recall | undefined;
  readonly remember?: Remember | undefined;
  /** What becomes of the call when its last subscriber leaves. */
  readonly onDetach: "abort" | "keep";
}

/** The tightest budget of a caller for one resource, as its client may be told: what is left once this call is paid. */
export interface CallerLimit {
  readonly resource: "calls" | "tokens";
  readonly limit: number;
  readonly remaining: number;
  /** When its window ends; null: never by itself. */
  readonly resetsAtMs: number | null;
}

/** A call record seen from outside: its events from the first on, in batches. Leaving (`break`) detaches. */
export interface Subscription extends AsyncIterable<readonly SysEvent[]> {
  /** The same with the upstream's own bytes among the events: for the door that forwards them. */
  withFrames(): AsyncIterable<readonly CallEvent[]>;
  readonly call: CallId;
  readonly pid: Pid;
  /** Milliseconds in run queues so far. */
  waitingMs(): number;
  /** Of process, ancestors, tenant and key, as they stand now; empty where nothing limits the caller. */
  limits(): readonly CallerLimit[];
  cancel(): void;
}

/** A file as a link shows it. */
export interface SharedFile {
  /** The last name of its path. */
  readonly name: string;
  /** SHA-256 of the content, hexadecimal. */
  readonly hash: string;
  readonly sizeBytes: number;
  /** Undefined when it is not kept any more. */
  read(): Promise<DiskContent | undefined>;
}

/** Disposing of it lets running calls end; the ports stay open for their owner to close. */
export interface Kernel extends AsyncDisposable {
  /** The one door. Never throws: what is wrong is the last event of the subscription. */
  syscall(name: string, args: unknown, caller: Caller): Subscription;
  /** Subscribes to a call that is under way or has ended lately; undefined when the kernel no longer holds its record. */
  subscribe(call: CallId, principal: Principal): Subscription | undefined;
  /** @throws SysError EAUTH. */
  authenticate(token: string): Principal;
  /**
   * The process of a foreign client: the same identity under the same key is the same process.
   * @throws SysError EAGAIN when a key makes too many new ones, ESRCH when `identity.pid` is not the key's.
   */
  identify(principal: Principal, identity: { pid?: string; session?: string; label?: string }): Pid;
  /** Looks up what earlier kernels recorded of the call that this caller comes back for; then `syscall` goes on with it. */
  recollect(caller: Caller): Promise<void>;
  /**
   * The file that a link opens, whoever has it: `ID.SIGNATURE`. Undefined for one that is forged, ended or expired, and for a
   * file that is gone or not to be shared any more. @throws SysError EIO
   */
  openShare(token: string): Promise<SharedFile | undefined>;
  /** The kernel as a process sees it. */
  transport(principal: Principal, pid?: Pid): Transport;
  /** Journal events after `afterSeq`, then live ones, until the signal aborts. */
  events(
    principal: Principal,
    query: { afterSeq: number; pid?: Pid; topics?: readonly Topic[] },
    signal: AbortSignal,
  ): AsyncIterable<readonly JournalEvent[]>;
  /** Numbers for /metrics. */
  metrics(): KernelMetrics;
  readonly settings: KernelSettings;
  /** False until the journal is loaded and after shutdown began. */
  readonly isReady: boolean;
}

export interface KernelMetrics {
  readonly processes: Readonly<Record<string, number>>;
  readonly lanes: readonly {
    lane: string;
    core: string;
    model: string;
    queued: number;
    running: number;
    done: number;
    failed: number;
    refused: number;
    waitingMsTotal: number;
    usage: Usage;
  }[];
  readonly calls: Readonly<Record<string, { done: number; failed: number }>>;
  /** Look-ups in the response cache; failures: the store could not be asked. */
  readonly cache?: { readonly hits: number; readonly misses: number; readonly failures: number };
  readonly eventSeq: number;
}
