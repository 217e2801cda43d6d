// All that enters the kernel from outside, and all that drivers and doors see of it.
import type {
  CallId,
  ChatArgs,
  DeltaEvent,
  Effect,
  JournalEvent,
  KeyId,
  Limit,
  Manifest,
  Pid,
  SchedulingClass,
  Signal,
  SysError,
  SysEvent,
  TenantId,
  Topic,
  Transport,
  Usage,
} from "@aiosjs/sdk/protocol";

export type {
  ProcessRow,
  CallRow,
  KeyRow,
  AccountRow,
  BucketRow,
  JournalRecord,
  JournalImage,
  EventQuery,
  Journal,
} from "./journal-port.ts";

// ── Time, chance, hash ──────────────────────────────────────────────────────

export interface Clock {
  /** Unix epoch milliseconds; may jump, so compare instants of one clock only. */
  nowMs(): number;
  /** Resolves at `ms` or later; rejects when `signal` aborts. */
  wakeAt(ms: number, signal: AbortSignal): Promise<void>;
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

// ── Devices ─────────────────────────────────────────────────────────────────

/**
 * Bytes of an answer's body as its upstream sent them (whole server-sent events, or the body of an answer in one piece),
 * for the door that speaks the same dialect; the deltas and the result say the same once more. Never leaves the process.
 */
export interface FramesEvent {
  readonly type: "frames";
  readonly dialect: string;
  readonly bytes: Uint8Array;
}

/** What a call record holds. */
export type CallEvent = SysEvent | FramesEvent;

/** What a driver yields while it executes: deltas, news of the upstream's limits, and at the end one result (or a snapshot). */
export type DriverEvent =
  | DeltaEvent
  | FramesEvent
  | Extract<SysEvent, { type: "request.adapted" }>
  /** Response headers told where the rate limits stand; consumed by the kernel. */
  | { type: "limits"; limits: readonly ObservedLimit[] }
  /** The last event of a driver that made way: `DriverContext.preempt` fired, or the quantum is used up. */
  | { type: "preempted"; snapshot: Snapshot }
  /** `usage` is that of the whole call, the parts before it made way included. */
  | { type: "result"; result: unknown; usage?: Usage };

/** Where a preempted call stopped. Only the core that made it can go on from it. */
export interface Snapshot {
  /** Tokens of prompt and answer that need not be computed again. */
  readonly tokens: number;
  /** Tokens of the answer so far. */
  readonly outputTokens: number;
  /** The call will not go on: frees what the snapshot holds. Harmless for one that was resumed or discarded. */
  discard(): void;
}

/** A limit as an upstream tells it. `perMinute` is the refill rate, `resetMs` how long until it is full again. */
export interface ObservedLimit {
  readonly bucket: BucketName;
  readonly perMinute: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** A request as its client wrote it: a core that speaks its dialect may send as it stands what needs no change. */
export interface OriginalRequest {
  readonly dialect: string;
  /** JSON of one object, as it came. */
  readonly body: Uint8Array;
  /** `body`, parsed. */
  readonly members: Readonly<Record<string, unknown>>;
}

export interface DriverContext {
  readonly call: CallId;
  readonly pid: Pid;
  readonly tenant: TenantId;
  /** For `llm`: the model's name without the core. */
  readonly model: string;
  /** What the arguments were made from, where a foreign door made them. */
  readonly original?: OriginalRequest | undefined;
  /** Where this call stopped when it was preempted; the deltas until there have been told. */
  readonly snapshot?: Snapshot | undefined;
  /** Output tokens after which a core that can resume makes way; absent: none. */
  readonly quantumTokens?: number | undefined;
  /** Fires when the slot is wanted for more urgent work. A core whose `resume` is none need not listen. */
  readonly preempt?: AbortSignal;
  /** The call's present rank among those that run on this core: less goes first. For cores that batch by priority. */
  rank?(): number;
  /** Aborts when the call is cancelled; whatever waits takes it, and an upstream socket is closed by it. */
  readonly signal: AbortSignal;
  /** A nested syscall of the same process. The caller's slot is given back while it waits. Throws SysError when it fails. */
  syscall(name: string, args: unknown): Promise<unknown>;
}

/**
 * Makes a device real. `execute` yields batches (one per read of a socket), then exactly one `result`, or throws:
 * a SysError whose `retryable` says whether the kernel may send the call again from its queue, anything else is EIO.
 */
export interface Driver {
  /** Unique per device. */
  readonly name: string;
  readonly device: "llm" | "fs" | "tool";
  /** Calls at once. */
  readonly concurrency: number;
  execute(name: string, args: unknown, context: DriverContext): AsyncIterable<readonly DriverEvent[]>;
}

export type BucketName = "requests" | "inputTokens" | "outputTokens" | "tokens";

/** What one (endpoint, key, model) allows. Absent means unknown: it is learned from the upstream's headers. */
export interface RateLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly inputTokensPerMinute?: number | undefined;
  readonly outputTokensPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  /** Requests that may come at once after a pause. Default: one second's worth, at least 1. */
  readonly burst?: number | undefined;
  readonly concurrency?: number | undefined;
  /**
   * What the token buckets reserve for an answer: as long as answers at the place that asks are (95th percentile), or the
   * longest that it may be, for keys whose provider counts that. Default: estimate. Corrected as the answer comes.
   */
  readonly outputReserve?: "max" | "estimate" | undefined;
}

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number | undefined;
  /** Of input that is written to the core's prompt cache. Default: as other input. */
  readonly cacheWrite?: number | undefined;
  /** Of input that the cache keeps for an hour or longer. Default: as `cacheWrite`. */
  readonly cacheWriteHour?: number | undefined;
  /** The day of the list that it was taken from; absent: the configuration or the upstream said it. */
  readonly asOf?: string | undefined;
}

