// What notes may take: counted exactly, bounded, and what was used least makes room first.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { afterEach, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openSearchIndex } from "../../src/drivers/search/search-index.ts";
import type { NoteTools } from "../../src/kernel/memory.ts";
import type { Journal, KernelSettings, SearchIndex } from "../../src/kernel/ports.ts";
import { extractDescription } from "../../src/memory/extract.ts";
import { fillable } from "../fillable-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const opened: SearchIndex[] = [];
afterEach(async () => {
  for (const index of opened.splice(0)) await index[Symbol.asyncDispose]();
});

/** A quota of so many notes; the others are as many times as large. */
const notes = (count: number, { tenant = 100, all = 100 } = {}): KernelSettings["memory"] => ({
  defaultQuotaMb: count / 1_024,
  tenantQuotaMb: (count * tenant) / 1_024,
  globalLimitMb: (count * all) / 1_024,
});

async function open(memory: KernelSettings["memory"], journal: Journal = createMemoryJournal()): Promise<Rig> {
  const tools: NoteTools = {
    extract: extractDescription,
    present: (shown) => shown.map(({ content }) => content).join("\n"),
    openIndex: async () => {
      const index = await openSearchIndex();
      opened.push(index);
      return index;
    },
  };
  return openRig({ cores: (clock) => [createScriptedCore({ clock })], notes: tools, settings: { memory }, journal });
}

async function process(rig: Rig, parent: Client = rig.admin): Promise<{ pid: string; client: Client; space: string }> {
  const { pid, key } = await parent.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const client = createClient(rig.kernel.transport(rig.kernel.authenticate(key as string)));
  return { pid, client, space: `process:${pid}` };
}

const later = (rig: Rig, ms = 6_000): Promise<unknown> => rig.clock.run(rig.clock.nowMs() + ms);

/** Adds notes one after the other, six seconds apart; their ids. */
async function fill(
  { rig, client }: { rig: Rig; client: Client },
  names: readonly string[],
  more: object = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    ids.push((await client.mem.add({ content: `about ${name}`, ...more })).id);
    await later(rig);
  }
  return ids;
}

const named = (count: number, name = "thing"): string[] => Array.from({ length: count }, (_, at) => `${name}${at}`);

const usageOf = async (client: Client, namespace: string) =>
  (await client.mem.usage({ namespaces: [namespace] })).namespaces[0];

const found = async (client: Client, query: string): Promise<string[]> =>
  (await client.mem.search({ query, by: "words", links: 0, limit: 100 })).hits.map(({ note }) => note.id);

const evictedBy = async (rig: Rig): Promise<string[]> =>
  (await rig.events()).flatMap(({ topic, body }) => (topic === "note.evicted" ? body.ids : []));

test("above 80 % those that were used least go down to 70 %, are told of, and are read again by their ids", async () => {
  const rig = await open(notes(20));
  const { client, space } = await process(rig);
  const ids = await fill({ rig, client }, named(16));
  expect(await usageOf(client, space)).toMatchObject({ notes: 16, evicted: 0, limit: { notes: 20 } });
  // Twice read: once when it was made, once now.
  await client.mem.get({ id: ids[0] as string });
  await later(rig);
  await fill({ rig, client }, ["last"]);
  expect(await usageOf(client, space)).toMatchObject({ notes: 14, evicted: 3 });
  expect(await evictedBy(rig)).toEqual(ids.slice(1, 4));
  const hits = await found(client, "about");
  expect(hits).toContain(ids[0]);
  expect(hits).not.toContain(ids[2]);
  expect(await client.mem.get({ id: ids[2] as string })).toMatchObject({ content: "about thing2", version: 1 });
  expect(await found(client, "thing2")).toEqual([ids[2]]);
  expect((await client.mem.history({ id: ids[1] as string })).versions).toHaveLength(1);
  expect(await usageOf(client, space)).toMatchObject({ notes: 15, evicted: 2 });
});

test("what is meant to be short-lived goes before what is to last, however lately it was used", async () => {
  const rig = await open(notes(20));
  const { client } = await process(rig);
  const lasting = await fill({ rig, client }, named(10, "lasting"));
  const short = await fill({ rig, client }, named(6, "short"), { tier: "episodic" });
  await fill({ rig, client }, ["one more"]);
  expect(await evictedBy(rig)).toEqual(short.slice(0, 3));
  expect(await found(client, "lasting3")).toContain(lasting[3]);
});

