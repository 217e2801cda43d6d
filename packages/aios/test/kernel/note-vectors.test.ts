// Notes found by a model's vectors: asked for in the kernel's way, and never waited for.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { createNoteTools } from "../../src/boot-notes.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Core } from "../../src/kernel/ports.ts";
import { createEmbeddingCore } from "../embedding-core.ts";
import type { EmbeddingCoreOptions, EmbeddingRequest } from "../embedding-core.ts";
import { openRig } from "../rig.ts";
import type { Rig, RigOptions } from "../rig.ts";
import { synonymVector } from "../synonym-model.ts";

// Each opens the index's thread, which takes seconds where many programs share the machine.
vi.setConfig({ testTimeout: 60_000 });

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

type Upstream = ReturnType<typeof createEmbeddingCore>;
type Vectors = NonNullable<EmbeddingCoreOptions["vectors"]>;

interface Setup {
  readonly rig: Rig;
  readonly core: Upstream;
  readonly client: (session: string, tenant?: string) => Client;
  /** Time goes on, a millisecond for each of the machine's, until it has settled. */
  readonly ended: <Value>(work: PromiseLike<Value>) => Promise<Value>;
  /** Seconds go by until the index is so. */
  readonly until: (isSo: (status: Status) => boolean) => Promise<void>;
  /** Every note has its vector. */
  readonly embedded: () => Promise<void>;
  readonly status: () => Promise<Status>;
}

type Status = Awaited<ReturnType<Client["mem"]["verify"]>>["index"];

const synonyms: Vectors = (input) => [...synonymVector(String(input))];

async function setup(
  upstream: Partial<EmbeddingCoreOptions> = {},
  more: Partial<RigOptions> & { dimension?: number } = {},
): Promise<Setup> {
  let core: Upstream | undefined;
  const { dimension, ...options } = more;
  const cores = (clock: EmbeddingCoreOptions["clock"]): Core[] => [
    (core = createEmbeddingCore({ clock, serviceMs: 5, vectors: synonyms, ...upstream })),
  ];
  const notes = opened.use(createNoteTools({ embedder: { model: "vec/e", dimension } }));
  const rig = await openRig({ cores, notes, ...options });
  opened.defer(() => ended(rig.kernel[Symbol.asyncDispose]()));
  const turn = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await rig.clock.run(rig.clock.nowMs() + 1);
  };
  const ended: Setup["ended"] = async (asked) => {
    // A client's call begins when it is awaited.
    const work = Promise.resolve(asked);
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    work.then(settle, settle);
    while (!isSettled) await turn();
    return work;
  };
  const status = async () => (await ended(rig.admin.mem.verify({}))).index;
  const until: Setup["until"] = async (isSo) => {
    while (!isSo(await status())) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await rig.clock.run(rig.clock.nowMs() + 1_000);
    }
  };
  return {
    rig,
    core: core!,
    client: (session, tenant) => rig.client(session, tenant).client,
    ended,
    status,
    until,
    embedded: () => until(({ reindexing, texts }) => reindexing === null && texts > 0),
  };
}

const contents = async ({ ended }: Setup, client: Client, query: string) =>
  (await ended(client.mem.search({ query }))).hits.map(({ note }) => note.content);
const nearest = async ({ ended }: Setup, client: Client, query: string) =>
  (await ended(client.mem.search({ query, by: "vectors" }))).hits.map(({ note }) => note.content);
const search = ({ ended }: Setup, client: Client, query: string) => ended((async () => client.mem.search({ query }))());
const add = ({ ended }: Setup, client: Client, ...notes: string[]) =>
  ended((async () => Promise.all(notes.map(async (content) => client.mem.add({ content }))))());

test("notes get their vectors at their tenant's expense behind everybody, queries at the caller's, and synonyms find", async () => {
  const at = await setup();
  const { rig, core } = at;
  const [mina, other] = [rig.client("mina", "acme"), rig.client("other", "globex")];
  await add(at, mina.client, "an automobile", "luna above");
  await add(at, other.client, "a loaf");
  await at.embedded();
  const payers = core.requests.map(({ args, context }) => `${context.tenant}: ${args.input.length}`);
  expect(payers.reduce((sum, one) => sum + Number(one.split(": ")[1]), 0)).toBe(3);
  expect(new Set(payers.map((one) => one.split(":")[0]))).toEqual(new Set(["acme", "globex"]));
  expect(core.requests.map(({ context }) => context.pid)).not.toContain(mina.pid);
  const asked = core.requests.length;
  expect((await nearest(at, mina.client, "汽车"))[0]).toContain("an automobile");
  expect(core.requests.slice(asked).map(({ args, context }) => [args.input, context.pid])).toEqual([
    [["汽车"], mina.pid],
  ]);
  expect(await nearest(at, mina.client, "面包")).not.toContain("a loaf");
  expect(await at.status()).toMatchObject({ embedder: "vec/e", dimension: 4, reindexing: null });
});

