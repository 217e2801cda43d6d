import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newAuditKey } from "../../../test/conformance/journal-audit.ts";
import { eventRow, ofEvent } from "../../../test/journal-rows.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import type { AuditVerdict } from "../../kernel/ports.ts";
import { createSeededRandom } from "../random/seeded.ts";
import { openForReading, openForWriting } from "../sql/sqlite-file.ts";
import { AuditCheck } from "./audit-check.ts";
import { createSqliteAuditSource } from "./sqlite-audit-source.ts";
import { migrations } from "./schema.ts";
import { openSqliteJournal } from "./sqlite.ts";

const EVENTS = 300;
/** Entries: those of the events, and the one that says that the log begins. */
const ENTRIES = EVENTS + 1;
// Batches overtake each other: the entries' order is not that of the events' numbers.
const seqs = Array.from({ length: EVENTS }, (_, index) => 2 * (index ^ 1) + 1);
const { pem, key } = newAuditKey();
let folder: string;
let written: string;
let copies = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aios-audit-"));
  written = join(folder, "journal.db");
  const journal = await openSqliteJournal({ path: written, engine: testedEngine, auditKey: pem, nowMs: () => 1 });
  for (const seq of seqs) {
    const pid = seq % 5 === 0 ? { pid: null } : {};
    await journal.commit([
      ofEvent(eventRow(seq, { ...pid, atMs: 1_000.5 + seq, body: { reason: `because ${seq} – 因` } })),
    ]);
  }
  await journal[Symbol.asyncDispose]();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is found in a copy of the journal after somebody has had the file to himself. */
function foundAfter(change: (db: DatabaseSync) => void, query: { publicKey?: string } = {}): AuditVerdict {
  const path = join(folder, `${copies++}.db`);
  copyFileSync(written, path);
  const db = new DatabaseSync(path);
  db.exec("pragma synchronous = off");
  change(db);
  db.close();
  const reading = openForReading(path, testedEngine);
  const check = new AuditCheck(createSqliteAuditSource(reading), query, key);
  try {
    for (;;) {
      const seen = check.step();
      if ("last" in seen) return seen;
    }
  } finally {
    reading.close();
    rmSync(path);
  }
}

const faultAfter = (change: (db: DatabaseSync) => void): AuditVerdict["fault"] => foundAfter(change).fault;
const flip = (bytes: Buffer, bit: number): Buffer => {
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
};
const sql =
  (...texts: string[]) =>
  (db: DatabaseSync): void =>
    texts.forEach((text) => db.exec(text));
const seqOf = (number: number): number => seqs[number - 2] as number;

