import { isSysError } from "../errors.ts";
import type { JsonObject } from "./copy-json.ts";
import { eventKey, scopesOf } from "./storage-records.ts";
import type { AgentStateRecord, EventRecord, StoredContextRecord, TaskRecord } from "./storage-records.ts";
import { ValueShelf } from "./value-shelf.ts";
import type { ValueClient } from "./value-shelf.ts";

/** Rows under way at once: they share the kernel's commits. */
const AT_ONCE = 64;

/** A row of the original's database as SQLite hands it out. */
export type StorageRow = Readonly<Record<string, unknown>>;

/** Its tables. A file may lack some. */
export interface StorageTables {
  readonly agent_states?: Iterable<StorageRow>;
  readonly contexts?: Iterable<StorageRow>;
  readonly events?: Iterable<StorageRow>;
  readonly task_history?: Iterable<StorageRow>;
}

export type StorageTable = keyof StorageTables;

export interface StorageImport {
  readonly tables: readonly {
    readonly table: StorageTable;
    readonly imported: number;
    /** Were there already, and stay as they are. */
    readonly present: number;
  }[];
  /** Rows and columns that have no place here. */
  readonly unmapped: readonly { readonly where: string; readonly reason: string }[];
}

/**
 * Takes the rows of the original's SQLite file over, under the name that a StorageManager has (`storage`). What is there already
 * stays as it is: a second import changes nothing, and one that broke off is gone on with by repeating it.
 * @throws SysError when the kernel cannot keep a row that is right (ENOSPC, EIO, EACCES…).
 */
export async function importStorage(
  client: ValueClient,
  tables: StorageTables,
  { name = "storage", isDryRun = false }: { name?: string; /** Nothing is written. */ isDryRun?: boolean } = {},
): Promise<StorageImport> {
  const scopes = scopesOf(name);
  const unmapped: { where: string; reason: string }[] = [];
  const take = async <Row>(table: StorageTable, scope: string, read: (row: Reader) => readonly [string, Row]) => {
    const shelf = new ValueShelf<Row>(client, scope);
    const counts = { table, imported: 0, present: 0 };
    const unknown = new Set<string>();
    const one = async (row: StorageRow): Promise<void> => {
      const reader = new Reader(row);
      try {
        const [key, record] = read(reader);
        for (const column of reader.unread()) unknown.add(column);
        const isNew = (await shelf.get(key)) === undefined && (isDryRun || (await shelf.add(key, record)));
        if (isNew) counts.imported++;
        else counts.present++;
      } catch (error) {
        if (!(error instanceof Unmapped) && !(isSysError(error) && error.code === "E2BIG")) throw error;
        unmapped.push({ where: `${table} ${String(Object.values(row)[0])}`, reason: error.message });
      }
    };
    for (const rows of chunksOf(tables[table] ?? [], AT_ONCE)) await Promise.all(rows.map(one));
    for (const column of unknown)
      unmapped.push({ where: `${table}.${column}`, reason: "the column is not the original's" });
    return counts;
  };
  const taken = [
    await take("agent_states", scopes.agentStates, agentStateOf),
    await take("contexts", scopes.contexts, contextOf),
    await take("events", scopes.events, eventOf),
    await take("task_history", scopes.tasks, taskOf),
  ];
  return { tables: taken.filter(({ table }) => tables[table] !== undefined), unmapped };
}

class Unmapped extends Error {}

/** Reads one row column by column, strictly; what was not read can be told. */
class Reader {
  readonly #row: StorageRow;
  readonly #read = new Set<string>();

  constructor(row: StorageRow) {
    this.#row = row;
  }

  unread(): string[] {
    return Object.keys(this.#row).filter((column) => !this.#read.has(column));
  }

  id(column: string): string {
    const text = this.text(column);
    if (text !== "" && text.length <= 200) return text;
    throw new Unmapped(`${column} is ${text === "" ? "empty" : "longer than 200 characters"}`);
  }

  text(column: string): string {
    const value = this.#value(column);
    if (typeof value === "string") return value;
    throw new Unmapped(`${column} is no text`);
  }

  textOrNull(column: string): string | null {
    return this.#value(column) === null ? null : this.text(column);
  }

  /** Seconds of the original as milliseconds, to the microsecond. */
  time(column: string): number {
    const value = this.#value(column);
    if (typeof value === "number" && Number.isFinite(value) && value >= 0 && value < 9e9)
      return Math.round(value * 1e6) / 1e3;
    throw new Unmapped(`${column} is no instant`);
  }

  timeOrNull(column: string): number | null {
    return this.#value(column) === null ? null : this.time(column);
  }

  json(column: string): JsonObject {
    const text = this.text(column);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Unmapped(`${column} is no JSON`);
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    throw new Unmapped(`${column} is no object`);
  }

  jsonOrNull(column: string): JsonObject | null {
    return this.#value(column) === null ? null : this.json(column);
  }

  #value(column: string): unknown {
    this.#read.add(column);
    return this.#row[column] ?? null;
  }
}

function agentStateOf(row: Reader): readonly [string, AgentStateRecord] {
  const agentId = row.id("agent_id");
  const words = { role: row.text("role"), goal: row.textOrNull("goal"), backstory: row.textOrNull("backstory") };
  const times = { createdAt: row.time("created_at"), updatedAt: row.time("updated_at") };
  const lastTaskId = row.textOrNull("last_task_id");
  return [
    agentId,
    { agentId, ...words, state: row.text("state"), ...times, lastTaskId, stats: row.jsonOrNull("stats_json") },
  ];
}

function contextOf(row: Reader): readonly [string, StoredContextRecord] {
  const contextId = row.id("context_id");
  const owner = { agentId: row.text("agent_id"), sessionId: row.textOrNull("session_id") };
  const times = { createdAt: row.time("created_at"), expiresAt: row.timeOrNull("expires_at") };
  return [contextId, { contextId, ...owner, contextData: row.json("context_data"), ...times }];
}

function eventOf(row: Reader): readonly [string, EventRecord] {
  const eventId = row.id("event_id");
  const about = { eventId, eventType: row.text("event_type"), agentId: row.textOrNull("agent_id") };
  const timestamp = row.time("timestamp");
  const severity = row.textOrNull("severity") ?? "info";
  return [
    eventKey(Math.round(timestamp * 1_000), about),
    { ...about, timestamp, data: row.json("data_json"), severity },
  ];
}

function taskOf(row: Reader): readonly [string, TaskRecord] {
  const taskId = row.id("task_id");
  const about = { agentId: row.text("agent_id"), taskType: row.text("task_type") };
  const state = { priority: row.textOrNull("priority") ?? "normal", status: row.text("status") };
  const times = {
    createdAt: row.time("created_at"),
    startedAt: row.timeOrNull("started_at"),
    completedAt: row.timeOrNull("completed_at"),
    duration: row.timeOrNull("duration"),
  };
  const outcome = { result: row.jsonOrNull("result_json"), errorMessage: row.textOrNull("error_message") };
  return [taskId, { taskId, ...about, ...state, ...times, ...outcome }];
}

function* chunksOf<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
