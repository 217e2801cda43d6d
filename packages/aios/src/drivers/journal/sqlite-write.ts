import type { EngineStatement, SqlEngine } from "../sql/engine.ts";
import { FaultError } from "../sql/fault.ts";
import { CALL_CODE, CALL_FIXED_COLUMNS, callColumns, FILE_CODE, upsertCode, upserts } from "./columns.ts";
import type { SqliteAudit } from "./sqlite-audit.ts";
import { createFileCounts } from "./sqlite-file-usage.ts";
import { createFileWriter } from "./sqlite-write-files.ts";
import { createNoteWriter } from "./sqlite-write-notes.ts";
import type { Value } from "./wire.ts";

/** Writes groups: all records of a group become durable with one commit, or none. */
export interface GroupWriter {
  write(group: readonly Value[], nowMs: number): void;
  /** Signs the audit log, where something in it is new. */
  sign(nowMs: number): void;
}

/** `check` throws, within each group's transaction, when the group may not be written any more. */
export function createGroupWriter(db: SqlEngine, check: () => void, audit: SqliteAudit): GroupWriter {
  const rows = upserts.map((upsert) => db.prepare(upsertText(upsert)));
  const writeCall = createCallWriter(db);
  const notes = createNoteWriter(db);
  const fileCounts = createFileCounts(db);
  const writeFile = createFileWriter(db, fileCounts);
  const begin = db.prepare("begin immediate");
  const commit = db.prepare("commit");
  const takeBack = (): void => {
    notes.forgetUsage();
    fileCounts.forget();
    audit.forget();
    if (db.isTransaction) db.exec("rollback");
  };
  return {
    sign(nowMs) {
      begin.run();
      try {
        check();
        audit.sign(nowMs);
        audit.settle();
        commit.run();
      } catch (cause) {
        takeBack();
        throw cause;
      }
    },
    write(group, nowMs) {
      if (group.length === 0) return;
      begin.run();
      try {
        check();
        let at = 0;
        while (at < group.length) {
          const code = Number(group[at]);
          if (code === CALL_CODE) {
            at = writeCall(group, at + 1);
            continue;
          }
          if (code >= FILE_CODE) {
            at = writeFile(group, at);
            continue;
          }
          if (code > CALL_CODE) {
            at = notes.write(group, at);
            continue;
          }
          const end = at + 1 + (upserts[code]?.columns.length ?? 0);
          if (code === upsertCode.event) audit.append(group.slice(at + 1, end), nowMs);
          else rows[code]?.run(...group.slice(at + 1, end));
          at = end;
        }
        notes.writeUsage();
        fileCounts.write();
        audit.sign(nowMs, true);
        audit.settle();
        commit.run();
      } catch (cause) {
        takeBack();
        throw cause;
      }
    },
  };
}

function upsertText({ table, key, columns }: (typeof upserts)[number]): string {
  const keys: readonly string[] = key;
  const changes = columns.filter((column) => !keys.includes(column)).map((column) => `${column} = excluded.${column}`);
  return `insert into ${table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})
    on conflict (${keys.join(", ")}) do update set ${changes.join(", ")}`;
}

const fixed = callColumns.slice(0, CALL_FIXED_COLUMNS);
const changing = callColumns.slice(CALL_FIXED_COLUMNS);
const TRANSCRIPT = callColumns.indexOf("transcript");
const REQUEST_BLOB = callColumns.indexOf("request_blob");
const RESULT_BLOB = callColumns.indexOf("result_blob");

/** Statements that count who points to a body. */
interface BodyStatements {
  readonly store: EngineStatement;
  readonly keep: EngineStatement;
  readonly drop: EngineStatement;
  readonly forget: EngineStatement;
  readonly link: EngineStatement;
  readonly keepLink: EngineStatement;
}

/** Returns a function that writes the call whose values start at `at`, and returns where the next record starts. */
function createCallWriter(db: SqlEngine): (group: readonly Value[], at: number) => number {
  const insert = db.prepare(
    `insert into syscall (${callColumns.join(", ")}) values (${callColumns.map(() => "?").join(", ")})
     on conflict (call) do nothing`,
  );
  const find = db.prepare("select result_blob from syscall where call = ?");
  const update = db.prepare(
    `update syscall set ${changing.map((column) => `${column} = ?`).join(", ")} where call = ?`,
  );
  const statements: BodyStatements = {
    store: db.prepare(
      "insert into blob (hash, refs, body) values (?, 1, ?) on conflict (hash) do update set refs = refs + 1",
    ),
    keep: db.prepare("update blob set refs = refs + 1 where hash = ?"),
    drop: db.prepare("update blob set refs = refs - 1 where hash = ?"),
    forget: db.prepare("delete from blob where hash = ? and refs <= 0"),
    link: db.prepare(
      "insert into transcript (hash, parent, message, refs) values (?, ?, ?, ?) on conflict (hash) do nothing",
    ),
    keepLink: db.prepare("update transcript set refs = refs + 1 where hash = ?"),
  };
  return (group, start) => {
    const values = group.slice(start, start + callColumns.length);
    let at = start + callColumns.length;
    const isNew = insert.run(...values).changes === 1;
    const fresh = Number(group[at++]);
    // Once a link is new, so are those after it; each is pointed to by the next, the last one by the call.
    let isNewLink = false;
    for (let left = fresh; left > 0; left--, at += 4) {
      const refs = left > 1 || isNew ? 1 : 0;
      isNewLink = writeLink(group.slice(at, at + 4), { refs, isAfterNew: isNewLink }, statements);
    }
    const requestBody = group[at++] ?? null;
    const resultBody = group[at++] ?? null;
    const head = values[TRANSCRIPT] ?? null;
    const requestBlob = values[REQUEST_BLOB] ?? null;
    const resultBlob = values[RESULT_BLOB] ?? null;
    if (isNew) {
      if (head !== null && !isNewLink) must(statements.keepLink, head);
      if (requestBlob !== null) point(requestBlob, requestBody, statements);
      if (resultBlob !== null) point(resultBlob, resultBody, statements);
      return at;
    }
    // The request was recorded when the call was issued.
    const call = values[0] as string;
    const before = find.get(call)?.["result_blob"] ?? null;
    update.run(...values.slice(fixed.length), call);
    if (before === resultBlob) return at;
    if (resultBlob !== null) point(resultBlob, resultBody, statements);
    if (before !== null) {
      statements.drop.run(before);
      statements.forget.run(before);
    }
    return at;
  };
}

/** Returns whether the link was new. */
function writeLink(
  [link, parent, message, body]: readonly Value[],
  { refs, isAfterNew }: { refs: number; isAfterNew: boolean },
  statements: BodyStatements,
): boolean {
  const isNew = statements.link.run(link as string, parent ?? null, message as string, refs).changes === 1;
  if (!isNew) return false;
  statements.store.run(message as string, body as string);
  if (!isAfterNew && parent !== null && parent !== undefined) must(statements.keepLink, parent);
  return true;
}

function point(hash: Value, body: Value, statements: BodyStatements): void {
  if (body === null) must(statements.keep, hash);
  else statements.store.run(hash, body);
}

/** What the kernel's thread took for stored must be: it may have been pruned, or its commit failed. */
function must(statement: EngineStatement, hash: Value): void {
  if (statement.run(hash).changes === 1) return;
  throw new FaultError({ kind: "unknown-body", message: `the journal holds no body ${String(hash)}` });
}
