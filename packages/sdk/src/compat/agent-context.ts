import { SysError } from "../errors.ts";
import { copyJson } from "./copy-json.ts";
import type { JsonObject } from "./copy-json.ts";

/** `terminated`: destroyed, or replaced by its snapshot. */
export type ContextStatus = "active" | "suspended" | "terminated";
export type LimitViolation = "token_limit" | "action_limit";

export interface AgentContextLimits {
  /** Messages kept; the oldest make way for new ones. Default 100. */
  readonly maxMessages: number;
  /** Tokens of all model calls. Default 50,000. */
  readonly maxTokens: number;
  /** Default 200. */
  readonly maxActions: number;
}

export interface ContextMessage {
  readonly role: string;
  readonly content: string;
  /** Unix epoch milliseconds. */
  readonly ts: number;
}

/** A context as data: all of it, and JSON. Instants are Unix epoch milliseconds. */
export interface AgentContextRecord extends AgentContextLimits {
  agentId: string;
  state: JsonObject;
  messages: ContextMessage[];
  metadata: JsonObject;
  llmCalls: number;
  actionsTaken: number;
  tokensUsed: number;
  messagesEvicted: number;
  createdAt: number;
  updatedAt: number;
  suspendedAt: number | null;
  status: ContextStatus;
  /** The limit that suspended it. */
  suspendedBy: LimitViolation | null;
}

const defaultLimits: AgentContextLimits = { maxMessages: 100, maxTokens: 50_000, maxActions: 200 };

interface AgentContextOptions {
  readonly metadata?: JsonObject;
  readonly limits?: Partial<AgentContextLimits>;
  /** Unix epoch milliseconds. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * What one agent has said, done and used. A limit that is passed suspends the context in the moment of the record that passes it;
 * until its limits are raised nothing more is recorded (EDQUOT). One that was saved still records: an answer may be under way.
 */
export class AgentContext {
  readonly agentId: string;
  /** Free for the program to change; JSON only, or the next copy of it fails. */
  state: JsonObject = {};
  metadata: JsonObject;
  llmCalls = 0;
  actionsTaken = 0;
  tokensUsed = 0;
  /** Messages that made way for newer ones. */
  messagesEvicted = 0;
  createdAt: number;
  updatedAt: number;
  suspendedAt: number | null = null;
  #status: ContextStatus = "active";
  #suspendedBy: LimitViolation | null = null;
  #limits: AgentContextLimits;
  /** A ring: the oldest message is at `#first` once it is full. */
  #messages: ContextMessage[] = [];
  #first = 0;
  readonly #now: () => number;

  /** @throws SysError EINVAL for an id that could not name a snapshot, limits that are no counts, metadata that is not JSON. */
  constructor(agentId: string, { metadata = {}, limits, now = Date.now }: AgentContextOptions = {}) {
    this.agentId = checkAgentId(agentId);
    this.metadata = copyJson(metadata, "metadata");
    this.#limits = checkLimits({ ...defaultLimits, ...limits });
    this.#now = now;
    this.createdAt = this.updatedAt = now();
  }

  get status(): ContextStatus {
    return this.#status;
  }

  /** The limit that suspended it, if one did. */
  get suspendedBy(): LimitViolation | null {
    return this.#suspendedBy;
  }

  get limits(): AgentContextLimits {
    return this.#limits;
  }

