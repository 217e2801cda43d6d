// The tool `web_fetch` of a process behind the gate, with pages on loopback.
import type { RequestListener } from "node:http";
import { createClient } from "@aiosjs/sdk";
import { accessPolicySchema, asPid, asTenantId, isSysError, manifestSchema } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { openHomeSecrets } from "../../src/boot-secrets.ts";
import { openWeb } from "../../src/boot-web.ts";
import { storeSecret } from "../../src/config/secret-store.ts";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createBuiltinToolbox } from "../../src/drivers/tool/builtin/toolbox.ts";
import { openEgressWorld } from "../egress-world.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { temporaryHome } from "../temporary-home.ts";

const html = `<!doctype html><title>Prices</title><style>p{}</style><h1>Prices</h1><p>A chair is 40 EUR.</p>
<script>steal()</script><p>See <a href="/more">more</a>.`;
const pages: RequestListener = ({ url, headers }, response) => {
  const send = (type: string, body: string | Buffer, more = {}) =>
    void response.writeHead(200, { "content-type": type, ...more }).end(body);
  if (url === "/prices") send("text/html; charset=utf-8", html);
  else if (url === "/gbk") send("text/html; charset=gbk", Buffer.from([0xbc, 0xdb, 0xb8, 0xf1]));
  else if (url === "/long") send("text/plain", `${"word ".repeat(14_000)}end`);
  else if (url === "/endless") send("text/plain", "x".repeat(20_000));
  else if (url === "/picture") send("image/png", Buffer.from("89504e470d0a1a0a0000", "hex"));
  else if (url === "/echo") send("text/plain", `you said ${headers.authorization}`);
  else if (url?.startsWith("/go?")) response.writeHead(302, { location: decodeURIComponent(url.slice(4)) }).end();
  else send("application/json", JSON.stringify({ url }));
};

