import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cache } from "../../src/kernel/ports.ts";

export interface OpenedCache extends AsyncDisposable {
  readonly cache: Cache;
  /** Resolves when so much time has passed for it. */
  pass(ms: number): Promise<void>;
}

/** Every cache passes this: `describeCache("memory", open)`. */
export function describeCache(name: string, open: () => Promise<OpenedCache>): void {
  describe(`${name} as a cache`, () => {
    let opened: OpenedCache;
    let cache: Cache;
    beforeEach(async () => {
      opened = await open();
      ({ cache } = opened);
    });
    afterEach(() => opened[Symbol.asyncDispose]());
    const hour = { ttlMs: 3_600_000 };

    test("what was set is got again, character for character", async () => {
      const value = `{"text":"línea\\n二 🙂 ${"x".repeat(1_000)}","empty":""}`;
      await cache.set("aios:1:local:m:abc", value, hour);
      expect(await cache.get("aios:1:local:m:abc")).toBe(value);
      await cache.set("empty", "", hour);
      expect(await cache.get("empty")).toBe("");
    });

    test("what was never set is not there", async () => {
      await cache.set("key", "value", hour);
      expect(await cache.get("key2")).toBeUndefined();
      expect(await cache.get("ke")).toBeUndefined();
    });

    test("a key that is set again has the new value", async () => {
      await cache.set("key", "old", hour);
      await cache.set("key", "new", hour);
      expect(await cache.get("key")).toBe("new");
    });

    test("a value is gone when its time is over, and no sooner; setting it again starts the time anew", async () => {
      await cache.set("short", "value", { ttlMs: 200 });
      await cache.set("long", "value", hour);
      await cache.set("renewed", "value", { ttlMs: 200 });
      expect(await cache.get("short")).toBe("value");
      await cache.set("renewed", "value", hour);
      await opened.pass(250);
      expect(await cache.get("short")).toBeUndefined();
      expect(await cache.get("long")).toBe("value");
      expect(await cache.get("renewed")).toBe("value");
    });

    test("a megabyte, and a hundred calls at once", async () => {
      const large = "二".repeat(350_000);
      await cache.set("large", large, hour);
      expect(await cache.get("large")).toBe(large);
      const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
      await Promise.all(keys.map((key) => cache.set(key, `value of ${key}`, hour)));
      expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map((key) => `value of ${key}`));
    });
  });
}
