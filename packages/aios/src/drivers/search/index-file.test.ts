import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Findable, SearchIndex } from "../../kernel/ports.ts";
import type { Replaced } from "./index-file.ts";
import { openSearchIndex } from "./search-index.ts";

// Each opens threads, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

let home: string;
let path: string;
let notices: Replaced[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-index-"));
  path = join(home, "index.db");
  notices = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const open = () => openSearchIndex({ path, tell: (notice) => notices.push(notice) });
const text = (id: string, content: string): Findable => ({
  id,
  space: "s",
  version: 1,
  text: content,
  terms: ["Term"],
  facets: { at: 1 },
});
const ids = async (index: SearchIndex, content: string, by: "words" | "vectors" = "words") =>
  (await index.search({ spaces: ["s"], text: content, limit: 100, by })).map(({ id }) => id).toSorted();

async function fill(texts: readonly Findable[] = [text("a", "alpha"), text("b", "beta 机器学习")]): Promise<void> {
  await using index = await open();
  await index.put(texts);
  notices = [];
}

const why = () => notices.map((notice) => notice.why);

test("what was put is found after the index is opened again, by words, vectors, terms and facets, and nothing is told", async () => {
  await fill();
  await using index = await open();
  expect(notices).toEqual([]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
  expect(await ids(index, "学习", "vectors")).toContain("b");
  const query = { spaces: ["s"], text: "alpha", limit: 1, terms: ["term"], filters: [{ facet: "at", from: 1 }] };
  expect(await index.search(query)).toMatchObject([{ id: "a", score: 1 }]);
  expect(await index.versions(undefined, 10)).toEqual([
    { id: "a", version: 1 },
    { id: "b", version: 1 },
  ]);
  expect(await index.status()).toEqual({ texts: 2, embedder: "hashed", dimension: 4_096, reindexing: null });
});

test("a missing file is made, for its owner's eyes only, and told", async () => {
  await using index = await open();
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
  expect(notices).toEqual([{ why: "missing" }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("an empty file, as a process leaves that was killed at its first start, is filled", async () => {
  writeFileSync(path, "");
  await using index = await open();
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
  expect(notices).toEqual([{ why: "missing" }]);
  expect(existsSync(`${path}.replaced`)).toBe(false);
});

test("a stranger's database is moved aside whole, and told", async () => {
  const db = new DatabaseSync(path);
  db.exec("create table precious (value); insert into precious values ('kept')");
  db.close();
  await using index = await open();
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
  expect(notices).toEqual([{ why: "foreign", movedTo: `${path}.replaced` }]);
  const kept = new DatabaseSync(`${path}.replaced`);
  expect(kept.prepare("select value from precious").get()).toEqual({ value: "kept" });
  kept.close();
});

test("what is no database, and a folder in its place, are moved aside and told", async () => {
  writeFileSync(path, "not a database at all, but long enough to be looked at. ".repeat(100));
  await (await open())[Symbol.asyncDispose]();
  expect(why()).toEqual(["damaged"]);
  expect(readFileSync(`${path}.replaced`, "utf8")).toContain("not a database");
  rmSync(path);
  mkdirSync(path);
  await using index = await open();
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
  expect(why()).toEqual(["damaged", "foreign"]);
});

test("the file of another release is replaced", async () => {
  await fill();
  const db = new DatabaseSync(path);
  db.exec("pragma user_version = 999");
  db.close();
  await using index = await open();
  expect(await index.versions(undefined, 10)).toEqual([]);
  expect(why()).toEqual(["outdated"]);
});

test("a damaged file is replaced when it is opened, and everything can be put again", async () => {
  await fill(Array.from({ length: 300 }, (_, number) => text(`t${number}`, `alpha ${number}`)));
  overwrite(path, { from: 8_192, bytes: 40_000 });
  await using index = await open();
  expect(why()).toEqual(["damaged"]);
  expect(await index.status()).toMatchObject({ texts: 0 });
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
});

test("damage that shows while the index is used replaces the file, and everything can be put again", async () => {
  await fill(Array.from({ length: 300 }, (_, number) => text(`t${number}`, `alpha ${number}`)));
  await using index = await open();
  // Past the page cache of the index's thread, which does not look at the file again by itself.
  const db = new DatabaseSync(path, { defensive: false });
  db.exec("update words_data set block = substr(block, 1, 10) where id > 10");
  db.close();
  expect(await ids(index, "alpha")).toEqual([]);
  expect(why()).toEqual(["damaged"]);
  expect(await index.versions(undefined, 1_000)).toEqual([]);
  await index.put([text("a", "alpha")]);
  expect(await ids(index, "alpha")).toEqual(["a"]);
});

test("a folder that cannot be written is an error that names the file", async () => {
  writeFileSync(join(home, "file"), "");
  const opening = openSearchIndex({ path: join(home, "file", "index.db") });
  await expect(opening).rejects.toMatchObject({ code: "EIO", message: expect.stringContaining("index.db") });
});

function overwrite(file: string, { from, bytes }: { from: number; bytes: number }): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(bytes, 0xa5), 0, bytes, from);
  closeSync(descriptor);
}
