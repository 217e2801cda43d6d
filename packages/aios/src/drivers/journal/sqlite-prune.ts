import type { EngineStatement, SqlEngine } from "../sql/engine.ts";
import type { SqliteAudit } from "./sqlite-audit.ts";
import { createEventSlices } from "./sqlite-prune-events.ts";
import { createFileSlices } from "./sqlite-prune-files.ts";
import type { Pruned, SqlRow } from "./wire.ts";

/** Calls per transaction: commits of the kernel wait for one slice at most (about 5 ms). */
const SLICE = 200;

interface Retention {
  readonly nowMs: number;
  readonly beforeMs: number;
  readonly filesBeforeMs: number;
  readonly keepBytes: number;
}

/**
 * Forgets what is older than `beforeMs`, of files than `filesBeforeMs`, then, while the file is larger than `keepBytes` without the contents of files, the
 * results of the oldest calls, then their requests, then the calls themselves. Yields after each slice, so that commits go between.
 * What stays: calls that have not ended, those that a living program is told again after a restart, and the newest event (its
 * number is where the next one goes on).
 */
export function* prune(
  db: SqlEngine,
  audit: SqliteAudit,
  { nowMs, beforeMs, filesBeforeMs, keepBytes }: Retention,
): Generator<void, Pruned> {
  const pruned = { results: 0, requests: 0, calls: 0, events: 0, processes: 0, fileVersions: 0, fileBlobs: 0 };
  const slices = createSlices(db);
  const slice = (work: () => number): number => {
    db.exec("begin immediate");
    try {
      const count = work();
      db.exec("commit");
      return count;
    } catch (cause) {
      audit.forget();
      if (db.isTransaction) db.exec("rollback");
      throw cause;
    }
  };
  const files = createFileSlices(db);
  let contentBytes = 0;
  // Before the versions: who has just read a version that goes now finds its content until the journal forgets the next time.
  for (let after: string | undefined = ""; after !== undefined; yield)
    pruned.fileBlobs += slice(() => {
      const { count, keptBytes, last } = files.forgetBlobs(after as string);
      contentBytes += keptBytes;
      after = last;
      return count;
    });
  for (let after: number | undefined = 0; after !== undefined; yield)
    pruned.fileVersions += slice(() => {
      const { count, last } = files.forgetVersions(after as number, filesBeforeMs);
      after = last;
      return count;
    });
  for (const stage of [0, 1, 2] as const) {
    for (;;) {
      const count = slice(() => slices.forgetCalls(stage, beforeMs));
      pruned.calls += count;
      yield;
      if (count < SLICE) break;
    }
  }
  const events = createEventSlices(db, audit);
  for (let after: number | undefined = 0; after !== undefined; yield)
    pruned.events += slice(() => {
      const { count, last } = events.forgetOlder(after as number, beforeMs);
      after = last;
      return count;
    });
  for (let end: number | undefined = events.last(); end !== undefined; yield) {
    const target: number | undefined = yield* events.nextToForget(end, beforeMs);
    if (target === undefined) break;
    for (let isThere = false; !isThere; yield)
      pruned.events += slice(() => {
        const { count, cut } = events.forget({ target, end: end as number, beforeMs, nowMs });
        isThere = cut >= target;
        return count;
      });
  }
  pruned.processes += slice(() => slices.forgetProcesses(beforeMs, filesBeforeMs));
  yield;
  const isTooLarge = (): boolean => usedBytes(db) - contentBytes > keepBytes;
  for (let count = SLICE; count > 0 && isTooLarge(); yield) {
    count = slice(() => slices.dropResults());
    pruned.results += count;
  }
  for (let count = SLICE; count > 0 && isTooLarge(); yield) {
    count = slice(() => slices.dropRequests());
    pruned.requests += count;
  }
  for (let count = SLICE; count > 0 && isTooLarge(); yield) {
    count = slice(() => slices.forgetCalls(2, Number.MAX_SAFE_INTEGER));
    pruned.calls += count;
  }
  // Hands the free pages back to the file system, 4 MB at a time.
  while (numberOf(db, "freelist_count") > 0) {
    const before = numberOf(db, "freelist_count");
    db.exec("pragma incremental_vacuum(1000)");
    yield;
    if (numberOf(db, "freelist_count") >= before) break;
  }
  return pruned;
}

const usedBytes = (db: SqlEngine): number =>
  (numberOf(db, "page_count") - numberOf(db, "freelist_count")) * numberOf(db, "page_size");

