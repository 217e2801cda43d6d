import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Findable, SearchIndex } from "../../kernel/ports.ts";
import type { Embedder } from "./embedder.ts";
import { openSearchIndex } from "./search-index.ts";
import type { IndexNotice, SearchIndexOptions } from "./search-index.ts";

// Each opens threads, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

let home: string;
let path: string;
let notices: IndexNotice[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "aios-reindex-"));
  path = join(home, "index.db");
  notices = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const open = (options: Omit<SearchIndexOptions, "path" | "tell">) =>
  openSearchIndex({ ...options, path, tell: (notice) => notices.push(notice) });

const meanings = [
  ["car", "automobile", "汽车"],
  ["moon", "luna", "月亮"],
  ["bread", "loaf", "面包"],
];

interface Model extends Embedder {
  /** Texts it was asked for. */
  readonly asked: string[];
  /** It answers so many texts and then waits for `goOn`, or until it is told to stop. */
  pauseAfter(texts: number): void;
  goOn(): void;
  /** Resolves when it waits. */
  readonly paused: Promise<void>;
  isBroken: boolean;
}

/** A model that knows synonyms in two languages: one dimension a meaning, and one for the rest. */
function model(name: string, dimension = meanings.length + 1): Model {
  const asked: string[] = [];
  let left = Infinity;
  const isPaused = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  const embedder: Model = {
    name,
    dimension,
    asked,
    isBroken: false,
    paused: isPaused.promise,
    goOn: () => going.resolve(),
    pauseAfter: (texts) => {
      left = texts;
    },
    embed: async (texts, options) => {
      if (embedder.isBroken) throw new Error("the model is down");
      if (asked.length >= left) {
        left = Infinity;
        isPaused.resolve();
        const stopped = new Promise<never>((_, reject) => {
          options?.signal.addEventListener("abort", () => reject(new Error("stopped")));
        });
        await Promise.race([going.promise, stopped]);
      }
      asked.push(...texts);
      return texts.map((text) => {
        const vector = new Float32Array(dimension);
        vector[dimension - 1] = 0.1;
        for (const [at, synonyms] of meanings.entries())
          if (synonyms.some((word) => text.includes(word))) vector[at] = 1;
        return vector;
      });
    },
  };
  return embedder;
}

const text = (id: string, content: string): Findable => ({
  id,
  space: "s",
  version: 1,
  text: content,
  terms: [],
  facets: {},
});
const three = [text("car", "an automobile"), text("moon", "luna above"), text("bread", "a loaf")];
const first = async (index: SearchIndex, content: string, by: "hybrid" | "words" | "vectors" = "vectors") =>
  (await index.search({ spaces: ["s"], text: content, limit: 5, by }))[0]?.id;
const filler = (count: number) => Array.from({ length: count }, (_, number) => text(`f${number}`, `filler ${number}`));

/** Asks until nothing is left to embed again; each question goes through the index's thread. */
async function settled(index: SearchIndex): Promise<void> {
  while ((await index.status()).reindexing !== null) await new Promise((resolve) => setImmediate(resolve));
}

test("an embedder of one's own is asked for each text, and its synonyms are found", async () => {
  const own = model("own");
  await using index = await open({ embedder: own });
  await index.put(three);
  expect(await first(index, "汽车")).toBe("car");
  expect(await first(index, "moon", "hybrid")).toBe("moon");
  expect(await index.status()).toEqual({ texts: 3, embedder: "own", dimension: 4, reindexing: null });
  expect(own.asked).toEqual(["an automobile", "luna above", "a loaf", "汽车", "moon"]);
});

test("another embedder's vectors take the place of the old ones in the background, and those serve until then", async () => {
  {
    await using index = await open({});
    await index.put([...three, ...filler(200)]);
  }
  const own = model("own");
  own.pauseAfter(100);
  await using index = await open({ embedder: own });
  await own.paused;
  expect(await index.status()).toEqual({
    texts: 203,
    embedder: "own",
    dimension: 4,
    reindexing: { done: 128, of: 203 },
  });
  // Hashed still: a spelling mistake is seen through, a synonym is not.
  expect(await first(index, "automobil")).toBe("car");
  expect(await first(index, "月亮")).not.toBe("moon");
  await index.put([text("new", "fresh bread"), text("f150", "a car meanwhile")]);
  expect(await first(index, "fresh breat")).toBe("new");
  own.goOn();
  await settled(index);
  expect(await first(index, "月亮")).toBe("moon");
  expect(await first(index, "面包")).toMatch(/new|bread/);
  // What was put while the old text's vector was being made has its own.
  const cars = await index.search({ spaces: ["s"], text: "汽车", limit: 2, by: "vectors" });
  expect(cars.map(({ id }) => id).toSorted()).toEqual(["car", "f150"]);
  expect(await index.status()).toEqual({ texts: 204, embedder: "own", dimension: 4, reindexing: null });
  expect(notices.filter(({ is }) => is === "not-embedded")).toEqual([]);
});

