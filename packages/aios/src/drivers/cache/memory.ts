import type { Cache, Clock } from "../../kernel/ports.ts";

interface Kept {
  readonly value: string;
  readonly sizeBytes: number;
  readonly untilMs: number;
}

export interface MemoryCacheOptions {
  readonly clock: Pick<Clock, "nowMs">;
  /** Keys and values together; what was used longest ago goes first. */
  readonly maxBytes: number;
}

/** A cache in this process: the least recently used is dropped first, and all of it with the process. */
export function createMemoryCache({ clock, maxBytes }: MemoryCacheOptions): Cache {
  /** In order of use, the latest last. */
  const kept = new Map<string, Kept>();
  let usedBytes = 0;

  const drop = (key: string, sizeBytes: number): void => {
    kept.delete(key);
    usedBytes -= sizeBytes;
  };

  return {
    get(key) {
      const found = kept.get(key);
      if (!found) return Promise.resolve(undefined);
      if (found.untilMs <= clock.nowMs()) {
        drop(key, found.sizeBytes);
        return Promise.resolve(undefined);
      }
      kept.delete(key);
      kept.set(key, found);
      return Promise.resolve(found.value);
    },
    set(key, value, { ttlMs }) {
      const before = kept.get(key);
      if (before) drop(key, before.sizeBytes);
      const sizeBytes = Buffer.byteLength(key) + Buffer.byteLength(value);
      if (sizeBytes > maxBytes) return Promise.resolve();
      kept.set(key, { value, sizeBytes, untilMs: clock.nowMs() + ttlMs });
      usedBytes += sizeBytes;
      for (const [oldest, { sizeBytes: size }] of kept) {
        if (usedBytes <= maxBytes) break;
        drop(oldest, size);
      }
      return Promise.resolve();
    },
    [Symbol.asyncDispose]() {
      kept.clear();
      usedBytes = 0;
      return Promise.resolve();
    },
  };
}
