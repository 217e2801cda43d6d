import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { noteSchema } from "@aiosjs/sdk/protocol";
import type { Note } from "@aiosjs/sdk/protocol";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openAios } from "./aios.ts";

// Each starts Node processes, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const page = readFileSync(new URL("../../../../docs/how-to/memory-services.md", import.meta.url), "utf8");

const programs = [
  ["mem0.mjs", "user_id=alice"],
  ["zep.mjs", "graph-1"],
] as const;

let simulation: Awaited<ReturnType<typeof openSimulation>>;
let folder: string;
beforeAll(async () => {
  simulation = await openSimulation();
  folder = await mkdtemp(join(tmpdir(), "aios-services-"));
  for (const name of ["mem0.mjs", "zep.mjs"]) {
    const printed = new RegExp(`\`\`\`js\\n(// ${name}\\n[^]*?)\`\`\``).exec(page)?.[1] ?? "";
    await writeFile(join(folder, name), printed.replace(/https:\/\/api\.(mem0\.ai|getzep\.com)/, simulation.url));
  }
});
afterAll(async () => {
  await simulation[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  simulation.has = { memories: [], edges: [], failing: undefined };
});

const memory = (id: string, said: string, more: object = {}): Memory => ({
  id,
  memory: said,
  user_id: "alice",
  metadata: {},
  created_at: "2026-01-15T10:30:00Z",
  updated_at: "2026-01-16T10:30:00Z",
  ...more,
});
const edge = (uuid: string, fact: string, more: object = {}): Edge => ({
  uuid,
  fact,
  created_at: "2026-03-01T08:00:00Z",
  ...more,
});

/** What a program of the page prints, and how it ends. */
async function runs(name: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, MEM0_API_KEY: "mem0-key", ZEP_API_KEY: "zep-key" };
  const child = spawn(process.execPath, [join(folder, name), ...args], { env });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number, out, err };
}
const notesOf = (out: string): Note[] =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => noteSchema.parse(JSON.parse(line)));

test("memories of mem0's platform become notes, over all pages, each once, without those that were replaced", async () => {
  simulation.has.memories = [
    ...Array.from({ length: 399 }, (_, number) => memory(`m${number}`, `Alice owns book ${number}`)),
    memory("old", "Alice lives in New York", { replaced_by: "new" }),
    memory("m398", "Alice owns book 398"),
    memory("new", "Alice lives in San Francisco", { categories: ["location"] }),
    memory("bob", "Bob lives in Oslo", { user_id: "bob" }),
  ];
  const { code, out, err } = await runs("mem0.mjs", "user_id=alice");
  expect({ code, err }).toEqual({ code: 0, err: "400 notes of 402 memories\n" });
  const notes = notesOf(out);
  expect(new Set(notes.map(({ id }) => id)).size).toBe(400);
  expect(notes.at(-1)).toMatchObject({
    content: "Alice lives in San Francisco",
    tags: ["mem0", "location"],
    context: "Noted by mem0 on 2026-01-15.",
    labels: { trust: "untrusted" },
    source: { uri: "mem0:new" },
  });
});

test("memories of a mem0 server of one's own become notes, and it says when there may be more", async () => {
  simulation.has.memories = [memory("m1", "Alice drinks tea"), memory("m2", "Alice has a cat", { created_at: null })];
  const { code, out, err } = await runs("mem0.mjs", "user_id=alice", simulation.url);
  expect({ code, err }).toEqual({ code: 0, err: "2 notes of 2 memories\n" });
  expect(notesOf(out).map(({ content, context }) => `${content}: ${context}`)).toEqual([
    "Alice drinks tea: Noted by mem0 on 2026-01-15.",
    "Alice has a cat: Noted by mem0.",
  ]);
  simulation.has.memories = Array.from({ length: 1_001 }, (_, number) => memory(`m${number}`, `book ${number}`));
  const full = await runs("mem0.mjs", "user_id=alice", simulation.url);
  expect(full.err).toBe("mem0 lists 1000 memories at most: there may be more\n1000 notes of 1000 memories\n");
});

test("facts of Zep that are so become notes, over all pages, one for each fact", async () => {
  const names = { name: "WORKS_AT", source_node_name: "Rosa", target_node_name: "Contoso" };
  simulation.has.edges = [
    ...Array.from({ length: 150 }, (_, number) => edge(`e${number}`, `Alice owns book ${number}`)),
    edge("ended", "Rosa works for Fabrikam", { invalid_at: "2026-02-01T00:00:00Z" }),
    edge("expired", "Rosa lives in Rome", { expired_at: "2026-02-01T00:00:00Z" }),
    edge("planned", "Rosa rents a flat", { invalid_at: "2999-01-01T00:00:00Z" }),
    edge("pair", "Rosa, Mina and Anna share a boat"),
    edge("other-pair", "Rosa, Mina and Anna share a boat"),
    edge("works", "Rosa works for Contoso", { ...names, valid_at: "2026-02-01T00:00:00Z" }),
  ];
  const { code, out, err } = await runs("zep.mjs", "graph-1");
  expect({ code, err }).toEqual({ code: 0, err: "153 notes of 156 edges\n" });
  const notes = notesOf(out);
  expect(notes.slice(150).map(({ content }) => content)).toEqual([
    "Rosa rents a flat",
    "Rosa, Mina and Anna share a boat",
    "Rosa works for Contoso",
  ]);
  expect(notes.at(-1)).toMatchObject({
    keywords: ["Rosa", "Contoso"],
    tags: ["zep", "WORKS_AT"],
    context: "So since 2026-02-01, as Zep has it.",
    labels: { trust: "untrusted" },
    source: { uri: "zep:works" },
  });
});

