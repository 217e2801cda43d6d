import { SysError } from "../errors.ts";
import type { JsonObject } from "./copy-json.ts";

// Names of the original in camelCase. Instants and durations are milliseconds (the original's are seconds); what it kept as
// text of JSON (`stats_json`, `data_json`, `result_json`) is the object itself.

/** `idle`, `busy`, `failed`, `archived`, or a word of the program's own. */
export interface AgentStateRecord {
  readonly agentId: string;
  readonly role: string;
  readonly goal: string | null;
  readonly backstory: string | null;
  readonly state: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastTaskId: string | null;
  readonly stats: JsonObject | null;
}

export interface StoredContextRecord {
  readonly contextId: string;
  readonly agentId: string;
  readonly sessionId: string | null;
  readonly contextData: JsonObject;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
}

export interface EventRecord {
  readonly eventId: string;
  readonly eventType: string;
  readonly agentId: string | null;
  readonly timestamp: number;
  readonly data: JsonObject;
  /** `info`, `warning`, `error`, `critical`. */
  readonly severity: string;
}

export interface TaskRecord {
  readonly taskId: string;
  readonly agentId: string;
  readonly taskType: string;
  readonly priority: string;
  /** `pending`, `running`, `completed`, `failed`. */
  readonly status: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  /** Milliseconds. */
  readonly duration: number | null;
  readonly result: JsonObject | null;
  readonly errorMessage: string | null;
}

export interface EventFilter {
  readonly agentId?: string;
  readonly eventType?: string;
  /** The first instant that counts. */
  readonly startTime?: number;
  /** The last instant that counts. */
  readonly endTime?: number;
}

export interface AgentTaskStats {
  readonly agentId: string;
  readonly totalTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  /** Milliseconds, of those that have a duration; null when none has. */
  readonly avgDuration: number | null;
}

/** Where each kind of record is kept: a scope of its own, so that one is listed without reading the others. */
export const scopesOf = (name: string) => ({
  agentStates: `${name}/agent-states`,
  contexts: `${name}/contexts`,
  events: `${name}/events`,
  tasks: `${name}/tasks`,
});

/** @throws SysError EINVAL for what cannot be a key. */
export function checkId(id: unknown, what: string): string {
  if (typeof id === "string" && id !== "" && id.length <= 200) return id;
  throw new SysError("EINVAL", `${JSON.stringify(id)} is no ${what}`, { hint: "Use text of 1 to 200 characters." });
}

/**
 * The newest event has the first key: `after` an instant is older, and a limit is reached without reading the rest.
 * Microseconds up to the year 2255, as a number of 16 digits that falls as time goes on.
 */
export const eventKey = (micros: number, { eventType, eventId }: Pick<EventRecord, "eventType" | "eventId">): string =>
  `${beforeMicros(micros)}${ofType(eventType)}${eventId}`;

/** Stands in the keys of the events of this type, and of few others: the rest need not be read. */
export const ofType = (eventType: string): string => ` ${eventType.slice(0, 200)} `;

/** Sorts before the keys of this microsecond and all older ones. */
export const beforeMicros = (micros: number): string => String(Number.MAX_SAFE_INTEGER - micros).padStart(16, "0");