describe("an audit log that somebody has changed in its file", () => {
  test("is whole while nobody has", () => {
    expect(foundAfter(() => undefined)).toMatchObject({ last: ENTRIES, events: EVENTS, fault: null });
  });

  test("names the entry, whichever bit of whichever column is another one", { timeout: 60_000 }, () => {
    const random = createSeededRandom(7);
    const pick = (count: number): number => Math.floor(random.next() * count);
    const columns = ["seq", "topic", "tenant", "pid", "at", "body", "number", "hash"] as const;
    for (let round = 0; round < 240; round++) {
      const number = 2 + pick(ENTRIES - 1);
      const column = columns[round % columns.length] as (typeof columns)[number];
      const fault = faultAfter((db) => {
        const all = db.prepare(
          `select ${column} as value, cast(${column} as blob) as bytes, typeof(${column}) as type from event where number = ?`,
        );
        const { value, bytes, type } = all.get(number) as { value: number; bytes: Uint8Array | null; type: string };
        const set = (to: bigint | number | string | Uint8Array, as = "?"): void =>
          void db.prepare(`update event set ${column} = ${as} where number = ?`).run(to, number);
        if (bytes === null) set("");
        else if (type === "integer") {
          // A lower bit may make it another row's.
          set(BigInt.asIntN(64, BigInt(value) ^ (1n << BigInt(10 + pick(54)))));
        } else if (type === "real") {
          const double = Buffer.alloc(8);
          double.writeDoubleBE(value);
          flip(double, pick(64));
          set(double.readDoubleBE());
        } else set(flip(Buffer.from(bytes), pick(8 * bytes.length)), type === "text" ? "cast(? as text)" : "?");
      });
      expect({ column, ...fault }).toEqual({
        column,
        what: column === "hash" ? "hash" : column === "number" ? "gone" : "event",
        number,
        seq: column === "number" ? null : column === "seq" ? fault?.seq : seqOf(number),
        topic: column === "number" ? null : column === "topic" ? fault?.topic : "process.resumed",
      });
    }
  });

  test("finds a text that is stored as bytes, and bytes that only look like what was there", () => {
    expect(faultAfter(sql("update event set body = cast(body as blob) where number = 9"))).toMatchObject({ number: 9 });
    // U+FFFD in place of what is no UTF-8 reads the same.
    const broken = (db: DatabaseSync): void => {
      db.exec("update event set body = cast(x'c3' as text) where number = 9");
    };
    expect(faultAfter(broken)).toMatchObject({ what: "event", number: 9 });
  });

  test("names what was removed, put between, swapped and cut off", () => {
    expect(faultAfter(sql("delete from event where number = 9"))).toMatchObject({ what: "gone", number: 9 });
    expect(faultAfter(sql("delete from event where number between 5 and 60"))).toMatchObject({
      what: "gone",
      number: 5,
    });
    const put = "insert into event (seq, topic, tenant, pid, at, body, number, hash)";
    const forged = "select 99999, 'process.resumed', 'alpha', 'p1', 5.5, '{}'";
    expect(faultAfter(sql(`${put} ${forged}, null, null`))).toMatchObject({ what: "stray", seq: 99_999 });
    expect(faultAfter(sql(`${put} ${forged}, 0, x'00'`))).toMatchObject({ what: "stray", seq: 99_999 });
    expect(faultAfter(sql(`${put} ${forged}, ${ENTRIES + 1}, x'00'`))).toMatchObject({
      what: "end",
      number: ENTRIES + 1,
    });
    const twice = sql("drop index event_by_number", `${put} ${forged}, 9, hash from event where number = 9`);
    expect(faultAfter(twice)).toMatchObject({ number: expect.any(Number) });
    const make = [
      "update event set number = -number where number >= 9",
      "update event set number = 1 - number where number < 0",
      `${put} ${forged}, 9, hash from event where number = 10`,
    ];
    expect(faultAfter(sql(...make))).toMatchObject({ number: 9, seq: 99_999 });
    const swapped = (columns: string): ((db: DatabaseSync) => void) =>
      sql(
        "create temp table two as select * from event where number in (9, 20)",
        ...[9, 20].map(
          (number) =>
            `update event set (${columns}) = (select ${columns} from two where two.number = ${29 - number}) where number = ${number}`,
        ),
      );
    expect(faultAfter(swapped("topic, tenant, pid, at, body"))).toMatchObject({ what: "event", number: 9 });
    expect(faultAfter(swapped("topic, tenant, pid, at, body, hash"))).toMatchObject({ number: 9 });
    const renumbered = sql(
      "update event set number = -9 where number = 9",
      "update event set number = 9 where number = 20",
      "update event set number = 20 where number = -9",
    );
    expect(faultAfter(renumbered)).toMatchObject({ what: "entry", number: 9, seq: seqOf(20) });
    expect(faultAfter(sql(`delete from event where number > ${ENTRIES - 2}`))).toMatchObject({
      what: "cut-off",
      number: ENTRIES - 1,
    });
  });

  test("finds a log of which what was not signed yet is cut off, by the row that says where it ends", () => {
    const cut = sql("delete from audit_checkpoint where number > 2", "delete from event where number > 290");
    expect(faultAfter(cut)).toMatchObject({ what: "cut-off", number: 291 });
  });

  test("finds a log that was cut off with the row that says where it ends, by what was signed", () => {
    const end = "(select hash from event where number = audit.number - 5)";
    const cut = sql(
      `update audit set hash = ${end}, number = number - 5`,
      "delete from event where number > (select number from audit)",
    );
    expect(faultAfter(cut)).toMatchObject({ what: "cut-off", number: ENTRIES - 4 });
  });

  test("finds a beginning that was taken away, whatever the row says that tells of it", () => {
    const cut = (db: DatabaseSync): void => {
      db.exec("update audit set cut_number = 50, cut_hash = (select hash from event where number = 50)");
      db.exec("delete from event where number <= 50; delete from audit_checkpoint where number < 50");
    };
    expect(faultAfter(cut)).toMatchObject({ what: "cut", number: 51 });
    expect(faultAfter(sql("update audit set last_seq_before = 9999"))).toMatchObject({ what: "cut" });
    expect(faultAfter(sql("update audit set cut_hash = x'00'"))).toMatchObject({ number: 1 });
  });

  test("finds a home, an end, and signatures that are others", () => {
    expect(faultAfter(sql("update audit set home = 'elsewhere'"))).toMatchObject({ what: "checkpoint" });
    expect(faultAfter(sql("update audit set hash = x'00'"))).toMatchObject({ what: "end", number: ENTRIES });
    for (const change of ["hash = x'00'", "at = at + 1", "key = 'none'", "signature = x'00'", "number = number + 1"])
      expect([change, faultAfter(sql(`update audit_checkpoint set ${change} where number = 2`))]).toEqual([
        change,
        expect.objectContaining({ what: "checkpoint", number: change.startsWith("number") ? 3 : 2 }),
      ]);
  });
});

