import { expect, test } from "vitest";
import { describeCache } from "../../../test/conformance/cache.ts";
import { createMemoryCache } from "./memory.ts";

const hour = { ttlMs: 3_600_000 };

describeCache("memory", () => {
  let nowMs = 0;
  const cache = createMemoryCache({ clock: { nowMs: () => nowMs }, maxBytes: 16 * 1_048_576 });
  return Promise.resolve({
    cache,
    pass: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
  });
});

const open = (maxBytes: number) => createMemoryCache({ clock: { nowMs: () => 0 }, maxBytes });

test("beyond its size the least recently used goes first", async () => {
  await using cache = open(3 * (1 + 10));
  for (const key of ["a", "b", "c"]) await cache.set(key, "0123456789", hour);
  await cache.get("a");
  await cache.set("d", "0123456789", hour);
  expect(await Promise.all(["a", "b", "c", "d"].map((key) => cache.get(key)))).toEqual([
    "0123456789",
    undefined,
    "0123456789",
    "0123456789",
  ]);
});

test("what is larger than the cache is not kept, and drives nothing else out", async () => {
  await using cache = open(100);
  await cache.set("small", "value", hour);
  await cache.set("large", "x".repeat(101), hour);
  expect(await cache.get("large")).toBeUndefined();
  expect(await cache.get("small")).toBe("value");
});

test("replacing a value a thousand times takes the room of one", async () => {
  await using cache = open(60);
  await cache.set("other", "stays", hour);
  for (let round = 0; round < 1_000; round++) await cache.set("key", `value ${round}`, hour);
  expect(await cache.get("other")).toBe("stays");
  expect(await cache.get("key")).toBe("value 999");
});
