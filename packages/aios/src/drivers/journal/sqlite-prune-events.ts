import type { SqlEngine } from "../sql/engine.ts";
import { subscribed } from "./retention.ts";
import type { SqliteAudit } from "./sqlite-audit.ts";
import type { SqlRow } from "./wire.ts";

/** Events per transaction. */
const SLICE = 200;

// The newest event stays, and what a subscription has not acknowledged.
const STAYS = `(seq = (select max(seq) from event) or (topic in (${subscribed.map((topic) => `'${topic}'`).join(", ")})
  and exists (select 1 from cursor where tenant = event.tenant and is_removed = 0 and position < event.seq)))`;

/**
 * Events are forgotten from the beginning of the audit log on, up to an entry that then says where the log begins: what stays
 * of those before it is entered anew behind the end. Those that are older than the log just go.
 */
export function createEventSlices(db: SqlEngine, audit: SqliteAudit) {
  // Not by the index of the numbers: there is one for all of these.
  const olderAfter = db.prepare(
    `select seq, at from event where seq > ? and seq <= ? and +number is null order by seq limit ${SLICE}`,
  );
  const forgetOlder = db.prepare(
    `delete from event where seq > ? and seq <= ? and +number is null and at < ? and not ${STAYS}`,
  );
  const entriesAfter = db.prepare(
    `select number, seq, at, seq > 0 and (at >= ? or ${STAYS}) as stays from event
     where number > ? and number <= ? order by number limit ${SLICE}`,
  );
  const after = (number: number, end: number, beforeMs: number): SqlRow[] =>
    entriesAfter.all(beforeMs, number, end) as SqlRow[];
  const lastToForget = (rows: readonly SqlRow[]): SqlRow | undefined =>
    rows.findLast(({ seq, stays }) => Number(seq) > 0 && stays === 0);
  const looked = (): { number: number; cutNumber: number; lastSeqBefore: number } | undefined => {
    const state = audit.state();
    audit.settle();
    return state;
  };
  return {
    /** The last entry; undefined where there is none. */
    last: (): number | undefined => looked()?.number,

    /** `last`: where to go on, while older ones than these may follow. */
    forgetOlder(seq: number, beforeMs: number): { count: number; last: number | undefined } {
      const lastSeqBefore = looked()?.lastSeqBefore ?? Number.MAX_SAFE_INTEGER;
      const rows = olderAfter.all(seq, lastSeqBefore) as SqlRow[];
      const last = rows.at(-1);
      if (last === undefined) return { count: 0, last: undefined };
      const count = Number(forgetOlder.run(seq, last["seq"] as number, beforeMs).changes);
      const isMore = rows.length === SLICE && Number(last["at"]) < beforeMs;
      return { count, last: isMore ? Number(last["seq"]) : undefined };
    },

    /** The entry of an event that is to be forgotten, while older ones than these may follow; undefined: there is none. */
    *nextToForget(end: number, beforeMs: number): Generator<void, number | undefined> {
      for (let number = looked()?.cutNumber ?? 0; ; yield) {
        const rows = after(number, end, beforeMs);
        const found = lastToForget(rows);
        if (found) return Number(found["number"]);
        const last = rows.at(-1);
        if (rows.length < SLICE || last === undefined || Number(last["at"]) >= beforeMs) return undefined;
        number = Number(last["number"]);
      }
    },

    /** One slice, up to `target` at most. */
    forget(upTo: { target: number; end: number; beforeMs: number; nowMs: number }): { count: number; cut: number } {
      const { target, end, beforeMs, nowMs } = upTo;
      const rows = after(audit.state()?.cutNumber ?? 0, Math.min(target, end), beforeMs);
      const cut = Number(rows.at(-1)?.["number"] ?? target);
      const kept = rows.filter(({ stays }) => stays === 1).map(({ seq }) => Number(seq));
      const count = rows.filter(({ seq, stays }) => Number(seq) > 0 && stays === 0).length;
      audit.cut(cut, { removed: count, kept, nowMs });
      audit.sign(nowMs);
      audit.settle();
      return { count, cut };
    },
  };
}
