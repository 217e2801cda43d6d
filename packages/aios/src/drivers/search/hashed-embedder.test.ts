import { expect, test } from "vitest";
import { createExactIndex } from "./exact.ts";
import { hashedEmbedder } from "./hashed-embedder.ts";
import type { SparseVector } from "./vector-index.ts";

const embed = async (text: string) => (await hashedEmbedder.embed([text]))[0] as SparseVector;

async function similarity(one: string, other: string): Promise<number> {
  await using index = createExactIndex({ dimension: hashedEmbedder.dimension });
  await index.put([{ id: "one", space: "s", vector: await embed(one) }]);
  const [near] = await index.nearest({ vector: await embed(other), spaces: ["s"], limit: 1 });
  return near?.similarity ?? 0;
}

test("the same text has the same vector, of length 1, with dimensions in order", async () => {
  const one = await embed("Alice moved the GPU queue to Berlin 机器学习");
  expect(await embed("Alice moved the GPU queue to Berlin 机器学习")).toEqual(one);
  expect(one.values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  expect([...one.indices]).toEqual([...one.indices].toSorted((a, b) => a - b));
  expect(one.indices.at(-1)).toBeLessThan(hashedEmbedder.dimension);
});

test("the vectors stay what they are between releases: files hold them", async () => {
  const { indices, values } = await embed("gpu");
  expect([...indices]).toMatchInlineSnapshot(`
    [
      893,
      1701,
      3420,
      4025,
    ]
  `);
  expect([...values].map((value) => value.toFixed(3))).toMatchInlineSnapshot(`
    [
      "0.408",
      "-0.707",
      "-0.408",
      "0.408",
    ]
  `);
});

test("a spelling mistake and another ending stay near, another word does not", async () => {
  expect(await similarity("scheduler", "schedular")).toBeGreaterThan(0.3);
  expect(await similarity("scheduling", "scheduler")).toBeGreaterThan(0.3);
  expect(await similarity("scheduler", "banana")).toBeLessThan(0.15);
});

test("Chinese words that the dictionary cuts differently stay near", async () => {
  expect(await similarity("学习机器", "机器学习模型")).toBeGreaterThan(0.4);
  expect(await similarity("机器学习", "今天下雨")).toBeLessThan(0.15);
});

test("a text without words has no direction", async () => {
  expect((await embed("…")).indices).toHaveLength(0);
  expect(await similarity("…", "…")).toBe(0);
});

test("what is rare where a query looks weighs more than what is common", () => {
  const query = { indices: Uint32Array.of(1, 2), values: Float32Array.of(0.6, 0.6) };
  const { values } = hashedEmbedder.weigh?.(query, { vectors: 100, counts: Uint32Array.of(90, 2) }) ?? query;
  expect(values[1]).toBeGreaterThan(10 * (values[0] ?? 0));
  expect(values[0]).toBeGreaterThan(0);
});

test("what a third of many vectors have is not looked for, unless it is all there is", () => {
  const query = { indices: Uint32Array.of(3, 7, 9), values: Float32Array.of(0.6, 0.6, 0.5) };
  const weighed = (counts: readonly number[], vectors: number) =>
    hashedEmbedder.weigh?.(query, { vectors, counts: Uint32Array.from(counts) });
  expect([...(weighed([4_000, 2, 2_900], 10_000)?.indices ?? [])]).toEqual([7, 9]);
  expect([...(weighed([4_000, 5_000, 9_000], 10_000)?.indices ?? [])]).toEqual([3, 7, 9]);
  expect([...(weighed([40, 2, 90], 100)?.indices ?? [])]).toEqual([3, 7, 9]);
});