test("pinned notes are never evicted; where only they are left an add is refused, and an unpinned one makes room", async () => {
  const rig = await open(notes(10));
  const { client, space } = await process(rig);
  const [first] = await fill({ rig, client }, named(10), { isPinned: true });
  expect(await refusal(client.mem.add({ content: "one more" }))).toMatch(
    /^EDQUOT the notes of process:\S+ hold \S+ MB of 0\.00977 MB in 10 of 10 notes/,
  );
  expect(await refusal(client.mem.add({ content: "one more", isPinned: true }))).toMatch(/^EDQUOT/);
  expect(await usageOf(client, space)).toMatchObject({ notes: 10, pinned: 10, evicted: 0 });
  await client.mem.update({ id: first as string, isPinned: false });
  await client.mem.add({ content: "one more" });
  expect(await usageOf(client, space)).toMatchObject({ notes: 10, pinned: 9, evicted: 1 });
});

test("bytes are bounded as notes are: of a new text, of a longer one, and of an import in one step", async () => {
  const rig = await open({ defaultQuotaMb: 0.02, tenantQuotaMb: 1, globalLimitMb: 1 });
  const { client, space } = await process(rig);
  expect(await refusal(client.mem.add({ content: "x".repeat(30_000) }))).toMatch(/^EDQUOT/);
  const { id } = await client.mem.add({ content: "x".repeat(5_000), isPinned: true });
  expect(await refusal(client.mem.update({ id, content: "y".repeat(30_000) }))).toMatch(/^EDQUOT/);
  expect(await client.mem.get({ id })).toMatchObject({ version: 1, content: "x".repeat(5_000) });
  const [one] = (await client.mem.export({})).notes;
  if (!one) throw new Error("the note is not there");
  const four = named(4).map((name) => ({ ...one, id: name, content: `${name} ${"z".repeat(5_000)}` }));
  expect(await refusal(client.mem.import({ notes: four }))).toMatch(/^EDQUOT/);
  expect(await usageOf(client, space)).toMatchObject({ notes: 1, evicted: 0 });
  expect((await client.mem.import({ notes: four.slice(0, 1) })).ids).toHaveLength(1);
  await client.mem.update({ id, content: "short" });
  const { bytes } = (await usageOf(client, space)) ?? { bytes: 0 };
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(8_000);
});

test("many who add at once never go past the limit, nor does one lose what it was told is kept", async () => {
  const rig = await open(notes(40));
  const { client, space } = await process(rig);
  await fill({ rig, client }, named(20, "pinned"), { isPinned: true });
  const adds = await Promise.allSettled(named(100).map((name) => client.mem.add({ content: name, isPinned: true })));
  const kept = adds.flatMap((add) => (add.status === "fulfilled" ? [add.value.id] : []));
  expect(kept).toHaveLength(20);
  expect(await usageOf(client, space)).toMatchObject({ notes: 40, pinned: 40 });
  expect((await client.mem.export({})).notes.map(({ id }) => id)).toEqual(expect.arrayContaining(kept));
});

test("a tenant's notes and all notes are bounded, too, and the least used one of any of its processes goes", async () => {
  const rig = await open(notes(10, { tenant: 2, all: 3 }));
  const old = await fill({ rig, ...(await process(rig)) }, named(8, "idle"));
  await fill({ rig, ...(await process(rig)) }, named(8, "busy"));
  await fill({ rig, ...(await process(rig)) }, ["more"]);
  expect(await evictedBy(rig)).toEqual(old.slice(0, 3));
  const { tenant, all } = await rig.admin.mem.usage({});
  expect([tenant, all]).toMatchObject([
    { notes: 14, evicted: 3, limit: { notes: 20 } },
    { notes: 14, evicted: 3, limit: { notes: 30 } },
  ]);
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const foreign = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  await fill({ rig, client: foreign }, named(11, "foreign"), { namespace: "agent:x" });
  const theirs = await foreign.mem.usage({});
  expect(theirs.all).toBeUndefined();
  expect(theirs.tenant?.notes).toBeLessThanOrEqual(11);
  expect((await rig.admin.mem.usage({})).all?.notes).toBeLessThanOrEqual(24);
});

