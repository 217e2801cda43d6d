import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { asCallId, asPid } from "@aiosjs/sdk/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  alpha,
  callRow,
  conversation,
  eventRow,
  ofBlob,
  ofCall,
  ofEvent,
  processRow,
} from "../../../test/journal-rows.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import { toFault } from "../sql/fault.ts";
import { openSqliteJournal } from "./sqlite.ts";

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-journal-"));
  path = join(home, "journal.db");
});
afterEach(() => rmSync(home, { recursive: true }));

const bigCall = (seq: number, chars = 20_000) => callRow("p1", seq, { result: `${seq} `.padEnd(chars, "body ") });

/** A journal with twenty calls, closed. */
async function written(): Promise<void> {
  await using journal = await openSqliteJournal({ path, engine: testedEngine });
  for (let seq = 1; seq <= 20; seq++) await journal.commit([ofCall(bigCall(seq)), ofEvent(eventRow(seq))]);
}

describe("a full disk", () => {
  test("rejects commits with ENOSPC, keeps what was acknowledged, and goes on once there is space", async () => {
    await using journal = await openSqliteJournal({ path, engine: testedEngine, maxPages: 120, nowMs: () => 10_000 });
    let acknowledged = 0;
    let failure: unknown;
    for (let seq = 1; failure === undefined; seq++) {
      try {
        await journal.commit([ofEvent(eventRow(seq)), ofCall(bigCall(seq))]);
        acknowledged = seq;
      } catch (cause) {
        failure = cause;
      }
    }
    expect(failure).toMatchObject({ code: "ENOSPC", message: expect.stringContaining(path) });
    expect(journal.isReadOnly).toBe(true);
    // Reading goes on, and of the failed commit there is nothing.
    const calls = await journal.calls({ tenant: alpha, pid: asPid("p1"), afterSeq: 0, limit: 1_000 });
    expect(calls.map(({ seq }) => seq)).toEqual(Array.from({ length: acknowledged }, (_, index) => index + 1));
    expect(await journal.events({ afterSeq: acknowledged, limit: 10 })).toEqual([]);
    await expect(journal.commit([ofCall(bigCall(900))])).rejects.toMatchObject({ code: "ENOSPC" });

    await journal.commit([]);
    await journal.prune({ keepDays: 30, keepMb: 0.2 });
    expect(journal.isReadOnly).toBe(true);
    await journal.commit([ofCall(bigCall(901))]);
    expect(journal.isReadOnly).toBe(false);
    expect(await journal.call(asCallId("p1-901"))).toEqual(bigCall(901));
  });

  test("fails the commits behind the failed one with it, so that none is there without its predecessors", async () => {
    await using journal = await openSqliteJournal({ path, engine: testedEngine, maxPages: 120 });
    const tooBig = callRow("p1", 1, { result: "x".repeat(1_000_000) });
    const first = journal.commit([ofCall(tooBig)]);
    // The first is on its way to the disk before the second is made.
    await new Promise((resolve) => setImmediate(resolve));
    const second = journal.commit([ofEvent(eventRow(1))]);
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await journal.events({ afterSeq: 0, limit: 10 })).toEqual([]);
    await journal.commit([ofEvent(eventRow(1))]);
  });

  test("does not leave the journal believing in bodies that were never stored", async () => {
    await using journal = await openSqliteJournal({ path, engine: testedEngine, maxPages: 120 });
    const messages = conversation(3);
    const row = (seq: number, length: number, result: unknown) =>
      callRow("p1", seq, { request: { messages: messages.slice(0, length) }, result });
    await expect(journal.commit([ofCall(row(1, 2, "x".repeat(1_000_000)))])).rejects.toMatchObject({ code: "ENOSPC" });
    await journal.commit([ofCall(row(2, 3, "short"))]);
    expect(await journal.call(asCallId("p1-2"))).toEqual(row(2, 3, "short"));
  });
});

describe("a file that is not a whole journal of ours", () => {
  const cases: Record<string, { make: () => void | Promise<void>; says: string | RegExp }> = {
    "a text file": {
      make: () => writeFileSync(path, "not a database, but some notes\n".repeat(100)),
      says: "is not a journal",
    },
    "an empty file": { make: () => writeFileSync(path, ""), says: "is empty: its content was lost" },
    "a database of another program": {
      make: () => {
        const db = new DatabaseSync(path);
        db.exec("create table notes (text text)");
        db.close();
      },
      says: "is a database of another program",
    },
    "a journal of a newer version": {
      make: async () => {
        await written();
        const db = new DatabaseSync(path);
        db.exec("insert into schema_version values (999)");
        db.close();
      },
      says: "was written by a newer AIOS (schema 999",
    },
    "a journal cut off in the middle": {
      make: async () => {
        await written();
        truncateSync(path, Math.floor(statSync(path).size / 2));
      },
      says: /is damaged/,
    },
    "a journal with a page of garbage": {
      make: async () => {
        await written();
        const file = openSync(path, "r+");
        writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, 8 * 4_096);
        closeSync(file);
      },
      says: /is damaged/,
    },
  };

  for (const [name, { make, says }] of Object.entries(cases)) {
    test(`${name} is named, and left as it is`, async () => {
      await make();
      const before = readFileSync(path);
      const opening = openSqliteJournal({ path, engine: testedEngine });
      await expect(opening).rejects.toMatchObject({ code: "EIO", retryable: false, hint: expect.any(String) });
      await expect(opening).rejects.toThrow(path);
      await expect(opening).rejects.toThrow(says);
      expect(readFileSync(path).equals(before)).toBe(true);
    });
  }

  test("a changed byte in a body is noticed when it is read, and the rest can be read", async () => {
    await written();
    const db = new DatabaseSync(path);
    db.exec("update blob set body = replace(body, '7 body', '8 body') where body like '\"7 body%'");
    db.close();
    await using journal = await openSqliteJournal({ path, engine: testedEngine });
    await expect(journal.call(asCallId("p1-7"))).rejects.toMatchObject({ code: "EIO", retryable: false });
    expect(await journal.call(asCallId("p1-8"))).toEqual(bigCall(8));
  });

  test("a changed byte in what a request has written is noticed, and the rest can be read", async () => {
    const row = callRow("p1", 1, { request: { path: "a", content: "x".repeat(2_000) } });
    const requestContent = hash("sha256", "x".repeat(2_000));
    {
      await using journal = await openSqliteJournal({ path, engine: testedEngine });
      const blob = ofBlob(requestContent, Buffer.from("x".repeat(2_000)));
      await journal.commit([blob, ofCall({ ...row, requestContent }), ofCall(bigCall(8))]);
      expect(await journal.call(row.call)).toEqual(row);
    }
    const db = new DatabaseSync(path);
    db.prepare("update file_blob set bytes = ?").run(Buffer.from(`${"x".repeat(1_999)}y`));
    db.close();
    await using journal = await openSqliteJournal({ path, engine: testedEngine });
    await expect(journal.call(row.call)).rejects.toMatchObject({ code: "EIO", retryable: false });
    expect(await journal.call(asCallId("p1-8"))).toEqual(bigCall(8));
  });
});

