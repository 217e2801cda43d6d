import type { SqlEngine } from "../sql/engine.ts";
import type { AuditMoment, AuditSource, AuditState, StoredCheckpoint, StoredEntry } from "./audit-check.ts";
import type { SqlRow } from "./wire.ts";

const STATE = "select home, number, hash, cut_number, cut_hash, last_seq_before from audit";

// Texts as their bytes, and integers as texts: whatever somebody has written there can be read.
const ENTRY = `select cast(number as text) as number, cast(seq as text) as seq, cast(topic as blob) as topic,
  cast(tenant as blob) as tenant, cast(pid as blob) as pid, at, cast(body as blob) as body, cast(hash as blob) as hash,
  typeof(number) || ' ' || typeof(seq) || ' ' || typeof(topic) || ' ' || typeof(tenant) || ' ' || typeof(pid) || ' ' ||
  typeof(at) || ' ' || typeof(body) || ' ' || typeof(hash) as types from event`;

const types = new Set(["text", "null"].map((pid) => `integer integer text text ${pid} real text blob`));

/** The audit log on a connection that reads. */
export function createSqliteAuditSource(db: SqlEngine): AuditSource {
  const isThere = db.prepare("select 1 from sqlite_master where type = 'table' and name = 'audit'").get() !== undefined;
  const state = isThere ? db.prepare(STATE) : undefined;
  const prepared = isThere ? momentOf(db) : undefined;
  return {
    at(look) {
      db.exec("begin");
      try {
        return look({
          state: () => readState(state?.get() as SqlRow | undefined),
          entries: () => [],
          checkpoints: () => [],
          stray: () => undefined,
          ...prepared,
        });
      } finally {
        db.exec("commit");
      }
    },
  };
}

function momentOf(db: SqlEngine): Omit<AuditMoment, "state"> {
  const entries = db.prepare(`${ENTRY} where number > ? order by event.number limit ?`);
  const checkpoints = db.prepare(
    "select number, hash, at, key, signature from audit_checkpoint where number > ? and number <= ? order by number",
  );
  const outside = db.prepare(`${ENTRY} where number is null and seq > ? limit 1`);
  const forgotten = db.prepare(`${ENTRY} where number <= ? limit 1`);
  const twice = db.prepare(
    `${ENTRY} where number = (select number from event where number is not null group by number having count(*) > 1 limit 1)`,
  );
  const first = (rows: readonly unknown[]): StoredEntry | undefined => (rows as SqlRow[]).map(entryOf)[0];
  return {
    entries: (after, limit) => (entries.all(after, limit) as SqlRow[]).map(entryOf),
    checkpoints: (after, upTo) => (checkpoints.all(after, upTo) as SqlRow[]).map(checkpointOf),
    stray: ({ lastSeqBefore, cutNumber }) =>
      first(outside.all(lastSeqBefore)) ?? first(forgotten.all(cutNumber)) ?? first(twice.all()),
  };
}

export const readState = (row: SqlRow | undefined): AuditState | undefined =>
  row && {
    home: String(row["home"]),
    number: Number(row["number"]),
    hash: bytesOf(row["hash"]),
    cutNumber: Number(row["cut_number"]),
    cutHash: bytesOf(row["cut_hash"]),
    lastSeqBefore: Number(row["last_seq_before"]),
  };

const entryOf = (row: SqlRow): StoredEntry => ({
  number: Number(row["number"]),
  seq: Number(row["seq"]),
  topic: bytesOf(row["topic"]),
  tenant: bytesOf(row["tenant"]),
  pid: row["pid"] === null ? null : bytesOf(row["pid"]),
  at: Number(row["at"]),
  body: bytesOf(row["body"]),
  hash: bytesOf(row["hash"]),
  isTyped: types.has(String(row["types"])),
});

const checkpointOf = (row: SqlRow): StoredCheckpoint => ({
  number: Number(row["number"]),
  hash: bytesOf(row["hash"]),
  atMs: Number(row["at"]),
  key: String(row["key"]),
  signature: bytesOf(row["signature"]),
});

/** Of what is no blob, nothing that a hash could be. */
const bytesOf = (value: SqlRow[string] | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array();
