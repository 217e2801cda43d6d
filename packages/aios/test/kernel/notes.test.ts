// Notes that processes keep: found, linked, changed, forgotten, and nobody else's.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { afterEach, expect, test } from "vitest";
import { openSearchIndex } from "../../src/drivers/search/search-index.ts";
import type { NoteTools } from "../../src/kernel/memory.ts";
import type { SearchIndex } from "../../src/kernel/ports.ts";
import { extractDescription } from "../../src/memory/extract.ts";
import { presentNotes } from "../../src/memory/present.ts";
import { fillable } from "../fillable-journal.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openRig } from "../rig.ts";
import type { Rig, RigOptions } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const opened: SearchIndex[] = [];
afterEach(async () => {
  for (const index of opened.splice(0)) await index[Symbol.asyncDispose]();
});

const tools = (): NoteTools => ({
  extract: extractDescription,
  present: presentNotes,
  openIndex: async () => {
    const index = await openSearchIndex();
    opened.push(index);
    return index;
  },
});

const open = (options: Partial<RigOptions> = {}): Promise<Rig> =>
  openRig({ cores: (clock) => [createScriptedCore({ clock })], notes: tools(), ...options });

type Program = Parameters<Client["proc"]["spawn"]>[0]["program"];
const command: Program = { kind: "command", command: ["x"], cwd: "/" };

async function process(
  rig: Rig,
  parent: Client = rig.admin,
  program = command,
): Promise<{ pid: string; client: Client }> {
  const { pid, key } = await parent.proc.spawn({ program });
  return { pid, client: createClient(rig.kernel.transport(rig.kernel.authenticate(key as string))) };
}

const contents = async (client: Client, query: string, more: object = {}): Promise<string[]> =>
  (await client.mem.search({ query, ...more })).hits.map(({ note }) => note.content);

test("a note is found by its words, in English and in Chinese, as soon as it is kept, with who found it and why", async () => {
  const rig = await open();
  const { pid, client } = await process(rig);
  const { id } = await client.mem.add({ content: "Ada moved the GPU rack to Rotterdam." });
  await client.mem.add({ content: "张伟上周把合同寄到了北京办公室。" });
  await client.mem.add({ content: "Lunch was soup." });
  const { hits } = await client.mem.search({ query: "where is the gpu rack" });
  expect(hits[0]).toMatchObject({
    note: { id, namespace: `process:${pid}`, version: 1, labels: { trust: "workspace" }, source: { pid } },
    why: { words: { rank: 1 } },
  });
  expect(hits[0]?.note.keywords.length).toBeGreaterThan(0);
  expect((await contents(client, "合同在哪里"))[0]).toContain("合同");
  await rig.clock.run(rig.clock.nowMs() + 100);
  expect(await client.mem.get({ id })).toMatchObject({
    content: "Ada moved the GPU rack to Rotterdam.",
    retrievalCount: 1,
  });
});

test("a change makes a version; the index finds the new text and not the old one, and history tells both", async () => {
  const { client } = await process(await open());
  const { id } = await client.mem.add({ content: "The meeting is on Monday", tags: ["plan"] });
  expect(await client.mem.update({ id, content: "The meeting is on Thursday" })).toEqual({ version: 2 });
  expect(await refusal(client.mem.update({ id, importance: 1, ifVersion: 1 }))).toMatch(/^ESTALE/);
  expect(await contents(client, "Thursday", { by: "words" })).toEqual(["The meeting is on Thursday"]);
  expect(await contents(client, "Monday", { by: "words" })).toEqual([]);
  const { versions } = await client.mem.history({ id });
  expect(versions.map(({ version, content }) => `${version} ${content}`)).toEqual([
    "2 The meeting is on Thursday",
    "1 The meeting is on Monday",
  ]);
  expect(await client.mem.remove({ id })).toEqual({ removed: true });
  expect(await client.mem.remove({ id })).toEqual({ removed: false });
  expect(await contents(client, "Thursday")).toEqual([]);
  expect(await refusal(client.mem.get({ id }))).toMatch(/^ENOENT/);
});

test("changes of one note at the same time are made one after the other, and none is lost", async () => {
  const { client } = await process(await open());
  const { id } = await client.mem.add({ content: "hub" });
  const others = await Promise.all(
    Array.from({ length: 8 }, (_, index) => client.mem.add({ content: `spoke ${index}` })),
  );
  await Promise.all(others.map(({ id: to }) => client.mem.link({ from: id, to, strength: 0.9, why: "wheel" })));
  const hub = await client.mem.get({ id });
  expect(hub.version).toBe(9);
  expect(hub.links.map(({ to }) => to).toSorted()).toEqual(others.map(({ id: to }) => to).toSorted());
});

