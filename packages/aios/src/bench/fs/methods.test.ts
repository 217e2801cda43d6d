import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBm25Method } from "./bm25-method.ts";
import { chunksOf } from "./chunks.ts";
import { generateCorpus } from "./corpus.ts";
import { docsQueries } from "./docs-queries.ts";
import { readDocs } from "./docs.ts";
import { createGrep } from "./grep.ts";
import type { AskedQuery, FileMethod, IndexedFile } from "./method.ts";
import { searchIndexMethods } from "./search-index-methods.ts";

const file = (path: string, text: string, modifiedMs = 0): IndexedFile => ({ path, text, modifiedMs, lang: "en" });
const asked = (text: string, more: Partial<AskedQuery> = {}): AskedQuery => ({ text, lang: "en", terms: [], ...more });

const corpus = generateCorpus({ split: "dev", seed: 6, files: 200 });
const files = corpus.files.map((each) => ({ ...each, text: corpus.textOf(each) }));
const methods: readonly FileMethod[] = [createGrep(), createBm25Method(), ...searchIndexMethods()];

describe.each(methods)("$name", (method) => {
  beforeAll(() => method.index(files));
  afterAll(() => method[Symbol.asyncDispose]());

  test("finds the one file with an exact term, in English and Chinese, and no other", async () => {
    const unique = corpus.queries.filter(({ kind, relevant }) => kind === "keyword" && relevant.length === 1);
    expect(new Set(unique.map(({ lang }) => lang))).toEqual(new Set(["en", "zh"]));
    for (const { text, terms, lang, relevant } of unique)
      expect(await method.find({ text, terms, lang }, 50), text).toEqual(relevant);
  });

  test("finds nothing where a term stands nowhere", async () => {
    expect(await method.find(asked("Northgate zyzzyva", { terms: ["Northgate", "zyzzyva"] }), 50)).toEqual([]);
  });

  test("finds only what was changed in time, and no more than it was asked for", async () => {
    const { modifiedMs, path } = files.find(({ about }) => about.topic === "GPU")!;
    const modified = { fromMs: modifiedMs, toMs: modifiedMs };
    expect(await method.find(asked("GPU", { modified }), 10)).toEqual([path]);
    expect(await method.find(asked("GPU"), 3)).toHaveLength(3);
  });
});

test("grep wants every word, in any case and within others, and ranks by how often they stand there", async () => {
  await using grep = createGrep();
  await grep.index([file("a", "Boats and boat"), file("b", "boat BOAT boats, and"), file("c", "boat")]);
  expect(await grep.find(asked("And boat"), 9)).toEqual(["b", "a"]);
  expect(await grep.find(asked("boat"), 2)).toEqual(["b", "a"]);
});

test("a file is found once, whichever of its pieces are, and by what stands in different ones", async () => {
  const long = `${"Nothing here. ".repeat(200)}first\n${"Nothing there. ".repeat(200)}second`;
  expect(chunksOf(long).length).toBeGreaterThan(4);
  for (const method of searchIndexMethods()) {
    await using open = method;
    await open.index([file("long.txt", long), file("short.txt", "first of all")]);
    expect(await open.find(asked("first second", { terms: ["first", "second"] }), 9)).toEqual(["long.txt"]);
    expect((await open.find(asked("nothing"), 9)).filter((path) => path === "long.txt")).toHaveLength(1);
  }
});

test("pieces are what was cut, of 1,200 characters at most, at ends of lines or sentences, never within a character", () => {
  const texts = [...files.map(({ text }) => text), "x".repeat(5_000), `x${"😀".repeat(2_000)}`, ""];
  for (const text of texts) {
    const chunks = chunksOf(text);
    expect(chunks.join("")).toBe(text);
    for (const chunk of chunks) {
      expect(chunk.length).toBeLessThanOrEqual(1_200);
      expect(chunk.length).toBeGreaterThan(0);
      expect(chunk.isWellFormed()).toBe(true);
    }
  }
  expect(chunksOf(`${"a".repeat(700)}\n${"b".repeat(700)}`).map(({ length }) => length)).toEqual([701, 700]);
  expect(chunksOf(`${"甲".repeat(800)}。${"乙".repeat(800)}`).map(({ length }) => length)).toEqual([801, 800]);
});

test("every question about the documentation has a page that is there, forty in English and twenty in Chinese at least", async () => {
  const { files: pages, queries } = await readDocs();
  const paths = new Set(pages.map(({ path }) => path));
  for (const { relevant, text } of queries) {
    expect(relevant.length, text).toBeGreaterThan(0);
    for (const page of relevant) expect(paths, text).toContain(page);
  }
  const count = (lang: string) => docsQueries.filter((query) => query.lang === lang).length;
  expect(count("en")).toBeGreaterThanOrEqual(40);
  expect(count("zh")).toBeGreaterThanOrEqual(20);
  expect(new Set(docsQueries.map(({ text }) => text)).size).toBe(docsQueries.length);
});
