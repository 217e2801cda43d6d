import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openEgressWorld } from "../../../test/egress-world.ts";
import type { EgressWorld } from "../../../test/egress-world.ts";
import { tlsCertificate } from "../../../test/tls-certificate.ts";
import { createEgress } from "./egress.ts";
import type { FindSecret } from "./secret-references.ts";
import { webFetch } from "./web-fetch.ts";
import type { WebRequest } from "./web-fetch.ts";

const value = "value-of-the-secret";

async function openWeb(answer: RequestListener, { isTls = true } = {}) {
  const world: EgressWorld = await openEgressWorld(answer, { isTls });
  const egress = createEgress({ ...world.options, allowed: () => ["*.test:*"] });
  const findSecret: FindSecret = (name) => Promise.resolve({ name, value, hosts: [`https://api.test:${world.port}`] });
  const base = `http${isTls ? "s" : ""}://api.test:${world.port}`;
  return {
    world,
    base,
    other: base.replace("api", "other"),
    ask: (path: string, more: Partial<WebRequest> = {}) =>
      webFetch(
        { url: path.startsWith("/") ? base + path : path, signal: new AbortController().signal, ...more },
        { egress, findSecret, ca: tlsCertificate.cert },
      ),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

test("an answer comes unpacked, with its status and headers, over TLS that is checked", async () => {
  await using web = await openWeb((_, response) => {
    response.writeHead(404, { "content-type": "text/plain", "content-encoding": "gzip" }).end(gzipSync("lost"));
  });
  const { status, headers, body, url } = await web.ask("/page");
  expect([status, headers["content-type"], Buffer.from(body).toString(), url]).toEqual([
    404,
    "text/plain",
    "lost",
    `${web.base}/page`,
  ]);
  expect(web.world.told()).toEqual(["permitted", "closed"]);
  const strict = createEgress({ ...web.world.options, allowed: () => ["*.test:*"] });
  const request = { url: `${web.base}/page`, signal: new AbortController().signal };
  await expect(webFetch(request, { egress: strict })).rejects.toMatchObject({ code: "EIO" });
});

test("an answer comes over plain HTTP, too", async () => {
  await using web = await openWeb((_, response) => void response.end("plain"), { isTls: false });
  expect(Buffer.from((await web.ask("/")).body).toString()).toBe("plain");
});

test("each redirect is looked at anew: none leads inside, or to a host that is not allowed", async () => {
  const targets = ["http://169.254.169.254/latest", "http://metadata.test/", "http://0x7f.1/", "https://evil.example/"];
  for (const location of [...targets, "file:///etc/passwd"]) {
    await using web = await openWeb((_, response) => void response.writeHead(302, { location }).end());
    await expect(web.ask("/"), location).rejects.toMatchObject({
      code: location.startsWith("file") ? "EINVAL" : "EPOLICY",
    });
    expect(web.world.seen).toHaveLength(1);
  }
});

test("redirects are followed, a form is not sent twice, and not for ever", async () => {
  await using web = await openWeb((request, response) => {
    if (request.url === "/end") response.end(request.method);
    else response.writeHead(302, { location: request.url === "/loop" ? "/loop" : "end" }).end();
  });
  const { body, url } = await web.ask("/start", { method: "POST", body: "x" });
  expect([Buffer.from(body).toString(), url]).toEqual(["GET", `${web.base}/end`]);
  await expect(web.ask("/loop")).rejects.toThrow(/more than 5 others/);
});

test("a secret is filled in on the way to its host: in the address, a header and the body", async () => {
  await using web = await openWeb((_, response) => void response.end("ok"));
  const headers = { authorization: "Bearer secret://bank", "Content-Type": "application/json" };
  const { url } = await web.ask("/x?key=secret://bank", { method: "POST", headers, body: '{"k":"secret://bank"}' });
  const [{ request, body }] = web.world.seen as [(typeof web.world.seen)[number]];
  expect([request.url, request.headers.authorization, body]).toEqual([
    `/x?key=${value}`,
    `Bearer ${value}`,
    `{"k":"${value}"}`,
  ]);
  expect(url).not.toContain(value);
  expect(JSON.stringify(web.world.events)).not.toContain(value);
});

test("a secret is not sent to another host, nor over plain HTTP, and who asks is told", async () => {
  await using web = await openWeb((_, response) => void response.end("ok"));
  const headers = { authorization: "Bearer secret://bank" };
  await expect(web.ask(`${web.other}/`, { headers })).rejects.toMatchObject({ code: "EPOLICY", rule: "secret" });
  await expect(web.ask(`${web.base.replace("https", "http")}/`, { headers })).rejects.toMatchObject({ rule: "secret" });
  await expect(web.ask(`${web.other}/?secret://bank`)).rejects.toMatchObject({ rule: "secret" });
  await expect(web.ask(`${web.other}/`, { method: "POST", body: "secret%3A%2F%2Fbank" })).rejects.toMatchObject({
    rule: "secret",
  });
  expect(web.world.told()).toEqual(Array.from({ length: 4 }, () => "refused secret"));
  expect(web.world.seen).toEqual([]);
});

test("on the way to another host credentials and secrets stay behind, also those that come back in its address", async () => {
  let location = "";
  await using web = await openWeb((request, response) => {
    if (request.headers.host?.startsWith("other")) response.end("there");
    else response.writeHead(307, { location }).end();
  });
  location = `${web.other}/`;
  const headers = { authorization: "Basic word", "x-key": "secret://bank", "x-mine": "1" };
  expect(Buffer.from((await web.ask("/", { headers })).body).toString()).toBe("there");
  expect(web.world.seen[1]?.request.headers).toMatchObject({ "x-mine": "1" });
  for (const name of ["authorization", "x-key"]) expect(web.world.seen[1]?.request.headers).not.toHaveProperty(name);
  location = `${web.other}/?stolen=${value}`;
  await expect(web.ask("/", { headers })).rejects.toMatchObject({ code: "EPOLICY", rule: "secret" });
  location = `${web.other}/`;
  await expect(web.ask("/", { method: "POST", body: "secret://bank" })).rejects.toMatchObject({ rule: "secret" });
  expect(web.world.seen).toHaveLength(4);
});

test("an answer has bounds, also when it is packed small", async () => {
  await using web = await openWeb((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(5_000_000)));
  });
  await expect(web.ask("/", { maxBytes: 100_000 })).rejects.toMatchObject({ code: "E2BIG" });
  const { body, isCut } = await web.ask("/", { maxBytes: 100_000, longer: "cut" });
  expect([body.byteLength, isCut]).toEqual([100_000, true]);
});

test("what is no address of the web is refused", async () => {
  await using web = await openWeb((_, response) => void response.end());
  for (const url of ["file:///etc/passwd", "data:,x", "no address", `https://me:word@api.test:${web.world.port}/`])
    await expect(web.ask(url), url).rejects.toMatchObject({ code: "EINVAL" });
  expect(web.world.seen).toEqual([]);
});

test("who leaves does not wait", async () => {
  await using web = await openWeb(() => undefined);
  const left = new AbortController();
  const asked = web.ask("/", { signal: left.signal });
  while (web.world.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  left.abort(new Error("left"));
  await expect(asked).rejects.toThrow("left");
});