test("a page that fails leaves nothing printed, and is named", async () => {
  simulation.has.memories = Array.from({ length: 300 }, (_, number) => memory(`m${number}`, `book ${number}`));
  simulation.has.edges = Array.from({ length: 150 }, (_, number) => edge(`e${number}`, `book ${number}`));
  simulation.has.failing = 2;
  for (const [name, of] of programs) {
    const { code, out, err } = await runs(name, of);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/\?page.*: 429 slow down/);
  }
});

test("told nobody whose memories to bring, they say how they are called", async () => {
  expect((await runs("mem0.mjs", "alice")).err).toContain("usage: MEM0_API_KEY=…");
  expect((await runs("zep.mjs")).err).toContain("usage: ZEP_API_KEY=…");
});

test("what they print is imported, found, and forgotten by its tag", async () => {
  simulation.has.memories = [memory("m1", "Alice works for Contoso"), memory("m2", "Alice drinks green tea")];
  simulation.has.edges = [edge("e1", "Contoso has its seat in Utrecht")];
  await using aios = await openAios();
  expect((await aios.run(["up", "-d", "--port", "0", "--core", "sim"])).code).toBe(0);
  const into = ["--namespace", "agent:clerk"];
  for (const [name, of] of programs) {
    const { out } = await runs(name, of);
    expect(await aios.run(["mem", "import", "-", ...into], { input: out })).toMatchObject({ code: 0 });
  }
  const found = async (query: string): Promise<Note[]> =>
    (await aios.data<{ note: Note }[]>(["mem", "search", query])).map(({ note }) => note);
  expect((await found("where does Alice work"))[0]).toMatchObject({
    content: "Alice works for Contoso",
    namespace: "agent:clerk",
    labels: { trust: "untrusted" },
    source: { uri: "mem0:m1" },
  });
  expect((await found("the seat of Contoso"))[0]?.content).toBe("Contoso has its seat in Utrecht");
  expect((await aios.run(["mem", "forget", "--tag", "mem0", ...into, "--yes"])).code).toBe(0);
  expect((await found("Alice Contoso")).map(({ content }) => content)).toEqual(["Contoso has its seat in Utrecht"]);
});

type Memory = Readonly<Record<string, unknown>> & { readonly id: string; readonly user_id: unknown };
type Edge = Readonly<Record<string, unknown>> & { readonly uuid: string };

interface Held {
  memories: readonly Memory[];
  edges: readonly Edge[];
  /** This page is refused. */
  failing: number | undefined;
}

/**
 * Answers as mem0 (platform API v3, self-hosted server) and Zep (API v4) document the lists that the programs ask for, on a free
 * port of 127.0.0.1. A simulation: it was not compared with the services.
 */
async function openSimulation(): Promise<{ readonly url: string; has: Held } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void (async () => {
      const [status, said] = await answer(request, simulated);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof said === "string" ? said : JSON.stringify(said));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const simulated = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    has: { memories: [], edges: [], failing: undefined } as Held,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return simulated;
}

async function answer(request: IncomingMessage, { url: own, has }: { url: string; has: Held }): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? "", own);
  const { authorization, "x-api-key": key } = request.headers;
  const asked = JSON.parse((await text(request)) || "{}") as { filters?: Record<string, string> };
  const route = `${request.method} ${pathname}`;
  const { memories, edges, failing } = has;
  if (route === "POST /v3/memories/") {
    if (authorization !== "Token mem0-key") return [401, { detail: "Invalid API key" }];
    const { user_id: user } = asked.filters ?? {};
    if (user === undefined) return [400, { error: "filters want an entity" }];
    const [at, size] = [Number(searchParams.get("page") ?? 1), Number(searchParams.get("page_size") ?? 100)];
    if (size > 200) return [400, { error: "page_size is at most 200" }];
    if (at === failing) return [429, "slow down"];
    const all = memories.filter(({ user_id: of }) => of === user);
    const next = at * size < all.length ? `${own}${pathname}?page=${at + 1}&page_size=${size}` : null;
    return [200, { count: all.length, next, previous: null, results: all.slice((at - 1) * size, at * size) }];
  }
  if (route === "GET /memories") {
    if (key !== "mem0-key") return [401, { detail: "Invalid API key" }];
    const most = Number(searchParams.get("top_k") ?? 20);
    if (most > 1_000) return [422, { detail: "top_k is at most 1000" }];
    const all = memories.filter(({ user_id: of }) => of === searchParams.get("user_id"));
    return [200, { results: all.slice(0, most) }];
  }
  if (route === "POST /api/v4/graphs/graph-1/edges/list") {
    if (authorization !== "Api-Key zep-key") return [401, { message: "unauthorized" }];
    const [from, size] = [Number(searchParams.get("cursor") ?? 0), Number(searchParams.get("page_size") ?? 50)];
    if (size > 100) return [400, { message: "page_size is at most 100" }];
    if (failing !== undefined && from === (failing - 1) * size) return [429, "slow down"];
    const isLast = from + size >= edges.length;
    return [200, { items: edges.slice(from, from + size), ...(isLast ? {} : { next_cursor: `${from + size}` }) }];
  }
  return [404, { message: `not simulated: ${route}` }];
}

type Answer = readonly [status: number, said: object | string];
