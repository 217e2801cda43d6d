// Groups: by them alone processes and agents reach notes that are others'.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { fillable } from "../fillable-journal.ts";
import { noteTools } from "../note-tools.ts";
import { openRig } from "../rig.ts";
import type { Rig, RigOptions } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const open = (options: Partial<RigOptions> = {}): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    notes: noteTools(),
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
    ...options,
  });

interface Actor {
  readonly pid: string;
  readonly client: Client;
}

const actorOf = (rig: Rig, pid: string): Actor => ({
  pid,
  client: createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) })),
});
/** A command, or an agent of this name. */
async function process(rig: Rig, agent?: string): Promise<Actor> {
  const program =
    agent === undefined
      ? { kind: "command" as const, command: ["x"], cwd: "/" }
      : { kind: "agent" as const, agent: { name: agent, instructions: "x" }, task: "t" };
  return actorOf(rig, (await rig.admin.proc.spawn({ program })).pid);
}

const contents = async ({ client }: Actor, query: string): Promise<string[]> =>
  (await client.mem.search({ query, links: 0, by: "words" })).hits.map(({ note }) => note.content).toSorted();

test("what members of a group keep in it is theirs to read and to change, and for nobody else there", async () => {
  const rig = await open();
  const [one, clerk, other] = [await process(rig), await process(rig, "clerk"), await process(rig)];
  expect(await rig.admin.group.create({ group: "desk" })).toEqual({ created: true });
  expect(await rig.admin.group.create({ group: "desk" })).toEqual({ created: false });
  await rig.admin.group.add({ group: "desk", member: `process:${one.pid}` });
  await rig.admin.group.add({ group: "desk", member: "agent:clerk" });
  const { id } = await one.client.mem.add({ namespace: "group:desk", content: "the invoice is 4711" });
  await other.client.mem.add({ content: "an invoice of mine" });
  expect(await contents(clerk, "invoice")).toEqual(["the invoice is 4711"]);
  expect(await clerk.client.mem.update({ id, content: "the invoice is 4712" })).toEqual({ version: 2 });
  expect(await contents(one, "invoice")).toEqual(["the invoice is 4712"]);
  expect(await contents(other, "invoice")).toEqual(["an invoice of mine"]);
  expect(await refusal(other.client.mem.get({ id }))).toMatch(/^ENOENT/);
  const told = await refusal(other.client.mem.add({ namespace: "group:desk", content: "x" }));
  expect(told).toBe(
    (await refusal(other.client.mem.add({ namespace: "group:none", content: "x" }))).replace("none", "desk"),
  );
  expect((await rig.admin.mem.get({ id })).labels.trust).toBe("workspace");
  expect((await clerk.client.mem.export({ namespaces: ["group:desk"] })).notes.map((note) => note.id)).toEqual([id]);
  expect(await clerk.client.mem.forget({ namespaces: ["group:desk"] })).toEqual({ forgotten: 1, more: false });
});

test("who may only read in a group finds its notes, and changes none by any syscall", async () => {
  const rig = await open();
  const [writer, reader] = [await process(rig), await process(rig)];
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.add({ group: "g", member: `process:${writer.pid}` });
  await rig.admin.group.add({ group: "g", member: `process:${reader.pid}`, access: "read" });
  const [a, b] = [
    await writer.client.mem.add({ namespace: "group:g", content: "alpha rule" }),
    await writer.client.mem.add({ namespace: "group:g", content: "beta rule" }),
  ];
  await writer.client.mem.link({ from: a.id, to: b.id });
  expect(await contents(reader, "rule")).toEqual(["alpha rule", "beta rule"]);
  expect((await reader.client.mem.graph({ id: a.id })).notes).toHaveLength(2);
  const { mem } = reader.client;
  const { notes } = await mem.export({ namespaces: ["group:g"] });
  for (const told of [
    mem.add({ namespace: "group:g", content: "x" }),
    mem.import({ namespace: "group:g", notes }),
    mem.update({ id: a.id, content: "x" }),
    mem.remove({ id: a.id }),
    mem.link({ from: a.id, to: b.id }),
    mem.unlink({ from: a.id, to: b.id }),
    mem.forget({ ids: [a.id] }),
    mem.forget({ namespaces: ["group:g"] }),
  ])
    expect(await refusal(told)).toBe("EACCES notes of group:g can be read here, and not changed");
  await mem.add({ content: "a rule of its own" });
  expect(await mem.forget({ sinceMs: 0 })).toEqual({ forgotten: 1, more: false });
  expect(await contents(writer, "rule")).toEqual(["alpha rule", "beta rule"]);
});

