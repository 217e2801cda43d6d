// What a note is moves it among those that answer equally well, and no further.
import type { Client } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createNoteTools } from "../../src/boot-notes.ts";
import { openRig } from "../rig.ts";

const DAY_MS = 86_400_000;

async function open() {
  const tools = createNoteTools();
  const rig = await openRig({ cores: () => [], notes: tools });
  const found = async (query: string, more: Partial<Parameters<Client["mem"]["search"]>[0]> = {}) =>
    (await rig.admin.mem.search({ query, by: "words", ...more })).hits;
  return { rig, mem: rig.admin.mem, found, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() };
}

test("of notes that answer equally well the more important one comes first, then the later and the shorter-lived one", async () => {
  await using world = await open();
  const { mem, rig } = world;
  const kept = async (parts: object): Promise<string> =>
    (await mem.add({ content: "The rack stands in Utrecht.", ...parts })).id;
  const plain = await kept({});
  const short = await kept({ tier: "episodic" });
  await rig.clock.run(rig.clock.nowMs() + 90 * DAY_MS);
  const late = await kept({});
  const lateAndShort = await kept({ tier: "working" });
  const important = await kept({ importance: 1 });
  const hits = await world.found("Where does the rack stand?");
  expect(hits.map(({ note }) => note.id)).toEqual([important, lateAndShort, late, short, plain]);
  expect(hits.map(({ why }) => why.lift)).toMatchObject([
    { recency: 1, importance: 1, tier: "long-term" },
    { recency: 1, tier: "working" },
    { recency: 1, importance: 0.5, tier: "long-term" },
    { recency: 0.125, tier: "episodic" },
    { recency: 0.125, importance: 0.5, tier: "long-term" },
  ]);
  // Being found makes no note recent: the same question gets the same answer.
  await rig.clock.run(rig.clock.nowMs() + 100);
  expect((await world.found("Where does the rack stand?")).map(({ note }) => note.id)).toEqual(
    hits.map(({ note }) => note.id),
  );
});

test("a note that answers clearly better stays first, however old and unimportant it is", async () => {
  await using world = await open();
  const { mem, rig } = world;
  const best = await mem.add({ content: "The GPU rack stands in Utrecht.", importance: 0 });
  await rig.clock.run(rig.clock.nowMs() + 3_650 * DAY_MS);
  await mem.add({ content: "Utrecht was windy today, said somebody.", importance: 1, tier: "working" });
  expect((await world.found("gpu rack Utrecht"))[0]?.note.id).toBe(best.id);
});

test("an important note just behind the last hit rises among the hits", async () => {
  await using world = await open();
  const { mem } = world;
  for (let index = 0; index < 3; index++) await mem.add({ content: "The rack stands in Utrecht.", importance: 0 });
  const { id } = await mem.add({ content: "The rack stands in Utrecht.", importance: 1 });
  expect((await world.found("rack", { limit: 1 })).map(({ note }) => note.id)).toEqual([id]);
});
