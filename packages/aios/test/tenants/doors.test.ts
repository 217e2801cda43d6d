// What one tenant has is not there for another at any address of the server, whatever its headers say.
import { createClient } from "@aiosjs/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../src/server/server.ts";
import type { FileRig } from "../file-rig.ts";
import { openTenantRig } from "./tenant-rig.ts";
import type { TenantRig } from "./tenant-rig.ts";
import { plant } from "./world.ts";
import type { World } from "./world.ts";

let opened: TenantRig;
let rig: FileRig;
let server: Awaited<ReturnType<typeof serve>>;
let their: World;
let link: string;
/** Of a tenant that has nothing to do with them: with everything, and of a process. */
const keys = { full: "", process: "" };

beforeAll(async () => {
  opened = await openTenantRig();
  ({ rig } = opened);
  server = await serve(rig.kernel, { port: 0, graceMs: 0 });
  const { key } = await rig.admin.key.create({ tenant: "zqalpha", scopes: ["*"] });
  their = await plant(rig, { key, mark: "zqalpha", isDebugged: true });
  const owner = createClient(rig.kernel.transport(their.key));
  link = (await owner.fs.shares({})).shares[0]?.link ?? "";
  keys.full = (await rig.admin.key.create({ tenant: "zqbeta", scopes: ["*"] })).key;
  const other = createClient(rig.kernel.transport(rig.kernel.authenticate(keys.full)));
  keys.process = (await other.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } })).key as string;
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await opened[Symbol.asyncDispose]();
});

interface Asking {
  readonly key?: string | undefined;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

async function ask(path: string, { key = keys.full, method = "GET", headers = {}, body }: Asking = {}) {
  const response = await fetch(server.url + path, {
    method: body === undefined ? method : "POST",
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text(), pid: response.headers.get("x-aios-pid") };
}

/** One that differs in its last letter. */
const never = (id: string): string => id.slice(0, -1) + (id.endsWith("a") ? "b" : "a");
const nameless = ({ status, text }: { status: number; text: string }, id: string): string =>
  `${status} ${text.replaceAll(id, "ID")}`.replaceAll(/"(call|pid)":"[^"]*"/g, '"$1":"…"');

/** The same of what is there and of what never was, and not a word of theirs. */
async function isNowhere(id: string, asking: (id: string) => ReturnType<typeof ask>): Promise<void> {
  const [there, nowhere] = [await asking(id), await asking(never(id))];
  expect(there.status).toBeGreaterThanOrEqual(400);
  expect(there.text).not.toContain(their.secret);
  expect(nameless(there, id)).toBe(nameless(nowhere, never(id)));
}

test.each(["full", "process"] as const)("calls, by their ids, with a %s key", async (which) => {
  const key = keys[which];
  for (const call of their.things.call) {
    await isNowhere(call, async (id) => ask(`/v1/calls/${id}`, { key }));
    await isNowhere(call, async (id) => ask(`/v1/calls/${id}`, { key, headers: { accept: "text/event-stream" } }));
    await isNowhere(call, async (id) => ask(`/v1/syscalls/call.show`, { key, body: { call: id } }));
    for (const [method, tail] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/cancel"],
      ["GET", "/input_items"],
    ] as const)
      await isNowhere(call, async (id) => ask(`/v1/responses/resp_${id}${tail}`, { key, method }));
  }
});

test("processes, by a header that names them", async () => {
  for (const pid of their.things.pid) {
    const headers = (id: string) => ({ "x-aios-pid": id });
    await isNowhere(pid, async (id) => ask("/v1/syscalls/sys.status", { headers: headers(id), body: {} }));
    await isNowhere(pid, async (id) => ask("/v1/syscalls/proc.show", { body: { pid: id } }));
    const chat = { model: "m", messages: [{ role: "user", content: "x" }] };
    await isNowhere(pid, async (id) => ask("/v1/chat/completions", { headers: headers(id), body: chat }));
    await isNowhere(pid, async (id) =>
      ask("/v1/messages", {
        headers: { ...headers(id), "anthropic-version": "2023-06-01" },
        body: { ...chat, max_tokens: 9 },
      }),
    );
    // A process is itself, whatever it says.
    const { status, text } = await ask("/v1/syscalls/value.list", {
      key: keys.process,
      headers: headers(pid),
      body: { scope: `${their.mark}-team` },
    });
    expect([status, (JSON.parse(text) as { result: unknown }).result]).toEqual([200, { values: [], next: null }]);
  }
});

test("sessions: the same name is another process for another key", async () => {
  const headers = { "x-session-id": `${their.mark}-session` };
  const { pid, status } = await ask("/v1/syscalls/value.list", { headers, body: {} });
  expect(status).toBe(200);
  expect(their.things.pid).not.toContain(pid);
});

/** Events up to a moment after the stream was opened. */
async function eventsOf(query: string, key: string): Promise<string> {
  const left = new AbortController();
  const response = await fetch(`${server.url}/v1/events?${query}`, {
    headers: { authorization: `Bearer ${key}` },
    signal: left.signal,
  });
  expect(response.status).toBe(200);
  let text = "";
  try {
    for await (const part of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("zqend")) left.abort();
    }
  } catch (cause) {
    if (!left.signal.aborted) throw cause;
  }
  return text;
}

test("events, whatever is asked for", async () => {
  const [pid = ""] = their.things.pid;
  for (const key of Object.values(keys)) {
    const said = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
    for (const query of ["after=0", "after=0&topic=topic.published", "after=0&topic=process.spawned,topic.published"]) {
      const reading = eventsOf(query, key);
      await said.topic.publish({ topic: "x.zqend", body: null });
      await rig.events();
      const text = await reading;
      expect(text).toContain("zqend");
      for (const secret of [their.secret, their.mark, ...their.things.pid, ...their.things.call])
        expect(text, `${query} tells ${secret}`).not.toContain(secret);
    }
  }
  const owner = eventsOf(`after=0&pid=${pid}`, keys.full);
  const first = await Promise.race([owner, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]);
  expect(first).toBe("nothing");
});

test("figures of the whole kernel, which the home's own keys read", async () => {
  for (const key of Object.values(keys)) expect((await ask("/metrics", { key })).status).toBe(403);
  const scraper = (await rig.admin.key.create({ scopes: ["sys.status"] })).key;
  expect((await ask("/metrics", { key: scraper })).text).toContain("aios_processes");
  const { key } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  expect((await ask("/metrics", { key: key as string })).status).toBe(403);
});

test("links, by anything but the link itself", async () => {
  const [id = "", signature = ""] = link.slice("/s/".length).split(".");
  const nothing = await ask("/s/s000000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", { key: "" });
  expect(nothing.status).toBe(404);
  for (const path of [
    id,
    `${id}.`,
    `${id}.${signature.slice(1)}`,
    `${id}.${signature.toLowerCase()}x`,
    `${id}.${never(never(signature))}x`,
  ])
    expect(nameless(await ask(`/s/${path}`), id), path).toBe(nameless(nothing, id));
  expect((await ask(link, { key: "" })).text).toContain(their.secret);
});