/** What a model can be asked for. */
export type ModelSyscall = "llm.chat" | "llm.embed";

export interface ModelSpec {
  readonly id: string;
  /** Default: llm.chat. */
  readonly serves?: readonly ModelSyscall[] | undefined;
  readonly contextTokens?: number | undefined;
  /** The longest answer that it gives; a request for more is lowered to it. */
  readonly maxOutputTokens?: number | undefined;
  readonly price?: Price | undefined;
  /** How often its answers are good, 0…1, as the configuration declares it; what `cost-quality` starts from. */
  readonly quality?: number | undefined;
}

/** What is published of a model: list price in US dollars per million tokens, and context window. */
export interface PublishedModel {
  readonly price: Price;
  readonly contextTokens?: number | undefined;
}

/** Published prices and limits, of a date. */
export interface PriceTable {
  /** The day on which it was made, as 2026-11-21. */
  readonly asOf: string;
  readonly source: string;
  /** `priceList`: whose prices, as `Core.priceList` says. */
  find(priceList: string, model: string): PublishedModel | undefined;
}

/** A model core: one endpoint with one key. Several endpoints of one configured core share `name` and differ in `endpoint`. */
export interface Core extends Omit<Driver, "device" | "concurrency"> {
  readonly device: "llm";
  readonly endpoint: number;
  /** The configured kind: openai, ollama, sim… */
  readonly kind: string;
  readonly isSimulated: boolean;
  /** True where nobody is asked: it gives answers of a recording again. */
  readonly isRecorded?: boolean | undefined;
  /** Why it serves nothing until the configuration is read again: what it needs is not there. Absent: it is up. */
  readonly down?: SysError | undefined;
  /** Models it lists now; a driver may refresh the list. */
  models(): readonly ModelSpec[];
  /** Serves model names that it does not list (a gateway with thousands of them). */
  readonly isOpenEnded: boolean;
  readonly limits: RateLimits;
  /** Whether `max_tokens` is honoured; a budget on a core that ignores it is refused. */
  readonly honoursMaxTokens: boolean;
  /** The provider whose published prices hold for what this core is asked; absent: none do (an own server, a proxy). */
  readonly priceList?: string | undefined;
  readonly serves: readonly ModelSyscall[];
  /** Dialects of the wire in which it can send a client's own bytes on, and hand back the upstream's. */
  readonly dialects: readonly string[];
  /**
   * How a preempted call goes on: `kv` and `tokens` exactly and without recomputing (`kv`) or with it (`tokens`), `prefix`
   * by having the model continue its own text, `none` not at all.
   */
  readonly resume: "kv" | "tokens" | "prefix" | "none";
  /** Tokens that a new call may have, prompt and answer, in the memory that is free now; absent: not bounded so. */
  freeTokens?(): number;
  /** Several waiting calls may go as one: `llm.embed` inputs joined, answers taken apart again by the kernel. */
  readonly batching?: { readonly maxSize: number; readonly maxWaitMs: number } | undefined;
  /** Tokens of a chat request, exactly. Absent: the kernel estimates. */
  count?(
    args: ChatArgs,
    context: { model: string; signal: AbortSignal; original?: OriginalRequest | undefined },
  ): Promise<number>;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Record<string, unknown>;
  readonly effect: Effect;
}

/** The driver of `tool.call`. */
export interface Toolbox extends Driver {
  readonly device: "tool";
  tools(): readonly ToolSpec[];
}

// ── Programs ────────────────────────────────────────────────────────────────

export interface ProgramContext {
  readonly pid: Pid;
  readonly tenant: TenantId;
  readonly manifest: Manifest;
  readonly task: string;
  readonly model: string | undefined;
  /** The kernel, as this process. */
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Appends to the process's log. */
  print(text: string): void;
}

/** Runs declarative agents. Resolves with what the program returned; a rejection is exit code 1. */
export interface ProgramDriver {
  /** @throws SysError ENOENT with the names that exist. */
  find(agent: string): Promise<Manifest>;
  run(context: ProgramContext): Promise<unknown>;
}

/** Process groups of the machine: how signals reach commands. */
export interface Host {
  /** Sends to the whole process group; false when it is gone or is not the one that was started at `startedAt`. */
  signal(
    group: { hostPid: number; hostStartedAt: string },
    signal: Exclude<Signal, "interrupt"> | "interrupt",
  ): boolean;
  isAlive(group: { hostPid: number; hostStartedAt: string }): boolean;
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
