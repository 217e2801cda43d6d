import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Findable, FindQuery, Found, Random, SearchIndex } from "../../src/kernel/ports.ts";

/** Every index of texts passes this: `describeSearchIndex("sqlite in memory", open)`. It opens an empty one. */
export function describeSearchIndex(name: string, open: () => Promise<SearchIndex>): void {
  describe(`${name} as a search index`, () => {
    let index: SearchIndex;
    beforeEach(async () => {
      index = await open();
    });
    afterEach(() => index[Symbol.asyncDispose]());

    const text = (id: string, content: string, more: Partial<Findable> = {}): Findable => ({
      id,
      space: "s",
      version: 1,
      text: content,
      terms: [],
      facets: {},
      ...more,
    });
    const find = (content: string, more: Partial<FindQuery> = {}): Promise<readonly Found[]> =>
      index.search({ spaces: ["s"], text: content, limit: 10, ...more });
    const ids = async (content: string, more: Partial<FindQuery> = {}): Promise<readonly string[]> =>
      (await find(content, more)).map(({ id }) => id);

    describe("words and meaning", () => {
      test("an empty one finds nothing and says so", async () => {
        expect(await find("anything")).toEqual([]);
        expect(await index.versions(undefined, 10)).toEqual([]);
        expect(await index.status()).toMatchObject({ texts: 0, reindexing: null });
      });

      test("what was put is found once the put resolves, the best first, with the reason", async () => {
        await index.put([
          text("queue", "Alice moved the queue of gpu-3 to Berlin"),
          text("lunch", "Bob had noodles for lunch"),
          text("trip", "A trip to Berlin in May"),
        ]);
        const found = await find("Berlin queues");
        expect(found.map(({ id }) => id).slice(0, 2)).toEqual(["queue", "trip"]);
        expect(found[0]).toMatchObject({ score: 1, why: { words: { rank: 1 }, vectors: { rank: 1 } } });
        expect(found[1]?.why.words?.rank).toBe(2);
        expect(found[1]?.why.vectors?.similarity).toBeLessThan(found[0]?.why.vectors?.similarity ?? 0);
      });

      test("Chinese queries find Chinese texts", async () => {
        await index.put([
          text("model", "我们把机器学习模型迁移到北京的服务器上。"),
          text("rain", "今天上海下雨,会议改到明天。"),
          text("english", "The meeting moved to tomorrow."),
        ]);
        expect((await ids("机器学习"))[0]).toBe("model");
        expect((await ids("北京服务器"))[0]).toBe("model");
        expect((await ids("明天的会议"))[0]).toBe("rain");
        expect(await ids("下雨", { by: "words" })).toEqual(["rain"]);
      });

      test("mixed texts are found by either language, and by both", async () => {
        await index.put([
          text("mixed", "在GPU集群上用Kubernetes部署了Qwen模型"),
          text("other", "在CPU上运行的数据库没有问题"),
        ]);
        for (const query of ["kubernetes", "集群", "gpu 集群", "Qwen模型", "部署 qwen"]) {
          expect((await ids(query, { by: "words" }))[0]).toBe("mixed");
        }
      });

      test("numbers and joined names are found whole and by their parts", async () => {
        await index.put([
          text("gpu", "gpu-3 is slow"),
          text("test", "see kill_nine in runQueue"),
          text("version", "since v1.2.4"),
        ]);
        const byWords = (query: string) => ids(query, { by: "words" });
        expect(await byWords("gpu-3")).toEqual(["gpu"]);
        expect(await byWords("kill_nine")).toEqual(["test"]);
        expect(await byWords("queue nine")).toEqual(["test"]);
        expect(await byWords("v1.2.4")).toEqual(["version"]);
        expect((await byWords("GPU"))[0]).toBe("gpu");
      });

      test("a spelling mistake finds by vectors what words do not", async () => {
        await index.put([text("a", "the scheduler preempts"), text("b", "lunch with noodles")]);
        expect(await ids("schedular", { by: "words" })).toEqual([]);
        expect((await ids("schedular"))[0]).toBe("a");
      });

      test("a word in the terms weighs more than one in the text", async () => {
        await index.put([
          text("text", "deployment one two three"),
          text("terms", "one two three", { terms: ["deployment"] }),
        ]);
        expect(await ids("deployment", { by: "words" })).toEqual(["terms", "text"]);
      });

      test("either list serves alone, and no score is greater than 1", async () => {
        await index.put([text("a", "red green blue"), text("b", "red green"), text("c", "red yellow yellow yellow")]);
        const words = await find("red green blue", { by: "words" });
        expect(words.map(({ id }) => id)).toEqual(["a", "b", "c"]);
        expect(words.every(({ why }) => why.words !== undefined && why.vectors === undefined)).toBe(true);
        const vectors = await find("red green blue", { by: "vectors" });
        expect(vectors[0]?.id).toBe("a");
        expect(vectors.every(({ why }) => why.vectors !== undefined && why.words === undefined)).toBe(true);
        for (const list of [words, vectors, await find("red green blue")]) {
          const scores = list.map(({ score }) => score);
          expect(scores).toEqual(scores.toSorted((a, b) => b - a));
          expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
        }
      });

      test("what stands in both lists comes before what leads one", async () => {
        const only = (list: readonly Found[]) => list.map(({ id }) => id);
        await index.put([
          text("both", "alpha beta"),
          text("part", "alpha gamma delta epsilon"),
          text("near", "alphabet"),
        ]);
        expect(only(await find("alpha beta"))[0]).toBe("both");
        const alone = (await find("alpha beta")).find(({ id }) => id === "near");
        expect(alone?.why.words).toBeUndefined();
        expect(alone?.score).toBeLessThanOrEqual(0.5);
      });

      test("a query is only words, whatever signs are in it", async () => {
        await index.put([text("a", "alpha beta text terms"), text("b", "gamma")]);
        const hostile = [
          'alpha" OR "c',
          "NEAR(alpha beta, 3)",
          "alpha NOT beta",
          "text: alpha",
          "alpha*",
          "^alpha",
          "-alpha",
          "{terms text}: alpha",
          "'; alpha; drop table texts; --",
          "alpha\u0000beta",
          "\uD800 alpha",
          "((((alpha",
        ];
        for (const query of hostile) expect(await ids(query, { by: "words" })).toEqual(["a"]);
        for (const query of ['"unbalanced', "((((", "* OR *", "NEAR(", "\u0000"]) expect(await find(query)).toEqual([]);
        expect(await index.status()).toMatchObject({ texts: 2 });
      });

      test("a text without words, and a query without words, find nothing and break nothing", async () => {
        await index.put([text("empty", ""), text("signs", "…🙂!"), text("a", "alpha")]);
        expect(await find("")).toEqual([]);
        expect(await find("🙂 !?")).toEqual([]);
        expect(await ids("alpha")).toEqual(["a"]);
        expect(await index.status()).toMatchObject({ texts: 3 });
      });

      test("a whole message is a query too", async () => {
        await index.put([text("a", "the zebra crossed"), text("b", "the lion slept")]);
        const message = `${"the lion walked and the bird sang. ".repeat(500)} zebra`;
        expect((await ids(message)).toSorted()).toEqual(["a", "b"]);
      });

      test("no more than the limit comes, and of a limit of 0 nothing", async () => {
        await index.put(Array.from({ length: 30 }, (_, number) => text(`t${number}`, `alpha ${number}`)));
        expect(await find("alpha", { limit: 7 })).toHaveLength(7);
        expect(await find("alpha", { limit: 1_000_000 })).toHaveLength(30);
        expect(await find("alpha", { limit: 0 })).toEqual([]);
      });
    });

    describe("narrowing", () => {
      test("terms must all be there, each whole, whatever its case and width", async () => {
        await index.put([
          text("both", "alpha", { terms: ["GPU Cluster", "Berlin", "部署"] }),
          text("one", "alpha", { terms: ["Berlin"] }),
          text("word", "alpha berlin gpu cluster"),
        ]);
        expect((await ids("alpha", { terms: ["berlin"] })).toSorted()).toEqual(["both", "one"]);
        expect(await ids("alpha", { terms: ["BERLIN", "gpu cluster"] })).toEqual(["both"]);
        expect(await ids("alpha", { terms: ["部署"] })).toEqual(["both"]);
        expect(await ids("alpha", { terms: ["gpu"] })).toEqual([]);
      });

      test("facets narrow by values and by bounds, and what has no such facet is not found", async () => {
        await index.put([
          text("old", "alpha", { facets: { tier: "long", at: 100 } }),
          text("new", "alpha", { facets: { tier: "episodic", at: 200.5 } }),
          text("none", "alpha"),
          text("word", "alpha", { facets: { at: "150" } }),
        ]);
        const by = async (...filters: NonNullable<FindQuery["filters"]>) =>
          (await ids("alpha", { filters })).toSorted();
        expect(await by({ facet: "tier", isOneOf: ["long", "working"] })).toEqual(["old"]);
        expect(await by({ facet: "tier", isOneOf: ["long", "episodic"] })).toEqual(["new", "old"]);
        expect(await by({ facet: "tier", isOneOf: [] })).toEqual([]);
        expect(await by({ facet: "at", from: 100 })).toEqual(["new", "old"]);
        expect(await by({ facet: "at", to: 200 })).toEqual(["old"]);
        expect(await by({ facet: "at", from: 100.5, to: 200.5 })).toEqual(["new"]);
        expect(await by({ facet: "at", isOneOf: ["150"] })).toEqual(["word"]);
        expect(await by({ facet: "at", isOneOf: [150] })).toEqual([]);
        expect(await by({ facet: "at", from: 0 }, { facet: "tier", isOneOf: ["long"] })).toEqual(["old"]);
      });

      test.each(["hybrid", "words", "vectors"] as const)("by %s the list is narrowed before it is cut", async (by) => {
        const many = Array.from({ length: 400 }, (_, number) => text(`t${number}`, "alpha beta"));
        const wanted = text("wanted", "alpha and much else that is not asked for", {
          terms: ["Rare"],
          facets: { tier: "working" },
        });
        await index.put([...many, wanted]);
        expect(await ids("alpha beta", { by, limit: 1, terms: ["rare"] })).toEqual(["wanted"]);
        const filters = [{ facet: "tier", isOneOf: ["working"] }];
        expect(await ids("alpha beta", { by, limit: 1, filters })).toEqual(["wanted"]);
      });

      test("a filter that cannot be one is refused", async () => {
        const filters: NonNullable<FindQuery["filters"]> = [
          { facet: "at", from: 2, to: 1 },
          { facet: "at", from: Number.NaN },
          { facet: "at" },
          { facet: "at", isOneOf: [Number.NaN] },
        ];
        for (const filter of filters) {
          await expect(find("alpha", { filters: [filter] })).rejects.toMatchObject({ code: "EINVAL" });
        }
      });

      test("a facet that nobody could ask for, or a version that is none, is refused with the whole put", async () => {
        for (const more of [{ facets: { at: Number.NaN } }, { version: Number.NaN }]) {
          const texts = [text("good", "alpha"), text("bad", "alpha", more)];
          await expect(index.put(texts)).rejects.toMatchObject({ code: "EINVAL" });
        }
        expect(await index.versions(undefined, 10)).toEqual([]);
      });
    });

    describe("spaces", () => {
      test("a space that is not named is not heard of", async () => {
        await index.put([
          text("mine", "alpha beta", { space: "a" }),
          text("yours", "alpha beta", { space: "b", terms: ["secret"], facets: { tier: "long" } }),
        ]);
        for (const by of ["hybrid", "words", "vectors"] as const) {
          expect(await ids("alpha beta", { spaces: ["a"], by })).toEqual(["mine"]);
          expect((await ids("alpha beta", { spaces: ["a", "b"], by })).toSorted()).toEqual(["mine", "yours"]);
          expect(await ids("alpha beta", { spaces: [], by })).toEqual([]);
          expect(await ids("alpha beta", { spaces: ["", "A", "a ", "a%", "c"], by })).toEqual([]);
        }
        expect(await ids("alpha", { spaces: ["a"], terms: ["secret"] })).toEqual([]);
        expect(await ids("alpha", { spaces: ["a"], filters: [{ facet: "tier", isOneOf: ["long"] }] })).toEqual([]);
      });

      test("no query names a space by its text", async () => {
        await index.put([text("a", "alpha", { space: "a" }), text("b", "beta", { space: "b" })]);
        for (const query of ["2:beta", "b:beta", "1:alpha 2:beta"]) {
          expect(await ids(query, { spaces: ["a"] })).not.toContain("b");
        }
      });

      test.each([11, 12, 13])("an answer is the same whatever stands in other spaces (seed %i)", async (seed) => {
        const random = createSeededRandom(seed);
        await using alone = await open();
        const mine = Array.from({ length: 60 }, (_, number) => randomText(random, `mine-${number}`, "mine"));
        const theirs = Array.from({ length: 200 }, (_, number) => randomText(random, `theirs-${number}`, "theirs"));
        await alone.put(mine);
        // Before, between and after.
        await index.put(theirs.slice(0, 100));
        await index.put(mine.flatMap((one, number) => [one, theirs[100 + number] as Findable]));
        await index.put(theirs.slice(160));
        await index.remove(theirs.slice(50, 90).map(({ id }) => id));
        for (let round = 0; round < 30; round++) {
          const query: FindQuery = {
            spaces: ["mine"],
            text: sentence(random, 4),
            limit: 1 + Math.floor(random.next() * 20),
            by: (["hybrid", "words", "vectors"] as const)[round % 3] ?? "hybrid",
            ...(round % 4 === 0 ? { terms: [sentence(random, 1)] } : {}),
            ...(round % 5 === 0 ? { filters: [{ facet: "at", from: 30 }] } : {}),
          };
          const found = await index.search(query);
          expect(found).toEqual(await alone.search(query));
          expect(found.every(({ id }) => id.startsWith("mine-"))).toBe(true);
          const others = await index.search({ ...query, spaces: ["theirs"] });
          expect(others.every(({ id }) => id.startsWith("theirs-"))).toBe(true);
        }
      });
    });

    describe("versions", () => {
      test("a later version takes the place of the earlier one", async () => {
        await index.put([text("a", "alpha", { terms: ["one"], facets: { tier: "long" } })]);
        await index.put([text("a", "beta", { version: 2, terms: ["two"], facets: { tier: "working" } })]);
        expect(await ids("alpha")).toEqual([]);
        expect(await ids("beta")).toEqual(["a"]);
        expect(await ids("beta", { terms: ["one"] })).toEqual([]);
        expect(await ids("beta", { filters: [{ facet: "tier", isOneOf: ["long"] }] })).toEqual([]);
        expect(await index.versions(undefined, 10)).toEqual([{ id: "a", version: 2 }]);
        expect(await index.status()).toMatchObject({ texts: 1 });
      });

      test("an older version than the index holds is ignored, the same one is taken", async () => {
        await index.put([text("a", "beta", { version: 5 })]);
        await index.put([text("a", "alpha", { version: 4 })]);
        expect(await ids("beta")).toEqual(["a"]);
        expect(await ids("alpha")).toEqual([]);
        await index.put([text("a", "gamma", { version: 5 })]);
        expect(await ids("gamma")).toEqual(["a"]);
        expect(await index.versions(undefined, 10)).toEqual([{ id: "a", version: 5 }]);
      });

      test("of one put the latest version of an id stays, in whatever order they come", async () => {
        await index.put([text("a", "beta", { version: 2 }), text("a", "alpha", { version: 1 })]);
        expect(await ids("beta", { by: "vectors" })).toEqual(["a"]);
        expect(await ids("alpha")).toEqual([]);
      });

      test("a text that moves to another space is gone from the first", async () => {
        await index.put([text("a", "alpha", { space: "a" })]);
        await index.put([text("a", "alpha", { space: "b", version: 2 })]);
        expect(await ids("alpha", { spaces: ["a"] })).toEqual([]);
        expect(await ids("alpha", { spaces: ["b"] })).toEqual(["a"]);
      });

      test("what was removed is gone, an unknown id is no error, and it can be put again", async () => {
        await index.put([text("a", "alpha"), text("b", "alpha")]);
        await index.remove(["a", "unknown"]);
        expect(await ids("alpha")).toEqual(["b"]);
        expect(await index.versions(undefined, 10)).toEqual([{ id: "b", version: 1 }]);
        await index.put([text("a", "alpha")]);
        expect((await ids("alpha")).toSorted()).toEqual(["a", "b"]);
        await index.remove([]);
      });

      test("puts and removals that do not wait for each other happen in their order", async () => {
        const acts: Promise<void>[] = [];
        for (let number = 0; number < 50; number++) {
          acts.push(index.put([text("a", `alpha${number}`, { version: 1 })]));
          if (number % 7 === 6) acts.push(index.remove(["a"]));
        }
        await Promise.all(acts);
        expect(await ids("alpha49", { by: "words" })).toEqual(["a"]);
        expect(await ids("alpha48", { by: "words" })).toEqual([]);
      });

      test("versions come in pages in order of the ids", async () => {
        const all = ["d", "b", "a", "e", "c"].map((id, at) => text(id, "x", { version: at, space: id }));
        await index.put(all);
        const pages: { id: string; version: number }[][] = [];
        for (let after: string | undefined; ; after = pages.at(-1)?.at(-1)?.id) {
          const page = await index.versions(after, 2);
          if (page.length === 0) break;
          pages.push([...page]);
        }
        expect(pages.map((page) => page.map(({ id }) => id))).toEqual([["a", "b"], ["c", "d"], ["e"]]);
        expect(pages.flat().find(({ id }) => id === "e")?.version).toBe(3);
      });

      test.each([21, 22])("after many changes it answers as one that was just filled (seed %i)", async (seed) => {
        const random = createSeededRandom(seed);
        const held = new Map<string, Findable>();
        for (let round = 0; round < 25; round++) {
          const puts = Array.from({ length: 20 }, () => {
            const id = `t${Math.floor(random.next() * 80)}`;
            const version = (held.get(id)?.version ?? 0) + (random.next() < 0.2 ? -1 : 1);
            return { ...randomText(random, id, random.next() < 0.7 ? "s" : "other"), version };
          });
          for (const put of puts) if (put.version >= (held.get(put.id)?.version ?? -1)) held.set(put.id, put);
          const gone = Array.from({ length: 6 }, () => `t${Math.floor(random.next() * 80)}`);
          await Promise.all([index.put(puts), index.remove(gone)]);
          for (const id of gone) held.delete(id);
        }
        await using fresh = await open();
        await fresh.put([...held.values()]);
        const all = await index.versions(undefined, 1_000);
        expect(all).toEqual(await fresh.versions(undefined, 1_000));
        expect(all).toHaveLength(held.size);
        for (let round = 0; round < 10; round++) {
          for (const by of ["words", "vectors"] as const) {
            const query: FindQuery = { spaces: ["s"], text: sentence(random, 4), limit: 200, by };
            const told = new Map((await index.search(query)).map(({ id, score }) => [id, score.toFixed(6)]));
            expect(told).toEqual(new Map((await fresh.search(query)).map(({ id, score }) => [id, score.toFixed(6)])));
          }
        }
      });
    });

    test("what is closed says so", async () => {
      await using closed = await open();
      await closed[Symbol.asyncDispose]();
      await expect(closed.put([text("a", "alpha")])).rejects.toMatchObject({ code: "EIO" });
      await expect(closed.search({ spaces: ["s"], text: "a", limit: 1 })).rejects.toMatchObject({ code: "EIO" });
    });

    test("a put that has not resolved when it is closed is finished first", async () => {
      const other = await open();
      const put = other.put([text("a", "alpha")]);
      await other[Symbol.asyncDispose]();
      expect(await put).toBeUndefined();
    });
  });
}

const vocabulary = [
  "gpu",
  "queue",
  "Berlin",
  "agent",
  "memory",
  "note",
  "kernel",
  "机器",
  "学习",
  "北京",
  "模型",
  "test",
];

const sentence = (random: Random, length: number): string =>
  Array.from({ length }, () => vocabulary[Math.floor(random.next() ** 2 * vocabulary.length)]).join(" ");

const randomText = (random: Random, id: string, space: string): Findable => ({
  id,
  space,
  version: 1,
  text: sentence(random, 1 + Math.floor(random.next() * 12)),
  terms: random.next() < 0.5 ? [sentence(random, 1)] : [],
  facets: { at: Math.floor(random.next() * 60) },
});
