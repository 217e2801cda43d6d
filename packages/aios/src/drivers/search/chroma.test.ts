import { ChromaClient } from "chromadb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openChromaServer } from "../../../test/chroma-server.ts";
import type { ChromaServer } from "../../../test/chroma-server.ts";
import { describeVectorIndex } from "../../../test/conformance/vector-index.ts";
import { openChromaIndex } from "./chroma.ts";
import type { VectorPlace } from "./vector-place.ts";

// Against the real server, which starts in a second where the machine has one to spare.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: ChromaServer;
beforeAll(async () => {
  server = await openChromaServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const place = (collection: string, dimension: number): VectorPlace => ({
  module: import.meta.resolve("chromadb"),
  url: server.url,
  token: undefined,
  collection,
  folder: undefined,
  dimension,
  options: {},
});

let collections = 0;
describeVectorIndex("chroma", ({ dimension }) => openChromaIndex(place(`aios-${++collections}`, dimension)), {
  rounds: 10,
});

const client = (): ChromaClient => new ChromaClient({ host: "127.0.0.1", port: Number(new URL(server.url).port) });
const one = { id: "a", space: "s", vector: Float32Array.of(1, 0), stamp: "1" };

test("it is there when it is opened again, and gone when it is erased", async () => {
  await (await openChromaIndex(place("again", 2))).put([one]);
  const again = await openChromaIndex(place("again", 2));
  expect(await again.count()).toBe(1);
  await again.erase?.();
  expect((await client().listCollections()).map(({ name }) => name)).not.toContain("again");
});

test("of thousands that are named the nearest are found, before the list is cut", async () => {
  const index = await openChromaIndex(place("thousands", 2));
  const many = Array.from({ length: 2_500 }, (_, number) => ({
    id: `v${number}`,
    space: number % 2 === 0 ? "s" : "t",
    vector: Float32Array.of(50, number),
  }));
  await index.put(many);
  const ids = new Set(many.slice(1_000).map(({ id }) => id));
  const found = await index.nearest({ vector: Float32Array.of(1, 0), spaces: ["s"], ids, limit: 3 });
  expect(found.map(({ id }) => id)).toEqual(["v1000", "v1002", "v1004"]);
});

test("a collection that compares otherwise is refused", async () => {
  await client().createCollection({
    name: "by-length",
    embeddingFunction: null,
    configuration: { hnsw: { space: "l2" } },
  });
  await expect(openChromaIndex(place("by-length", 2))).rejects.toThrow("does not compare by cosine");
});