const numberOf = (db: SqlEngine, pragma: string): number => Number(db.prepare(`pragma ${pragma}`).get()?.[pragma]);

function createSlices(db: SqlEngine) {
  const bodies = createBodyDropper(db);
  // `pruned` is written out: the partial indexes serve a literal only.
  const oldest = ([0, 1, 2] as const).map((stage) =>
    db.prepare(
      `select call, transcript, request_blob, result_blob from syscall
       where pruned = ${stage} and state in ('done', 'failed', 'undone') and queued_at < ?
       and not (coalesce(replay_key, request_hash) is not null and exists (
         select 1 from process where pid = syscall.pid and ended_at is null))
       order by queued_at limit ${SLICE}`,
    ),
  );
  const forgetCall = db.prepare("delete from syscall where call = ?");
  const dropResult = db.prepare("update syscall set pruned = 1, result = null, result_blob = null where call = ?");
  const dropRequest = db.prepare(
    "update syscall set pruned = 2, request = null, request_blob = null, request_content = null, transcript = null where call = ?",
  );
  const forgetProcesses = db.prepare("delete from process where state = 'zombie' and ended_at < ?");
  const forgetMessages = db.prepare(
    "delete from message where taken_by is not null and at < ? and seq < (select max(seq) from message)",
  );
  const forgetShares = db.prepare("delete from file_share where coalesce(ended_at, expires_at) < ?");
  const forgetApprovals = db.prepare("delete from approval where answered_at < ?");
  const forgetValues = db.prepare(
    `delete from value where is_removed = 1
       or (scope like 'process:%' and substr(scope, 9) not in (select pid from process))`,
  );
  const forgetAccounts = db.prepare(
    "delete from account where scope like 'process:%' and substr(scope, 9) not in (select pid from process)",
  );
  const each = (rows: readonly SqlRow[], work: (row: SqlRow) => void): number => {
    for (const row of rows) work(row);
    return rows.length;
  };
  const rowsOf = (stage: 0 | 1 | 2, beforeMs: number): SqlRow[] =>
    (oldest[stage] as EngineStatement).all(beforeMs) as SqlRow[];
  return {
    forgetCalls: (stage: 0 | 1 | 2, beforeMs: number): number =>
      each(rowsOf(stage, beforeMs), (row) => {
        forgetCall.run(row["call"] as string);
        bodies.drop(row["result_blob"]);
        bodies.drop(row["request_blob"]);
        bodies.dropTranscript(row["transcript"]);
      }),
    forgetProcesses: (beforeMs: number, filesBeforeMs: number): number => {
      const count = Number(forgetProcesses.run(beforeMs).changes);
      forgetAccounts.run();
      forgetMessages.run(beforeMs);
      forgetApprovals.run(beforeMs);
      forgetShares.run(filesBeforeMs);
      forgetValues.run();
      return count;
    },
    dropResults: (): number =>
      each(rowsOf(0, Number.MAX_SAFE_INTEGER), (row) => {
        dropResult.run(row["call"] as string);
        bodies.drop(row["result_blob"]);
      }),
    dropRequests: (): number =>
      each(rowsOf(1, Number.MAX_SAFE_INTEGER), (row) => {
        dropRequest.run(row["call"] as string);
        bodies.drop(row["request_blob"]);
        bodies.dropTranscript(row["transcript"]);
      }),
  };
}

/** Takes back one reference; what nobody points to any more goes. */
function createBodyDropper(db: SqlEngine) {
  const release = db.prepare("update blob set refs = refs - 1 where hash = ? returning refs");
  const forget = db.prepare("delete from blob where hash = ?");
  const releaseLink = db.prepare(
    "update transcript set refs = refs - 1 where hash = ? returning refs, parent, message",
  );
  const forgetLink = db.prepare("delete from transcript where hash = ?");
  const drop = (hash: SqlRow[string] | undefined): void => {
    if (typeof hash !== "string") return;
    if (Number(release.get(hash)?.["refs"] ?? 1) <= 0) forget.run(hash);
  };
  return {
    drop,
    dropTranscript(head: SqlRow[string] | undefined): void {
      let hash = head;
      while (typeof hash === "string") {
        const link = releaseLink.get(hash);
        if (link === undefined || Number(link["refs"]) > 0) return;
        forgetLink.run(hash);
        drop(link["message"] as string);
        hash = link["parent"] as string | null;
      }
    },
  };
}
