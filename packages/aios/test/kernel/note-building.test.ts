// Notes that a model describes, links and lets evolve, on behalf of who keeps them.
import { createClient } from "@aiosjs/sdk";
import type { ChatArgs, Client } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createNoteTools } from "../../src/boot-notes.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { flow, refusal, step } from "../writer-rig.ts";

const textOf = ({ messages }: ChatArgs): string => messages.map(({ content }) => JSON.stringify(content)).join("\n");
const isRelating = (args: ChatArgs): boolean => textOf(args).includes("strengthen");
const described = {
  keywords: ["gpu", "rack"],
  tags: ["hardware"],
  context: "Where the rack stands.",
  category: "fact",
};

/** A process under a kernel whose model describes every note alike, and relates it to all it is shown. */
async function open({
  journal = createMemoryJournal(),
  relates,
}: { journal?: Journal; relates?: (args: ChatArgs) => unknown } = {}) {
  const clock = createVirtualClock(1_000);
  const asked: ChatArgs[] = [];
  const core = createScriptedCore({
    clock,
    answer: (args) => {
      asked.push(args);
      const answer = isRelating(args) ? relates?.(args) : described;
      return { role: "assistant", content: answer === undefined ? "no idea" : JSON.stringify(answer) };
    },
  });
  const tools = createNoteTools();
  const rig = await openRig({ clock, journal, cores: () => [core], notes: tools });
  const { pid, key } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const client: Client = createClient(rig.kernel.transport(rig.kernel.authenticate(key as string)));
  const add = (content: string) => flow(clock, client.mem.add({ content, build: "model" }));
  return { rig, pid, client, core, asked, add, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() };
}

test("the second question carries the new note and its neighbours whole, and their links and evolution come true", async () => {
  let first = "";
  await using world = await open({
    relates: () => ({
      links: [{ to: first, strength: 0.8, why: "the same rack" }],
      strengthen: [],
      updates: [{ id: first, context: "Where the rack stood until May.", keywords: ["moved"], tags: [] }],
    }),
  });
  const one = await world.add("The GPU rack stands in Rotterdam.");
  expect(one).toMatchObject({ by: "model", evolved: [] });
  first = one.id;
  const other = await world.add("In May the GPU rack was moved to Utrecht.");
  expect(other).toMatchObject({ by: "model", evolved: [first] });
  const relating = textOf(world.asked.findLast(isRelating) as ChatArgs);
  for (const text of ["moved to Utrecht", "stands in Rotterdam", "Where the rack stands.", first, other.id])
    expect(relating).toContain(text);
  const note = await world.client.mem.get({ id: first });
  expect(note).toMatchObject({
    version: 2,
    context: "Where the rack stood until May.",
    content: "The GPU rack stands in Rotterdam.",
  });
  expect(note.keywords).toContain("moved");
  expect(note.links).toMatchObject([{ to: other.id, strength: 0.8, why: "the same rack" }]);
  expect((await world.client.mem.get({ id: other.id })).links).toMatchObject([{ to: first }]);
  // What was evolved can be seen, and which call did it.
  const { versions } = await world.client.mem.history({ id: first });
  expect(versions.map(({ context }) => context)).toEqual(["Where the rack stood until May.", "Where the rack stands."]);
  expect(versions[0]?.source.call).not.toBe(versions[1]?.source.call);
});

test("the questions are calls of the process, under its budget and behind its other calls", async () => {
  await using world = await open({ relates: () => ({ links: [], strengthen: [], updates: [] }) });
  await world.add("one");
  await world.add("two");
  const { calls } = await world.rig.admin.proc.trace({ pid: world.pid });
  expect(calls.filter(({ name }) => name === "llm.chat")).toHaveLength(3);
  expect((await world.rig.admin.proc.show({ pid: world.pid })).usage.outputTokens).toBeGreaterThan(0);
});

test("a model that answers something else, or none, leaves the note to its own text, and that is told", async () => {
  await using world = await open();
  await world.add("The GPU rack stands in Rotterdam.");
  const { why, evolved } = await world.add("The GPU rack in Rotterdam is loud.");
  expect({ why, evolved }).toMatchObject({ why: expect.stringMatching(/./) as string });
  const spent = await world.rig.admin.proc.spawn({
    program: { kind: "command", command: ["x"], cwd: "/" },
    limits: [{ resource: "tokens", limit: 1 }],
    onExhausted: "refuse",
  });
  const poor = createClient(world.rig.kernel.transport(world.rig.kernel.authenticate(spent.key as string)));
  const note = await flow(world.rig.clock, poor.mem.add({ content: "Rotterdam is windy.", build: "model" }));
  expect(note).toMatchObject({ by: "extraction", why: expect.stringContaining("EDQUOT") as string });
  expect((await poor.mem.get({ id: note.id })).keywords.join(" ")).toMatch(/rotterdam/i);
});

test("links and evolution survive the kernel, and its index", async () => {
  const journal = createMemoryJournal();
  let first = "";
  const relates = () => ({ links: [{ to: first, strength: 1, why: "w" }], strengthen: [], updates: [] });
  await using before = await open({ journal, relates });
  first = (await before.add("Mina's sister is called Rosa.")).id;
  const second = (await before.add("Rosa works for Contoso.")).id;
  await using after = await open({ journal });
  const { hits } = await after.rig.admin.mem.search({ query: "Mina", by: "words", limit: 1 });
  expect(hits.map(({ note }) => note.id)).toEqual([first, second]);
});

test.each([0, 1])("who is taken out of a group after %i answers of the model leaves nothing in it", async (answers) => {
  let first = "";
  await using world = await open({
    relates: () => ({
      links: [{ to: first, strength: 1, why: "w" }],
      strengthen: [],
      updates: [{ id: first, context: "Changed.", keywords: [], tags: [] }],
    }),
  });
  const { admin, clock } = world.rig;
  const member = `process:${world.pid}`;
  await admin.group.create({ group: "g" });
  await admin.group.add({ group: "g", member });
  first = (await admin.mem.add({ namespace: "group:g", content: "the GPU rack is ours" })).id;
  const adding = world.client.mem.add({ namespace: "group:g", content: "the GPU rack is gone", build: "model" });
  const told = refusal(adding);
  while (world.asked.length < answers) await step(clock);
  // The next question is asked, and the clock stands.
  while (world.core.served.length === answers) await new Promise((resolve) => setTimeout(resolve, 5));
  await admin.group.remove({ group: "g", member });
  expect(await flow(clock, told)).toBe("ENOENT there is no namespace group:g");
  expect(world.asked.some((args) => textOf(args).includes("is ours"))).toBe(answers === 1);
  const { notes } = await admin.mem.export({ namespaces: ["group:g"] });
  expect(notes).toMatchObject([{ id: first, version: 1 }]);
});
