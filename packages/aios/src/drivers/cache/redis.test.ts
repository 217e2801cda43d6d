import { isSysError } from "@aiosjs/sdk/protocol";
import { setTimeout as pass } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeCache } from "../../../test/conformance/cache.ts";
import { hasRedis, openRedisServer } from "../../../test/redis-server.ts";
import type { RedisServer } from "../../../test/redis-server.ts";
import type { Cache } from "../../kernel/ports.ts";
import { openRedisCache } from "./redis.ts";

const hour = { ttlMs: 3_600_000 };

/** The client connects in the background and says nothing when it is there: it is asked until it answers. */
async function reached(cache: Cache): Promise<void> {
  for (;;) {
    const isThere = await cache.get("anything").then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await pass(5);
  }
}

if (!hasRedis)
  test.skip("redis as a cache: redis-server is not installed (apt-get install redis-server)", () => undefined);

describe.runIf(hasRedis)("on a real redis-server", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await openRedisServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeCache("redis", async () => {
    const cache = await openRedisCache({ url: server.url });
    await reached(cache);
    return { cache, pass, [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]() };
  });

  test("two kernels share what they keep", async () => {
    await using one = await openRedisCache({ url: server.url });
    await using two = await openRedisCache({ url: server.url });
    await Promise.all([reached(one), reached(two)]);
    await one.set("shared", "value", hour);
    expect(await two.get("shared")).toBe("value");
  });
});

describe.runIf(hasRedis)("a Redis server that is gone", () => {
  const fails = async (work: Promise<unknown>): Promise<number> => {
    const startMs = performance.now();
    const cause: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isSysError(cause)) throw new Error("it did not fail with a SysError", { cause });
    expect(cause.code).toBe("ENODEV");
    return performance.now() - startMs;
  };

  test("refuses at once before it was ever there, and serves when it comes", async () => {
    const server = await openRedisServer();
    await server.kill();
    await using cache = await openRedisCache({ url: server.url });
    expect(await fails(cache.get("key"))).toBeLessThan(200);
    expect(await fails(cache.set("key", "value", hour))).toBeLessThan(200);
    await server.start();
    await using _server = server;
    await reached(cache);
    await cache.set("key", "value", hour);
    expect(await cache.get("key")).toBe("value");
  });

  test("refuses at once after it died, and serves again when it is back", async () => {
    await using server = await openRedisServer();
    await using cache = await openRedisCache({ url: server.url });
    await reached(cache);
    await server.kill();
    expect(await fails(cache.get("key"))).toBeLessThan(1_000);
    expect(await fails(cache.get("key"))).toBeLessThan(200);
    await server.start();
    await reached(cache);
    await cache.set("key", "value", hour);
    expect(await cache.get("key")).toBe("value");
  });

  test("costs one call its patience when it is silent, and those behind it nothing", async () => {
    await using server = await openRedisServer();
    await using cache = await openRedisCache({ url: server.url, patienceMs: 100 });
    await reached(cache);
    server.freeze();
    const waitedMs = await fails(cache.get("key"));
    expect(waitedMs).toBeGreaterThan(90);
    expect(waitedMs).toBeLessThan(1_000);
    expect(await fails(cache.get("key"))).toBeLessThan(50);
    server.thaw();
  });
});
