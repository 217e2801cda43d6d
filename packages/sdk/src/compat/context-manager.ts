import { SysError } from "../errors.ts";
import { AgentContext, checkAgentId } from "./agent-context.ts";
import type { AgentContextLimits, ContextStatus, LimitViolation } from "./agent-context.ts";
import { copyJson } from "./copy-json.ts";
import type { JsonObject } from "./copy-json.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot.ts";

export interface ContextManagerOptions {
  /** Default: none, and `snapshot` fails with ENODEV. */
  readonly snapshots?: SnapshotStore;
  /** Unix epoch milliseconds. Default: the system's clock. */
  readonly now?: () => number;
  /** Switches that `switchLog` remembers. Default 1,000. */
  readonly maxSwitchLog?: number;
}

export interface SwitchRecord {
  readonly from: string | null;
  readonly to: string;
  readonly ts: number;
}

interface Share {
  readonly used: number;
  readonly max: number;
}

export type LimitCheck =
  | { exists: false }
  | {
      exists: true;
      withinLimits: boolean;
      messages: Share & { evicted: number };
      tokens: Share;
      actions: Share;
    };

export interface ContextSummary {
  readonly agentId: string;
  readonly status: ContextStatus;
  readonly messages: number;
  readonly llmCalls: number;
  readonly tokensUsed: number;
  readonly actionsTaken: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * The contexts of several agents in one program, one of which is the active one. Programs that the kernel runs need none: their
 * processes are it. Old names are the same in camelCase:
 *
 * | old name | here |
 * | --- | --- |
 * | `create(agent_id, metadata, limits)`, `get`, `destroy` | the same; limits are `maxMessages`, `maxTokens`, `maxActions` |
 * | `list_contexts(status)` | `list(status)`, `listContexts(status)` |
 * | `save(agent_id, extra_state)`, `restore(agent_id)` | the same; `restore` of what a limit suspends is EDQUOT |
 * | `switch(from_agent, to_agent, save_state)` | `switch`; throws instead of returning None, and then nothing has changed |
 * | `active_agent`, `switch_count`, `_switch_log` | `activeAgent`, `switchCount`, `switchLog` (the last 1,000) |
 * | `snapshot`, `load_snapshot`, `snapshot_all`, `load_all_snapshots` | the same in camelCase, as promises; a damaged one is an error |
 * | `check_limits`, `enforce_limits`, `stats` | `checkLimits`, `enforceLimits`, `stats` |
 * | `AgentContext.add_message`, `record_llm_call`, `record_action` | in camelCase; they say what made way, and which limit they passed |
 * | `AgentContext.is_within_limits`, `to_dict`, `from_dict` | in camelCase |
 * | seconds in `ts`, `created_at`, … | milliseconds |
 */
export class ContextManager {
  readonly #contexts = new Map<string, AgentContext>();
  readonly #snapshots: SnapshotStore | undefined;
  readonly #now: () => number;
  readonly #maxLog: number;
  /** A ring: the oldest switch is at `#switchCount % #maxLog` once it is full. */
  readonly #log: SwitchRecord[] = [];
  #switchCount = 0;
  #activeAgent: string | null = null;
  /** The last write of each agent: a snapshot taken later is never overwritten by an earlier one. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor({ snapshots, now = Date.now, maxSwitchLog = 1_000 }: ContextManagerOptions = {}) {
    this.#snapshots = snapshots;
    this.#now = now;
    this.#maxLog = Math.max(1, Math.floor(maxSwitchLog));
  }

  get activeAgent(): string | null {
    return this.#activeAgent;
  }

  /** All there were, also those that the log has forgotten. */
  get switchCount(): number {
    return this.#switchCount;
  }

