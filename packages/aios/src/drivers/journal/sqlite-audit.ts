import { randomBytes } from "node:crypto";
import type { SqlEngine } from "../sql/engine.ts";
import { CHECKPOINT_ENTRIES } from "./audit-check.ts";
import type { AuditState } from "./audit-check.ts";
import { BEGAN, entryHash, KEY_REPLACED, noHash, PRUNED } from "./audit-entry.ts";
import type { AuditEntry } from "./audit-entry.ts";
import type { AuditSigner } from "./audit-signature.ts";
import { readState } from "./sqlite-audit-source.ts";
import type { SqlRow, Value } from "./wire.ts";

/** A log in which something is new is signed when it was not for so long. */
const CHECKPOINT_MS = 60_000;

/** Events' columns, in the order in which their values travel. */
type EventValues = readonly [seq: number, topic: string, tenant: string, pid: string | null, at: number, body: string];

/**
 * The audit log on the connection that writes. What it does stands in the transaction that is open: its caller ends every one
 * in which it did something with `settle`, or takes it back with `forget`.
 */
export interface SqliteAudit {
  /** An event that is recorded already is not recorded again: nothing changes one. */
  append(values: readonly Value[], nowMs: number): void;
  /** Forgets the entries up to `number`, with their events but for those of `kept`, which are entered anew, and says so in one. */
  cut(number: number, about: { removed: number; kept: readonly number[]; nowMs: number }): void;
  /** Signs what is new; `isDue`: when there is enough of it. Returns whether there was something to sign. */
  sign(nowMs: number, isDue?: boolean): boolean;
  settle(): void;
  forget(): void;
  /** Where the log stands in this transaction. */
  state(): AuditState | undefined;
}

type Signed = { readonly number: number; readonly atMs: number; readonly key: string };

export function createSqliteAudit(db: SqlEngine, signer: AuditSigner | undefined): SqliteAudit {
  const insert = db.prepare(
    `insert into event (seq, topic, tenant, pid, at, body, number, hash) values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (seq) do nothing`,
  );
  const find = db.prepare("select home, number, hash, cut_number, cut_hash, last_seq_before from audit");
  const move = db.prepare("update audit set number = ?, hash = ?, cut_number = ?, cut_hash = ?");
  const begin = db.prepare(
    "insert into audit (home, number, hash, cut_number, cut_hash, last_seq_before) values (?, 0, ?, 0, ?, ?)",
  );
  const lastSeq = db.prepare("select max(seq) as seq from event");
  const hashOf = db.prepare("select hash from event where number = ?");
  const event = db.prepare("select seq, topic, tenant, pid, at, body from event where seq = ?");
  const enter = db.prepare("update event set number = ?, hash = ? where seq = ?");
  const remove = db.prepare("delete from event where number <= ?");
  const lastSigned = db.prepare("select number, at, key from audit_checkpoint order by number desc limit 1");
  const addSigned = db.prepare(
    "insert into audit_checkpoint (number, hash, at, key, signature) values (?, ?, ?, ?, ?) on conflict (number) do nothing",
  );
  const removeSigned = db.prepare("delete from audit_checkpoint where number < ?");
  /** Read anew in every transaction: another handle may have written. */
  let open: AuditState | undefined;
  let isMoved = false;
  /** As the last one that this handle knows of says. */
  let signed: Signed | undefined;

  const state = (): AuditState | undefined => (open ??= readState(find.get() as SqlRow | undefined));

  const chain = (values: EventValues, write: (number: number, hash: Uint8Array) => boolean): void => {
    const { number: last, hash: previous } = state() as AuditState;
    const [seq, topic, tenant, pid, at, body] = values;
    const number = last + 1;
    const entry: AuditEntry = { number, seq: seq === OWN ? -number : seq, topic, tenant, pid, at, body };
    const hash = entryHash(previous, entry);
    if (!write(number, hash)) return;
    open = { ...(open as AuditState), number, hash };
    isMoved = true;
  };

  const say = (topic: string, told: object, nowMs: number): void => {
    const body = JSON.stringify(told);
    chain([OWN, topic, "", null, nowMs, body], (number, hash) => {
      insert.run(-number, topic, "", null, nowMs, body, number, hash);
      return true;
    });
  };

  const started = (nowMs: number): void => {
    if (state()) return;
    const home = randomBytes(16).toString("hex");
    const lastSeqBefore = Number(lastSeq.get()?.["seq"] ?? 0);
    begin.run(home, noHash, noHash, lastSeqBefore);
    say(BEGAN, { version: 1, home, lastSeqBefore }, nowMs);
  };

  const signedLast = (): Signed | undefined => {
    const row = lastSigned.get() as SqlRow | undefined;
    return row && { number: Number(row["number"]), atMs: Number(row["at"]), key: String(row["key"]) };
  };

  return {
    append(values, nowMs) {
      started(nowMs);
      chain(values as unknown as EventValues, (number, hash) => insert.run(...values, number, hash).changes === 1);
    },

    cut(number, { removed, kept, nowMs }) {
      const { home, lastSeqBefore } = state() as AuditState;
      const hash = hashOf.get(number)?.["hash"] as Uint8Array;
      for (const seq of kept) {
        const row = event.get(seq) as SqlRow;
        const { topic, tenant, pid, at, body } = row;
        chain([seq, topic, tenant, pid, at, body] as EventValues, (anew, hashAnew) => {
          enter.run(anew, hashAnew, seq);
          return true;
        });
      }
      remove.run(number);
      removeSigned.run(number);
      open = { ...(state() as AuditState), cutNumber: number, cutHash: hash };
      const at = Buffer.from(hash).toString("hex");
      say(PRUNED, { version: 1, home, lastSeqBefore, number, hash: at, removed, kept: kept.length }, nowMs);
    },

    sign(nowMs, isDue = false) {
      if (!signer || (isDue && !isMoved)) return false;
      const last = state();
      if (!last) return false;
      signed ??= signedLast();
      const { number: upTo = 0, atMs: before = Number.NEGATIVE_INFINITY } = signed ?? {};
      const isNew = last.number > upTo;
      // A clock that was set back does not keep the log unsigned.
      const isLate = Math.abs(nowMs - before) >= CHECKPOINT_MS;
      if (!isNew || (isDue && !isLate && last.number - upTo < CHECKPOINT_ENTRIES)) return false;
      const earlier = signedLast();
      if (earlier && earlier.key !== signer.key) say(KEY_REPLACED, { from: earlier.key, to: signer.key }, nowMs);
      const { home, number, hash } = state() as AuditState;
      const atMs = Math.floor(nowMs);
      addSigned.run(number, hash, atMs, signer.key, signer.sign({ home, number, hash, atMs }));
      signed = { number, atMs, key: signer.key };
      return true;
    },

    settle() {
      if (open && isMoved) move.run(open.number, open.hash, open.cutNumber, open.cutHash);
      open = undefined;
      isMoved = false;
    },

    forget() {
      open = undefined;
      isMoved = false;
      signed = undefined;
    },

    state,
  };
}

/** Stands for the number of an entry of the log's own. */
const OWN = 0;
