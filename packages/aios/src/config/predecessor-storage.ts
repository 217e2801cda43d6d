import { open } from "node:fs/promises";
import type { StorageRow, StorageTable, StorageTables } from "@aiosjs/sdk/compat";
import { SysError } from "@aiosjs/sdk/protocol";
import { predecessorNames } from "./predecessor.ts";

/** The database header, sqlite.org/fileformat.html §1.3. */
const MAGIC = "SQLite format 3\0";
const tableNames = ["agent_states", "contexts", "events", "task_history"] as const satisfies readonly StorageTable[];

export interface PredecessorStorage extends Disposable {
  /** Rows as they are read. */
  readonly tables: StorageTables;
  /** Tables that its storage does not have. */
  readonly otherTables: readonly string[];
}

const plain = (value: unknown): unknown =>
  typeof value === "bigint" && BigInt.asIntN(54, value) === value ? Number(value) : value;

/** False also for a file that is not there. */
export async function isSqliteFile(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return bytesRead === MAGIC.length && buffer.toString("latin1") === MAGIC;
  } finally {
    await file.close();
  }
}

/**
 * Opens the second family's SQLite file (its `storage/sql/schema.sql`) for reading; the file is not changed.
 * @throws SysError EINVAL for a database of another program, EIO for a damaged one.
 */
export async function openPredecessorStorage(path: string): Promise<PredecessorStorage> {
  const { DatabaseSync } = await import("node:sqlite");
  const damaged = (cause: unknown): SysError =>
    new SysError("EIO", `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      retryable: false,
      hint: "take a copy that is whole",
    });
  let db: InstanceType<typeof DatabaseSync> | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const { quick_check: verdict } = db.prepare("pragma quick_check(1)").get() as { quick_check: string };
    if (verdict !== "ok") throw new Error(verdict);
  } catch (cause) {
    db?.close();
    throw damaged(cause);
  }
  const opened = db;
  const sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'";
  const present = opened
    .prepare(sql)
    .all()
    .map(({ name }) => String(name));
  const missing = tableNames.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    opened.close();
    throw new SysError(
      "EINVAL",
      `${path} is a SQLite file, but not the storage of ${predecessorNames.taiji}: it has no table ${missing.join(", ")}`,
      { hint: "its storage is aios.db, or what StorageManager was given" },
    );
  }
  const rows = function* (table: StorageTable): Generator<StorageRow> {
    const statement = opened.prepare(`select * from ${table}`);
    // Larger integers than a number holds are told as what they are: nothing that its storage writes.
    statement.setReadBigInts(true);
    for (const row of statement.iterate())
      yield Object.fromEntries(Object.entries(row).map(([at, value]) => [at, plain(value)]));
  };
  return {
    tables: {
      agent_states: rows("agent_states"),
      contexts: rows("contexts"),
      events: rows("events"),
      task_history: rows("task_history"),
    },
    otherTables: present.filter((name) => !tableNames.some((known) => known === name)),
    [Symbol.dispose]: () => opened.close(),
  };
}
