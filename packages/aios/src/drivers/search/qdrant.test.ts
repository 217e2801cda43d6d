import { afterAll, beforeAll, expect, test } from "vitest";
import { describeVectorIndex } from "../../../test/conformance/vector-index.ts";
import { openQdrantSimulation } from "../../../test/qdrant-simulation.ts";
import type { QdrantSimulation } from "../../../test/qdrant-simulation.ts";
import { openQdrantIndex } from "./qdrant.ts";
import type { VectorPlace } from "./vector-place.ts";

// The official client against simulated traffic: no running server has been asked.
let server: QdrantSimulation;
beforeAll(async () => {
  server = await openQdrantSimulation();
});
afterAll(() => server[Symbol.asyncDispose]());

const place = (collection: string, dimension: number): VectorPlace => ({
  module: import.meta.resolve("@qdrant/js-client-rest"),
  url: server.url,
  token: undefined,
  collection,
  folder: undefined,
  dimension,
  options: {},
});

let collections = 0;
describeVectorIndex("qdrant (simulated)", ({ dimension }) =>
  openQdrantIndex(place(`aios-${++collections}`, dimension)),
);

test("spaces are indexed as tenants, and its key goes with every request", async () => {
  const before = server.requests.length;
  const index = await openQdrantIndex({ ...place("keyed", 2), token: "secret" });
  await index.put([{ id: "a", space: "s", vector: Float32Array.of(1, 0) }]);
  expect(server.collections.get("keyed")?.indexed).toEqual(new Set(["space"]));
  expect(new Set(server.requests.slice(before).map(({ key }) => key))).toEqual(new Set(["secret"]));
});

test("more than a page is told whole, and gone when it is erased", async () => {
  const index = await openQdrantIndex(place("pages", 2));
  const many = Array.from({ length: 1_200 }, (_, number) => ({
    id: `v${number}`,
    space: "s",
    vector: Float32Array.of(1, 0),
    stamp: String(number),
  }));
  await index.put(many);
  const told = new Map<string, string>();
  for await (const page of index.held?.() ?? []) for (const { id, stamp } of page) told.set(id, stamp);
  expect(told).toEqual(new Map(many.map(({ id, stamp }) => [id, stamp])));
  await index.erase?.();
  expect(server.collections.has("pages")).toBe(false);
});
