import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { temporaryHome } from "../temporary-home.ts";

const config = configSchema.parse({ server: { port: 0 } });

test(
  "a kernel whose last port somebody else has listens elsewhere, and there again as soon as it is free",
  { timeout: 60_000 },
  async () => {
    using home = temporaryHome();
    const url = await (async () => {
      await using first = await boot({ home: home.dir, config });
      return first.url;
    })();
    const stranger = createServer().listen(Number(new URL(url).port), "127.0.0.1");
    await once(stranger, "listening");
    await using next = await boot({ home: home.dir, config });
    expect(next.url).not.toBe(url);
    stranger.close();
    await expect.poll(() => next.url, { timeout: 30_000 }).toBe(url);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  },
);