test("each is told what is its own business alone", async () => {
  const rig = await open(notes(20));
  const one = await process(rig);
  const other = await process(rig);
  await fill({ rig, ...one }, ["secret"]);
  expect(await other.client.mem.usage({})).toEqual({
    namespaces: expect.not.arrayContaining([expect.objectContaining({ namespace: one.space })]) as unknown,
  });
  expect(await refusal(other.client.mem.usage({ namespaces: [one.space] }))).toMatch(/^ENOENT/);
});

test("what is removed, forgotten, or kept for an earlier kernel is counted as it is", async () => {
  const journal = createMemoryJournal();
  const rig = await open(notes(20), journal);
  const { client, space } = await process(rig);
  const ids = await fill({ rig, client }, named(15));
  await client.mem.remove({ id: ids[0] as string });
  await client.mem.forget({ ids: [ids[1] as string] });
  expect(await usageOf(client, space)).toMatchObject({ notes: 13 });
  await fill({ rig, client }, named(3, "room"));
  expect(await usageOf(client, space)).toMatchObject({ notes: 16, evicted: 0 });
  const next = await open(notes(20), journal);
  await next.admin.mem.add({ namespace: space, content: "by the next kernel" });
  expect(await usageOf(next.admin, space)).toMatchObject({ notes: 14, evicted: 3 });
});

test("a smaller quota holds from the next add on", async () => {
  const rig = await open(notes(100));
  const { client, space } = await process(rig);
  await fill({ rig, client }, named(16));
  await rig.refresh({}, { memory: notes(20) });
  await fill({ rig, client }, ["one more"]);
  expect(await usageOf(client, space)).toMatchObject({ notes: 14, evicted: 3, limit: { notes: 20 } });
});

test("a link leads to an evicted note, and it comes back", async () => {
  const rig = await open(notes(20));
  const { client, space } = await process(rig);
  const [hidden, other] = await fill({ rig, client }, ["Rosa", "Mina"]);
  await client.mem.link({ from: hidden as string, to: other as string, strength: 1 });
  await client.mem.update({ id: other as string, isPinned: true });
  await fill({ rig, client }, named(15));
  expect(await evictedBy(rig)).toContain(hidden);
  expect(await found(client, "Rosa")).toEqual([]);
  const { hits } = await client.mem.search({ query: "Mina", by: "words", limit: 1 });
  expect(hits.map(({ note }) => note.id)).toEqual([other, hidden]);
  expect(await found(client, "Rosa")).toEqual([hidden]);
  expect((await usageOf(client, space))?.evicted).toBe((await evictedBy(rig)).length - 1);
});

test("what grows without having asked, as by links, counts from the next add on", async () => {
  const rig = await open({ defaultQuotaMb: 0.06, tenantQuotaMb: 1, globalLimitMb: 1 });
  const { client } = await process(rig);
  const ids = await Promise.all(named(20).map((content) => client.mem.add({ content, isPinned: true })));
  await client.mem.add({ content: "there is room" });
  for (const { id: from } of ids)
    for (const { id: to } of ids) if (from < to) await client.mem.link({ from, to, why: "because ".repeat(35) });
  expect(await refusal(client.mem.add({ content: "there is none" }))).toMatch(/^EDQUOT .* 0\.06 MB/);
});

test("a changed note is live again, and the index holds what is live and nothing else", async () => {
  const rig = await open(notes(20));
  const { client, space } = await process(rig);
  const ids = await fill({ rig, client }, named(17));
  await found(client, "about");
  await client.mem.update({ id: ids[0] as string, content: "about something new" });
  expect(await found(client, "new")).toEqual([ids[0]]);
  expect(await usageOf(client, space)).toMatchObject({ notes: 15, evicted: 2 });
  expect(await rig.admin.mem.verify({})).toMatchObject({ notes: 17, missing: [], orphaned: [], index: { texts: 15 } });
  await client.mem.forget({ ids });
  expect(await usageOf(client, space)).toMatchObject({ notes: 0, bytes: 0, evicted: 0 });
});

test("while the disk is full nothing is evicted, and an evicted note is read all the same", async () => {
  const { journal, disk } = fillable(createMemoryJournal());
  const rig = await open(notes(20), journal);
  const { client, space } = await process(rig);
  const ids = await fill({ rig, client }, named(17));
  disk.isFull = true;
  expect(await client.mem.get({ id: ids[0] as string })).toMatchObject({ content: "about thing0" });
  expect(await usageOf(client, space)).toMatchObject({ notes: 14, evicted: 3 });
});
