import { expect, test } from "vitest";
import { hasRedis, openRedisServer } from "../test/redis-server.ts";
import { tryCache } from "./boot-cache.ts";
import { configSchema } from "./config/schema.ts";

const cacheAt = (url: string) => configSchema.parse({ llms: { cache: { url } } }).llms.cache!;

test("a cache in memory can always be used", async () => {
  await expect(tryCache(cacheAt("memory:"), {})).resolves.toBeUndefined();
});

test("a Redis server that does not answer is told apart from an address that is not set", async () => {
  await expect(tryCache(cacheAt("redis://127.0.0.1:9"), {})).rejects.toMatchObject({
    code: "ENODEV",
    message: expect.stringContaining("does not answer") as string,
    hint: "start it, or correct llms.cache.url",
  });
  await expect(tryCache(cacheAt("env:CACHE_URL"), {})).rejects.toMatchObject({
    code: "EINVAL",
    message: "llms.cache.url wants env:CACHE_URL, and CACHE_URL is not set",
  });
});

test.skipIf(!hasRedis)("a Redis server that answers can be used, and is let go of", async () => {
  await using server = await openRedisServer();
  await expect(tryCache(cacheAt("env:CACHE_URL"), { CACHE_URL: server.url })).resolves.toBeUndefined();
});
