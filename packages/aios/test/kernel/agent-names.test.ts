// The name of an agent is a right: to what it remembers, to its groups, to what the policy lets it do. Nobody takes it by saying it.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asPid, SysError } from "@aiosjs/sdk/protocol";
import type { ProcessView } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { noteTools } from "../note-tools.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const scout = { name: "scout", instructions: "Scout." };
const installed: Record<string, object> = { scout, clerk: { name: "clerk", instructions: "Write." } };

const open = (journal = createMemoryJournal()): Promise<Rig> =>
  openRig({
    journal,
    cores: (clock) => [createScriptedCore({ clock })],
    notes: noteTools(),
    programs: {
      find: (name) =>
        installed[name] ? Promise.resolve(installed[name] as never) : Promise.reject(new SysError("ENOENT", name)),
      run: () => new Promise(() => undefined),
    },
  });

const as = (rig: Rig, pid: string): Client => createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));
const agent = (name: string | object) => ({
  program: { kind: "agent" as const, agent: name as string, task: "t" },
});
const command = { program: { kind: "command" as const, command: ["x"], cwd: "/" } };
const started = async (by: Client, what: object): Promise<string> => (await by.proc.spawn(what as never)).pid;

/** Whether it reads what the scout remembers, and what the scouts' group keeps. */
const isScout = async (rig: Rig, pid: string): Promise<boolean> => {
  const { notes } = await as(rig, pid).mem.export({});
  const namespaces = new Set(notes.map(({ namespace }) => namespace));
  expect(namespaces.has("agent:scout")).toBe(namespaces.has("group:scouts"));
  return namespaces.has("agent:scout");
};

async function world(): Promise<Rig> {
  const rig = await open();
  await rig.admin.group.create({ group: "scouts" });
  await rig.admin.group.add({ group: "scouts", member: "agent:scout" });
  await rig.admin.mem.add({ namespace: "agent:scout", content: "the way in" });
  await rig.admin.mem.add({ namespace: "group:scouts", content: "the way out" });
  return rig;
}

test("a person's key starts an agent in its name, whether it is on disk or comes with the call", async () => {
  const rig = await world();
  for (const what of [agent("scout"), agent(scout)])
    expect(await isScout(rig, await started(rig.admin, what))).toBe(true);
  const { client } = rig.client("s");
  expect(await isScout(rig, await started(client, agent(scout)))).toBe(true);
});

test("a program takes no agent's name by bringing a manifest with it, at whatever depth", async () => {
  const rig = await world();
  const tool = as(rig, await started(rig.admin, command));
  const clerk = as(rig, await started(rig.admin, agent("clerk")));
  for (const by of [tool, clerk]) {
    const taken = await started(by, agent(scout));
    expect(await isScout(rig, taken)).toBe(false);
    expect(await isScout(rig, await started(as(rig, taken), agent(scout)))).toBe(false);
    expect(await isScout(rig, await started(as(rig, taken), agent("scout")))).toBe(false);
    expect(await isScout(rig, await started(as(rig, await started(by, command)), agent(scout)))).toBe(false);
    expect(await refusal(as(rig, taken).mem.add({ namespace: "agent:scout", content: "x" }))).toMatch(/^ENOENT/);
    expect(await refusal(as(rig, taken).group.share({ group: "scouts" }))).toMatch(/^ENOENT/);
  }
});

test("an agent is itself in what it starts of itself, and opens no other one's memory", async () => {
  const rig = await world();
  const own = as(rig, await started(rig.admin, agent("scout")));
  expect(await isScout(rig, await started(own, agent(scout)))).toBe(true);
  expect(await isScout(rig, await started(own, agent("scout")))).toBe(true);
  const clerk = await started(own, agent("clerk"));
  expect(await isScout(rig, clerk)).toBe(false);
  expect(await isScout(rig, await started(as(rig, clerk), agent("scout")))).toBe(false);
});

