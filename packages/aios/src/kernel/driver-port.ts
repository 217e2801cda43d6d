// What drivers of devices are to the kernel: models, tools, files.
import type {
  CallId,
  ChatArgs,
  DeltaEvent,
  Effect,
  JournalEventBodies,
  Pid,
  SysError,
  SysEvent,
  TenantId,
  ToolAccess,
  Usage,
} from "@aiosjs/sdk/protocol";

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
  /**
   * The same for every try of one call, also by later incarnations of its program: an idempotent device does under it what it
   * does once.
   */
  readonly idempotencyKey: string;
  /**
   * Number of the call of its program that this is, or is made for: what stands there before is kept under it. Absent where
   * the program is not replayed: nothing goes back.
   */
  readonly seq?: number | undefined;
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
  /** What the policy gives the caller's agent for what leaves the machine, as it is now. Absent: nothing. */
  reach?(): Reach;
  /** Puts on record what wanted to leave on behalf of this call, and what became of it. */
  tell?(news: EgressNews): void;
}

/** What an agent's calls may reach, beside what the gate has let pass among their arguments. */
export interface Reach {
  /** `HOST:PORT` patterns. */
  readonly egress: readonly string[];
  /** Names and patterns of secrets that may be named in requests. */
  readonly secrets: readonly string[];
}

type EgressTopic = Extract<keyof JournalEventBodies, `egress.${string}`>;

/** What wanted to leave, and what became of it; on whose behalf is put to it by the kernel. */
export type EgressNews = {
  [T in EgressTopic]: { readonly topic: T; readonly body: Omit<JournalEventBodies[T], "sandbox" | "call"> };
}[EgressTopic];

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
  /** What the gate is to know of it, where whoever brings the tool is trusted to say; the policy's own rows come first. */
  readonly access?: ToolAccess | undefined;
  /** Who wants it asks for it by its name. Default: a pattern means it, too. */
  readonly isNamed?: boolean | undefined;
  /**
   * Its name, description and parameters are the words of a stranger, as of a server elsewhere: a process has seen something
   * untrusted once its model is told of it. Default: whoever brings the tool answers for what it says.
   */
  readonly isForeign?: boolean | undefined;
}

/** The driver of `tool.call`. */
export interface Toolbox extends Driver {
  readonly device: "tool";
  tools(): readonly ToolSpec[];
}
