import { describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Findable, FindQuery, SearchIndex } from "../../src/kernel/ports.ts";
import { eachIndex, randomText, sentence, text } from "./search-index-texts.ts";

/** What a search is narrowed to: terms, facets, spaces. */
export function describeNarrowing(open: () => Promise<SearchIndex>): void {
  const at = eachIndex(open);

  describe("terms and facets", () => {
    test("terms must all be there, each whole, whatever its case and width", async () => {
      await at.index.put([
        text("both", "alpha", { terms: ["GPU Cluster", "Berlin", "部署"] }),
        text("one", "alpha", { terms: ["Berlin"] }),
        text("word", "alpha berlin gpu cluster"),
      ]);
      expect((await at.ids("alpha", { terms: ["berlin"] })).toSorted()).toEqual(["both", "one"]);
      expect(await at.ids("alpha", { terms: ["BERLIN", "gpu cluster"] })).toEqual(["both"]);
      expect(await at.ids("alpha", { terms: ["部署"] })).toEqual(["both"]);
      expect(await at.ids("alpha", { terms: ["gpu"] })).toEqual([]);
    });

    test("facets narrow by values and by bounds, and what has no such facet is not found", async () => {
      await at.index.put([
        text("old", "alpha", { facets: { tier: "long", at: 100 } }),
        text("new", "alpha", { facets: { tier: "episodic", at: 200.5 } }),
        text("none", "alpha"),
        text("word", "alpha", { facets: { at: "150" } }),
      ]);
      const by = async (...filters: NonNullable<FindQuery["filters"]>) =>
        (await at.ids("alpha", { filters })).toSorted();
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
      await at.index.put([...many, wanted]);
      expect(await at.ids("alpha beta", { by, limit: 1, terms: ["rare"] })).toEqual(["wanted"]);
      const filters = [{ facet: "tier", isOneOf: ["working"] }];
      expect(await at.ids("alpha beta", { by, limit: 1, filters })).toEqual(["wanted"]);
    });

    test("a filter that cannot be one is refused", async () => {
      const filters: NonNullable<FindQuery["filters"]> = [
        { facet: "at", from: 2, to: 1 },
        { facet: "at", from: Number.NaN },
        { facet: "at" },
        { facet: "at", isOneOf: [Number.NaN] },
      ];
      for (const filter of filters) {
        await expect(at.find("alpha", { filters: [filter] })).rejects.toMatchObject({ code: "EINVAL" });
      }
    });

    test("a facet that nobody could ask for, or a version that is none, is refused with the whole put", async () => {
      for (const more of [{ facets: { at: Number.NaN } }, { version: Number.NaN }]) {
        const texts = [text("good", "alpha"), text("bad", "alpha", more)];
        await expect(at.index.put(texts)).rejects.toMatchObject({ code: "EINVAL" });
      }
      expect(await at.index.versions(undefined, 10)).toEqual([]);
    });
  });

  describe("spaces", () => {
    test("a space that is not named is not heard of", async () => {
      await at.index.put([
        text("mine", "alpha beta", { space: "a" }),
        text("yours", "alpha beta", { space: "b", terms: ["secret"], facets: { tier: "long" } }),
      ]);
      for (const by of ["hybrid", "words", "vectors"] as const) {
        expect(await at.ids("alpha beta", { spaces: ["a"], by })).toEqual(["mine"]);
        expect((await at.ids("alpha beta", { spaces: ["a", "b"], by })).toSorted()).toEqual(["mine", "yours"]);
        expect(await at.ids("alpha beta", { spaces: [], by })).toEqual([]);
        expect(await at.ids("alpha beta", { spaces: ["", "A", "a ", "a%", "c"], by })).toEqual([]);
      }
      expect(await at.ids("alpha", { spaces: ["a"], terms: ["secret"] })).toEqual([]);
      expect(await at.ids("alpha", { spaces: ["a"], filters: [{ facet: "tier", isOneOf: ["long"] }] })).toEqual([]);
    });

    test("no query names a space by its text", async () => {
      await at.index.put([text("a", "alpha", { space: "a" }), text("b", "beta", { space: "b" })]);
      for (const query of ["2:beta", "b:beta", "1:alpha 2:beta"]) {
        expect(await at.ids(query, { spaces: ["a"] })).not.toContain("b");
      }
    });

    test.each([11, 12, 13])("an answer is the same whatever stands in other spaces (seed %i)", async (seed) => {
      const random = createSeededRandom(seed);
      await using alone = await open();
      const mine = Array.from({ length: 60 }, (_, number) => randomText(random, `mine-${number}`, "mine"));
      const theirs = Array.from({ length: 200 }, (_, number) => randomText(random, `theirs-${number}`, "theirs"));
      await alone.put(mine);
      // Before, between and after.
      await at.index.put(theirs.slice(0, 100));
      await at.index.put(mine.flatMap((one, number) => [one, theirs[100 + number] as Findable]));
      await at.index.put(theirs.slice(160));
      await at.index.remove(theirs.slice(50, 90).map(({ id }) => id));
      for (let round = 0; round < 30; round++) {
        const query: FindQuery = {
          spaces: ["mine"],
          text: sentence(random, 4),
          limit: 1 + Math.floor(random.next() * 20),
          by: (["hybrid", "words", "vectors"] as const)[round % 3] ?? "hybrid",
          ...(round % 4 === 0 ? { terms: [sentence(random, 1)] } : {}),
          ...(round % 5 === 0 ? { filters: [{ facet: "at", from: 30 }] } : {}),
        };
        const found = await at.index.search(query);
        expect(found).toEqual(await alone.search(query));
        expect(found.every(({ id }) => id.startsWith("mine-"))).toBe(true);
        const others = await at.index.search({ ...query, spaces: ["theirs"] });
        expect(others.every(({ id }) => id.startsWith("theirs-"))).toBe(true);
      }
    });
  });
}
