import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSeededRandom } from "../../src/drivers/random/seeded.ts";
import type { HeldVector, SparseVector, Vector, VectorIndex } from "../../src/drivers/search/vector-index.ts";

const DIMENSION = 32;

type Kind = "dense" | "sparse";

/** Every index of vectors passes this: `describeVectorIndex("exact", open)`. It opens an empty one; `rounds` is for those that a server answers. */
export function describeVectorIndex(
  name: string,
  open: (options: { dimension: number }) => Promise<VectorIndex>,
  { rounds = 60 }: { rounds?: number } = {},
): void {
  describe.each<Kind>(["dense", "sparse"])(`${name} as an index of %s vectors`, (kind) => {
    let index: VectorIndex;
    beforeEach(async () => {
      index = await open({ dimension: DIMENSION });
    });
    afterEach(() => index[Symbol.asyncDispose]());
    const of = (...values: readonly number[]): Vector => vectorOf(kind, values);
    const place = (id: string, vector: Vector, space = "s") => ({ id, space, vector });
    const near = async (vector: Vector, limit = 10) =>
      (await index.nearest({ vector, spaces: ["s"], limit })).map(({ id }) => id);

    test("an empty one finds nothing", async () => {
      expect(await index.nearest({ vector: of(1), spaces: ["s"], limit: 10 })).toEqual([]);
      expect(await held(index)).toEqual([]);
      expect(await index.count()).toBe(0);
    });

    test("the nearest come first, with the cosine, however long the vectors are", async () => {
      await index.put([place("far", of(0.1, 9)), place("same", of(7)), place("near", of(3, 4))]);
      const found = await index.nearest({ vector: of(0.5), spaces: ["s"], limit: 2 });
      expect(found.map(({ id }) => id)).toEqual(["same", "near"]);
      expect(found[0]?.similarity).toBeCloseTo(1, 5);
      expect(found[1]?.similarity).toBeCloseTo(0.6, 5);
      expect(found.every(({ similarity }) => similarity <= 1)).toBe(true);
    });

    test("what has nothing in common with the query, or points away, is not near", async () => {
      await index.put([place("across", of(0, 1)), place("away", of(-1)), place("with", of(1))]);
      expect(await near(of(1))).toEqual(["with"]);
      expect(await near(of(0, 0, 1))).toEqual([]);
    });

    test("of equals the lesser id comes first", async () => {
      await index.put(["c", "a", "b"].map((id) => place(id, of(1, 2))));
      expect(await near(of(1, 2), 2)).toEqual(["a", "b"]);
    });

    test("only the spaces that are named are looked at", async () => {
      await index.put([place("a", of(1), "one"), place("b", of(1), "two"), place("c", of(1), "three")]);
      const among = async (...spaces: readonly string[]) =>
        (await index.nearest({ vector: of(1), spaces, limit: 10 })).map(({ id }) => id);
      expect(await among("one")).toEqual(["a"]);
      expect(await among("two", "three")).toEqual(["b", "c"]);
      expect(await among()).toEqual([]);
      expect(await among("on", "ONE", "one ", "four")).toEqual([]);
    });

    test("of ids that are named only those are found, before the list is cut", async () => {
      await index.put(Array.from({ length: 50 }, (_, number) => place(`v${number}`, of(50, number))));
      const found = await index.nearest({ vector: of(1), spaces: ["s"], ids: new Set(["v49", "v7", "no"]), limit: 2 });
      expect(found.map(({ id }) => id)).toEqual(["v7", "v49"]);
      expect(await index.nearest({ vector: of(1), spaces: ["s"], ids: new Set(), limit: 2 })).toEqual([]);
    });

    test("a vector that is put again replaces the old one, in another space too", async () => {
      await index.put([place("a", of(1))]);
      await index.put([place("a", of(0, 1))]);
      expect(await near(of(1))).toEqual([]);
      expect(await near(of(0, 1))).toEqual(["a"]);
      await index.put([place("a", of(0, 1), "other")]);
      expect(await near(of(0, 1))).toEqual([]);
      expect(await index.count()).toBe(1);
    });

    test("in one put the last of an id stays", async () => {
      await index.put([place("a", of(1)), place("a", of(0, 1))]);
      expect(await near(of(1))).toEqual([]);
      expect(await near(of(0, 1))).toEqual(["a"]);
    });

    test("what was removed is not found, and removing what is not there is no error", async () => {
      await index.put([place("a", of(1)), place("b", of(1))]);
      await index.remove(["a", "unknown"]);
      await index.remove(["a"]);
      expect(await near(of(1))).toEqual(["b"]);
      expect(await index.count()).toBe(1);
      await index.put([place("a", of(1))]);
      expect(await near(of(1))).toEqual(["a", "b"]);
    });

    test("what it holds is told with the stamps, by those that outlive their end", async () => {
      if (index.held === undefined) return;
      await index.put(["d", "b", "a"].map((id) => ({ ...place(id, of(1)), stamp: `first ${id}` })));
      await index.put([
        { ...place("b", of(2)), stamp: "second" },
        { ...place("c", of(0)), stamp: "zero" },
      ]);
      await index.remove(["d"]);
      expect(await held(index)).toEqual([
        { id: "a", stamp: "first a" },
        { id: "b", stamp: "second" },
        { id: "c", stamp: "zero" },
      ]);
    });

    test("a vector of another dimension is refused, and nothing of its batch is put", async () => {
      const wrong = vectorOf(
        kind,
        Array.from({ length: DIMENSION + 1 }, () => 1),
        DIMENSION + 1,
      );
      await expect(index.put([place("good", of(1)), place("bad", wrong)])).rejects.toThrow("dimensions");
      await expect(index.nearest({ vector: wrong, spaces: ["s"], limit: 1 })).rejects.toThrow("dimensions");
      expect(await index.count()).toBe(0);
    });

    test("a vector without direction is held and never near", async () => {
      await index.put([place("zero", of(0)), place("one", of(1))]);
      expect(await near(of(1))).toEqual(["one"]);
      expect(await near(of(0))).toEqual([]);
      expect(await index.count()).toBe(2);
    });

    test("how common a dimension is, is told of the named spaces alone, by those that can tell", async () => {
      if (index.frequencies === undefined || kind === "dense") return;
      await index.put([place("a", of(1, 1)), place("b", of(0, 1)), place("c", of(1, 1), "other")]);
      await index.put([place("d", of(1))]);
      await index.remove(["d"]);
      const told = await index.frequencies(Uint32Array.of(0, 1, 2), ["s"]);
      expect({ ...told, counts: [...told.counts] }).toEqual({ vectors: 2, counts: [1, 2, 0] });
    });

    test.each([1, 2, 3])("after many puts and removals it finds what a look at all finds (seed %i)", async (seed) => {
      const random = createSeededRandom(seed);
      const kept = new Map<string, { space: string; values: number[] }>();
      for (let round = 0; round < rounds; round++) {
        const puts = Array.from({ length: 80 }, () => ({
          id: `v${Math.floor(random.next() * 400)}`,
          space: random.next() < 0.5 ? "s" : "t",
          values: Array.from({ length: DIMENSION }, () => (random.next() < 0.7 ? 0 : random.next() - 0.3)),
        }));
        await index.put(puts.map(({ id, space, values }) => ({ id, space, vector: vectorOf(kind, values) })));
        for (const { id, space, values } of puts) kept.set(id, { space, values });
        const gone = Array.from({ length: 40 }, () => `v${Math.floor(random.next() * 400)}`);
        await index.remove(gone);
        for (const id of gone) kept.delete(id);
      }
      expect(await index.count()).toBe(kept.size);
      if (index.held) expect((await held(index)).map(({ id }) => id)).toEqual([...kept.keys()].toSorted());
      const query = Array.from({ length: DIMENSION }, () => random.next());
      const wanted = [...kept]
        .filter(([, { space }]) => space === "s")
        .map(([id, { values }]) => ({ id, similarity: cosine(query, values) }))
        .filter(({ similarity }) => similarity > 0)
        .toSorted((a, b) => b.similarity - a.similarity)
        .slice(0, 20);
      const found = await index.nearest({ vector: vectorOf(kind, query), spaces: ["s"], limit: 20 });
      expect(found.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
      for (const [at, { similarity }] of found.entries())
        expect(similarity).toBeCloseTo(wanted[at]?.similarity ?? 0, 5);
    });
  });
}

async function held(index: VectorIndex): Promise<readonly HeldVector[]> {
  const all: HeldVector[] = [];
  for await (const page of index.held?.() ?? []) all.push(...page);
  return all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The values that are given, and 0 behind them. */
function vectorOf(kind: Kind, values: readonly number[], dimension = DIMENSION): Vector {
  const dense = new Float32Array(dimension);
  dense.set(values);
  if (kind === "dense") return dense;
  const indices = Uint32Array.from(dense.keys()).filter((index) => dense[index] !== 0);
  return { indices, values: Float32Array.from(indices, (index) => dense[index] ?? 0) } satisfies SparseVector;
}

function cosine(one: readonly number[], other: readonly number[]): number {
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
}