test("the journal keeps who embedded how much, and neither the texts once more nor the vectors", async () => {
  const journal = createMemoryJournal();
  const at = await setup({}, { journal });
  const one = at.rig.client("one");
  await add(at, one.client, "a secret automobile");
  await at.embedded();
  await contents(at, one.client, "car");
  const { clock } = at.rig;
  const startMs = clock.nowMs();
  await at.until(() => clock.nowMs() > startMs + 2_000);
  const pids = [...new Set(at.core.requests.map(({ context }) => context.pid))];
  const { tenant } = at.rig.root;
  const rows = (await Promise.all(pids.map((pid) => journal.calls({ tenant, pid, afterSeq: -1, limit: 100 })))).flat();
  const embeds = rows.filter(({ name }) => name === "llm.embed");
  expect(embeds).toHaveLength(2);
  expect(embeds.every(({ state, result }) => state === "done" && result === null)).toBe(true);
  expect(embeds.some(({ usage }) => usage.inputTokens > 0)).toBe(true);
  expect(JSON.stringify(embeds)).not.toContain("secret");
});

test("while the embedder is down words find, each search says why, and the notes get their vectors when it is back", async () => {
  let isDown = true;
  const script = () => {
    if (isDown) throw new SysError("EIO", "the vector server is on fire");
  };
  const at = await setup({ script });
  const client = at.client("one");
  await add(at, client, "an automobile", "luna above");
  const { hits, why } = await search(at, client, "automobile");
  expect(hits[0]?.note.content).toBe("an automobile");
  expect(why).toMatch(/only words were looked for/);
  await at.until(({ why: trouble }) => trouble?.includes("on fire") === true);
  expect(await at.status()).toMatchObject({ reindexing: { done: 0, of: 2 } });
  await expect(nearest(at, client, "car")).rejects.toThrow("on fire");
  const before = at.core.requests.length;
  const startMs = at.rig.clock.nowMs();
  await at.until(() => at.rig.clock.nowMs() > startMs + 300_000);
  // In pauses of minutes: four attempts each.
  expect(at.core.requests.length - before).toBeLessThan(60);
  isDown = false;
  await at.embedded();
  expect(await at.status()).not.toHaveProperty("why");
  const found = await search(at, client, "汽车");
  expect(found.hits[0]?.note.content).toBe("an automobile");
  expect(found).not.toHaveProperty("why");
});

test("an embedder that hangs keeps a search waiting for seconds once, and the next one not at all", async () => {
  let isHanging = false;
  const script = ({ context }: EmbeddingRequest) =>
    isHanging
      ? new Promise<void>((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)))
      : undefined;
  // One call at a time: what is asked for notes would stand before what is asked for a query.
  const at = await setup({ script, limits: { concurrency: 2 } });
  const client = at.client("one");
  await add(at, client, "an automobile");
  await at.embedded();
  isHanging = true;
  await add(at, client, "luna above");
  const first = search(at, client, "automobile");
  await at.rig.clock.run(at.rig.clock.nowMs() + 6_000);
  const { hits, why } = await first;
  expect(hits[0]?.note.content).toBe("an automobile");
  expect(why).toMatch(/had not ended after 5000 ms/);
  const asked = at.core.requests.length;
  const again = await search(at, client, "automobile");
  expect(again.hits).toHaveLength(hits.length);
  expect(again.why).toMatch(/5000 ms/);
  expect(at.core.requests).toHaveLength(asked);
  expect(await at.status()).toMatchObject({ reindexing: { done: 1, of: 2 } });
  await at.until(({ why: trouble }) => trouble?.includes("300000 ms") === true);
  isHanging = false;
  await at.embedded();
  expect((await contents(at, client, "月亮"))[0]).toBe("luna above");
});

test.each<[string, Vectors]>([
  ["no numbers", () => [1, Number.NaN, 0, 0]],
  ["infinite in 32 bits", () => [1, 1e300, 0, 0]],
  ["vectors of no dimension", () => []],
  ["vectors of several lengths", (input) => Array.from({ length: String(input).length }, () => 1)],
])("an embedder that gives %s is told of, and nothing of it is kept", async (_what, broken) => {
  let isBroken = true;
  const at = await setup({ vectors: (input) => (isBroken ? broken(input) : synonyms(input)) });
  const client = at.client("one");
  await add(at, client, "an automobile", "luna");
  await at.until(({ why }) => why?.startsWith("vec/e gave") === true);
  expect(await at.status()).toMatchObject({ dimension: 0, reindexing: { done: 0, of: 2 } });
  expect((await search(at, client, "luna")).hits[0]?.note.content).toBe("luna");
  isBroken = false;
  await at.embedded();
  expect((await nearest(at, client, "月亮"))[0]).toBe("luna");
});

