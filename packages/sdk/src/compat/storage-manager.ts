import { SysError } from "../errors.ts";
import { copyJson } from "./copy-json.ts";
import type { JsonObject } from "./copy-json.ts";
import { beforeMicros, checkId, eventKey, ofType, scopesOf } from "./storage-records.ts";
import type {
  AgentStateRecord,
  AgentTaskStats,
  EventFilter,
  EventRecord,
  StoredContextRecord,
  TaskRecord,
} from "./storage-records.ts";
import { ValueShelf } from "./value-shelf.ts";
import type { ValueClient } from "./value-shelf.ts";

const DAY_MS = 86_400_000;
/** How far events logged in one instant may run ahead of the clock; beyond it the clock was set back. */
const AHEAD_MICROS = 1_000_000;

export interface StorageManagerOptions {
  /** The name under which the tenant's processes share it: what the path of the database was. Default `storage`. */
  readonly name?: string;
  /** Unix epoch milliseconds. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * What agents were, said and did, kept by a kernel (syscalls `value.*`) in process or over HTTP: every write is on disk when its
 * promise resolves, and any process of the tenant reads it. Old names are the same in camelCase; what has more than two
 * arguments takes the others as one object, and milliseconds take the place of seconds.
 *
 * | old name | here |
 * | --- | --- |
 * | `StorageManager(db_path)`, `initialize`, `close` | `new StorageManager(client, { name })`; `initialize` asks the kernel, `close` awaits what is under way |
 * | `save_agent_state(agent_id, role, state, goal…)` | `saveAgentState(agentId, { role, state, goal… })`: what is left out stays as it was |
 * | `save_context(agent_id, context_data, …)`, `get_context` | the same; what has expired is not there any more |
 * | `log_event(event_type, data, …)` | the same; returns the event's id |
 * | `list_events(…, limit, offset)`, `count_events` | the same: the filter first, then offset and limit |
 * | `log_task(task_id, …)` | the same; EEXIST for an id that is taken |
 * | `update_task_status(task_id, status, …)` | what is left out stays as it was; false when there is no such task |
 * | `cleanup_expired_contexts`, `cleanup_old_events(days)` | return how many went |
 *
 * @throws SysError of every method: EINVAL for what is no id or not JSON, E2BIG for a record of more than 1,048,576 characters,
 * ENOSPC or EIO when the kernel could not keep it.
 */
export class StorageManager {
  readonly #agents: ValueShelf<AgentStateRecord>;
  readonly #contexts: ValueShelf<StoredContextRecord>;
  readonly #events: ValueShelf<EventRecord>;
  readonly #tasks: ValueShelf<TaskRecord>;
  readonly #now: () => number;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;
  #lastMicros = 0;

  constructor(client: ValueClient, { name = "storage", now = Date.now }: StorageManagerOptions = {}) {
    const scopes = scopesOf(name);
    this.#agents = new ValueShelf(client, scopes.agentStates);
    this.#contexts = new ValueShelf(client, scopes.contexts);
    this.#events = new ValueShelf(client, scopes.events);
    this.#tasks = new ValueShelf(client, scopes.tasks);
    this.#now = now;
  }

  /** Need not be called: nothing is made. @throws SysError EAUTH, EACCES or whatever else the first call would fail with. */
  initialize(): Promise<void> {
    return this.#do(async () => void (await this.#agents.get("initialize")));
  }

  /** Waits for what is under way; later calls fail with EINVAL. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
  }

  saveAgentState(
    agentId: string,
    state: Pick<AgentStateRecord, "role" | "state"> &
      Partial<Pick<AgentStateRecord, "goal" | "backstory" | "lastTaskId" | "stats">>,
  ): Promise<AgentStateRecord> {
    return this.#do(async () => {
      checkId(agentId, "id of an agent");
      const given = copyJson(definedOf(state), "the state of an agent");
      const nowMs = this.#now();
      const none = { goal: null, backstory: null, lastTaskId: null, stats: null };
      const saved = await this.#agents.change(agentId, (before) => ({
        ...none,
        ...before,
        ...given,
        agentId,
        createdAt: before?.createdAt ?? nowMs,
        updatedAt: nowMs,
      }));
      return saved as AgentStateRecord;
    });
  }

  getAgentState(agentId: string): Promise<AgentStateRecord | undefined> {
    return this.#do(() => this.#agents.get(checkId(agentId, "id of an agent")));
  }

  /** The last updated first. */
  listAgentStates({ activeOnly = false }: { activeOnly?: boolean } = {}): Promise<AgentStateRecord[]> {
    return this.#do(async () => {
      const found: AgentStateRecord[] = [];
      for await (const row of this.#agents.rows()) if (!activeOnly || row.state !== "archived") found.push(row);
      return found.toSorted((left, right) => right.updatedAt - left.updatedAt);
    });
  }