/** One process whose person has said this, and whom the policy lets reach that. */
async function openProcess({ said = "Look it up.", egress = [] as string[], secrets = [] as string[] } = {}) {
  const opened = new AsyncDisposableStack();
  const home = opened.use(temporaryHome());
  const world = opened.use(await openEgressWorld(pages));
  const { resolve, openAddresses } = world.options;
  const web = opened.use(openWeb({ home: home.dir, resolve, openAddresses, maxBytes: 100_000 }));
  const toolbox = opened.use(createBuiltinToolbox({ clock: realClock, more: [web.tool] }));
  const at = (text: string): string => text.replaceAll("PORT", String(world.port));
  const watch = openHomeSecrets({ home: home.dir, env: () => ({}) });
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    drivers: () => [toolbox],
    secrets: watch.watch,
    settings: {
      accessPolicy: accessPolicySchema.parse({
        version: 1,
        defaults: { effect: "declared" },
        agents: { reader: { egress: egress.map(at), secrets } },
      }),
    },
    programs: {
      find: (name) => Promise.resolve(manifestSchema.parse({ name, instructions: "x" })),
      run: () => new Promise(() => undefined),
    },
  });
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "agent", agent: "reader", task: at(said) } });
  const client = createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
  const call = (url: string, more: object = {}): Promise<string> =>
    Promise.resolve(client.tool.call({ name: "web_fetch", arguments: { url: at(url), ...more } })).then(
      ({ content }) => String(content),
      (cause: unknown) => (isSysError(cause) ? `${cause.code} ${cause.message}` : String(cause)),
    );
  return {
    rig,
    pid,
    world,
    home: home.dir,
    at,
    call,
    /** What is asked about it first is answered so. */
    async asked(url: string, isApproved: boolean, more: object = {}): Promise<string> {
      const done = call(url, more);
      for (;;) {
        const { approvals } = await rig.admin.approval.list({});
        if (approvals[0]) {
          await rig.admin.approval.answer({ id: approvals[0].id, isApproved });
          return `asked: ${await done}`;
        }
        const early = await Promise.race([
          done,
          new Promise<undefined>((over) => void setTimeout(() => over(undefined), 5)),
        ]);
        if (early !== undefined) return early;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

test("reads a page that a person named, as text, and taints its process by it", async () => {
  await using reader = await openProcess({ said: "What is a chair on http://api.test:PORT/prices?" });
  const { rig, pid, at } = reader;
  expect((await rig.admin.proc.show({ pid })).seen).toMatchObject({ trust: "user" });
  expect(await reader.call("http://api.test:PORT/prices")).toBe(
    `[${at("http://api.test:PORT/prices")} answered 200, text/html]\nPrices\n\nPrices\n\nA chair is 40 EUR.\n\nSee more.`,
  );
  expect((await rig.admin.proc.show({ pid })).seen).toMatchObject({ trust: "untrusted" });
  expect(await reader.call("http://api.test:PORT/prices", { as: "source" })).toContain('<a href="/more">more</a>');
  const news = (await rig.events()).filter(({ topic }) => topic.startsWith("egress."));
  expect(news.map(({ topic, pid: of, body }) => [topic, of, "call" in (body as object)]).slice(0, 2)).toEqual([
    ["egress.permitted", pid, true],
    ["egress.closed", pid, true],
  ]);
});

test("has a person asked about an address that nobody named, once anything untrusted was read", async () => {
  await using reader = await openProcess({ said: "Read http://api.test:PORT/prices for me." });
  await reader.call("http://api.test:PORT/prices");
  expect(await reader.call("HTTP://API.test:PORT/prices")).toContain("A chair");
  reader.world.seen.length = 1;
  for (const url of [
    "http://api.test:PORT/prices?leak=4417",
    "http://api.test:PORT/prices#4417",
    "http://api.test:PORT/pRiCes",
    "http://other.test:PORT/prices",
  ])
    expect(await reader.asked(url, false), url).toMatch(/^asked: EPOLICY/);
  expect(reader.world.seen).toHaveLength(1);
  expect(await reader.asked("http://other.test:PORT/x", true)).toMatch(/^asked: .*\n\n\{"url":"\/x"\}$/);
});

test("reaches the hosts of its agent without asking", async () => {
  await using reader = await openProcess({ egress: ["api.test:PORT"] });
  await reader.call("http://api.test:PORT/prices");
  expect(await reader.asked("http://api.test:PORT/any", false)).toContain('{"url":"/any"}');
  expect(await reader.asked("http://other.test:PORT/any", false)).toMatch(/^asked: EPOLICY/);
});

test("never reaches the machine or its networks, whoever has named them", async () => {
  const inside = ["http://metadata.test:PORT/", "http://mixed.test:PORT/", "http://169.254.169.254/latest"];
  const loopback = ["http://127.0.0.1:1/", "http://[::1]:1/", "http://2130706433:1/"];
  await using reader = await openProcess({ said: `Read ${[...inside, ...loopback].join(" and ")} now.` });
  for (const url of [...inside, ...loopback])
    expect(await reader.asked(url, true), url).toMatch(/^(asked: )?EPOLICY .*not of the public internet/);
  for (const url of ["file:///etc/passwd", "ftp://api.test/"])
    expect(await reader.asked(url, true), url).toMatch(/^asked: EINVAL /);
  expect(reader.world.seen).toEqual([]);
});

test("is told of another place that a page leads to, and does not go there", async () => {
  await using reader = await openProcess({ egress: ["api.test:PORT"] });
  const { at, world } = reader;
  for (const to of ["http://other.test:PORT/?stolen=4417", "http://metadata.test:PORT/", "http://127.0.0.1:1/"])
    expect(await reader.call(`http://api.test:PORT/go?${encodeURIComponent(at(to))}`)).toContain(
      `leads to ${at(to)}, which is another place`,
    );
  expect(world.seen.map(({ request }) => request.headers.host)).toEqual(Array(3).fill(at("api.test:PORT")));
  expect(await reader.call("http://api.test:PORT/go?%2Fprices")).toContain("A chair is 40 EUR.");
});

test("fills in a secret for its host, and tells nobody what it is", async () => {
  await using reader = await openProcess({ egress: ["api.test:PORT"], secrets: ["shop"] });
  const { at, home, rig } = reader;
  const value = "sk-4417-0815-very-secret";
  await storeSecret(home, {
    name: "shop",
    tenant: asTenantId("local"),
    value,
    hosts: [at("http://api.test:PORT")],
    setAt: "2026-11-22T00:00:00.000Z",
  });
  const headers = { authorization: "Bearer secret://shop" };
  expect(await reader.call("http://api.test:PORT/echo", { headers })).toMatch(/you said Bearer secret:\/\/shop$/);
  expect(reader.world.seen[0]?.request.headers.authorization).toBe(`Bearer ${value}`);
  expect(JSON.stringify(await rig.events())).not.toContain(value);
  expect(await reader.call("http://api.test:PORT/echo", { headers: { "x-a": "secret://bank" } })).toMatch(/^EPOLICY/);
  expect(await reader.call("http://api.test:PORT/echo", { headers: { Host: "other.test" } })).toMatch(/^EINVAL/);
});

test("sends no headers to a host that is only named: who named it did not say what is told there", async () => {
  await using reader = await openProcess({ said: "Read http://api.test:PORT/prices for me." });
  expect(await reader.call("http://api.test:PORT/prices", { headers: { "x-data": "4417" } })).toMatch(
    /^EPOLICY headers are sent to hosts of this agent's egress alone/,
  );
  expect(reader.world.seen).toEqual([]);
});

test("says what is missing of a page that is long, and what is no text", async () => {
  await using reader = await openProcess({ egress: ["api.test:PORT"] });
  const long = await reader.call("http://api.test:PORT/long");
  expect(long).toMatch(/\[10003 more characters; go on with offset 60000\]$/);
  expect(await reader.call("http://api.test:PORT/long", { offset: 60_000 })).toMatch(/word end$/);
  expect(await reader.call("http://api.test:PORT/picture")).toMatch(/\[not all of it could be read: /);
  expect(await reader.call("http://api.test:PORT/gbk")).toContain("价格");
});
