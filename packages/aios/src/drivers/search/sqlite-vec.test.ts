import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeVectorIndex } from "../../../test/conformance/vector-index.ts";
import { openSqliteVecIndex } from "./sqlite-vec.ts";
import type { VectorPlace } from "./vector-place.ts";

const folder = mkdtempSync(join(tmpdir(), "aios-vectors-"));
afterAll(() => rmSync(folder, { recursive: true }));

const place: VectorPlace = {
  module: import.meta.resolve("sqlite-vec"),
  url: "",
  token: undefined,
  collection: "aios-test",
  folder: undefined,
  dimension: 2,
  options: {},
};

describeVectorIndex("sqlite-vec in memory", ({ dimension }) => openSqliteVecIndex({ ...place, dimension }));

let files = 0;
describeVectorIndex("sqlite-vec in a file", ({ dimension }) =>
  openSqliteVecIndex({ ...place, folder, collection: `file-${++files}`, dimension }),
);

test("its file is there when it is opened again, and gone when it is erased", async () => {
  const kept = { ...place, folder: join(folder, "deep"), collection: "kept" };
  const vector = { id: "a", space: "s", vector: Float32Array.of(1, 0), stamp: "1" };
  {
    await using index = await openSqliteVecIndex(kept);
    await index.put([vector]);
  }
  {
    await using index = await openSqliteVecIndex(kept);
    expect(await index.count()).toBe(1);
    await index.erase?.();
  }
  await using index = await openSqliteVecIndex(kept);
  expect(await index.count()).toBe(0);
});

test("a damaged file is made anew", async () => {
  writeFileSync(join(folder, "damaged.db"), "not a database at all, but long enough to be looked at. ".repeat(100));
  await using index = await openSqliteVecIndex({ ...place, folder, collection: "damaged" });
  await index.put([{ id: "a", space: "s", vector: Float32Array.of(1, 0) }]);
  expect(await index.count()).toBe(1);
});
