import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { fileRequestOf } from "../../files/query.ts";
import { createBm25Method } from "./bm25-method.ts";
import { generateCorpus } from "./corpus.ts";
import { docsQueries } from "./docs-queries.ts";
import { readDocs } from "./docs.ts";
import { createGrep } from "./grep.ts";
import type { AskedQuery, FileMethod, IndexedFile } from "./method.ts";
import { searchMethods } from "./search-methods.ts";

// A kernel with its threads, which take seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const file = (path: string, text: string, modifiedMs = 0): IndexedFile => ({ path, text, modifiedMs, lang: "en" });
const asked = (text: string, more: Partial<AskedQuery> = {}): AskedQuery => ({ text, lang: "en", terms: [], ...more });

const corpus = generateCorpus({ split: "dev", seed: 6, files: 200 });
const files = corpus.files.map((each) => ({ ...each, text: corpus.textOf(each) }));
const methods: readonly FileMethod[] = [createGrep(), createBm25Method(), ...searchMethods()];

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
    const query = corpus.queries.find(({ kind, lang }) => kind === "metadata" && lang === "en")!;
    const { modified, text, askedMs } = query;
    const found = await method.find(asked(text, { modified: modified!, askedMs: askedMs! }), 10);
    const times = files.filter(({ path }) => found.includes(path)).map(({ modifiedMs }) => modifiedMs);
    for (const ms of times) expect(ms >= modified!.fromMs && ms <= modified!.toMs).toBe(true);
    // grep looks for the words of time, too.
    expect(found.length > 0).toBe(method.name !== "grep");
    const topics = Map.groupBy(files, ({ about }) => about.topic);
    const [topic = ""] = [...topics].find(([name, all]) => name !== undefined && all.length > 3)!;
    expect(await method.find(asked(topic), 3)).toHaveLength(3);
  });
});

test("grep wants every word, in any case and within others, and ranks by how often they stand there", async () => {
  await using grep = createGrep();
  await grep.index([file("a", "Boats and boat"), file("b", "boat BOAT boats, and"), file("c", "boat")]);
  expect(await grep.find(asked("And boat"), 9)).toEqual(["b", "a"]);
  expect(await grep.find(asked("boat"), 2)).toEqual(["b", "a"]);
  const modified = { fromMs: 5, toMs: 5 };
  await grep.index([file("before", "boat", 4), file("then", "boat", 5), file("behind", "boat", 6)]);
  expect(await grep.find(asked("boat", { modified }), 9)).toEqual(["then"]);
});

test("a file is found once, whichever of its pieces are, and by what stands in different ones", async () => {
  const long = `${"Nothing here. ".repeat(200)}first\n${"Nothing there. ".repeat(200)}second`;
  for (const method of searchMethods()) {
    await using open = method;
    await open.index([file("long.txt", long), file("short.txt", "first of all")]);
    expect(await open.find(asked("first second", { terms: ["first", "second"] }), 9)).toEqual(["long.txt"]);
    expect((await open.find(asked("nothing"), 9)).filter((path) => path === "long.txt")).toHaveLength(1);
  }
});

test("the times that questions of metadata mean are those that the system reads out of their words", () => {
  for (const split of ["dev", "held-out"] as const)
    for (const { text, modified, askedMs: now = 0 } of generateCorpus({ split, seed: 6, files: 800 }).queries) {
      const { editedFrom, editedTo } = fileRequestOf(text, { now, zone: "UTC" });
      const expected = modified === undefined ? [undefined, undefined] : [modified.fromMs, modified.toMs + 1];
      expect([editedFrom, editedTo], text).toEqual(expected);
    }
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
