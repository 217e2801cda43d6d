import type { Config } from "./config/schema.ts";
import { resolveSecret } from "./config/secrets.ts";
import { createMemoryCache } from "./drivers/cache/memory.ts";
import { openRedisCache, pingRedis } from "./drivers/cache/redis.ts";
import type { Cache, Clock } from "./kernel/ports.ts";

type Env = Readonly<Record<string, string | undefined>>;

const MB = 1_048_576;

/** Makes the cache that the configuration names, and keeps it and what it holds over a refresh that leaves it as it is. */
export class CacheShelf implements AsyncDisposable {
  readonly #options: { clock: Clock; env: () => Env };
  #before: Cache | undefined;
  #made: { readonly identity: string; readonly cache: Cache } | undefined;

  /** `env` is read when a cache is made: its address may have come since. */
  constructor(options: { clock: Clock; env: () => Env }) {
    this.#options = options;
  }

  /** @throws SysError EINVAL for a reference that stands for nothing, or a package that is not installed; nothing has changed then. */
  async stock({ llms: { cache } }: Config): Promise<Cache | undefined> {
    const identity = JSON.stringify([cache?.url, cache?.maxMb]);
    if (cache && this.#made?.identity === identity) return this.#made.cache;
    const made = cache && { identity, cache: await this.#make(cache) };
    await this.#before?.[Symbol.asyncDispose]();
    // Open until the next one: what comes after it in a refresh may fail, and the kernel then goes on with what it has.
    this.#before = this.#made?.cache;
    this.#made = made;
    return made?.cache;
  }

  async #make({ url, maxMb }: NonNullable<Config["llms"]["cache"]>): Promise<Cache> {
    const { clock } = this.#options;
    if (url === "memory:") return createMemoryCache({ clock, maxBytes: maxMb * MB });
    return openRedisCache({ url: await addressOf(url, this.#options.env()) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#before?.[Symbol.asyncDispose]();
    await this.#made?.cache[Symbol.asyncDispose]();
  }
}

const addressOf = async (url: string, env: Env): Promise<string> =>
  /^(env|file):/.test(url) ? await resolveSecret(url, { env, what: "llms.cache.url" }) : url;

/** Whether the configured cache could be used now, for `doctor`. @throws SysError EINVAL for what stops a start, ENODEV for a server that does not answer. */
export async function tryCache({ url }: NonNullable<Config["llms"]["cache"]>, env: Env): Promise<void> {
  if (url !== "memory:") await pingRedis({ url: await addressOf(url, env) });
}