test("what is hashed anew from a changed event on is found by the next signature, and by a key that is known", async () => {
  const path = join(folder, "forged.db");
  const forger = newAuditKey();
  // As somebody would who has the file and no key: the same log, made again with one event changed.
  const journal = await openSqliteJournal({ path, engine: testedEngine, auditKey: forger.pem, nowMs: () => 1 });
  await journal.commit([ofEvent(eventRow(1)), ofEvent(eventRow(2, { body: { reason: "forged" } }))]);
  expect(await journal.verifyAudit()).toMatchObject({ fault: null });
  expect((await journal.verifyAudit({ publicKey: key })).fault).toMatchObject({ what: "key" });
  await journal[Symbol.asyncDispose]();
});

test("it is signed every thousand entries, and the first time that something comes a minute after the last", async () => {
  let nowMs = 1_000;
  const path = join(folder, "signed.db");
  await using journal = await openSqliteJournal({ path, engine: testedEngine, auditKey: pem, nowMs: () => nowMs });
  const write = async (from: number, to: number): Promise<(number | undefined)[]> => {
    const events = Array.from({ length: to - from + 1 }, (_, index) => ofEvent(eventRow(from + index)));
    await journal.commit(events);
    const { signed, checkpoints } = await journal.verifyAudit();
    return [checkpoints, signed?.number];
  };
  expect(await write(1, 1)).toEqual([1, 2]);
  expect(await write(2, 999)).toEqual([1, 2]);
  nowMs += 59_999;
  expect(await write(1_000, 1_000)).toEqual([1, 2]);
  expect(await write(1_001, 1_001)).toEqual([2, 1_002]);
  nowMs += 60_000;
  expect(await write(1_002, 1_002)).toEqual([3, 1_003]);
  const db = new DatabaseSync(path);
  db.exec("delete from audit_checkpoint where number > 2");
  db.close();
  expect((await journal.verifyAudit()).fault).toMatchObject({ what: "checkpoint", number: 3 });
});

test("a commit that fails leaves the log as it was", async () => {
  const path = join(folder, "full.db");
  await using journal = await openSqliteJournal({ path, engine: testedEngine, auditKey: pem, maxPages: 150 });
  let seq = 0;
  for (let isFull = false; !isFull;)
    await journal
      .commit([ofEvent(eventRow(++seq, { body: { reason: "x".repeat(9_000) } }))])
      .catch(() => (isFull = true));
  expect(await journal.verifyAudit()).toMatchObject({ fault: null, events: seq - 1 });
});

test("a journal that is older than the log begins one, which says so, and forgets what is older too", async () => {
  const path = join(folder, "older.db");
  const step = migrations.findIndex((text) => text.includes("create table audit_checkpoint"));
  const older = openForWriting({ path, engine: testedEngine, migrations: migrations.slice(0, step) });
  const insert = older.prepare("insert into event (seq, topic, tenant, pid, at, body) values (?, ?, ?, ?, ?, ?)");
  for (let seq = 1; seq <= 5; seq++) insert.run(seq, "process.resumed", "alpha", "p1", seq, "{}");
  older.close();
  const nowMs = 40 * 86_400_000;
  await using journal = await openSqliteJournal({ path, engine: testedEngine, auditKey: pem, nowMs: () => nowMs });
  expect((await journal.verifyAudit()).home).toBeNull();
  await journal.commit([ofEvent(eventRow(9, { atMs: nowMs }))]);
  expect(await journal.verifyAudit()).toMatchObject({ last: 2, events: 1, lastSeqBefore: 5, fault: null });
  expect((await journal.prune({ keepDays: 30, keepMb: Number.POSITIVE_INFINITY })).events).toBe(5);
  expect(await journal.verifyAudit()).toMatchObject({ last: 2, events: 1, fault: null });
});

test("it can be gone through while events come and are forgotten", { timeout: 60_000 }, async () => {
  let nowMs = 0;
  const path = join(folder, "busy.db");
  await using journal = await openSqliteJournal({ path, engine: testedEngine, auditKey: pem, nowMs: () => nowMs });
  let seq = 0;
  const write = (): Promise<void> => {
    nowMs += 1_000;
    return journal.commit(Array.from({ length: 100 }, () => ofEvent(eventRow(++seq, { atMs: nowMs }))));
  };
  for (let round = 0; round < 80; round++) await write();
  let isOver = false;
  const writing = (async (): Promise<void> => {
    for (let round = 0; !isOver; round++) {
      await write();
      if (round % 10 === 9) await journal.prune({ keepDays: 60_000 / 86_400_000, keepMb: Number.POSITIVE_INFINITY });
    }
  })();
  const verdicts = [];
  for (let round = 0; round < 5; round++) verdicts.push(await journal.verifyAudit({ publicKey: key }));
  isOver = true;
  await writing;
  expect(verdicts.map(({ fault }) => fault)).toEqual([null, null, null, null, null]);
  expect(verdicts.at(-1)?.first).toBeGreaterThan(1_000);
});