test("whose name was only said has it no more when those above it are gone, in a fork, a snapshot, or the next kernel", async () => {
  const journal = createMemoryJournal();
  const rig = await open(journal);
  await rig.admin.mem.add({ namespace: "agent:scout", content: "the way in" });
  await rig.admin.group.create({ group: "scouts" });
  const clerk = await started(rig.admin, agent("clerk"));
  const taken = await started(as(rig, clerk), agent(scout));
  await rig.admin.proc.signal({ pid: clerk, signal: "kill", tree: false });
  expect(await isScout(rig, taken)).toBe(false);
  const fork = await rig.admin.proc.fork({ pid: taken });
  expect(await isScout(rig, fork.pid)).toBe(false);
  const { items } = await rig.admin.proc.snapshot({ pid: taken });
  const { upload } = await rig.admin.proc.import({ items });
  const restored = await rig.admin.proc.restore({ upload });
  expect(await isScout(rig, restored.pid)).toBe(false);
  await rig.events();
  const next = await open(journal);
  for (const pid of [taken, fork.pid, restored.pid]) expect(await isScout(next, pid)).toBe(false);
});

test("a snapshot that a program writes gives it no name", async () => {
  const rig = await world();
  const original = await started(rig.admin, agent("scout"));
  const { items } = await rig.admin.proc.snapshot({ pid: original });
  const restore = async (by: Client): Promise<string> => {
    const { upload } = await by.proc.import({ items });
    return (await by.proc.restore({ upload })).pid;
  };
  expect(await isScout(rig, await restore(as(rig, await started(rig.admin, command))))).toBe(false);
  expect(await isScout(rig, await restore(rig.admin))).toBe(true);
});

test("what the policy says of an agent holds for what that starts under another name", async () => {
  const rig = await world();
  const clerk = as(rig, await started(rig.admin, agent("clerk")));
  const free = await started(clerk, agent({ name: "free", instructions: "x" }));
  const row = (await rig.journal.load()).processes.find(({ pid }) => pid === free);
  expect(row?.program).toMatchObject({ under: "clerk" });
  const view: ProcessView = await rig.admin.proc.show({ pid: free });
  expect(view.name).toBe("free");
});

test("a program takes no snapshot of a child that is in groups, or is an agent, which it is not itself", async () => {
  const rig = await world();
  const tool = await started(rig.admin, command);
  const by = as(rig, tool);
  const child = await started(by, agent({ name: "helper", instructions: "x" }));
  expect((await by.proc.snapshot({ pid: child })).items.length).toBeGreaterThan(0);
  await rig.admin.group.create({ group: "board" });
  await rig.admin.group.add({ group: "board", member: `process:${child}`, access: "read" });
  expect(await refusal(by.proc.snapshot({ pid: child }))).toBe(
    `EACCES process ${child} reaches group:board, which process ${tool} does not`,
  );
  await rig.admin.group.add({ group: "board", member: `process:${tool}`, access: "read" });
  expect((await by.proc.snapshot({ pid: child })).items.length).toBeGreaterThan(0);
  const own = await started(by, agent("scout"));
  expect(await isScout(rig, own)).toBe(true);
  expect(await refusal(by.proc.snapshot({ pid: own }))).toMatch(/^EACCES .* reaches agent:scout/);
  expect((await rig.admin.proc.snapshot({ pid: own })).items.length).toBeGreaterThan(0);
});

test("nobody learns which pids there are by bringing one", async () => {
  const rig = await world();
  const original = await started(rig.admin, agent("scout"));
  const { items } = await rig.admin.proc.snapshot({ pid: original });
  const [head, ...rest] = items;
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const foreign = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  for (const pid of [original, "zzzzzz"]) {
    const { upload } = await foreign.proc.import({ items: [{ ...head, pid } as never, ...rest] });
    expect((await foreign.proc.restore({ upload })).pid).not.toBe(pid);
  }
});