test("a member shares its own notes with the group, to be read and not changed, until it says otherwise", async () => {
  const rig = await open();
  const [one, other, clerk] = [await process(rig), await process(rig), await process(rig, "clerk")];
  await rig.admin.group.create({ group: "g" });
  for (const member of [`process:${one.pid}`, `process:${other.pid}`, "agent:clerk"])
    await rig.admin.group.add({ group: "g", member });
  const { id } = await one.client.mem.add({ content: "the plan of one" });
  await clerk.client.mem.add({ namespace: "agent:clerk", content: "the plan of all clerks" });
  expect(await contents(other, "plan")).toEqual([]);
  await one.client.group.share({ group: "g" });
  await clerk.client.group.share({ group: "g", member: "agent:clerk" });
  expect(await contents(other, "plan")).toEqual(["the plan of all clerks", "the plan of one"]);
  expect(await refusal(other.client.mem.update({ id, content: "x" }))).toMatch(/^EACCES/);
  // It goes one way.
  await other.client.mem.add({ content: "the plan of the other" });
  expect(await contents(one, "plan")).toEqual(["the plan of all clerks", "the plan of one"]);
  await one.client.group.share({ group: "g", shares: false });
  expect(await contents(other, "plan")).toEqual(["the plan of all clerks", "the plan of the other"]);
  expect(await refusal(other.client.mem.get({ id }))).toMatch(/^ENOENT/);
  expect(await refusal(other.client.group.share({ group: "g", member: `process:${one.pid}` }))).toMatch(/^EACCES/);
  expect(await refusal(clerk.client.group.share({ group: "g" }))).toMatch(/^ENOENT process:\w+ is not in the group g/);
});

test("a process makes no groups, sees those that it is in, and hears of the others what it hears of none", async () => {
  const rig = await open();
  const [one, other] = [await process(rig), await process(rig)];
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.create({ group: "h" });
  await rig.admin.group.add({ group: "g", member: `process:${one.pid}`, access: "read" });
  const { group } = one.client;
  const member = `process:${one.pid}`;
  for (const told of [
    group.create({ group: "mine" }),
    group.add({ group: "g", member }),
    group.remove({ group: "g", member }),
    group.delete({ group: "g" }),
  ])
    expect(await refusal(told)).toMatch(/^EACCES .* never allowed under a process key/);
  expect((await group.list()).groups).toMatchObject([
    { group: "g", members: [{ member, access: "read", shares: false, expiresAt: null }] },
  ]);
  expect((await other.client.group.list()).groups).toEqual([]);
  expect((await rig.admin.group.list()).groups.map((one) => one.group)).toEqual(["g", "h"]);
  for (const name of ["g", "h", "none"])
    expect(await refusal(other.client.group.share({ group: name }))).toBe(`ENOENT there is no group ${name}`);
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const foreign = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  expect((await foreign.group.list()).groups).toEqual([]);
  expect(await refusal(foreign.group.add({ group: "g", member }))).toBe("ENOENT there is no group g");
  expect(await foreign.group.delete({ group: "g" })).toEqual({ deleted: false });
  await foreign.group.create({ group: "g" });
  expect(await refusal(foreign.group.add({ group: "g", member }))).toBe(`ESRCH no process ${one.pid}`);
  expect((await rig.admin.group.list()).groups.find((one) => one.group === "g")?.members).toHaveLength(1);
});

test("a group holds what its notes are for a member alone: not for its children, nor for its forks", async () => {
  const rig = await open();
  const writer = await process(rig, "writer");
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.add({ group: "g", member: `process:${writer.pid}` });
  const { id } = await writer.client.mem.add({ namespace: "group:g", content: "for us alone" });
  const child = await writer.client.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const fork = await rig.admin.proc.fork({ pid: writer.pid });
  for (const { pid } of [child, fork])
    expect(await refusal(actorOf(rig, pid).client.mem.get({ id }))).toMatch(/^ENOENT/);
});