test("what the words of a question do not lead to is found through a link, both ways, and told so", async () => {
  const { client } = await process(await open());
  const one = await client.mem.add({ content: "Mina's sister is called Rosa." });
  const other = await client.mem.add({ content: "Rosa works for Contoso." });
  await client.mem.add({ content: "The weather was fine." });
  await client.mem.link({ from: one.id, to: other.id, strength: 1, why: "Rosa" });
  const { hits } = await client.mem.search({ query: "Mina", by: "words", limit: 1 });
  expect(hits.map(({ note, why }) => [note.id, why.link])).toEqual([
    [one.id, undefined],
    [other.id, { from: one.id, strength: 1 }],
  ]);
  const { notes, links } = await client.mem.graph({ id: other.id });
  expect(notes.map(({ id }) => id)).toEqual([other.id, one.id]);
  expect(links).toHaveLength(1);
  expect(await client.mem.unlink({ from: other.id, to: one.id })).toEqual({ unlinked: true });
  expect((await client.mem.graph({ id: one.id })).notes).toHaveLength(1);
});

test("no note of another process, agent or tenant is reached by any syscall, nor told from one that is not there", async () => {
  const rig = await open();
  const mine = await process(rig);
  const theirs = await process(rig);
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const foreign = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  const { id } = await mine.client.mem.add({ content: "the secret code is 4711" });
  const own = await theirs.client.mem.add({ content: "nothing here" });
  for (const other of [theirs.client, foreign]) {
    const tries = (what: string): Promise<string>[] => [
      refusal(other.mem.get({ id: what })),
      refusal(other.mem.update({ id: what, importance: 1 })),
      refusal(other.mem.link({ from: what, to: own.id })),
      refusal(other.mem.link({ from: own.id, to: what })),
      refusal(other.mem.unlink({ from: what, to: own.id })),
      refusal(other.mem.graph({ id: what })),
      refusal(other.mem.history({ id: what })),
    ];
    const [hidden, absent] = [await Promise.all(tries(id)), await Promise.all(tries("nabsent0000000"))];
    expect(hidden.map((one) => one.replaceAll(id, "?"))).toEqual(
      absent.map((one) => one.replaceAll("nabsent0000000", "?")),
    );
    expect(hidden.every((one) => one.startsWith("ENOENT"))).toBe(true);
    expect(await contents(other, "secret code 4711")).not.toContain("the secret code is 4711");
    expect(await other.mem.remove({ id })).toEqual({ removed: false });
    expect(await other.mem.forget({ ids: [id] })).toEqual({ forgotten: 0, more: false });
    expect((await other.mem.export({})).notes.map(({ content }) => content)).not.toContain("the secret code is 4711");
  }
  for (const namespace of [`process:${mine.pid}`, "process:nobody", "agent:planner"]) {
    const other = theirs.client.mem;
    for (const told of [
      await refusal(other.add({ namespace, content: "x" })),
      await refusal(other.search({ query: "secret", namespaces: [namespace] })),
      await refusal(other.export({ namespaces: [namespace] })),
      await refusal(other.forget({ namespaces: [namespace] })),
    ])
      expect(told).toBe(`ENOENT there is no namespace ${namespace}`);
  }
  expect(await mine.client.mem.get({ id })).toMatchObject({ version: 1 });
});

test("what a tenant shares is reached by its processes, and what is said in it is no more trusted than who said it", async () => {
  const rig = await open();
  const [one, other] = [await process(rig), await process(rig)];
  await one.client.mem.add({ namespace: "tenant", content: "the office closes at six" });
  const said = await rig.admin.mem.add({ content: "visitors ring the bell" });
  expect((await contents(other.client, "office closes six"))[0]).toBe("the office closes at six");
  expect((await other.client.mem.get({ id: said.id })).labels.trust).toBe("user");
  const labels = { trust: "user" as const };
  expect(await refusal(other.client.mem.add({ content: "obey me", labels }))).toMatch(/^EACCES/);
  await other.client.mem.update({ id: said.id, content: "visitors may come in" });
  expect((await rig.admin.mem.get({ id: said.id })).labels.trust).toBe("workspace");
});

test("a link stays within a namespace, and what the index lacks of all tenants is the home's to know", async () => {
  const rig = await open();
  const { client } = await process(rig);
  const own = await client.mem.add({ content: "private" });
  const shared = await client.mem.add({ namespace: "tenant", content: "for all" });
  expect(await refusal(client.mem.link({ from: own.id, to: shared.id }))).toMatch(/^EINVAL .* within one/);
  expect((await client.mem.get({ id: shared.id })).version).toBe(1);
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const foreign = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  expect(await refusal(foreign.mem.verify({}))).toMatch(/^EACCES/);
});

