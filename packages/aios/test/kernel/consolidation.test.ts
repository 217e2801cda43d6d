// Short-lived notes that become long-term ones, by a call or by themselves.
import { createClient } from "@aiosjs/sdk";
import type { ChatArgs, Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createNoteTools } from "../../src/boot-notes.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import type { Caller, Journal, KernelSettings } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig, testSettings } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { flow, refusal, step } from "../writer-rig.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const distilled = {
  content: "The rack moved from Rotterdam to Utrecht in May.",
  keywords: ["rack"],
  tags: ["hardware"],
  context: "Where the rack is.",
  category: "fact",
};
const episodes = ["The GPU rack stands in Rotterdam.", "The GPU rack stands in Rotterdam, loudly.", "Lunch was soup."];

async function open({
  journal = createMemoryJournal(),
  answer = distilled,
  memory = {},
  isStuck = false,
  onAsk = async () => undefined,
}: {
  journal?: Journal;
  answer?: unknown;
  memory?: Partial<KernelSettings["memory"]>;
  isStuck?: boolean;
  onAsk?: () => Promise<unknown>;
} = {}) {
  const clock = createVirtualClock(1_700_000_000_000);
  const asked: ChatArgs[] = [];
  const core = createScriptedCore({
    clock,
    script: async ({ args, context: { signal } }) => {
      asked.push(args);
      await onAsk();
      if (isStuck) await clock.wakeAt(Number.MAX_SAFE_INTEGER, signal);
    },
    answer: () => ({ role: "assistant", content: typeof answer === "string" ? answer : JSON.stringify(answer) }),
  });
  const tools = createNoteTools();
  const settings = { memory: { ...testSettings.memory, ...memory } };
  const programs = createPrograms({ folders: [] });
  const rig = await openRig({ clock, journal, cores: () => [core], notes: tools, settings, programs });
  const process = async (): Promise<{ pid: string; client: Client }> => {
    const { pid, key } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
    return { pid, client: createClient(rig.kernel.transport(rig.kernel.authenticate(key as string))) };
  };
  return { rig, clock, asked, process, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() };
}

const keep = async (client: Client, more: object = {}): Promise<string[]> => {
  const ids: string[] = [];
  for (const content of episodes) ids.push((await client.mem.add({ content, tier: "episodic", ...more })).id);
  return ids;
};

const tiersOf = async (client: Client, namespace: string): Promise<string[]> =>
  (await client.mem.export({ namespaces: [namespace] })).notes
    .map(({ tier, content }) => `${tier}: ${content}`)
    .toSorted();

test("notes that say much the same become one long-term note by one model call that carries them, and stay, linked to it", async () => {
  await using world = await open();
  const { client, pid } = await world.process();
  const [one, other, soup] = await keep(client);
  expect(await flow(world.clock, client.mem.consolidate({ by: "model" }))).toEqual({ groups: [] });
  const { groups } = await flow(world.clock, client.mem.consolidate({ by: "model", minAgeMs: 0 }));
  expect(groups).toMatchObject([{ is: "new", of: expect.arrayContaining([one, other]) as string[] }]);
  const [group] = groups;
  const made = await client.mem.get({ id: group?.id as string });
  expect(made).toMatchObject({
    ...distilled,
    tier: "long-term",
    namespace: `process:${pid}`,
    labels: { trust: "untrusted" },
  });
  expect(made.links.map(({ to, why }) => `${why} ${to}`).toSorted()).toEqual(
    [one, other].map((id) => `distilled ${id}`).toSorted(),
  );
  expect(await client.mem.get({ id: one as string })).toMatchObject({
    tier: "episodic",
    version: 2,
    content: episodes[0],
    links: [{ to: made.id, why: "distilled" }],
  });
  expect((await client.mem.get({ id: soup as string })).version).toBe(1);
  const prompt = JSON.stringify(world.asked);
  for (const content of episodes.slice(0, 2)) expect(prompt).toContain(content);
  expect(world.asked).toHaveLength(1);
  // It is done once.
  expect(await flow(world.clock, client.mem.consolidate({ by: "model", minAgeMs: 0 }))).toEqual({ groups: [] });
  expect((await world.rig.events()).filter(({ topic }) => topic === "note.distilled")).toMatchObject([
    { pid, body: { is: "new", id: made.id } },
  ]);
});

test("without a model, or an answer as it was asked, the worthiest of them lasts as it is", async () => {
  for (const by of ["text", "model"] as const) {
    await using world = await open({ answer: "no idea" });
    const { client } = await world.process();
    const [one, other] = (await keep(client)) as [string, string];
    const { groups } = await flow(world.clock, client.mem.consolidate({ by, minAgeMs: 0 }));
    expect(groups).toMatchObject([{ is: "kept", why: by === "text" ? "no model" : "the answer is not JSON" }]);
    const [{ id, of }] = groups as [(typeof groups)[number]];
    expect([id, ...of].toSorted()).toEqual([one, other].toSorted());
    expect(await client.mem.get({ id })).toMatchObject({ tier: "long-term", version: 2, links: [{ to: of[0] }] });
    expect(world.asked).toHaveLength(by === "text" ? 0 : 1);
  }
});

