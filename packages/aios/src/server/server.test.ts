import { isSysError } from "@aiosjs/sdk/protocol";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRig } from "../../test/rig.ts";
import type { Rig } from "../../test/rig.ts";
import { serve } from "./server.ts";
import type { ServeOptions } from "./server.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ cores: () => [] });
});
afterAll(() => rig.kernel[Symbol.asyncDispose]());

async function failure(options: ServeOptions): Promise<string> {
  try {
    await using server = await serve(rig.kernel, options);
    return `listens at ${server.url}`;
  } catch (error) {
    if (isSysError(error)) return `${error.code}: ${error.message} (${error.hint})`;
    throw error;
  }
}

test("port 0 takes a free one and tells it", async () => {
  await using one = await serve(rig.kernel, { port: 0 });
  await using other = await serve(rig.kernel, { port: 0 });
  expect(one.port).not.toBe(other.port);
  expect(one.url).toBe(`http://127.0.0.1:${one.port}`);
  expect((await fetch(`${one.url}/healthz`)).status).toBe(200);
});

test("a port in use says so, and what to do", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  expect(await failure({ port })).toMatch(
    new RegExp(`^EBUSY: port ${port} on 127\\.0\\.0\\.1 is in use \\(--port 0 picks`),
  );
  holder.close();
});

test("an address that is not this machine's is refused with a sentence", async () => {
  const others = { allowedHosts: ["a.example"], trustProxy: true, hasKeys: true };
  expect(await failure({ ...others, host: "192.0.2.1", port: 0 })).toMatch(
    /^EINVAL: 192\.0\.2\.1 is not an address of this machine/,
  );
});

test("other machines are let in only with names, TLS or a proxy, and keys", async () => {
  const host = "0.0.0.0";
  const whole = { host, port: 0, allowedHosts: ["aios.example"], trustProxy: true, hasKeys: true };
  expect(await failure({ host, port: 0 })).toMatch(
    /^EINVAL: .*server\.allowedHosts.*server\.tls.*a key \(aios key new\)/,
  );
  expect(await failure({ ...whole, allowedHosts: [] })).toMatch(
    /missing: server\.allowedHosts \(what Host may say\) \(set it/,
  );
  expect(await failure({ ...whole, trustProxy: false })).toMatch(/missing: server\.tls, or server\.trustProxy/);
  expect(await failure({ ...whole, hasKeys: false })).toMatch(/missing: a key/);
  expect(await failure(whole)).toMatch(/^listens at http:\/\/127\.0\.0\.1:\d+$/);
});
