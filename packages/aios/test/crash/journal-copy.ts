// A look at what a killed kernel left, on a copy: nothing is recovered or written back in the original before the next kernel
// finds it.
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Acknowledged } from "./clients.ts";
import { fileFaults } from "./file-checks.ts";
import { noteFaults } from "./note-checks.ts";

export interface Seen {
  readonly seq: number;
  readonly topic: string;
  readonly body: string;
}

/** What was found earlier, to be held against what is found now. */
export class JournalChecks {
  readonly #used = new Map<string, number>();
  readonly #scratch: string;

  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /** Everything that is wrong with the journal of `home`, in words. */
  faults(home: string, { told, seen }: { told: Acknowledged; seen: readonly Seen[] }): string[] {
    const path = join(this.#scratch, "look.db");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    for (const suffix of ["", "-wal"]) {
      const from = join(home, `journal.db${suffix}`);
      if (existsSync(from)) copyFileSync(from, path + suffix);
    }
    const db = new DatabaseSync(path);
    try {
      const integrity = db.prepare("pragma integrity_check").get()?.["integrity_check"];
      return [
        ...(integrity === "ok" ? [] : [`integrity: ${String(integrity)}`]),
        ...twice(db),
        ...lost(db, told),
        ...noteFaults(db, { kept: told.notes, ended: told.ended }),
        ...fileFaults(db, { folder: join(home, "files"), ended: told.ended }),
        ...misread(db, seen),
        ...this.#grown(db),
      ];
    } finally {
      db.close();
    }
  }

  /** Budgets that have less used than before. */
  #grown(db: DatabaseSync): string[] {
    const faults: string[] = [];
    const rows = db.prepare("select scope, resource, span, used from account where span = 'run'").all();
    for (const row of rows) {
      const account = `${String(row["scope"])} ${String(row["resource"])}`;
      const used = Number(row["used"]);
      if (used < (this.#used.get(account) ?? 0))
        faults.push(`the budget ${account} grew: used ${used} after ${this.#used.get(account)}`);
      this.#used.set(account, used);
    }
    return faults;
  }
}

function twice(db: DatabaseSync): string[] {
  const doubles = {
    "calls with one number":
      "select pid, seq as place, count(*) as times from syscall group by pid, seq having count(*) > 1",
    "calls in one place":
      "select pid, replay_key as place, count(*) as times from syscall where replay_key is not null and state <> 'undone' group by pid, replay_key having count(*) > 1",
    "calls under one key":
      "select pid, idempotency_key as place, count(*) as times from syscall where idempotency_key is not null and state = 'done' group by pid, idempotency_key having count(*) > 1",
    "ends of one call":
      "select call as pid, completion as place, count(*) as times from syscall where completion is not null and replay_key is not null and state <> 'undone' group by pid, completion having count(*) > 1",
    "messages sent twice":
      "select queue as pid, body as place, count(*) as times from message where sender is not null group by queue, body having count(*) > 1",
    "spawned twice":
      "select name as pid, kind as place, count(*) as times from process where kind in ('module', 'command') group by name having count(*) > 1",
  };
  return Object.entries(doubles).flatMap(([what, sql]) =>
    db
      .prepare(sql)
      .all()
      .map((row) => `${what}: ${JSON.stringify(row)}`),
  );
}

function lost(db: DatabaseSync, { calls, values, keys, sent }: Acknowledged): string[] {
  const faults: string[] = [];
  const call = db.prepare("select state from syscall where call = ?");
  for (const id of calls) {
    const state = call.get(id)?.["state"];
    if (state !== "done") faults.push(`acknowledged call ${id} is ${String(state)}`);
  }
  const value = db.prepare("select value from value where scope = 'shared' and key = ?");
  for (const [name, number] of values) {
    const held = Number(JSON.parse(String(value.get(name)?.["value"] ?? "0")));
    // The one after it may have been written, and not yet acknowledged.
    if (held !== number && held !== number + 1) faults.push(`value ${name} is ${held}, acknowledged was ${number}`);
  }
  const key = db.prepare("select 1 from key where id = ?");
  for (const id of keys) if (!key.get(id)) faults.push(`key ${id} is gone`);
  const message = db.prepare("select count(*) as count from message where body = ?");
  for (const [from, number] of sent) {
    const count = message.get(JSON.stringify({ from, number }))?.["count"];
    if (count !== 1) faults.push(`message ${number} of ${from} is there ${String(count)} times`);
  }
  return faults;
}

/**
 * Events that a reader was told and that are others on record, and such as it was never told. What it saw in a kernel's last
 * moments may not be on record: it saw it before the disk did.
 */
function misread(db: DatabaseSync, seen: readonly Seen[]): string[] {
  const faults: string[] = [];
  const find = db.prepare("select topic, body from event where seq = ?");
  let before: number | undefined;
  const between = db.prepare("select count(*) as count from event where seq > ? and seq < ?");
  for (const { seq, topic, body } of seen) {
    const row = find.get(seq);
    if (row && (row["topic"] !== topic || JSON.stringify(JSON.parse(String(row["body"]))) !== body))
      faults.push(`event ${seq} was ${topic} ${body} to its reader, and is ${JSON.stringify(row)}`);
    if (before !== undefined && seq !== before + 1) {
      const missed = Number(between.get(before, seq)?.["count"]);
      if (missed > 0 || seq <= before) faults.push(`a reader was told ${seq} after ${before}: ${missed} are missing`);
    }
    before = seq;
  }
  return faults.slice(0, 5);
}