test("who is taken out reaches nothing any more, also by calls that were under way", async () => {
  const journal = createMemoryJournal();
  let pause: Promise<void> | undefined;
  const slow = new Proxy(journal, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const found: unknown = await Reflect.apply(member, target, args);
        if (String(name).startsWith("note")) await pause;
        return found;
      };
    },
  });
  const rig = await open({ journal: slow });
  const [one, other] = [await process(rig), await process(rig)];
  const member = `process:${other.pid}`;
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.add({ group: "g", member });
  await rig.admin.group.add({ group: "g", member: `process:${one.pid}`, shares: true });
  const shared = await one.client.mem.add({ content: "the code of one" });
  const { id } = await one.client.mem.add({ namespace: "group:g", content: "the code of all" });
  expect(await contents(other, "code")).toEqual(["the code of all", "the code of one"]);
  const gate = Promise.withResolvers<void>();
  pause = gate.promise;
  const { mem } = other.client;
  const late = [
    refusal(mem.get({ id })),
    refusal(mem.get({ id: shared.id })),
    refusal(mem.update({ id, importance: 1 })),
    refusal(mem.graph({ id })),
    refusal(mem.history({ id })),
  ];
  const found = contents(other, "code");
  const exported = mem.export({});
  const forgotten = mem.forget({ ids: [id] });
  const removed = mem.remove({ id });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await rig.admin.group.remove({ group: "g", member })).toEqual({ removed: true });
  gate.resolve();
  for (const told of late) expect(await told).toMatch(/^ENOENT there is no note/);
  expect(await found).toEqual([]);
  expect((await exported).notes).toEqual([]);
  expect(await forgotten).toEqual({ forgotten: 0, more: false });
  expect(await removed).toEqual({ removed: false });
  expect(await rig.admin.group.remove({ group: "g", member })).toEqual({ removed: false });
  expect((await rig.admin.mem.get({ id })).version).toBe(1);
});

test("a membership that was given for a while is over when that is, and so is what its member shares", async () => {
  const rig = await open();
  const [one, guest] = [await process(rig), await process(rig)];
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.add({ group: "g", member: `process:${one.pid}` });
  await rig.admin.group.add({ group: "g", member: `process:${guest.pid}`, shares: true, expiresInMs: 60_000 });
  await one.client.mem.add({ namespace: "group:g", content: "seen by guests" });
  await guest.client.mem.add({ content: "seen from guests" });
  expect(await contents(guest, "seen")).toEqual(["seen by guests", "seen from guests"]);
  expect(await contents(one, "seen")).toEqual(["seen by guests", "seen from guests"]);
  await rig.clock.run(rig.clock.nowMs() + 60_000);
  expect(await contents(guest, "seen")).toEqual(["seen from guests"]);
  expect(await contents(one, "seen")).toEqual(["seen by guests"]);
  expect((await guest.client.group.list()).groups).toEqual([]);
  expect((await rig.admin.group.list()).groups[0]?.members).toHaveLength(1);
});

test("members that come at the same time are all in, and the next kernel knows them", async () => {
  const journal = createMemoryJournal();
  const rig = await open({ journal });
  await rig.admin.group.create({ group: "g" });
  const names = Array.from({ length: 20 }, (_, index) => `agent:a${index}`);
  await Promise.all(names.map((member) => rig.admin.group.add({ group: "g", member })));
  await rig.admin.group.create({ group: "gone" });
  expect(await rig.admin.group.delete({ group: "gone" })).toEqual({ deleted: true });
  const next = await open({ journal });
  const { groups } = await next.admin.group.list();
  expect(groups.map(({ group }) => group)).toEqual(["g"]);
  expect(groups[0]?.members.map(({ member }) => member).toSorted()).toEqual(names.toSorted());
  const a3 = await process(next, "a3");
  await a3.client.mem.add({ namespace: "group:g", content: "still here" });
  await next.admin.group.delete({ group: "g" });
  expect(await contents(a3, "still")).toEqual([]);
  // What a group of the same name begins with is for a key of the tenant to say.
  expect((await next.admin.mem.export({ namespaces: ["group:g"] })).notes).toHaveLength(1);
});

test("a member that could not be recorded is none, and what could not be taken back holds", async () => {
  const { journal, disk } = fillable(createMemoryJournal());
  const rig = await open({ journal });
  const [one, other] = [await process(rig), await process(rig)];
  await rig.admin.group.create({ group: "g" });
  await rig.admin.group.add({ group: "g", member: `process:${one.pid}` });
  disk.isFull = true;
  expect(await refusal(rig.admin.group.add({ group: "g", member: `process:${other.pid}` }))).toMatch(/^ENOSPC/);
  expect((await other.client.group.list()).groups).toEqual([]);
  expect((await one.client.group.list()).groups).toHaveLength(1);
  disk.isFull = false;
  await rig.clock.run(rig.clock.nowMs() + 2_000);
  await rig.admin.group.remove({ group: "g", member: `process:${one.pid}` });
  const { groups } = await (await open({ journal })).admin.group.list();
  expect(groups[0]?.members).toEqual([]);
});