describe("the log of a kernel that was killed", () => {
  /** What such a kernel leaves: five commits, none of them written back. Returns the log. */
  async function killed(): Promise<string> {
    const living = join(home, "living.db");
    await using journal = await openSqliteJournal({ path: living, engine: testedEngine });
    for (let seq = 1; seq <= 5; seq++) await journal.commit([ofCall(bigCall(seq)), ofEvent(eventRow(seq))]);
    for (const suffix of ["", "-wal"]) copyFileSync(living + suffix, path + suffix);
    return `${path}-wal`;
  }
  const found = async (): Promise<number[]> => {
    await using journal = await openSqliteJournal({ path, engine: testedEngine });
    return (await journal.events({ afterSeq: 0, limit: 10 })).map(({ seq }) => seq);
  };

  test("is read whole", async () => {
    await killed();
    expect(await found()).toEqual([1, 2, 3, 4, 5]);
  });

  test("loses of a torn end only the commit that was being written", async () => {
    const log = await killed();
    truncateSync(log, statSync(log).size - 1_000);
    expect(await found()).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ["zeroes", 0, 32],
    ["another program's words", 0xa5, 32],
    ["one changed byte", 0x55, 1],
  ])("is named when its header is %s, not taken for empty", async (_, byte, length) => {
    const log = await killed();
    const file = openSync(log, "r+");
    writeSync(file, Buffer.alloc(length, byte), 0, length, length === 1 ? 17 : 0);
    closeSync(file);
    const before = readFileSync(log);
    await expect(found()).rejects.toMatchObject({
      code: "EIO",
      retryable: false,
      message: `${log} is damaged: its header`,
      hint: expect.stringContaining("backup") as string,
    });
    expect(readFileSync(log).equals(before)).toBe(true);
  });
});

test("a folder that cannot be written is said to be read-only", async ({ skip }) => {
  skip(process.platform !== "linux", "needs a file system that is read-only for everybody");
  await expect(openSqliteJournal({ path: "/sys/aios/journal.db", engine: testedEngine })).rejects.toMatchObject({
    code: "ENOSPC",
    message: "/sys/aios/journal.db is read-only",
  });
});

test("each library's words for read-only, locked, broken and wrong become ours", () => {
  const kinds = [
    [8, "SQLITE_READONLY", "read-only"],
    [8 | (3 << 8), "SQLITE_READONLY_ROLLBACK", "read-only"],
    [5, "SQLITE_BUSY", "busy"],
    [5 | (2 << 8), "SQLITE_BUSY_SNAPSHOT", "busy"],
    [11, "SQLITE_CORRUPT", "damaged"],
    [26, "SQLITE_NOTADB", "damaged"],
    [13, "SQLITE_FULL", "full"],
    [10, "SQLITE_IOERR", "failed"],
    [21, "SQLITE_MISUSE", "failed"],
    [1, "SQLITE_ERROR", "refused"],
    [19 | (8 << 8), "SQLITE_CONSTRAINT_UNIQUE", "refused"],
  ] as const;
  const kindOf = (words: object): string => toFault(Object.assign(new Error("x"), words), path).kind;
  for (const [errcode, code, kind] of kinds) {
    expect([kindOf({ errcode }), kindOf({ rawCode: errcode, code }), kindOf({ code })]).toEqual([kind, kind, kind]);
  }
});

test("nobody but its owner can read the journal, nor the files beside it", async () => {
  await using journal = await openSqliteJournal({ path, engine: testedEngine });
  await journal.commit([{ kind: "process", row: processRow("p1") }]);
  const modes = ["", "-wal", "-shm"].map((suffix) => statSync(path + suffix).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test("a closed journal refuses commits and questions, and what it had accepted is on disk", async () => {
  const journal = await openSqliteJournal({ path, engine: testedEngine });
  const accepted = journal.commit([ofEvent(eventRow(1))]);
  await journal[Symbol.asyncDispose]();
  await accepted;
  await expect(journal.commit([])).rejects.toMatchObject({ code: "EIO" });
  await expect(journal.events({ afterSeq: 0, limit: 1 })).rejects.toMatchObject({ code: "EIO" });
  await using again = await openSqliteJournal({ path, engine: testedEngine });
  expect((await again.load()).lastEventSeq).toBe(1);
});
