// A thread of the SQLite journal: the one writer, or a reader beside it.
import { parentPort, workerData } from "node:worker_threads";
import type { SqlEngine } from "../sql/engine.ts";
import { FaultError, toFault } from "../sql/fault.ts";
import { openForReading, openForWriting, reopenForWriting } from "../sql/sqlite-file.ts";
import type { OpenOptions } from "../sql/sqlite-file.ts";
import type { Answer } from "../sql/thread.ts";
import { AuditCheck } from "./audit-check.ts";
import { createAuditSigner } from "./audit-signature.ts";
import { migrations } from "./schema.ts";
import { createSqliteAudit } from "./sqlite-audit.ts";
import type { SqliteAudit } from "./sqlite-audit.ts";
import { createSqliteAuditSource } from "./sqlite-audit-source.ts";
import { createSqliteFence } from "./sqlite-fence.ts";
import type { Claimed, SqliteFence } from "./sqlite-fence.ts";
import { prune } from "./sqlite-prune.ts";
import { JournalReader } from "./sqlite-read.ts";
import { createGroupWriter } from "./sqlite-write.ts";
import type { GroupWriter } from "./sqlite-write.ts";
import type { Order, Pruned } from "./wire.ts";

/** What a thread is started with. */
export interface WorkerData extends Omit<OpenOptions, "migrations"> {
  readonly role: "writer" | "reader";
  /** What a writer signs the audit log with, in PEM; absent: nobody does. */
  readonly auditKey?: string | undefined;
}

interface Connection {
  readonly db: SqlEngine;
  readonly reader: JournalReader;
  readonly writer: GroupWriter | undefined;
  readonly audit: SqliteAudit | undefined;
  readonly fence: SqliteFence | undefined;
}

const options = workerData as WorkerData;
const { path, role, auditKey } = options;
const signer = auditKey === undefined ? undefined : createAuditSigner(auditKey);
/** Pages of the audit log that are looked at for one question: about 20 ms. */
const AUDIT_PAGES = 40;
let looking: AuditCheck | undefined;
let connection: Connection | undefined;
const claimed: Claimed = { node: undefined };
let hasOpened = false;

function connected(): Connection {
  if (connection === undefined) {
    const open = hasOpened ? reopenForWriting : openForWriting;
    const db = role === "reader" ? openForReading(path, options.engine) : open({ ...options, migrations });
    hasOpened = true;
    const fence = role === "writer" ? createSqliteFence(db, { path, claimed }) : undefined;
    const audit = fence && createSqliteAudit(db, signer);
    const writer = fence && audit && createGroupWriter(db, fence.check, audit);
    connection = { db, reader: new JournalReader(db, path), writer, audit, fence };
  }
  return connection;
}

function answer(order: Order): unknown {
  const { db, reader, writer, fence } = connected();
  switch (order.type) {
    case "commit":
      writer?.write(order.group, order.nowMs);
      return undefined;
    case "sign":
      return writer?.sign(order.nowMs);
    case "audit":
      return look(db, order);
    case "load":
      return reader.load(order.zombiesAfterMs);
    case "events":
      return reader.events(order.query);
    case "calls":
      return reader.calls(order.query);
    case "call":
      return reader.call(order.call);
    case "process":
      return reader.process(order.pid);
    case "values":
      return reader.values(order.query);
    case "notes":
      return reader.notes(order.query);
    case "noteVersions":
      return reader.noteVersions(order.query);
    case "noteNamespaces":
      return reader.noteNamespaces(order.tenant);
    case "noteUsage":
      return reader.noteUsage(order.places);
    case "evictableNotes":
      return reader.evictableNotes(order.place, order.limit);
    case "files":
      return reader.files.find(order.query);
    case "fileVersions":
      return reader.files.versions(order.query);
    case "blob":
      return reader.files.blob(order.hash);
    case "unplacedFiles":
      return reader.files.unplaced(order.limit);
    case "fileUsage":
      return reader.files.usage(order.tenant, order.root);
    case "fileRoots":
      return reader.files.roots(order.tenant);
    case "holder":
      return fence?.holder();
    case "claim":
      return fence?.claim(order.node, order.after);
    case "renew":
      return fence?.renew(order.isSole);
    case "size":
      return reader.size();
    case "close":
      // The last connection to close writes the log back and removes it: how the next start sees a clean end.
      db.close();
      connection = undefined;
      return undefined;
    case "prune":
      throw new FaultError({ kind: "failed", message: "pruning is done in slices" });
  }
}

function look(db: SqlEngine, { query, ownKey, isNew }: Extract<Order, { type: "audit" }>): unknown {
  if (isNew) looking = new AuditCheck(createSqliteAuditSource(db), query, ownKey);
  for (let left = AUDIT_PAGES; ; left--) {
    const seen = looking?.step();
    if (left <= 1 || !seen || "last" in seen) return seen;
  }
}

function serve(id: number, work: () => unknown): void {
  try {
    reply({ id, value: work() });
  } catch (cause) {
    const fault = toFault(cause, path);
    // After an I/O error the connection's view of the file is not to be trusted; none of our statements is refused.
    if (fault.kind === "failed" || fault.kind === "refused" || fault.kind === "read-only") {
      connection?.db.close();
      connection = undefined;
    }
    reply({ id, fault });
  }
}

/** One slice a turn of this thread's loop, so that the kernel's commits go between. */
function pruneSlice(id: number, slices: Generator<void, Pruned>): void {
  try {
    const { done, value } = slices.next();
    if (done) reply({ id, value });
    else setImmediate(pruneSlice, id, slices);
  } catch (cause) {
    reply({ id, fault: toFault(cause, path) });
  }
}

const reply = (message: Answer): void => parentPort?.postMessage(message);

parentPort?.on("message", ({ id, order }: { id: number; order: Order }) => {
  if (order.type === "prune") pruneSlice(id, prune(connected().db, connected().audit as SqliteAudit, order));
  else serve(id, () => answer(order));
});
serve(0, () => void connected());
