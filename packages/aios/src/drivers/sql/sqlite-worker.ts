// A thread of a SQLite database behind the port: the one writer, or a reader beside it.
import { parentPort, workerData } from "node:worker_threads";
import type { SqlEngine } from "./engine.ts";
import { FaultError, isReadOnly, toFault } from "./fault.ts";
import type { Fault } from "./fault.ts";
import type { SqlOutcome, SqlStatement } from "./port.ts";
import { openForReading, openForWriting, reopenForWriting } from "./sqlite-file.ts";
import type { OpenOptions } from "./sqlite-file.ts";
import { Statements } from "./statements.ts";
import type { Answer } from "./thread.ts";

/** What a thread is started with. */
export interface WorkerData extends OpenOptions {
  readonly role: "writer" | "reader";
}

/** What a thread is told; each is answered once, in order. */
export type SqlOrder =
  | { type: "batches"; batches: readonly (readonly SqlStatement[])[] }
  | { type: "query" | "run"; statement: SqlStatement }
  | { type: "begin" | "commit" | "rollback" }
  | { type: "close" };

/** What became of one batch of a group. */
export type BatchOutcome = { readonly outcomes: readonly SqlOutcome[] } | { readonly fault: Fault };

interface Connection {
  readonly db: SqlEngine;
  readonly statements: Statements;
}

/** See `Notices`; outside of the caller's numbered steps. */
const noticeTable = `create table if not exists notice (
  id integer primary key, channel text not null, payload text not null, sender text not null
)`;

const options = workerData as WorkerData;
const { path, role } = options;
let connection: Connection | undefined;
let hasOpened = false;

function connected(): Connection {
  if (connection === undefined) {
    const open = hasOpened ? reopenForWriting : openForWriting;
    const db = role === "reader" ? openForReading(path, options.engine) : open(options);
    if (role === "writer" && !hasOpened) db.exec(noticeTable);
    hasOpened = true;
    connection = { db, statements: new Statements(db) };
  }
  return connection;
}

function answer(order: SqlOrder): unknown {
  const { db, statements } = connected();
  switch (order.type) {
    case "batches":
      return write(order.batches, connected());
    case "query":
      if (role === "reader") return read(order.statement, statements);
      mustBeOpen(db);
      return statements.rows(order.statement);
    case "run":
      mustBeOpen(db);
      return statements.run(order.statement);
    case "begin":
      return db.exec("begin immediate");
    case "commit":
      return db.exec("commit");
    case "rollback":
      // A full disk has taken it back already.
      if (db.isTransaction) db.exec("rollback");
      return undefined;
    case "close":
      db.close();
      connection = undefined;
      return undefined;
  }
}

/** A fault may have taken the transaction back while more of it was on its way. */
function mustBeOpen(db: SqlEngine): void {
  if (!db.isTransaction) throw new FaultError({ kind: "failed", message: `the transaction on ${path} was taken back` });
}

function read(statement: SqlStatement, statements: Statements): unknown {
  try {
    return statements.rows(statement);
  } catch (cause) {
    if (!isReadOnly(cause)) throw cause;
    throw new FaultError({ kind: "refused", message: `a query only reads: ${statement.text}` }, cause);
  }
}

/** One transaction, a savepoint for each batch. */
function write(batches: readonly (readonly SqlStatement[])[], { db, statements }: Connection): BatchOutcome[] {
  db.exec("begin immediate");
  try {
    const outcomes = batches.map((batch) => writeBatch(batch, { db, statements }));
    db.exec("commit");
    return outcomes;
  } catch (cause) {
    if (db.isTransaction) db.exec("rollback");
    throw cause;
  }
}

function writeBatch(batch: readonly SqlStatement[], { db, statements }: Connection): BatchOutcome {
  db.exec("savepoint batch");
  try {
    const outcomes = batch.map((statement) => statements.run(statement));
    db.exec("release batch");
    return { outcomes };
  } catch (cause) {
    // SQLite may have taken back the whole transaction.
    if (!db.isTransaction) throw cause;
    db.exec("rollback to batch; release batch");
    return { fault: toFault(cause, path) };
  }
}

function serve(id: number, work: () => unknown): void {
  try {
    reply({ id, value: work() });
  } catch (cause) {
    const fault = toFault(cause, path);
    // After an I/O error the connection's view of the file is not to be trusted.
    if (fault.kind === "failed" || fault.kind === "read-only") {
      connection?.db.close();
      connection = undefined;
    }
    reply({ id, fault });
  }
}

const reply = (message: Answer): void => parentPort?.postMessage(message);

parentPort?.on("message", ({ id, order }: { id: number; order: SqlOrder }) => serve(id, () => answer(order)));
serve(0, () => void connected());
