import { createRequire } from "node:module";
import { DatabaseSync } from "node:sqlite";
import type { SqlRow, SqlValue } from "./port.ts";

export type EngineName = "node" | "better-sqlite3" | "libsql";

/** The library that reads and writes a file. One process must not open one file with two: each would break the other's locks. */
export interface EngineChoice {
  readonly name: EngineName;
  /** Where the package is, for those that are not part of Node. */
  readonly module: string | undefined;
}

/** SQLite as one thread uses it: the part of `DatabaseSync` that the other libraries have too. Values stand as `?`. */
export interface SqlEngine {
  prepare(text: string): EngineStatement;
  /** Any number of statements without values. */
  exec(text: string): void;
  readonly isTransaction: boolean;
  close(): void;
}

export interface EngineStatement {
  /** For what returns no rows. */
  run(...values: readonly SqlValue[]): { readonly changes: number | bigint };
  /** For what returns rows. */
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): SqlRow[];
}

interface EngineOptions {
  /** The file is not written, nor made where there is none. */
  readonly isReadOnly?: boolean;
  /** How long a statement waits for the lock of another connection. */
  readonly timeoutMs: number;
}

export const nodeEngine: EngineChoice = { name: "node", module: undefined };

export function openEngine(path: string, choice: EngineChoice, options: EngineOptions): SqlEngine {
  switch (choice.name) {
    case "node":
      return openNode(path, options);
    case "better-sqlite3":
      return openBetterSqlite3(path, load(choice), options);
    case "libsql":
      return openLibsql(path, load(choice), options);
  }
}

function openNode(path: string, { isReadOnly = false, timeoutMs }: EngineOptions): SqlEngine {
  // Its integers are numbers: bigints only come where they are asked for.
  return new DatabaseSync(path, { readOnly: isReadOnly, timeout: timeoutMs }) as unknown as SqlEngine;
}

interface SynchronousDatabase {
  prepare(text: string): EngineStatement & {
    run(values: readonly SqlValue[]): { readonly changes: number };
    all(values: readonly SqlValue[]): Record<string, SqlValue | ArrayBuffer>[];
    /** Whether it returns rows. */
    readonly reader: boolean;
  };
  exec(text: string): unknown;
  readonly inTransaction: boolean;
  close(): unknown;
}
type Library = new (path: string, options: object) => SynchronousDatabase;

/** Both are CommonJS. */
const load = ({ module }: EngineChoice): Library => createRequire(module as string)(module as string) as Library;

function openBetterSqlite3(path: string, Database: Library, { isReadOnly, timeoutMs }: EngineOptions): SqlEngine {
  const db = new Database(path, { readonly: isReadOnly ?? false, timeout: timeoutMs });
  return {
    prepare(text) {
      const statement = db.prepare(text);
      if (statement.reader) return statement;
      // It refuses to be asked for the rows of what returns none.
      const run = (...values: readonly SqlValue[]) => statement.run(...values);
      return { run, all: (...values) => (run(...values), []), get: (...values) => void run(...values) };
    },
    exec: (text) => void db.exec(text),
    get isTransaction() {
      return db.inTransaction;
    },
    close: () => void db.close(),
  };
}

function openLibsql(path: string, Database: Library, { isReadOnly, timeoutMs }: EngineOptions): SqlEngine {
  const db = new Database(path, { timeout: timeoutMs });
  // It cannot open a file for reading only.
  if (isReadOnly === true) db.exec("pragma query_only = on");
  return {
    prepare(text) {
      const statement = db.prepare(text);
      // As one array: a single null would be taken for named values. Its `get` leaves the statement, and with it a
      // transaction, open (seen with 0.5.29).
      const all = (...values: readonly SqlValue[]): SqlRow[] => statement.all(values).map(withBytes);
      return { run: (...values) => statement.run(values), all, get: (...values) => all(...values)[0] };
    },
    exec: (text) => void db.exec(text),
    get isTransaction() {
      return db.inTransaction;
    },
    close: () => void db.close(),
  };
}

/** Its blobs are bare ArrayBuffers. */
function withBytes(row: Record<string, SqlValue | ArrayBuffer>): SqlRow {
  for (const [name, value] of Object.entries(row)) if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
  return row as SqlRow;
}
