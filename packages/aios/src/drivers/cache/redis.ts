import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type * as Redis from "redis";
import type { Cache } from "../../kernel/ports.ts";

export interface RedisCacheOptions {
  /** redis:// or rediss://, with a password where the server wants one. */
  readonly url: string;
  /** Longest that a call waits for it. Default 250 ms. */
  readonly patienceMs?: number;
}

/** After a silence the server is not asked for so long: one call in five seconds waits for it, not all of them. */
const restMs = 5_000;
const maxReconnectMs = 5_000;

/**
 * A cache on a Redis server, which its kernels may share; how much it keeps is the server's `maxmemory`. Connects in the
 * background and again whenever it has to; while it cannot be asked, everything is refused at once.
 * @throws SysError EINVAL where the package `redis` is not installed.
 */
export async function openRedisCache({ url, patienceMs = 250 }: RedisCacheOptions): Promise<Cache> {
  const { createClient } = await load();
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (retries) => Math.min(maxReconnectMs, 50 * 2 ** Math.min(retries, 10)),
    },
  });
  let failure: Error | undefined;
  let restsUntilMs = 0;
  client.on("error", (error: Error) => (failure = error));
  client.on("ready", () => {
    failure = undefined;
    restsUntilMs = 0;
  });
  // Rejects when the cache is closed before it was ever reached; why it is not reached is what `failure` says.
  client.connect().catch(() => undefined);

  const ask = async <Reply>(command: () => Promise<Reply>): Promise<Reply> => {
    if (!client.isReady) throw down("does not answer", failure);
    if (Date.now() < restsUntilMs) throw down("was silent a moment ago", failure);
    const silence = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      restsUntilMs = Date.now() + restMs;
      silence.reject(down(`said nothing for ${patienceMs} ms`, failure));
    }, patienceMs);
    try {
      const reply = command();
      // It may still fail when nobody waits for it any more.
      reply.catch(() => undefined);
      return await Promise.race([reply, silence.promise]);
    } catch (cause) {
      throw isSysError(cause) ? cause : down("failed", cause as Error);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async get(key) {
      return (await ask(() => client.get(key))) ?? undefined;
    },
    async set(key, value, { ttlMs }) {
      await ask(() => client.set(key, value, { expiration: { type: "PX", value: Math.max(1, Math.round(ttlMs)) } }));
    },
    [Symbol.asyncDispose]() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** Asks the server once whether it is there. @throws SysError EINVAL without the package, ENODEV with what the server or the way to it has. */
export async function pingRedis({ url }: Pick<RedisCacheOptions, "url">): Promise<void> {
  const { createClient } = await load();
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.ping();
  } catch (cause) {
    throw down("does not answer", cause as Error);
  } finally {
    client.destroy();
  }
}

const down = (what: string, cause: Error | undefined): SysError =>
  new SysError("ENODEV", `the cache's Redis server ${what}${cause ? `: ${cause.message}` : ""}`, {
    cause,
    hint: "start it, or correct llms.cache.url",
  });

async function load(): Promise<typeof Redis> {
  try {
    return await import("redis");
  } catch (cause) {
    throw new SysError("EINVAL", "llms.cache.url names a Redis server, and the package redis is not installed", {
      cause,
      hint: "npm install redis, or set llms.cache.url to memory:",
    });
  }
}