test("another dimension than before is a fault the first time; the second time all notes are embedded anew", async () => {
  let dimension = 4;
  const at = await setup({ vectors: (input) => [...synonymVector(String(input), dimension)] });
  const client = at.client("one");
  await add(at, client, "an automobile", "luna");
  await at.embedded();
  dimension = 9;
  await add(at, client, "a loaf");
  await at.ended(client.mem.search({ query: "loaf" }));
  expect(await at.status()).toMatchObject({ dimension: 4, reindexing: { done: 2, of: 3 } });
  // Queries have the new length: the vectors of before cannot be compared with them.
  const { hits, why } = await search(at, client, "loaf");
  expect(hits[0]?.note.content).toBe("a loaf");
  expect(why).toContain("9 dimensions in place of 4");
  await at.until(({ dimension: now }) => now === 9);
  await at.embedded();
  expect(await at.status()).toMatchObject({ dimension: 9, reindexing: null });
  expect((await nearest(at, client, "汽车"))[0]).toBe("an automobile");
});

test("a dimension that was asked for is asked of the model, and another one is not taken", async () => {
  let dimension = 4;
  const at = await setup({ vectors: (input) => [...synonymVector(String(input), dimension)] }, { dimension: 9 });
  const client = at.client("one");
  await add(at, client, "an automobile");
  await at.until(({ why }) => why?.includes("in place of 9") === true);
  expect(at.core.requests[0]?.args.dimensions).toBe(9);
  expect(await at.status()).toMatchObject({ reindexing: { done: 0, of: 1 } });
  dimension = 9;
  await at.embedded();
  expect((await nearest(at, client, "car"))[0]).toBe("an automobile");
  expect(at.core.requests.at(-1)?.args.dimensions).toBe(9);
});

test("a text that is too long is embedded by its beginning, and one that the model refuses is found by its words", async () => {
  const script = ({ args }: EmbeddingRequest) => {
    const texts = args.input.map(String);
    if (texts.some((text) => text.length > 300)) throw new SysError("E2BIG", "a text is 301 tokens, its context 300");
    if (texts.some((text) => text.includes("poison"))) throw new SysError("EINVAL", "the input is invalid");
  };
  const at = await setup({ script });
  const client = at.client("one");
  await add(at, client, `an automobile ${"and so on ".repeat(100)}`, "poison", "luna", "a loaf");
  await at.embedded();
  expect((await nearest(at, client, "汽车"))[0]).toContain("an automobile");
  expect((await nearest(at, client, "面包"))[0]).toBe("a loaf");
  expect(await nearest(at, client, "月亮")).not.toContain("poison");
  expect((await contents(at, client, "poison"))[0]).toBe("poison");
});

test("a model that refuses everything is not taken to make no vectors of the notes", async () => {
  let isRefusing = true;
  const script = () => {
    if (isRefusing) throw new SysError("EINVAL", "unknown parameter");
  };
  const at = await setup({ script });
  const client = at.client("one");
  await add(at, client, "an automobile", "luna");
  await at.until(({ why }) => why === "unknown parameter");
  expect(await at.status()).toMatchObject({ reindexing: { done: 0, of: 2 } });
  isRefusing = false;
  await at.embedded();
  expect((await nearest(at, client, "car"))[0]).toBe("an automobile");
});

test("a tenant whose budget is spent waits for its notes' vectors alone", async () => {
  const limit = { resource: "tokens", window: "hour", limit: 1 } as const;
  const at = await setup({}, { settings: { budgets: { poor: [limit] } } });
  const [poor, rich] = [at.client("one", "poor"), at.client("one", "rich")];
  await add(at, poor, "an automobile of a poor tenant", "a loaf of a poor tenant");
  await add(at, rich, "luna above");
  await at.until(({ why }) => why?.includes("tokens") === true);
  expect(await at.status()).toMatchObject({ reindexing: { done: 1, of: 3 } });
  expect((await nearest(at, rich, "月亮"))[0]).toBe("luna above");
  const { hits, why } = await search(at, poor, "automobile");
  expect(hits[0]?.note.content).toContain("automobile");
  expect(why).toContain("tokens");
  const asked = at.core.requests.length;
  const startMs = at.rig.clock.nowMs();
  await at.until(() => at.rig.clock.nowMs() > startMs + 30_000);
  expect(at.core.requests).toHaveLength(asked);
  await at.rig.refresh({}, { budgets: { poor: [{ ...limit, limit: 10_000 }] } });
  await at.embedded();
  expect((await nearest(at, poor, "汽车"))[0]).toContain("automobile");
});

test("who may not ask a model finds by words, and is told so", async () => {
  const at = await setup();
  await at.ended(at.rig.admin.mem.add({ content: "an automobile", namespace: "tenant" }));
  await at.embedded();
  const { key } = await at.ended(
    at.rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" }, capabilities: ["mem.*"] }),
  );
  const client = createClient(at.rig.kernel.transport(at.rig.kernel.authenticate(key as string)));
  const { hits, why } = await search(at, client, "automobile");
  expect(hits).toHaveLength(1);
  expect(why).toContain("has no scope for llm.embed");
});