  /** Oldest first; a copy. */
  get messages(): ContextMessage[] {
    return [...this.#messages.slice(this.#first), ...this.#messages.slice(0, this.#first)];
  }

  get messageCount(): number {
    return this.#messages.length;
  }

  /** Size of its record as JSON, in UTF-8 bytes. */
  get memoryBytes(): number {
    return new TextEncoder().encode(JSON.stringify(this.toDict())).length;
  }

  /** Returns the message that made way, if one did. @throws SysError EDQUOT, ESRCH as `record…`. */
  addMessage(role: string, content: string): ContextMessage | undefined {
    this.#mustBeLive();
    const ts = this.#now();
    const message = { role, content, ts };
    this.updatedAt = ts;
    if (this.#messages.length < this.#limits.maxMessages) return void this.#messages.push(message);
    const evicted = this.#messages[this.#first];
    this.#messages[this.#first] = message;
    this.#first = (this.#first + 1) % this.#messages.length;
    this.messagesEvicted++;
    return evicted;
  }

  /**
   * Counts a model call. Returns the limit that it passed: the call has happened and stays counted, the context is suspended.
   * @throws SysError EDQUOT while a limit suspends it, ESRCH when it is terminated, EINVAL when `tokens` is no count.
   */
  recordLlmCall(tokens = 0): LimitViolation | undefined {
    this.#mustBeLive();
    if (!isCount(tokens)) throw new SysError("EINVAL", `${tokens} is no number of tokens`);
    this.llmCalls++;
    this.tokensUsed += tokens;
    this.updatedAt = this.#now();
    return this.enforceLimits();
  }

  /** Counts an action, as `recordLlmCall` counts a call. */
  recordAction(): LimitViolation | undefined {
    this.#mustBeLive();
    this.actionsTaken++;
    this.updatedAt = this.#now();
    return this.enforceLimits();
  }

  isWithinLimits(): boolean {
    return this.tokensUsed <= this.#limits.maxTokens && this.actionsTaken <= this.#limits.maxActions;
  }

  /** Suspends it if a limit is passed, and says which. */
  enforceLimits(): LimitViolation | undefined {
    if (this.isWithinLimits()) return undefined;
    const violation = this.tokensUsed > this.#limits.maxTokens ? "token_limit" : "action_limit";
    if (this.#status !== "terminated") {
      this.suspend();
      this.#suspendedBy = violation;
    }
    return violation;
  }

  /** Raises or lowers limits. Once it is within them a suspension by a limit is an ordinary one, which `restore` lifts. */
  setLimits(limits: Partial<AgentContextLimits>): void {
    const next = checkLimits({ ...this.#limits, ...limits });
    const messages = this.messages;
    this.messagesEvicted += Math.max(0, messages.length - next.maxMessages);
    this.#messages = messages.slice(-next.maxMessages);
    this.#first = 0;
    this.#limits = next;
    this.#suspendedBy = null;
    this.enforceLimits();
  }

  suspend(): void {
    if (this.#status !== "active") return;
    this.suspendedAt = this.#now();
    this.#status = "suspended";
  }

  /** @throws SysError EDQUOT while a limit suspends it, ESRCH when it is terminated. */
  resume(): void {
    this.#mustBeLive();
    this.enforceLimits();
    this.#mustBeLive();
    this.#status = "active";
    this.suspendedAt = null;
  }

  terminate(): void {
    this.#status = "terminated";
  }

  /** A copy of all of it. @throws SysError EINVAL when `state` or `metadata` is not JSON. */
  toDict(): AgentContextRecord {
    const { agentId, llmCalls, actionsTaken, tokensUsed, messagesEvicted, createdAt, updatedAt, suspendedAt } = this;
    return {
      agentId,
      llmCalls,
      actionsTaken,
      tokensUsed,
      messagesEvicted,
      createdAt,
      updatedAt,
      suspendedAt,
      ...this.#limits,
      state: copyJson(this.state),
      metadata: copyJson(this.metadata, "metadata"),
      messages: this.messages,
      status: this.#status,
      suspendedBy: this.#suspendedBy,
    };
  }

  /** The other way round. Counts beyond the limits suspend it, whatever the record says. */
  static fromDict(record: AgentContextRecord, options: Pick<AgentContextOptions, "now"> = {}): AgentContext {
    const { agentId, maxMessages, maxTokens, maxActions, metadata, messages } = record;
    const context = new AgentContext(agentId, { ...options, metadata, limits: { maxMessages, maxTokens, maxActions } });
    context.state = copyJson(record.state);
    context.llmCalls = record.llmCalls;
    context.actionsTaken = record.actionsTaken;
    context.tokensUsed = record.tokensUsed;
    context.messagesEvicted = record.messagesEvicted + Math.max(0, messages.length - maxMessages);
    context.createdAt = record.createdAt;
    context.updatedAt = record.updatedAt;
    context.suspendedAt = record.suspendedAt;
    context.#messages = messages.slice(-maxMessages).map((message) => ({ ...message }));
    context.#status = record.status;
    context.#suspendedBy = record.suspendedBy;
    context.enforceLimits();
    return context;
  }

  #mustBeLive(): void {
    if (this.#status === "active") return;
    if (this.#status === "terminated")
      throw new SysError("ESRCH", `the context of ${this.agentId} is terminated`, {
        hint: "Another one may have its id: ask the ContextManager.",
      });
    if (this.#suspendedBy === null) return;
    const { tokensUsed, actionsTaken, agentId } = this;
    const { maxTokens, maxActions } = this.#limits;
    const used =
      this.#suspendedBy === "token_limit"
        ? `${tokensUsed} of ${maxTokens} tokens`
        : `${actionsTaken} of ${maxActions} actions`;
    throw new SysError("EDQUOT", `the context of ${agentId} is suspended: it has used ${used}`, {
      hint: "Raise its limits with setLimits.",
    });
  }
}

/**
 * Letters and digits of any script, `.`, `_`, `-` and spaces, a letter or digit first, 60 at most: a name that is a file's name too.
 * @throws SysError EINVAL
 */
export function checkAgentId(agentId: string): string {
  if (/^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}._ -]{0,58}[\p{L}\p{N}\p{M}_-])?$/u.test(agentId)) return agentId;
  throw new SysError("EINVAL", `${JSON.stringify(agentId)} is no id for an agent's context`, {
    hint: "Use letters, digits, dots, dashes, underscores and spaces, 60 at most, a letter or digit first.",
  });
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

function checkLimits({ maxMessages, maxTokens, maxActions }: AgentContextLimits): AgentContextLimits {
  if (!isCount(maxMessages) || maxMessages === 0) throw noLimit("maxMessages", maxMessages);
  if (!isCount(maxTokens)) throw noLimit("maxTokens", maxTokens);
  if (!isCount(maxActions)) throw noLimit("maxActions", maxActions);
  return { maxMessages, maxTokens, maxActions };
}

const noLimit = (name: string, value: number): SysError =>
  new SysError("EINVAL", `${name} is ${value}, which is no limit`);
