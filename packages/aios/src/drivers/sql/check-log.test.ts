import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSeededRandom } from "../random/seeded.ts";
import { checkLog } from "./check-log.ts";

const FRAME = 24 + 4_096;
const COMMITS = 12;

let folder: string;
let log: Buffer;
let copies = 0;
/** Where commits end. */
const ends: number[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aios-log-"));
  const path = join(folder, "source.db");
  const db = new DatabaseSync(path);
  db.exec("pragma journal_mode = wal; pragma synchronous = full; create table note (id integer primary key, text)");
  db.exec("pragma wal_checkpoint(truncate)");
  for (let id = 1; id <= COMMITS; id++) {
    db.exec("begin");
    for (let row = 0; row < 30; row++) db.prepare("insert into note (text) values (?)").run(`${id} `.repeat(100));
    db.exec("commit");
    ends.push(readFileSync(`${path}-wal`).length);
  }
  log = readFileSync(`${path}-wal`);
  // As a kernel that was killed leaves it: the log beside the database.
  copyFileSync(path, join(folder, "base.db"));
  db.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A database with this log beside it. */
function withLog(bytes: Buffer): string {
  const path = join(folder, `${copies++}.db`);
  copyFileSync(join(folder, "base.db"), path);
  writeFileSync(`${path}-wal`, bytes);
  return path;
}

/** Commits that SQLite finds. */
function commitsIn(path: string): number {
  const db = new DatabaseSync(path);
  const count = Number(db.prepare("select count(*) as count from note").get()?.["count"]);
  db.close();
  return count / 30;
}

const changed = (at: number): Buffer => {
  const bytes = Buffer.from(log);
  bytes[at]! ^= 0x55;
  return bytes;
};

describe("a write-ahead log", () => {
  test("that is whole passes, and so does none, and an empty one", () => {
    for (const bytes of [log, Buffer.alloc(0), log.subarray(0, 32)]) checkLog(withLog(bytes));
    checkLog(join(folder, "absent.db"));
    expect(commitsIn(withLog(log))).toBe(COMMITS);
  });

  test("that was cut off anywhere passes: what is lost was acknowledged to nobody", () => {
    const random = createSeededRandom(1);
    for (let round = 0; round < 40; round++) checkLog(withLog(log.subarray(0, Math.floor(random.next() * log.length))));
  });

  test("whose last commit is torn passes, wherever it is torn", () => {
    const random = createSeededRandom(2);
    const from = ends.at(-2) as number;
    for (let round = 0; round < 40; round++)
      checkLog(withLog(changed(from + Math.floor(random.next() * (log.length - from)))));
  });

  test("with what an earlier log left behind it passes", () => {
    const path = join(folder, "reused.db");
    const db = new DatabaseSync(path);
    db.exec("pragma journal_mode = wal; create table note (id integer primary key, text)");
    for (let id = 0; id < 50; id++) db.prepare("insert into note (text) values (?)").run("x".repeat(5_000));
    db.exec("pragma wal_checkpoint");
    for (let id = 0; id < 3; id++) db.prepare("insert into note (text) values ('again')").run();
    copyFileSync(`${path}-wal`, join(folder, "reused-wal"));
    db.close();
    const bytes = readFileSync(join(folder, "reused-wal"));
    expect(bytes.length).toBeGreaterThan(40 * FRAME);
    checkLog(withLog(bytes));
  });

  test(
    "that was damaged before its last commit is named, wherever that is; SQLite drops what stands behind it",
    { timeout: 30_000 },
    () => {
      const random = createSeededRandom(3);
      for (let round = 0; round < 40; round++) {
        const at = 32 + Math.floor(random.next() * ((ends.at(-3) as number) - 32));
        const path = withLog(changed(at));
        let said = "";
        try {
          checkLog(path);
        } catch (cause) {
          said = (cause as Error).message;
        }
        // A byte that means nothing may change.
        if (said === "") expect({ at, commits: commitsIn(path) }).toEqual({ at, commits: COMMITS });
        else expect(said).toContain(`${path} is damaged: frame `);
      }
      expect(commitsIn(withLog(changed((ends[2] as number) + 500)))).toBe(3);
    },
  );
});
