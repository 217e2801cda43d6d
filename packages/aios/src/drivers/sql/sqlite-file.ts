import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { checkLog } from "./check-log.ts";
import { nodeEngine, openEngine } from "./engine.ts";
import type { EngineChoice, SqlEngine } from "./engine.ts";
import { FaultError, restoreHint, toFault } from "./fault.ts";
import { isBrokenLog } from "./write-ahead-log.ts";

/** A file up to this size is checked whole at each start (64 MB: about 60 ms); a larger one after a crash only. */
const ALWAYS_CHECKED_BYTES = 64 * 1024 * 1024;
/** The database header, sqlite.org/fileformat.html §1.3. */
const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;
/** How long a statement waits for another connection. */
const PATIENCE_MS = 5_000;

/** Stands in the header of every database of ours ("AIOS"), so that a foreign one is never taken for it. */
export const APPLICATION_ID = 0x41_49_4f_53;

export interface OpenOptions {
  readonly path: string;
  readonly engine: EngineChoice;
  /** Step n leads from schema n - 1 to n; a step is never edited once released. */
  readonly migrations: readonly string[];
  /** The file never grows past so many pages of 4 KB; beyond it commits fail as on a full disk. */
  readonly maxPages?: number | undefined;
}

/**
 * Opens a database for writing, makes it where there is none and brings an older one up to date.
 * @throws FaultError naming the file when it is not ours, newer than we are, or damaged: it is never read as empty.
 */
export function openForWriting(options: OpenOptions): SqlEngine {
  const { path, maxPages } = options;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) create(options);
    const { isCrash, sizeBytes } = inspect(path);
    if (isCrash) checkLog(path);
    const db = connect(options);
    try {
      if (isCrash || sizeBytes <= ALWAYS_CHECKED_BYTES) checkPages(db, path);
      migrate(db, options);
      if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
      return db;
    } catch (cause) {
      db.close();
      throw cause;
    }
  } catch (cause) {
    throw new FaultError(toFault(cause, path), cause);
  }
}

export function openForReading(path: string, engine = nodeEngine): SqlEngine {
  const db = openEngine(path, engine, { isReadOnly: true, timeoutMs: PATIENCE_MS });
  db.exec("pragma query_only = on; pragma cache_size = -8000");
  return db;
}

/** Opens again after an I/O error, without the checks: the kernel holds the lock and knows the file. */
export function reopenForWriting(options: OpenOptions): SqlEngine {
  const { maxPages } = options;
  const db = connect(options);
  if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
  return db;
}

function connect({ path, engine }: OpenOptions): SqlEngine {
  const db = openEngine(path, engine, { timeoutMs: PATIENCE_MS });
  try {
    const mode = db.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
    if (mode !== "wal") {
      throw new FaultError({
        kind: "failed",
        message: `the file system that holds ${path} cannot share memory between connections, which AIOS needs`,
        hint: "put the home on a local disk: --home DIR",
      });
    }
    // FULL: a commit returns after the log is on the disk. 4,000 pages: checkpoints write back 16 MB at a time, not 4.
    db.exec("pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma journal_size_limit = 67108864");
    db.exec("pragma cache_size = -32000; pragma temp_store = memory; pragma foreign_keys = off");
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/**
 * A new database is made under another name and renamed when it is complete: an empty or half-made file under the
 * database's own name is then always damage.
 */
function create(options: OpenOptions): void {
  const { path, engine } = options;
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, "wx", 0o600));
  const db = openEngine(draft, engine, { timeoutMs: PATIENCE_MS });
  try {
    db.exec(`pragma auto_vacuum = incremental; pragma application_id = ${APPLICATION_ID}; pragma synchronous = full`);
    migrate(db, options);
  } finally {
    db.close();
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } catch (cause) {
    // Windows has no fsync of a folder; the rename is in its log there.
    if (process.platform !== "win32") throw cause;
  } finally {
    closeSync(folder);
  }
}

/** Looks at the header before SQLite does: opening a database of somebody else for writing would change it. */
function inspect(path: string): { isCrash: boolean; sizeBytes: number } {
  const sizeBytes = statSync(path).size;
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  if (!header.toString("latin1").startsWith(MAGIC)) {
    const what = sizeBytes === 0 ? "is empty: its content was lost" : "is not a journal";
    throw new FaultError({ kind: "damaged", message: `${path} ${what}`, hint: restoreHint });
  }
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID) {
    throw new FaultError({
      kind: "damaged",
      message: `${path} is a database of another program`,
      hint: "start with another --home, or name another file in journal.url",
    });
  }
  // SQLite removes its log when the last connection closes.
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log && isBrokenLog(`${path}-wal`, log.size))
    throw new FaultError({ kind: "damaged", message: `${path}-wal is damaged: its header`, hint: restoreHint });
  return { isCrash: log !== undefined && log.size > 0, sizeBytes };
}

function checkPages(db: SqlEngine, path: string): void {
  const verdict = db.prepare("pragma quick_check(1)").get()?.["quick_check"];
  if (verdict === "ok") return;
  throw new FaultError({ kind: "damaged", message: `${path} is damaged: ${String(verdict)}`, hint: restoreHint });
}

function migrate(db: SqlEngine, { path, migrations }: OpenOptions): void {
  db.exec("create table if not exists schema_version (version bigint not null)");
  const version = versionOf(db);
  if (version > migrations.length) {
    throw new FaultError({
      kind: "damaged",
      message: `${path} was written by a newer AIOS (schema ${version}, this one knows ${migrations.length})`,
      hint: "upgrade aiosjs, or start with another --home",
    });
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    db.exec("begin immediate");
    try {
      // Another process may have been faster.
      if (versionOf(db) === index) {
        db.exec(step);
        db.prepare("insert into schema_version (version) values (?)").run(index + 1);
      }
      db.exec("commit");
    } catch (cause) {
      if (db.isTransaction) db.exec("rollback");
      throw cause;
    }
  }
}

const versionOf = (db: SqlEngine): number =>
  Number(db.prepare("select max(version) as version from schema_version").get()?.["version"] ?? 0);
