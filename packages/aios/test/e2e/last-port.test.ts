import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { temporaryHome } from "../temporary-home.ts";

const config = configSchema.parse({ server: { port: 0 } });

const answers = async (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

test(
  "a kernel whose port somebody else has listens elsewhere, and there again as soon as it is free; the next one in both places",
  { timeout: 60_000 },
  async () => {
    using home = temporaryHome();
    const started = () => boot({ home: home.dir, config });
    const url = await (async () => {
      await using first = await started();
      return first.url;
    })();
    // Nobody gets it for an outgoing connection while the kernel is away.
    expect(Number(new URL(url).port)).toBeLessThan(32_768);
    const stranger = createServer().listen(Number(new URL(url).port), "127.0.0.1");
    await once(stranger, "listening");
    const elsewhere = await (async () => {
      await using second = await started();
      return second.url;
    })();
    expect(elsewhere).not.toBe(url);
    await using third = await started();
    expect(third.url).toBe(elsewhere);
    stranger.close();
    await expect.poll(() => third.url, { timeout: 30_000 }).toBe(url);
    expect([await answers(url), await answers(elsewhere)]).toEqual([true, true]);
  },
);

test("a kernel with a configured port listens there and nowhere else", { timeout: 60_000 }, async () => {
  using home = temporaryHome();
  const started = (port: number) => boot({ home: home.dir, config: configSchema.parse({ server: { port } }) });
  const before = await (async () => {
    await using first = await started(0);
    return first.url;
  })();
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => void probe.close(resolve));
  await using next = await started(port);
  expect(next.url).toBe(`http://127.0.0.1:${port}`);
  expect(await answers(before)).toBe(false);
});
