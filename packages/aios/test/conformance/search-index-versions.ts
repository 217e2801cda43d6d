import { expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { Findable, FindQuery, SearchIndex } from "../../src/kernel/ports.ts";
import { eachIndex, randomText, sentence, text } from "./search-index-texts.ts";

/** What becomes of texts that are put again, removed, or on their way when the index is closed. */
export function describeVersions(open: () => Promise<SearchIndex>): void {
  const at = eachIndex(open);

  test("a later version takes the place of the earlier one", async () => {
    await at.index.put([text("a", "alpha", { terms: ["one"], facets: { tier: "long" } })]);
    await at.index.put([text("a", "beta", { version: 2, terms: ["two"], facets: { tier: "working" } })]);
    expect(await at.ids("alpha")).toEqual([]);
    expect(await at.ids("beta")).toEqual(["a"]);
    expect(await at.ids("beta", { terms: ["one"] })).toEqual([]);
    expect(await at.ids("beta", { filters: [{ facet: "tier", isOneOf: ["long"] }] })).toEqual([]);
    expect(await at.index.versions(undefined, 10)).toEqual([{ id: "a", version: 2 }]);
    expect(await at.index.status()).toMatchObject({ texts: 1 });
  });

  test("an older version than the index holds is ignored, the same one is taken", async () => {
    await at.index.put([text("a", "beta", { version: 5 })]);
    await at.index.put([text("a", "alpha", { version: 4 })]);
    expect(await at.ids("beta")).toEqual(["a"]);
    expect(await at.ids("alpha")).toEqual([]);
    await at.index.put([text("a", "gamma", { version: 5 })]);
    expect(await at.ids("gamma")).toEqual(["a"]);
    expect(await at.index.versions(undefined, 10)).toEqual([{ id: "a", version: 5 }]);
  });

  test("of one put the latest version of an id stays, in whatever order they come", async () => {
    await at.index.put([text("a", "beta", { version: 2 }), text("a", "alpha", { version: 1 })]);
    expect(await at.ids("beta", { by: "vectors" })).toEqual(["a"]);
    expect(await at.ids("alpha")).toEqual([]);
  });

  test("a text that moves to another space is gone from the first", async () => {
    await at.index.put([text("a", "alpha", { space: "a" })]);
    await at.index.put([text("a", "alpha", { space: "b", version: 2 })]);
    expect(await at.ids("alpha", { spaces: ["a"] })).toEqual([]);
    expect(await at.ids("alpha", { spaces: ["b"] })).toEqual(["a"]);
  });

  test("what was removed is gone, an unknown id is no error, and it can be put again", async () => {
    await at.index.put([text("a", "alpha"), text("b", "alpha")]);
    await at.index.remove(["a", "unknown"]);
    expect(await at.ids("alpha")).toEqual(["b"]);
    expect(await at.index.versions(undefined, 10)).toEqual([{ id: "b", version: 1 }]);
    await at.index.put([text("a", "alpha")]);
    expect((await at.ids("alpha")).toSorted()).toEqual(["a", "b"]);
    await at.index.remove([]);
  });

  test("puts and removals that do not wait for each other happen in their order", async () => {
    const acts: Promise<void>[] = [];
    for (let number = 0; number < 50; number++) {
      acts.push(at.index.put([text("a", `alpha${number}`, { version: 1 })]));
      if (number % 7 === 6) acts.push(at.index.remove(["a"]));
    }
    await Promise.all(acts);
    expect(await at.ids("alpha49", { by: "words" })).toEqual(["a"]);
    expect(await at.ids("alpha48", { by: "words" })).toEqual([]);
  });

  test("versions come in pages in order of the ids", async () => {
    const all = ["d", "b", "a", "e", "c"].map((id, at) => text(id, "x", { version: at, space: id }));
    await at.index.put(all);
    const pages: { id: string; version: number }[][] = [];
    for (let after: string | undefined; ; after = pages.at(-1)?.at(-1)?.id) {
      const page = await at.index.versions(after, 2);
      if (page.length === 0) break;
      pages.push([...page]);
    }
    expect(pages.map((page) => page.map(({ id }) => id))).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect(pages.flat().find(({ id }) => id === "e")?.version).toBe(3);
  });

  test("texts are told as they were put, those that are held", async () => {
    await at.index.put([text("a", "alpha", { space: "s" }), text("b", "beta", { space: "s" })]);
    await at.index.remove(["b"]);
    expect([...(await at.index.texts(["a", "b", "c"]))]).toEqual([["a", "alpha"]]);
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
      await Promise.all([at.index.put(puts), at.index.remove(gone)]);
      for (const id of gone) held.delete(id);
    }
    await using fresh = await open();
    await fresh.put([...held.values()]);
    const all = await at.index.versions(undefined, 1_000);
    expect(all).toEqual(await fresh.versions(undefined, 1_000));
    expect(all).toHaveLength(held.size);
    for (let round = 0; round < 10; round++) {
      for (const by of ["words", "vectors"] as const) {
        const query: FindQuery = { spaces: ["s"], text: sentence(random, 4), limit: 200, by };
        const told = new Map((await at.index.search(query)).map(({ id, score }) => [id, score.toFixed(6)]));
        expect(told).toEqual(new Map((await fresh.search(query)).map(({ id, score }) => [id, score.toFixed(6)])));
      }
    }
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
}