test("a former embedder that is named embeds queries while its vectors serve", async () => {
  const former = model("former");
  {
    await using index = await open({ embedder: former });
    await index.put([...three, ...filler(100)]);
  }
  const next = model("next", 9);
  next.pauseAfter(0);
  await using index = await open({ embedder: next, former: [former] });
  await next.paused;
  expect(await first(index, "汽车")).toBe("car");
  next.goOn();
  await settled(index);
  expect(await index.status()).toMatchObject({ embedder: "next", dimension: 9 });
  expect(await first(index, "汽车")).toBe("car");
  expect(next.asked.at(-1)).toBe("汽车");
});

test("while a former embedder that nobody named would have to embed the query, words serve alone", async () => {
  {
    await using index = await open({ embedder: model("former") });
    await index.put([...three, ...filler(100)]);
  }
  const next = model("next");
  next.pauseAfter(0);
  await using index = await open({ embedder: next });
  await next.paused;
  expect(await first(index, "loaf", "hybrid")).toBe("bread");
  expect(await first(index, "汽车")).toBeUndefined();
  next.goOn();
  await settled(index);
  expect(await first(index, "汽车")).toBe("car");
});

test("a start in the middle goes on where the last one was", async () => {
  {
    await using index = await open({});
    await index.put([...three, ...filler(400)]);
  }
  const before = model("own");
  before.pauseAfter(200);
  {
    await using _index = await open({ embedder: before });
    await before.paused;
  }
  const after = model("own");
  await using index = await open({ embedder: after });
  await settled(index);
  expect(before.asked.length + after.asked.length).toBe(403);
  expect(after.asked.some((asked) => before.asked.includes(asked))).toBe(false);
  expect(await first(index, "月亮")).toBe("moon");
});

test("back to the first embedder in the middle, its vectors serve as before and nothing is embedded", async () => {
  {
    await using index = await open({});
    await index.put([...three, ...filler(400)]);
  }
  const own = model("own");
  own.pauseAfter(100);
  {
    await using _index = await open({ embedder: own });
    await own.paused;
  }
  await using index = await open({});
  expect(await index.status()).toMatchObject({ embedder: "hashed", reindexing: null });
  expect(await first(index, "automobil")).toBe("car");
});

test("from an embedder of one's own back to the hashed one, the index's thread does it alone", async () => {
  {
    await using index = await open({ embedder: model("own") });
    await index.put([...three, ...filler(300)]);
  }
  await using index = await open({});
  await settled(index);
  expect(await first(index, "automobil")).toBe("car");
  expect(await index.status()).toMatchObject({ texts: 303, embedder: "hashed", reindexing: null });
});

test("what is removed while vectors are replaced does not keep them from being done", async () => {
  {
    await using index = await open({});
    await index.put([...three, ...filler(200)]);
  }
  const own = model("own");
  own.pauseAfter(64);
  await using index = await open({ embedder: own });
  await own.paused;
  await index.remove(filler(200).map(({ id }) => id));
  own.goOn();
  await settled(index);
  expect(await first(index, "汽车")).toBe("car");
  expect(await index.status()).toMatchObject({ texts: 3, reindexing: null });
});

test("an embedder that is down costs no put: words find the text, it is told, and the next put tries again", async () => {
  const own = model("own");
  await using index = await open({ embedder: own });
  own.isBroken = true;
  await index.put(three);
  expect(await first(index, "loaf", "hybrid")).toBe("bread");
  await expect(first(index, "汽车")).rejects.toMatchObject({ code: "EIO", message: expect.stringContaining("own") });
  expect(await index.status()).toMatchObject({ texts: 3, reindexing: { done: 0, of: 3 } });
  expect(notices).toContainEqual(expect.objectContaining({ is: "not-embedded" }));
  own.isBroken = false;
  await index.put([text("more", "a new car")]);
  await settled(index);
  expect(await first(index, "月亮")).toBe("moon");
});

test("vectors of another dimension than the embedder said are never stored", async () => {
  const own = model("own");
  const liar: Embedder = { name: "liar", dimension: 5, embed: (texts) => own.embed(texts) };
  {
    await using index = await open({ embedder: liar });
    await index.put(three);
    expect(await first(index, "loaf", "words")).toBe("bread");
    expect(notices.at(-1)).toMatchObject({ is: "not-embedded", cause: { code: "EIO" } });
  }
  await using index = await open({ embedder: model("liar", 5) });
  await settled(index);
  expect(await first(index, "月亮")).toBe("moon");
});
