import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, migrations } from "./schema.ts";
import { FaultError, restoreHint, toFault } from "./sqlite-fault.ts";

/** A file up to this size is checked whole at each start (64 MB: about 60 ms); a larger one after a crash only. */
const ALWAYS_CHECKED_BYTES = 64 * 1024 * 1024;
/** The database header, sqlite.org/fileformat.html §1.3. */
const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

export interface OpenOptions {
  readonly path: string;
  /** The file never grows past so many pages of 4 KB; beyond it commits fail as on a full disk. */
  readonly maxPages?: number | undefined;
}

/**
 * Opens the journal for writing, makes it where there is none and brings an older one up to date.
 * @throws FaultError naming the file when it is not ours, newer than we are, or damaged: it is never read as empty.
 */
export function openForWriting({ path, maxPages }: OpenOptions): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) create(path);
    const { isCrash, sizeBytes } = inspect(path);
    const db = connect(path);
    try {
      if (isCrash || sizeBytes <= ALWAYS_CHECKED_BYTES) checkPages(db, path);
      migrate(db, path);
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

export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  db.exec("pragma query_only = on; pragma cache_size = -8000");
  return db;
}

/** Opens again after an I/O error, without the checks: the kernel holds the lock and knows the file. */
export function reopenForWriting({ path, maxPages }: OpenOptions): DatabaseSync {
  const db = connect(path);
  if (maxPages !== undefined) db.exec(`pragma max_page_count = ${maxPages}`);
  return db;
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: false });
  try {
    const { journal_mode: mode } = db.prepare("pragma journal_mode = wal").get() as { journal_mode: string };
    if (mode !== "wal") {
      throw new FaultError({
        kind: "failed",
        message: `the file system that holds ${path} cannot share memory between connections, which the journal needs`,
        hint: "put the home on a local disk: --home DIR",
      });
    }
    // FULL: a commit returns after the log is on the disk. 4,000 pages: checkpoints write back 16 MB at a time, not 4.
    db.exec("pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma journal_size_limit = 67108864");
    db.exec("pragma cache_size = -32000; pragma temp_store = memory");
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/**
 * A new journal is made under another name and renamed when it is complete: an empty or half-made file under the
 * journal's own name is then always damage.
 */
function create(path: string): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, "wx", 0o600));
  const db = new DatabaseSync(draft);
  try {
    db.exec(`pragma auto_vacuum = incremental; pragma application_id = ${APPLICATION_ID}; pragma synchronous = full`);
    migrate(db, path);
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
  return { isCrash: log !== undefined && log.size > 0, sizeBytes };
}

function checkPages(db: DatabaseSync, path: string): void {
  const { quick_check: verdict } = db.prepare("pragma quick_check(1)").get() as { quick_check: string };
  if (verdict === "ok") return;
  throw new FaultError({ kind: "damaged", message: `${path} is damaged: ${verdict}`, hint: restoreHint });
}

function migrate(db: DatabaseSync, path: string): void {
  db.exec("create table if not exists schema_version (version bigint not null)");
  const row = db.prepare("select max(version) as version from schema_version").get();
  const version = Number(row?.["version"] ?? 0);
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
      db.exec(step);
      db.prepare("insert into schema_version (version) values (?)").run(index + 1);
      db.exec("commit");
    } catch (cause) {
      if (db.isTransaction) db.exec("rollback");
      throw cause;
    }
  }
}