test("a note that is linked while it is being forgotten leaves no link behind", async () => {
  const { client } = await process(await open());
  const { id: kept } = await client.mem.add({ content: "this one stays" });
  const { id } = await client.mem.add({ content: "this one goes" });
  await Promise.all([client.mem.link({ from: kept, to: id }), client.mem.forget({ ids: [id] })]);
  expect((await client.mem.get({ id: kept })).links).toEqual([]);
  expect(await refusal(client.mem.get({ id }))).toMatch(/^ENOENT/);
});

test("what is forgotten is gone from search, history and the links of others; a forget without a choice is refused", async () => {
  const { client } = await process(await open());
  const keep = await client.mem.add({ content: "keep this", uri: "https://a.example" });
  const gone = await client.mem.add({ content: "a stranger's phone number", uri: "https://b.example" });
  await client.mem.link({ from: keep.id, to: gone.id });
  expect(await refusal(client.mem.forget({}))).toMatch(/^EINVAL/);
  expect(await client.mem.forget({ uri: "https://b.example" })).toEqual({ forgotten: 1, more: false });
  expect(await refusal(client.mem.history({ id: gone.id }))).toMatch(/^ENOENT/);
  expect((await client.mem.get({ id: keep.id })).links).toEqual([]);
  // What was removed is forgotten, too.
  await client.mem.remove({ id: keep.id });
  expect((await client.mem.history({ id: keep.id })).versions[0]).toMatchObject({ isRemoved: true });
  expect(await client.mem.forget({ ids: [keep.id, "nabsent"] })).toEqual({ forgotten: 1, more: false });
  expect(await refusal(client.mem.history({ id: keep.id }))).toMatch(/^ENOENT/);
  expect(await contents(client, "phone number")).not.toContain("a stranger's phone number");
});

test("exported notes are kept elsewhere as new ones with their links, untrusted where a process brings them", async () => {
  const rig = await open();
  const [one, other] = [await process(rig), await process(rig)];
  const a = await one.client.mem.add({ content: "alpha", importance: 0.9 });
  const b = await one.client.mem.add({ content: "beta" });
  await one.client.mem.link({ from: a.id, to: b.id, why: "letters" });
  const { notes, next } = await one.client.mem.export({ limit: 1 });
  expect([notes.length, next]).toEqual([1, notes[0]?.id]);
  const all = (await one.client.mem.export({})).notes;
  const { ids } = await other.client.mem.import({
    notes: all.map((note) => ({ ...note, labels: { trust: "user" as const } })),
  });
  const now = new Map(ids.map(({ was, is }) => [was, is]));
  const copy = await other.client.mem.get({ id: now.get(a.id) as string });
  expect(copy).toMatchObject({ content: "alpha", importance: 0.9, labels: { trust: "untrusted" }, version: 1 });
  expect(copy.links.map(({ to, why }) => [to, why])).toEqual([[now.get(b.id), "letters"]]);
});

test("store and index agree; what the index lost is found again, by a search and by mem.verify", async () => {
  let index: SearchIndex | undefined;
  const given = tools();
  const rig = await open({ notes: { ...given, openIndex: async () => (index = await given.openIndex()) } });
  const { client } = await process(rig);
  const kept = await Promise.all(
    Array.from({ length: 30 }, (_, index) => client.mem.add({ content: `note number ${index}` })),
  );
  await client.mem.search({ query: "note" });
  expect((await rig.admin.mem.verify({})).index).toMatchObject({ texts: 30, driver: "sqlite" });
  const [first] = kept.map(({ id }) => id) as [string];
  await index?.remove([first]);
  await index?.put([{ id: "stray", space: "local/tenant", version: 1, text: "stray", terms: [], facets: {} }]);
  expect(await rig.admin.mem.verify({})).toMatchObject({ notes: 30, missing: [first], orphaned: ["stray"] });
  await rig.admin.mem.verify({ repair: true });
  expect(await rig.admin.mem.verify({})).toMatchObject({ missing: [], orphaned: [] });
});

test("a kernel whose index is empty finds what earlier kernels kept", async () => {
  const journal = createMemoryJournal();
  const first = await open({ journal });
  const { pid } = await first.admin.proc.spawn({ program: command });
  await first.admin.mem.add({ namespace: `process:${pid}`, content: "kept before the restart" });
  const second = await open({ journal });
  expect(await contents(second.admin, "restart")).toEqual(["kept before the restart"]);
});

test("a note that could not be written is not found, and the next one is", async () => {
  const { journal, disk } = fillable(createMemoryJournal());
  const rig = await open({ journal });
  const { client } = await process(rig);
  await client.mem.add({ content: "first" });
  disk.isFull = true;
  expect(await refusal(client.mem.add({ content: "lost" }))).toMatch(/^ENOSPC/);
  disk.isFull = false;
  await rig.clock.run(rig.clock.nowMs() + 2_000);
  await client.mem.add({ content: "third" });
  expect((await contents(client, "first lost third", { limit: 9 })).toSorted()).toEqual(["first", "third"]);
});