  /** What the agent did stays on record. False when there was none. */
  deleteAgentState(agentId: string): Promise<boolean> {
    return this.#do(() => this.#agents.remove(checkId(agentId, "id of an agent")));
  }

  /** Returns the context's id. */
  saveContext(
    agentId: string,
    contextData: JsonObject,
    { sessionId = null, expiresAt = null }: { sessionId?: string | null; expiresAt?: number | null } = {},
  ): Promise<string> {
    return this.#do(async () => {
      checkId(agentId, "id of an agent");
      const contextId = crypto.randomUUID();
      const data = copyJson(contextData, "contextData");
      const createdAt = this.#now();
      await this.#contexts.put(contextId, { contextId, agentId, sessionId, contextData: data, createdAt, expiresAt });
      return contextId;
    });
  }

  getContext(contextId: string): Promise<StoredContextRecord | undefined> {
    return this.#do(async () => {
      const row = await this.#contexts.get(checkId(contextId, "id of a context"));
      return row && this.#isExpired(row) ? undefined : row;
    });
  }

  /** The newest first. */
  listContextsByAgent(agentId: string): Promise<StoredContextRecord[]> {
    return this.#do(async () => {
      const found: StoredContextRecord[] = [];
      for await (const row of this.#contexts.rows())
        if (row.agentId === agentId && !this.#isExpired(row)) found.push(row);
      return found.toSorted((left, right) => right.createdAt - left.createdAt);
    });
  }

  /** False when there was none. */
  deleteContext(contextId: string): Promise<boolean> {
    return this.#do(() => this.#contexts.remove(checkId(contextId, "id of a context")));
  }

  cleanupExpiredContexts(): Promise<number> {
    return this.#do(() => this.#contexts.sweep((row) => this.#isExpired(row)));
  }

  /** Returns the event's id. */
  logEvent(
    eventType: string,
    data: JsonObject,
    { agentId = null, severity = "info" }: { agentId?: string | null; severity?: string } = {},
  ): Promise<string> {
    return this.#do(async () => {
      checkId(eventType, "type of an event");
      const eventId = crypto.randomUUID();
      const micros = this.#nextMicros();
      const timestamp = Math.floor(micros / 1_000);
      const copied = copyJson(data, "the data of an event");
      await this.#events.put(eventKey(micros, { eventType, eventId }), {
        eventId,
        eventType,
        agentId,
        timestamp,
        data: copied,
        severity,
      });
      return eventId;
    });
  }

  /** The newest first; `limit` (100) of those that the filter lets pass, behind `offset` of them. */
  listEvents({ limit = 100, offset = 0, ...filter }: EventFilter & { limit?: number; offset?: number } = {}): Promise<
    EventRecord[]
  > {
    return this.#do(async () => {
      const last = checkCount(offset, "offset") + checkCount(limit, "limit");
      const found: EventRecord[] = [];
      if (last === 0) return found;
      for await (const event of this.#matching(filter, last)) if (found.push(event) >= last) break;
      return found.slice(offset);
    });
  }

  countEvents(filter: EventFilter = {}): Promise<number> {
    return this.#do(async () => {
      let count = 0;
      for await (const _event of this.#matching(filter)) count++;
      return count;
    });
  }

  /** Returns how many went. */
  cleanupOldEvents(days = 30): Promise<number> {
    return this.#do(() => {
      const before = this.#now() - checkAge(days) * DAY_MS;
      return this.#events.sweep(({ timestamp }) => timestamp < before, beforeMicros(before * 1_000));
    });
  }

  /** @throws SysError EEXIST when there is a task of this id. */
  logTask(
    taskId: string,
    task: Pick<TaskRecord, "agentId" | "taskType"> & Partial<Pick<TaskRecord, "priority" | "status">>,
  ): Promise<void> {
    return this.#do(async () => {
      const { agentId, taskType, priority = "normal", status = "pending" } = task;
      checkId(agentId, "id of an agent");
      const row = {
        taskId: checkId(taskId, "id of a task"),
        agentId,
        taskType,
        priority,
        status,
        createdAt: this.#now(),
      };
      const rest = { startedAt: null, completedAt: null, duration: null, result: null, errorMessage: null };
      if (await this.#tasks.add(taskId, { ...row, ...rest })) return;
      throw new SysError("EEXIST", `there is a task ${JSON.stringify(taskId)} already`, {
        hint: "updateTaskStatus changes it",
      });
    });
  }

  /** What is left out stays; `duration` is reckoned from the two instants. False when there is no such task. */
  updateTaskStatus(
    taskId: string,
    status: string,
    changes: Partial<Pick<TaskRecord, "startedAt" | "completedAt" | "duration" | "result" | "errorMessage">> = {},
  ): Promise<boolean> {
    return this.#do(async () => {
      const given = copyJson(definedOf(changes), "the changes of a task");
      const changed = await this.#tasks.change(checkId(taskId, "id of a task"), (before) => {
        if (before === undefined) return undefined;
        const row = { ...before, ...given, status };
        if (given.duration !== undefined || row.startedAt === null || row.completedAt === null) return row;
        return { ...row, duration: row.completedAt - row.startedAt };
      });
      return changed !== undefined;
    });
  }

  getTask(taskId: string): Promise<TaskRecord | undefined> {
    return this.#do(() => this.#tasks.get(checkId(taskId, "id of a task")));
  }

  /** The newest first. */
  listTasksByAgent(agentId: string, limit = 100): Promise<TaskRecord[]> {
    return this.#tasksWith((task) => task.agentId === agentId, limit);
  }

  /** The newest first. */
  listTasksByStatus(status: string, limit = 100): Promise<TaskRecord[]> {
    return this.#tasksWith((task) => task.status === status, limit);
  }

  /** Undefined for an agent without a task. */
  getAgentStats(agentId: string): Promise<AgentTaskStats | undefined> {
    return this.#do(async () => {
      const counts = { totalTasks: 0, completedTasks: 0, failedTasks: 0 };
      const durations: number[] = [];
      for await (const task of this.#tasks.rows()) {
        if (task.agentId !== agentId) continue;
        counts.totalTasks++;
        if (task.status === "completed") counts.completedTasks++;
        if (task.status === "failed") counts.failedTasks++;
        if (task.duration !== null) durations.push(task.duration);
      }
      if (counts.totalTasks === 0) return undefined;
      const sum = durations.reduce((total, duration) => total + duration, 0);
      return { agentId, ...counts, avgDuration: durations.length === 0 ? null : sum / durations.length };
    });
  }

  #tasksWith(isWanted: (task: TaskRecord) => boolean, limit: number): Promise<TaskRecord[]> {
    return this.#do(async () => {
      const found: TaskRecord[] = [];
      for await (const task of this.#tasks.rows()) if (isWanted(task)) found.push(task);
      return found.toSorted((left, right) => right.createdAt - left.createdAt).slice(0, checkCount(limit, "limit"));
    });
  }

  async *#matching({ agentId, eventType, startTime, endTime }: EventFilter, expected?: number) {
    // One millisecond more, for instants between two: each event is looked at anyway.
    const after = endTime === undefined ? undefined : beforeMicros(Math.ceil(endTime + 1) * 1_000);
    const contains = eventType === undefined ? undefined : ofType(eventType);
    for await (const event of this.#events.rows({ after, contains, expected })) {
      if (startTime !== undefined && event.timestamp < startTime) return;
      if (endTime !== undefined && event.timestamp > endTime) continue;
      if (agentId !== undefined && event.agentId !== agentId) continue;
      if (eventType === undefined || event.eventType === eventType) yield event;
    }
  }

  /** Events of one millisecond keep the order in which they were logged. */
  #nextMicros(): number {
    const micros = Math.floor(this.#now() * 1_000);
    const isSetBack = this.#lastMicros - micros > AHEAD_MICROS;
    return (this.#lastMicros = micros > this.#lastMicros || isSetBack ? micros : this.#lastMicros + 1);
  }

  #isExpired({ expiresAt }: StoredContextRecord): boolean {
    return expiresAt !== null && expiresAt <= this.#now();
  }

  #do<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new SysError("EINVAL", "this StorageManager is closed"));
    const working = Promise.resolve().then(work);
    const known = working.finally(() => this.#underWay.delete(known));
    this.#underWay.add(known);
    return known;
  }
}

const definedOf = <Given extends object>(given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;

function checkCount(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new SysError("EINVAL", `${name} is ${value}, which is no count`);
}

function checkAge(days: number): number {
  if (Number.isFinite(days) && days >= 0) return days;
  throw new SysError("EINVAL", `${days} is no number of days`);
}