test("the kernel does it by itself while no model is busy: a live process's notes by a call of its own, without a model", async () => {
  await using world = await open({ memory: { consolidate: "model", consolidateEveryMs: HOUR_MS } });
  const { client, pid } = await world.process();
  await keep(client);
  await keep(world.rig.admin);
  await world.clock.run(world.clock.nowMs() + DAY_MS);
  for (let count = 0; count < 400 && world.asked.length === 0; count++) await step(world.clock);
  await world.clock.run(world.clock.nowMs() + HOUR_MS);
  for (let count = 0; count < 100; count++) await step(world.clock);
  expect(await tiersOf(world.rig.admin, `process:${pid}`)).toContainEqual(
    expect.stringMatching(/^long-term: .*Rotterdam/),
  );
  expect(await tiersOf(world.rig.admin, "tenant")).toContain(`long-term: ${distilled.content}`);
  expect(world.asked).toHaveLength(1);
  const { calls } = await world.rig.admin.proc.trace({ pid });
  expect(calls.map(({ name }) => name)).toContain("mem.consolidate");
  const made = (await world.rig.admin.mem.export({ namespaces: ["tenant"] })).notes.find(
    ({ tier }) => tier === "long-term",
  );
  // What a person's own notes say is no less theirs.
  expect(made?.labels.trust).toBe("user");
});

test("a group in which a note is changed while the model thinks of it waits for the next time", async () => {
  let change: () => Promise<unknown> = () => Promise.resolve();
  await using world = await open({ onAsk: () => change() });
  const { client } = await world.process();
  const [one] = (await keep(client)) as [string];
  change = async () => client.mem.update({ id: one, content: "The GPU rack stands in Rotterdam, still." });
  const consolidate = () => flow(world.clock, client.mem.consolidate({ by: "model", minAgeMs: 0 }));
  expect(await consolidate()).toEqual({ groups: [] });
  expect((await client.mem.export({})).notes.every(({ tier }) => tier === "episodic")).toBe(true);
  change = () => Promise.resolve();
  expect((await consolidate()).groups).toHaveLength(1);
});

test("nobody consolidates what is not theirs, nor hears that it is there", async () => {
  await using world = await open();
  const [mine, theirs] = [await world.process(), await world.process()];
  await keep(mine.client);
  for (const namespace of [`process:${mine.pid}`, "process:nobody"])
    expect(await refusal(theirs.client.mem.consolidate({ namespace, minAgeMs: 0 }))).toBe(
      `ENOENT there is no namespace ${namespace}`,
    );
  expect(await flow(world.clock, theirs.client.mem.consolidate({ minAgeMs: 0 }))).toEqual({ groups: [] });
});

test("an agent's notes are as they were before when it is taken back behind their consolidation", async () => {
  await using world = await open({ isStuck: true });
  const { rig, clock } = world;
  const agent = { name: "porter", instructions: "Answer." };
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "agent", agent, task: "go" } });
  while (world.asked.length === 0) await step(clock);
  const caller: Caller = { principal: rig.root, pid: asPid(pid), isNested: true, onDetach: "keep" };
  const own = createClient({ syscall: (name, args) => rig.kernel.syscall(name, args, caller) });
  await keep(own);
  const { calls } = await rig.admin.proc.trace({ pid });
  const seq = calls.at(-1)?.seq as number;
  const notes = async () =>
    (await rig.admin.mem.export({ namespaces: [`process:${pid}`] })).notes.map(({ content, tier, links }) => ({
      content,
      tier,
      links,
    }));
  const then = await notes();
  const { groups } = await flow(clock, own.mem.consolidate({ minAgeMs: 0 }));
  expect(groups).toHaveLength(1);
  expect(await notes()).not.toEqual(then);
  await flow(clock, rig.admin.proc.rollback({ pid, seq }));
  expect(await notes()).toEqual(then);
});

test("a kernel that is killed at any commit of it leaves all of a step or nothing, and the next one does it once", async () => {
  const watched = mortal(createMemoryJournal(), { lastCommit: Infinity });
  const calm = await open({ journal: watched });
  const calmProcess = await calm.process();
  await keep(calmProcess.client);
  const before = watched.commits;
  await flow(calm.clock, calmProcess.client.mem.consolidate({ by: "model", minAgeMs: 0 }));
  await calm[Symbol.asyncDispose]();
  expect(watched.commits).toBeGreaterThan(before);
  for (let lastCommit = before; lastCommit <= watched.commits; lastCommit++)
    for (const isAcknowledged of [true, false]) {
      const journal = createMemoryJournal();
      const dying = Promise.withResolvers<undefined>();
      const dead = mortal(journal, { lastCommit, isAcknowledged, onDeath: () => dying.resolve(undefined) });
      const world = await open({ journal: dead });
      const { client, pid } = await world.process();
      const doing = keep(client).then(() => client.mem.consolidate({ by: "model", minAgeMs: 0 }));
      doing.catch(() => undefined);
      await flow(world.clock, Promise.race([dying.promise, doing]));
      dead.kill();
      const after = await open({ journal });
      const namespace = `process:${pid}`;
      await flow(after.clock, after.rig.admin.mem.consolidate({ namespace, by: "text", minAgeMs: 0 }));
      const { notes } = await after.rig.admin.mem.export({ namespaces: [namespace] });
      const lasting = notes.filter(({ tier }) => tier === "long-term");
      expect(lasting, `killed after commit ${lastCommit}`).toHaveLength(notes.length >= 2 ? 1 : 0);
      for (const { links } of lasting) for (const { to } of links) expect(notes.map(({ id }) => id)).toContain(to);
      await world[Symbol.asyncDispose]();
      await after[Symbol.asyncDispose]();
    }
}, 60_000);
