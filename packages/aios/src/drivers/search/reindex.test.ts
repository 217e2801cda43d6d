import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { text } from "../../../test/conformance/search-index-texts.ts";
import { embedWaiting, leastDimension, synonymVector } from "../../../test/synonym-model.ts";
import type { FindQuery, SearchIndex } from "../../kernel/ports.ts";
import type { Replaced } from "./index-file.ts";
import { openSearchIndex } from "./search-index.ts";

// Each opens threads, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

let home: string;
let path: string;
let replaced: Replaced[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-reindex-"));
  path = join(home, "index.db");
  replaced = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const open = (model?: string, dimension?: number) =>
  openSearchIndex({
    path,
    ...(model === undefined ? {} : { embedder: { model, dimension } }),
    tell: (notice) => replaced.push(notice),
  });

const three = [text("car", "an automobile"), text("moon", "luna above"), text("bread", "a loaf")];
const filler = (count: number) => Array.from({ length: count }, (_, number) => text(`f${number}`, `filler ${number}`));

/** Asks as the kernel does: with the vector of the model that the index asks for. */
async function ids(index: SearchIndex, content: string, by: FindQuery["by"] = "vectors"): Promise<string[]> {
  const { model, dimension } = index.asks ?? {};
  const vector = model !== undefined && { vector: { model, values: synonymVector(content, dimension) } };
  const found = await index.search({ spaces: ["s"], text: content, limit: 5, by, ...vector });
  return found.map(({ id }) => id);
}
const first = async (index: SearchIndex, content: string, by?: FindQuery["by"]) => (await ids(index, content, by))[0];

/** Asks until nothing is left to do; each question goes through the index's thread. */
async function settled(index: SearchIndex): Promise<void> {
  while ((await index.status()).reindexing !== null) await new Promise((resolve) => setImmediate(resolve));
}

async function fill(count: number, model?: string): Promise<void> {
  await using index = await open(model);
  await index.put([...three, ...filler(count)]);
  if (model !== undefined) await embedWaiting(index);
}

test("texts wait for a model's vectors, are found by their words until then, and by its synonyms after it", async () => {
  await using index = await open("core/own");
  expect(index.asks).toEqual({ model: "core/own", dimension: undefined });
  await index.put(three);
  expect(await index.status()).toEqual({
    texts: 3,
    embedder: "core/own",
    dimension: 0,
    reindexing: { done: 0, of: 3 },
  });
  expect(await first(index, "loaf", "hybrid")).toBe("bread");
  expect(await ids(index, "汽车")).toEqual([]);
  expect(await embedWaiting(index)).toEqual(["an automobile", "luna above", "a loaf"]);
  expect(await first(index, "汽车")).toBe("car");
  expect(await first(index, "moon", "hybrid")).toBe("moon");
  expect(await index.status()).toEqual({ texts: 3, embedder: "core/own", dimension: 4, reindexing: null });
  expect(index.asks).toEqual({ model: "core/own", dimension: 4 });
});

test("another embedder's vectors take the place of the old ones, and those serve until all are there", async () => {
  await fill(200);
  await using index = await open("core/own");
  await embedWaiting(index, { most: 128 });
  const half = { texts: 203, embedder: "core/own", dimension: 4, reindexing: { done: 128, of: 203 } };
  expect(await index.status()).toEqual(half);
  // Hashed still: a spelling mistake is seen through, a synonym is not.
  expect(index.asks).toBeUndefined();
  expect(await first(index, "automobil")).toBe("car");
  expect(await first(index, "月亮")).not.toBe("moon");
  await index.put([text("new", "fresh bread"), text("f50", "a car meanwhile"), text("f150", "a car meanwhile")]);
  expect(await first(index, "fresh breat")).toBe("new");
  expect(await embedWaiting(index)).toContain("a car meanwhile");
  expect(await first(index, "月亮")).toBe("moon");
  expect((await ids(index, "汽车")).slice(0, 3).toSorted()).toEqual(["car", "f150", "f50"]);
  expect(await index.status()).toEqual({ texts: 204, embedder: "core/own", dimension: 4, reindexing: null });
});

test("a vector of what the text was before it changed is not taken", async () => {
  await using index = await open("core/own");
  await index.put([text("a", "an automobile"), text("b", "luna")]);
  const waiting = await index.unembedded(0, 10);
  await index.put([text("a", "a loaf", { version: 2 })]);
  await index.remove(["b"]);
  await index.embedded(
    waiting,
    waiting.map((one) => synonymVector(one.text)),
  );
  expect(await index.status()).toMatchObject({ texts: 1, reindexing: { done: 0, of: 1 } });
  expect(await embedWaiting(index)).toEqual(["a loaf"]);
  expect(await ids(index, "car")).toEqual(["a"]);
  expect(await first(index, "bread")).toBe("a");
});

test("from one model to another the old one's vectors serve, and ask for its queries", async () => {
  await fill(100, "core/former");
  await using index = await open("core/next");
  expect(index.asks).toEqual({ model: "core/former", dimension: 4 });
  await embedWaiting(index, { most: 64, dimension: 9 });
  expect(await first(index, "汽车")).toBe("car");
  // Of a model whose vectors do not serve, or of another length: the words are looked for alone.
  for (const vector of [
    { model: "core/next", values: synonymVector("汽车", 9) },
    { model: "core/former", values: synonymVector("汽车", 9) },
  ])
    expect(await index.search({ spaces: ["s"], text: "loaf", limit: 1, vector })).toMatchObject([{ id: "bread" }]);
  await embedWaiting(index, { dimension: 9 });
  expect(index.asks).toEqual({ model: "core/next", dimension: 9 });
  expect(await first(index, "汽车")).toBe("car");
});

test("a start in the middle goes on where the last one was", async () => {
  await fill(400);
  let before: string[];
  {
    await using index = await open("core/own");
    before = await embedWaiting(index, { most: 200 });
  }
  await using index = await open("core/own");
  expect(await index.status()).toMatchObject({ dimension: 4, reindexing: { done: 200, of: 403 } });
  const after = await embedWaiting(index);
  expect(new Set([...before, ...after]).size).toBe(403);
  expect(after).toHaveLength(203);
  expect(await first(index, "月亮")).toBe("moon");
});

test("back to the first embedder in the middle, its vectors serve as before and nothing is embedded", async () => {
  await fill(400);
  {
    await using index = await open("core/own");
    await embedWaiting(index, { most: 100 });
  }
  await using index = await open();
  expect(await index.status()).toMatchObject({ embedder: "hashed", reindexing: null });
  expect(await first(index, "automobil")).toBe("car");
});

test("from a model back to the hashed one, the index's thread does it alone", async () => {
  await fill(300, "core/own");
  await using index = await open();
  expect(await index.unembedded(0, 10)).toEqual([]);
  await settled(index);
  expect(await first(index, "automobil")).toBe("car");
  expect(await index.status()).toMatchObject({ texts: 303, embedder: "hashed", reindexing: null });
});

test("what is removed while vectors are replaced does not keep them from being done", async () => {
  await fill(200);
  await using index = await open("core/own");
  await embedWaiting(index, { most: 64 });
  await index.remove(filler(200).map(({ id }) => id));
  expect(await embedWaiting(index)).toEqual([]);
  expect(await first(index, "汽车")).toBe("car");
  expect(await index.status()).toMatchObject({ texts: 3, reindexing: null });
});

test("a text of which the model makes no vector is found by its words, and keeps nothing from being done", async () => {
  {
    await using index = await open();
    await index.put(three);
  }
  {
    await using index = await open("core/own");
    const waiting = await index.unembedded(0, 10);
    const vectors = waiting.map((one) => (one.text === "a loaf" ? null : synonymVector(one.text)));
    await index.embedded(waiting, vectors);
    expect(await index.status()).toMatchObject({ dimension: 4, reindexing: null });
  }
  await using index = await open("core/own");
  expect(await index.unembedded(0, 10)).toEqual([]);
  expect(await index.status()).toMatchObject({ texts: 3, reindexing: null });
  expect(await ids(index, "bread moon")).not.toContain("bread");
  expect(await ids(index, "loaf", "words")).toEqual(["bread"]);
  await index.put([text("bread", "a loaf of bread", { version: 2 })]);
  expect(await embedWaiting(index)).toEqual(["a loaf of bread"]);
  expect(await first(index, "面包")).toBe("bread");
});

test("a model that has another dimension than before makes all vectors anew, and the old ones serve until then", async () => {
  await fill(100, "core/own");
  {
    await using index = await open("core/own");
    await index.put([text("new", "fresh bread")]);
    await embedWaiting(index, { most: 1, dimension: 9 });
    expect(await index.status()).toMatchObject({ dimension: 9, reindexing: { done: 1, of: 104 } });
    expect(index.asks).toEqual({ model: "core/own", dimension: 4 });
    expect(await first(index, "汽车")).toBe("car");
    await embedWaiting(index, { most: 50, dimension: 9 });
  }
  {
    await using index = await open("core/own");
    expect(await index.status()).toMatchObject({ dimension: 9, reindexing: { done: 51, of: 104 } });
    await embedWaiting(index, { dimension: 9 });
    expect(await index.status()).toMatchObject({ dimension: 9, reindexing: null });
    expect(await first(index, "面包")).toMatch(/new|bread/);
  }
  // Back again before all were made anew: those of before are there still.
  await using index = await open("core/own");
  await index.put([text("late", "a car too late")]);
  await embedWaiting(index, { most: 30, dimension: leastDimension });
  const [late] = await index.unembedded(0, 1);
  await index.embedded([late!], [synonymVector(late!.text, 9)]);
  expect(await index.status()).toMatchObject({ dimension: 9, reindexing: { done: 104, of: 105 } });
});

test("the dimension that is asked for is held to: vectors of another one wait beside it", async () => {
  await fill(20, "core/own");
  await using index = await open("core/own", 9);
  expect(await index.status()).toMatchObject({ dimension: 9, reindexing: { done: 0, of: 23 } });
  expect(await first(index, "汽车")).toBe("car");
  await embedWaiting(index, { dimension: 9 });
  expect(index.asks).toEqual({ model: "core/own", dimension: 9 });
});

test.each([undefined, "core/own"])(
  "texts that another dictionary has cut are cut again, vectors of a model stay (%s)",
  async (model) => {
    {
      await using index = await open(model);
      await index.put([...filler(100), text("cn", "备用钥匙在蓝色抽屉里"), ...three]);
      if (model !== undefined) await embedWaiting(index);
    }
    const db = new DatabaseSync(path);
    // As if what that dictionary cut could not be found with this one.
    db.exec(
      "delete from words; update cut set by = 'ICU 1.0'; update texts set length = 1; update spaces set length = texts",
    );
    db.close();
    await using index = await open(model);
    await settled(index);
    expect(replaced.map(({ why }) => why)).toEqual(["missing"]);
    expect(await ids(index, "钥匙", "words")).toEqual(["cn"]);
    expect(await ids(index, "automobile", "words")).toEqual(["car"]);
    expect(await index.unembedded(0, 10)).toEqual([]);
    expect(await first(index, model === undefined ? "automobil" : "汽车")).toBe("car");
    const rows = new DatabaseSync(path, { readOnly: true });
    expect(rows.prepare("select by, done_to from cut").get()).toEqual({
      by: `ICU ${process.versions["icu"]}`,
      done_to: null,
    });
    expect(rows.prepare("select min(length) as least from texts").get()).toEqual({ least: 2 });
    expect(
      rows.prepare("select (select sum(length) from texts) - (select sum(length) from spaces) as off").get(),
    ).toEqual({ off: 0 });
    rows.close();
  },
);

test("an index whose counts were changed by hand counts what it holds, and is built again by the next start", async () => {
  {
    await using index = await open();
    await index.put(three);
    const db = new DatabaseSync(path);
    db.exec("delete from texts where id = 'car'");
    db.close();
    await index.put([text("car", "an automobile"), text("more", "more")]);
    expect(await index.status()).toMatchObject({ texts: 4, reindexing: null });
  }
  await using index = await open();
  expect(replaced.map(({ why }) => why)).toEqual(["missing", "damaged"]);
  expect(await index.versions(undefined, 10)).toEqual([]);
});
