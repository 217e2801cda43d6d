import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alpha, beta, eventRow, fileRow, noteBody, ofBlob } from "../../../test/journal-rows.ts";
import { testedEngine } from "../../../test/sqlite-engine.ts";
import { openForWriting } from "../sql/sqlite-file.ts";
import { migrations } from "./schema.ts";
import { openSqliteJournal } from "./sqlite.ts";

test("notes that were kept before notes were counted are counted, and may be evicted", async () => {
  const home = await mkdtemp(join(tmpdir(), "aios-journal-"));
  const path = join(home, "journal.db");
  const counting = migrations.findIndex((step) => step.includes("create table note_usage"));
  const older = openForWriting({ path, engine: testedEngine, migrations: migrations.slice(0, counting) });
  const insert = older.prepare("insert into note values (?, ?, ?, 1, ?, 1000, 1000, 'p1', 1, ?)");
  const pinned = { ...noteBody("针"), isPinned: true };
  const lasting = { ...noteBody('said "tier":"working", "isPinned":true'), tier: "long-term" };
  insert.run("n1", alpha, "process:p1", JSON.stringify(pinned), 0);
  insert.run("n2", alpha, "tenant", JSON.stringify(lasting), 0);
  insert.run("n3", beta, "tenant", JSON.stringify(noteBody("short")), 0);
  insert.run("n4", beta, "tenant", JSON.stringify(noteBody("gone")), 1);
  older.close();
  const bytes = (...bodies: object[]) =>
    bodies.reduce((sum: number, body) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
  const none = { pinnedNotes: 0, pinnedBytes: 0, evictedNotes: 0 };
  const one = { pinnedNotes: 1, pinnedBytes: bytes(pinned), evictedNotes: 0 };
  await using journal = await openSqliteJournal({ path, engine: testedEngine });
  expect(await journal.noteUsage([{ tenant: alpha }, { tenant: beta, namespace: "tenant" }, {}])).toEqual([
    { notes: 2, bytes: bytes(pinned, lasting), ...one },
    { notes: 1, bytes: bytes(noteBody("short")), ...none },
    { notes: 3, bytes: bytes(pinned, lasting, noteBody("short")), ...one },
  ]);
  expect((await journal.evictableNotes({}, 9)).map(({ id }) => id)).toEqual(["n3", "n2"]);
  await journal[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

test("a journal from before files were kept keeps them, and what it had", async () => {
  const home = await mkdtemp(join(tmpdir(), "aios-journal-"));
  const path = join(home, "journal.db");
  const keeping = migrations.findIndex((step) => step.includes("create table file_version"));
  const older = openForWriting({ path, engine: testedEngine, migrations: migrations.slice(0, keeping) });
  const event = eventRow(3);
  older
    .prepare("insert into event (seq, topic, tenant, pid, at, body) values (?, ?, ?, ?, ?, ?)")
    .run(event.seq, event.topic, event.tenant, event.pid, event.atMs, JSON.stringify(event.body));
  older.prepare("insert into blob values ('abc', 1, 'text')").run();
  older.close();
  {
    await using journal = await openSqliteJournal({ path, engine: testedEngine });
    expect(await journal.load()).toMatchObject({ lastEventSeq: 3, lastFileChange: 0 });
    expect(await journal.fileRoots(alpha)).toEqual([]);
    await journal.commit([{ kind: "file", row: fileRow("a", 1) }, ofBlob("abc", new Uint8Array([1, 2]))]);
    await journal.prune({ keepDays: 1e6, keepMb: Number.POSITIVE_INFINITY });
    expect(await journal.files({ tenant: alpha, root: "shared", limit: 9 })).toMatchObject([fileRow("a", 1)]);
    expect(await journal.events({ afterSeq: 0, limit: 9 })).toEqual([event]);
    expect(await journal.size()).toMatchObject({ bodies: 1 });
  }
  await rm(home, { recursive: true });
});

test("files that were kept before files were counted are counted, each content once", async () => {
  const home = await mkdtemp(join(tmpdir(), "aios-journal-"));
  const path = join(home, "journal.db");
  const counting = migrations.findIndex((step) => step.includes("create table file_usage"));
  const older = openForWriting({ path, engine: testedEngine, migrations: migrations.slice(0, counting) });
  const columns = "tenant, root, path, version, change, kind, hash, size_bytes, labels, seq, at";
  const insert = ["file", "file_version"].map((table) =>
    older.prepare(`insert into ${table} (${columns}) values (?, ?, ?, 1, ?, ?, ?, ?, '{}', 1, 1000)`),
  );
  const rows = [
    [alpha, "process:p1", "a", 1, "file", "one", 10],
    [alpha, "process:p1", "b", 2, "file", "one", 10],
    [alpha, "tenant", "a", 3, "file", "one", 10],
    [alpha, "tenant", "b", 4, "file", "two", 5],
    [alpha, "tenant", "folder", 5, "folder", null, 0],
    [beta, "tenant", "a", 6, "file", "one", 10],
    [beta, "tenant", "b", 7, "gone", null, 0],
  ] as const;
  for (const row of rows) for (const statement of insert) statement.run(...row);
  older.close();
  await using journal = await openSqliteJournal({ path, engine: testedEngine });
  expect(await journal.fileUsage(alpha)).toEqual({ files: 5, bytes: 35, keptBytes: 15 });
  expect(await journal.fileUsage(alpha, "process:p1")).toEqual({ files: 2, bytes: 20, keptBytes: 10 });
  expect(await journal.fileUsage(beta)).toEqual({ files: 1, bytes: 10, keptBytes: 10 });
  expect(await journal.fileUsage(beta, "group:none")).toEqual({ files: 0, bytes: 0, keptBytes: 0 });
  await journal[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});
