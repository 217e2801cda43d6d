import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request as openRequest } from "node:http";
import type { IncomingMessage, RequestListener, RequestOptions } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { openEgressWorld } from "../../../test/egress-world.ts";
import { tlsCertificate } from "../../../test/tls-certificate.ts";
import { openEgressProxy } from "./proxy.ts";
import type { EgressProxyOptions } from "./proxy.ts";

async function openProxy(
  more: Partial<EgressProxyOptions> = {},
  { answer, isTls = false }: { answer?: RequestListener; isTls?: boolean } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "aios-egress-"));
  const socketPath = join(folder, "own", "proxy.sock");
  const world = await openEgressWorld(answer, { isTls });
  const proxy = await openEgressProxy({ ...world.options, allowed: () => ["*.test:*"], socketPath, ...more });
  const place = `api.test:${world.port}`;
  const ask = async (
    path: string,
    { body, ...options }: RequestOptions & { body?: string } = {},
  ): Promise<{ status: number | undefined; text: string; headers: IncomingMessage["headers"] }> => {
    const request = openRequest({ socketPath, path, agent: false, ...options });
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return { status: response.statusCode, text: await text(response), headers: response.headers };
  };
  /** What comes back for bytes as they are, until the end. */
  const raw = async (bytes: string): Promise<string> => {
    const socket = connect(socketPath);
    socket.write(bytes);
    return text(socket);
  };
  const tunnel = async (to = place): Promise<Socket> => {
    const request = openRequest({ socketPath, method: "CONNECT", path: to, agent: false }).end();
    const [response, socket, head] = (await once(request, "connect")) as [IncomingMessage, Socket, Buffer];
    if (response.statusCode === 200) return socket;
    throw new Error(`${response.statusCode} ${head.toString()}${await text(socket)}`);
  };
  return {
    world,
    socketPath,
    place,
    ask,
    raw,
    tunnel,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test("plain HTTP goes through, with body, query and headers, and without what is between neighbours", async () => {
  await using proxy = await openProxy();
  const { place, ask, world } = proxy;
  const headers = { "x-mine": "1", "proxy-authorization": "Basic x", connection: "x-hop", "x-hop": "2", host: "evil" };
  const answer = await ask(`http://${place}/a?b=c`, { method: "POST", body: "hello", headers });
  expect(answer).toMatchObject({ status: 200, text: "POST /a?b=c" });
  const [{ request, body }] = world.seen as [(typeof world.seen)[number]];
  expect(body).toBe("hello");
  expect(request.headers).toMatchObject({ "x-mine": "1", host: place });
  for (const name of ["proxy-authorization", "x-hop"]) expect(request.headers).not.toHaveProperty(name);
  expect(world.events.at(-1)).toMatchObject({ type: "egress.closed", sentBytes: 5, receivedBytes: 11 });
});

test("what is not allowed is answered 403 with what a person can do, and never reaches anybody", async () => {
  await using proxy = await openProxy({ allowed: () => ["api.test:*"] });
  const { ask, tunnel, world } = proxy;
  const refused = await ask(`http://other.test:${world.port}/`);
  expect(refused).toMatchObject({ status: 403, headers: { "x-aios-refused": "not-allowed" } });
  expect(refused.text).toBe(
    `other.test:${world.port} is not among the hosts that may be reached\n` +
      `→ a person can allow it: "other.test:${world.port}" in egress of this agent, in policy.yaml\n`,
  );
  await expect(tunnel("metadata.google.internal:80")).rejects.toThrow(/^403 metadata.google.internal:80 is not among/);
  await expect(tunnel("169.254.169.254:80")).rejects.toThrow(/^403/);
  expect(world.seen).toEqual([]);
});

test("a host that leads inside is refused for tunnels and plain requests alike", async () => {
  await using proxy = await openProxy();
  const { ask, tunnel, world } = proxy;
  expect(await ask("http://metadata.test/latest")).toMatchObject({
    status: 403,
    headers: { "x-aios-refused": "closed-address" },
  });
  await expect(tunnel(`mixed.test:${world.port}`)).rejects.toThrow(/^403 .*10\.0\.0\.1: a private network/);
  expect(world.told()).toEqual(["refused closed-address", "refused closed-address"]);
});

test("a tunnel carries bytes both ways and closes half by half", async () => {
  await using proxy = await openProxy();
  const socket = await proxy.tunnel();
  socket.end("GET /through HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  expect(await text(socket)).toMatch(/GET \/through$/);
  expect(proxy.world.told()).toEqual(["permitted", "closed"]);
});

test("TLS in a tunnel is for the host of the tunnel, or it is cut off before a byte of it leaves", async () => {
  await using proxy = await openProxy({}, { isTls: true });
  const { tunnel, world } = proxy;
  const greet = async (servername: string): Promise<string> => {
    const socket = connectTls({ socket: await tunnel(), servername, ca: tlsCertificate.cert });
    socket.end("GET /secure HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    return text(socket);
  };
  expect(await greet("api.test")).toMatch(/GET \/secure$/);
  expect(world.seen).toHaveLength(1);
  expect(await greet("other.test").catch((cause: Error) => cause.message)).not.toMatch(/GET/);
  expect(world.seen).toHaveLength(1);
  expect(world.told()).toEqual(["permitted", "closed", "permitted", "refused other-name", "closed"]);
  expect(world.events.at(-1)).toMatchObject({ sentBytes: 0 });
});

test("what is not asked as a proxy is asked is refused", async () => {
  await using proxy = await openProxy();
  const { raw, ask, place } = proxy;
  expect((await ask("/origin-form")).status).toBe(400);
  expect((await ask(`https://${place}/`)).text).toMatch(/HTTPS goes through a tunnel/);
  expect((await ask(`http://user:word@${place}/`)).status).toBe(400);
  for (const target of ["api.test", "api.test:0", "api.test:70000", "a@api.test:80", ":80", "[::1]:80", "http://x/"])
    expect(await raw(`CONNECT ${target} HTTP/1.1\r\nhost: x\r\n\r\n`), target).toMatch(/^HTTP\/1.1 40[03] /);
  expect(proxy.world.seen).toEqual([]);
});

test("a secret is filled into headers and bodies of plain HTTP for hosts that it is for, and refused for others", async () => {
  let hosts: readonly string[] = [];
  const value = "välue of the secret";
  const findSecret = (name: string) => Promise.resolve({ name, value, hosts });
  await using proxy = await openProxy({ findSecret });
  const { ask, place, world } = proxy;
  const headers = { "content-type": "application/x-www-form-urlencoded", "x-key": "secret://bank" };
  const options = { method: "POST", body: "a=secret%3A%2F%2Fbank", headers };
  expect(await ask(`http://${place}/`, options)).toMatchObject({
    status: 403,
    headers: { "x-aios-refused": "secret" },
  });
  hosts = [`https://${place}`];
  expect((await ask(`http://${place}/`, options)).text).toMatch(/^api\.test:\d+: secret:\/\/bank is not for http:/);
  expect(world.seen).toEqual([]);
  hosts = [`http://${place}`];
  expect((await ask(`http://${place}/`, options)).status).toBe(200);
  const [{ request, body }] = world.seen as [(typeof world.seen)[number]];
  expect([request.headers["x-key"], body]).toEqual([value, "a=v%C3%A4lue+of+the+secret"]);
  expect(JSON.stringify(world.events)).not.toContain(value);
});

test("a body without a length passes as it comes", async () => {
  await using proxy = await openProxy();
  const headers = { "transfer-encoding": "chunked" };
  await proxy.ask(`http://${proxy.place}/`, { method: "PUT", body: "in pieces", headers });
  expect(proxy.world.seen[0]).toMatchObject({ body: "in pieces" });
});

test("headers, bytes, silence and connections are bounded", async () => {
  const endless: RequestListener = (_, response) => {
    const write = (): void =>
      void (response.write("x".repeat(10_000)) ? setImmediate(write) : response.once("drain", write));
    write();
    response.on("error", () => undefined);
  };
  await using proxy = await openProxy(
    { maxBytes: 100_000, maxHeaderBytes: 4_096, idleMs: 300, maxConnections: 3 },
    { answer: endless },
  );
  const { ask, tunnel, raw, place, world } = proxy;
  expect(await raw(`GET http://${place}/ HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(9_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431/,
  );
  await expect(ask(`http://${place}/`)).rejects.toThrow(/aborted/);
  expect(world.events.at(-1)).toMatchObject({ type: "egress.closed", exceeded: "bytes" });
  const [first, ...others] = await Promise.all([tunnel(), tunnel(), tunnel()]);
  expect((await ask(`http://${place}/`)).status).toBe(429);
  expect(world.told().at(-1)).toBe("refused too-many");
  // Nobody says anything.
  await Promise.all([first, ...others].map((socket) => once(socket!.resume(), "close")));
  expect(world.events.filter((event) => event.type === "egress.closed" && event.exceeded === "idleMs")).toHaveLength(3);
});

test("who leaves takes the connection along", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  await using proxy = await openProxy({}, { answer: (request) => void (closed = once(request.socket, "close")) });
  const request = openRequest({ socketPath: proxy.socketPath, path: `http://${proxy.place}/`, agent: false }).end();
  request.on("error", () => undefined);
  while (proxy.world.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  request.destroy();
  await closed;
});

test("the socket is its owner's alone, takes the place of one that was left behind, and goes with the proxy", async () => {
  const folder = await mkdtemp(join(tmpdir(), "aios-egress-"));
  const socketPath = join(folder, "own", "proxy.sock");
  const options = { socketPath, allowed: () => [], tell: () => undefined };
  {
    await using _first = await openEgressProxy(options);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "own"))).mode & 0o777).toBe(0o700);
  }
  await expect(stat(socketPath)).rejects.toThrow(/ENOENT/);
  await writeFile(socketPath, "");
  if (process.getuid?.() === 0) {
    await using _second = await openEgressProxy({ ...options, owner: { uid: 12_345, gid: 12_345 } });
    expect(await stat(socketPath)).toMatchObject({ uid: 12_345, gid: 12_345 });
    expect(await stat(join(folder, "own"))).toMatchObject({ uid: 12_345 });
  }
  const long = join(folder, "x".repeat(100));
  await expect(openEgressProxy({ ...options, socketPath: long })).rejects.toMatchObject({ code: "EINVAL" });
  await rm(folder, { recursive: true });
});
