import type { NodeRow } from "../../kernel/ports.ts";
import type { SqlEngine } from "../sql/engine.ts";
import { FaultError } from "../sql/fault.ts";
import { fencedWords, heldWords, isSameBeat } from "./fence-words.ts";
import type { SqlRow } from "./wire.ts";

/** What this thread has claimed; it outlives a connection that broke. */
export interface Claimed {
  node: NodeRow | undefined;
}

/** The fence on one connection: who holds the journal, and whether it is still us. */
export interface SqliteFence {
  holder(): NodeRow | undefined;
  claim(node: Omit<NodeRow, "epoch" | "beat">, after: NodeRow | null): NodeRow;
  renew(isSole: boolean): void;
  /** Called within a transaction that writes. @throws FaultError `fenced` when another has claimed the journal since. */
  readonly check: () => void;
}

const HOLDER = "select id, epoch, host_pid, lease_ms, beat, is_sole from node";

export function createSqliteFence(db: SqlEngine, { path, claimed }: { path: string; claimed: Claimed }): SqliteFence {
  const find = db.prepare(HOLDER);
  const holder = (): NodeRow | undefined => nodeOf(find.get() as SqlRow | undefined);
  const check = (): void => {
    const { node } = claimed;
    if (node === undefined) return;
    const now = holder();
    if (now?.id === node.id && now.epoch === node.epoch) return;
    throw new FaultError({ kind: "fenced", ...fencedWords(now, path) });
  };
  const transaction = (work: () => void): void => {
    db.exec("begin immediate");
    try {
      work();
      db.exec("commit");
    } catch (cause) {
      if (db.isTransaction) db.exec("rollback");
      throw cause;
    }
  };
  return {
    holder,
    check,
    claim(node, after) {
      let taken: NodeRow | undefined;
      transaction(() => {
        const before = holder();
        if (after !== null && !isSameBeat(before, after))
          throw new FaultError({ kind: "busy", ...heldWords(before, path) });
        taken = { ...node, epoch: (before?.epoch ?? 0) + 1, beat: 0 };
        const { id, epoch, hostPid, leaseMs, beat, isSole } = taken;
        db.exec("delete from node");
        db.prepare("insert into node (id, epoch, host_pid, lease_ms, beat, is_sole) values (?, ?, ?, ?, ?, ?)").run(
          id,
          epoch,
          hostPid,
          leaseMs,
          beat,
          Number(isSole),
        );
      });
      claimed.node = taken;
      return taken as unknown as NodeRow;
    },
    renew: (isSole) =>
      transaction(() => {
        check();
        db.prepare("update node set beat = beat + 1, is_sole = ?").run(Number(isSole));
      }),
  };
}

/** Who holds the journal, as a connection that only reads sees it; undefined too where it is older than fences are. */
export function readHolder(db: SqlEngine): NodeRow | undefined {
  const hasNodes = db.prepare("select 1 from sqlite_master where type = 'table' and name = 'node'").get();
  return hasNodes && nodeOf(db.prepare(HOLDER).get() as SqlRow | undefined);
}

const nodeOf = (row: SqlRow | undefined): NodeRow | undefined =>
  row && {
    id: String(row["id"]),
    epoch: Number(row["epoch"]),
    hostPid: Number(row["host_pid"]),
    leaseMs: Number(row["lease_ms"]),
    beat: Number(row["beat"]),
    isSole: row["is_sole"] === 1,
  };