  /** Oldest first. */
  get switchLog(): SwitchRecord[] {
    const first = this.#log.length < this.#maxLog ? 0 : this.#switchCount % this.#maxLog;
    return [...this.#log.slice(first), ...this.#log.slice(0, first)];
  }

  /** The agent's context; made if there is none. @throws SysError EINVAL as `AgentContext` says. */
  create(agentId: string, metadata: JsonObject = {}, limits: Partial<AgentContextLimits> = {}): AgentContext {
    const present = this.#contexts.get(agentId);
    if (present) return present;
    const context = new AgentContext(agentId, { metadata, limits, now: this.#now });
    this.#contexts.set(agentId, context);
    return context;
  }

  get(agentId: string): AgentContext | undefined {
    return this.#contexts.get(agentId);
  }

  /** False when there was none. Its snapshot stays. */
  destroy(agentId: string): boolean {
    this.#contexts.get(agentId)?.terminate();
    if (this.#activeAgent === agentId) this.#activeAgent = null;
    return this.#contexts.delete(agentId);
  }

  list(status?: ContextStatus): ContextSummary[] {
    const summaries: ContextSummary[] = [];
    for (const context of this.#contexts.values()) {
      if (status !== undefined && context.status !== status) continue;
      const { agentId, messageCount, llmCalls, tokensUsed, actionsTaken, createdAt, updatedAt } = context;
      const counts = { messages: messageCount, llmCalls, tokensUsed, actionsTaken };
      summaries.push({ agentId, status: context.status, ...counts, createdAt, updatedAt });
    }
    return summaries;
  }

  listContexts(status?: ContextStatus): ContextSummary[] {
    return this.list(status);
  }

  /** Takes `extraState` into the agent's state and suspends it. False when there is none. */
  save(agentId: string, extraState: JsonObject = {}): boolean {
    const context = this.#contexts.get(agentId);
    if (!context) return false;
    this.#suspend(context, copyJson(extraState));
    return true;
  }

  /** Activates the agent and returns a copy of its state; undefined when there is none. @throws SysError EDQUOT while a limit suspends it. */
  restore(agentId: string): JsonObject | undefined {
    const context = this.#contexts.get(agentId);
    if (!context) return undefined;
    const state = copyJson(context.state);
    context.resume();
    return state;
  }

  /**
   * Saves one agent, restores the other, and makes it the active one: all of it, or nothing and an error. `fromAgent` is null when
   * nobody is active yet.
   * @throws SysError ESRCH when there is no context of either name, EDQUOT while a limit suspends the target, EINVAL when
   * `saveState` is not JSON.
   */
  switch(fromAgent: string | null, toAgent: string, saveState: JsonObject = {}): JsonObject {
    const source = fromAgent === null ? undefined : this.#known(fromAgent);
    const target = this.#known(toAgent);
    const saved = copyJson(saveState);
    const state = copyJson(source === target ? { ...target.state, ...saved } : target.state);
    // Throws when the target may not run; until here nothing has changed.
    target.resume();
    if (source) this.#suspend(source, saved);
    if (source === target) target.resume();
    const record = { from: fromAgent, to: toAgent, ts: this.#now() };
    if (this.#log.length < this.#maxLog) this.#log.push(record);
    else this.#log[this.#switchCount % this.#maxLog] = record;
    this.#switchCount++;
    this.#activeAgent = toAgent;
    return state;
  }

  /**
   * Keeps the agent's context as it is now; resolves when it is safe. False when there is none.
   * @throws SysError ENODEV without a store, EINVAL when its state is not JSON, and what the store fails with: the snapshot
   * before stays whole then.
   */
  async snapshot(agentId: string): Promise<boolean> {
    const store = this.#store();
    const context = this.#contexts.get(agentId);
    if (!context) return false;
    const record = context.toDict();
    const before = this.#writes.get(agentId);
    const write = async () => {
      const text = await encodeSnapshot(record);
      // Whether the one before has failed is told to whoever took it.
      await before?.catch(() => undefined);
      await store.write(agentId, text);
    };
    const writing = write();
    this.#writes.set(agentId, writing);
    try {
      await writing;
    } finally {
      if (this.#writes.get(agentId) === writing) this.#writes.delete(agentId);
    }
    return true;
  }

  /**
   * Puts the snapshot in the place of the agent's context, with the status that it had. Undefined when there is no snapshot.
   * @throws SysError EIO when it is damaged, ENODEV without a store; the present context stays then.
   */
  async loadSnapshot(agentId: string): Promise<AgentContext | undefined> {
    const text = await this.#store().read(checkAgentId(agentId));
    if (text === undefined) return undefined;
    const context = AgentContext.fromDict(await decodeSnapshot(text, agentId), { now: this.#now });
    this.#contexts.get(agentId)?.terminate();
    this.#contexts.set(agentId, context);
    return context;
  }

  /** Returns how many. */
  async snapshotAll(): Promise<number> {
    const done = await Promise.all([...this.#contexts.keys()].map((agentId) => this.snapshot(agentId)));
    return done.filter(Boolean).length;
  }

  /**
   * Loads all that can be loaded, in the order of their names, and returns how many.
   * @throws SysError EIO, after that, with the names of the damaged ones.
   */
  async loadAllSnapshots(): Promise<number> {
    const names = await this.#store().names();
    const faults: { readonly name: string; readonly cause: unknown }[] = [];
    for (const name of names)
      await this.loadSnapshot(name).catch((cause: unknown) => void faults.push({ name, cause }));
    if (faults.length === 0) return names.length;
    throw new SysError("EIO", `the snapshots of ${faults.map(({ name }) => name).join(", ")} cannot be used`, {
      cause: new AggregateError(faults.map(({ cause }) => cause)),
      retryable: false,
      hint: "The others are loaded; loadSnapshot tells of each what is wrong with it.",
    });
  }

  checkLimits(agentId: string): LimitCheck {
    const context = this.#contexts.get(agentId);
    if (!context) return { exists: false };
    const { maxMessages, maxTokens, maxActions } = context.limits;
    return {
      exists: true,
      withinLimits: context.isWithinLimits(),
      messages: { used: context.messageCount, max: maxMessages, evicted: context.messagesEvicted },
      tokens: { used: context.tokensUsed, max: maxTokens },
      actions: { used: context.actionsTaken, max: maxActions },
    };
  }

  /** The limit that the agent has passed, and that suspends it; null when there is none. */
  enforceLimits(agentId: string): LimitViolation | null {
    return this.#contexts.get(agentId)?.enforceLimits() ?? null;
  }

  /** Changes an agent's limits; false when there is none. */
  setLimits(agentId: string, limits: Partial<AgentContextLimits>): boolean {
    this.#contexts.get(agentId)?.setLimits(limits);
    return this.#contexts.has(agentId);
  }

  stats() {
    const totals = { active: 0, suspended: 0, totalTokens: 0, totalActions: 0, messagesEvicted: 0 };
    for (const context of this.#contexts.values()) {
      if (context.status === "active") totals.active++;
      else totals.suspended++;
      totals.totalTokens += context.tokensUsed;
      totals.totalActions += context.actionsTaken;
      totals.messagesEvicted += context.messagesEvicted;
    }
    return {
      totalContexts: this.#contexts.size,
      activeAgent: this.#activeAgent,
      switchCount: this.#switchCount,
      ...totals,
    };
  }

  #suspend(context: AgentContext, state: JsonObject): void {
    Object.assign(context.state, state);
    context.updatedAt = this.#now();
    context.suspend();
    if (this.#activeAgent === context.agentId) this.#activeAgent = null;
  }

  #known(agentId: string): AgentContext {
    const context = this.#contexts.get(agentId);
    if (context) return context;
    throw new SysError("ESRCH", `no context of an agent ${JSON.stringify(agentId)}`, {
      hint: "create it first; nothing was switched",
    });
  }

  #store(): SnapshotStore {
    if (this.#snapshots) return this.#snapshots;
    throw new SysError("ENODEV", "this ContextManager has no store for snapshots", {
      hint: "Pass one: new ContextManager({ snapshots: openSnapshotFolder(path) }), from aiosjs.",
    });
  }
}
