// What becomes of a process's notes, and of what it knows of them, when it is forked, restored or taken back.
import type { AssistantMessage, ChatArgs, ManifestInput, ResultOf } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createPrograms } from "../../src/drivers/proc/programs.ts";
import type { Toolbox } from "../../src/kernel/ports.ts";
import { extractDescription } from "../../src/memory/extract.ts";
import { presentNotes } from "../../src/memory/present.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { finished, flow, restored, seqOf, snapshotOf } from "../writer-rig.ts";

const manifest: ManifestInput = { name: "keeper", instructions: "Keep.", tools: ["mem"], maxSteps: 20 };

/** A syscall of memory, with `$0`, `$1`… for the ids that the first, second… answer told. */
type Act = readonly [name: string, args: object];

/** Does these things one after the other, naming notes by the ids that it was told. */
const acting =
  (acts: readonly Act[]) =>
  ({ messages }: ChatArgs): AssistantMessage => {
    const answers = messages.filter(({ role }) => role === "tool").map(({ content }) => content as string);
    const next = acts[answers.length];
    if (!next) return { role: "assistant", content: answers.join(" ") };
    const [name, args] = next;
    const told = JSON.stringify(args).replaceAll(/\$(\d)/g, (_, at: string) => answers[Number(at)] ?? "");
    const asked = JSON.stringify({ name, args: JSON.parse(told) as object });
    return {
      role: "assistant",
      content: null,
      toolCalls: [{ id: `t${answers.length}`, name: "mem", arguments: asked }],
    };
  };

const memTool: Toolbox = {
  name: "memory",
  device: "tool",
  concurrency: 8,
  tools: () => [{ name: "mem", description: "", parameters: { type: "object" }, effect: "idempotent" }],
  async *execute(_name, given, context) {
    const { name, args } = (given as { arguments: { name: string; args: object } }).arguments;
    const result = (await context.syscall(name, args)) as Partial<ResultOf<"mem.add">>;
    yield [{ type: "result", result: { content: result.id ?? "done" } }];
  },
};

async function open(acts: readonly Act[], clock: VirtualClock = createVirtualClock(1_000)) {
  const rig = await openRig({
    journal: createMemoryJournal(),
    clock,
    seed: 1,
    cores: () => [createScriptedCore({ clock, answer: acting(acts), limits: { concurrency: 4 } })],
    drivers: () => [memTool],
    notes: {
      extract: extractDescription,
      present: presentNotes,
      openIndex: () => Promise.reject(new Error("nobody searches here")),
    },
    programs: createPrograms({ folders: [] }),
  });
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "go" } });
  const end = await finished(rig, pid);
  return { rig, pid, end };
}

const notesOf = async (rig: Rig, pid: string) => {
  const { notes } = await rig.admin.mem.export({ namespaces: [`process:${pid}`] });
  const contentOf = new Map(notes.map(({ id, content }) => [id, content]));
  return notes
    .map(({ content, links }) => ({
      content,
      links: links.map(({ to }) => contentOf.get(to) ?? `${to}, which is not there`),
    }))
    .toSorted((left, right) => (left.content < right.content ? -1 : 1));
};

const family: readonly Act[] = [
  ["mem.add", { content: "one" }],
  ["mem.add", { content: "two" }],
  ["mem.link", { from: "$0", to: "$1" }],
  ["mem.update", { id: "$0", content: "one, changed" }],
  ["mem.unlink", { from: "$0", to: "$1" }],
  ["mem.forget", { ids: ["$1"] }],
  ["mem.get", { id: "$0" }],
  ["mem.history", { id: "$0" }],
];
const kept = [{ content: "one, changed", links: [] }];

test("a fork means its own copies by the ids that it was told, and so does a fork of it", async () => {
  const { rig, pid, end } = await open(family);
  expect(end).toMatchObject({ code: 0 });
  const fork = await rig.admin.proc.fork({ pid, seq: await seqOf(rig, pid, 2) });
  expect(await finished(rig, fork.pid)).toMatchObject({ code: 0 });
  expect(await notesOf(rig, fork.pid)).toEqual(kept);
  const again = await rig.admin.proc.fork({ pid: fork.pid, seq: await seqOf(rig, fork.pid, 3) });
  expect(await finished(rig, again.pid)).toMatchObject({ code: 0 });
  expect(await notesOf(rig, again.pid)).toEqual(kept);
  // What they did to theirs was not done to others'.
  expect(await notesOf(rig, pid)).toEqual(kept);
});

test("a fork goes back, and is forked again, as it was before it was forked", async () => {
  const { rig, pid } = await open(family);
  const late = await rig.admin.proc.fork({ pid, seq: await seqOf(rig, pid, 6) });
  expect(await finished(rig, late.pid)).toMatchObject({ code: 0 });
  const early = await rig.admin.proc.fork({ pid: late.pid, seq: await seqOf(rig, late.pid, 1) });
  expect(await finished(rig, early.pid)).toMatchObject({ code: 0 });
  // With what it had then alone: what came later it has done itself, once.
  expect(await notesOf(rig, early.pid)).toEqual(kept);
  const seq = await seqOf(rig, late.pid, 3);
  await flow(rig.clock, rig.admin.proc.rollback({ pid: late.pid, seq }));
  expect(await notesOf(rig, late.pid)).toEqual([{ content: "one", links: [] }]);
});

test("a process that is restored elsewhere means its notes by the ids that it was told", async () => {
  const { rig, pid } = await open(family);
  const seq = await seqOf(rig, pid, 2);
  await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
  await rig.admin.proc.signal({ pid, signal: "suspend" });
  const items = await snapshotOf(rig, pid);
  const elsewhere = await open(family);
  const moved = await restored(elsewhere.rig, items);
  expect(await finished(elsewhere.rig, moved.pid)).toMatchObject({ code: 0 });
  expect(await notesOf(elsewhere.rig, moved.pid)).toEqual(kept);
  // And it goes back further than it was when it was taken along.
  const early = await seqOf(elsewhere.rig, moved.pid, 1);
  await flow(elsewhere.rig.clock, elsewhere.rig.admin.proc.rollback({ pid: moved.pid, seq: early }));
  expect(await notesOf(elsewhere.rig, moved.pid)).toEqual([{ content: "one", links: [] }]);
});

test("what a way back has undone does not come back by going to a call that is undone itself", async () => {
  const acts: readonly Act[] = [
    ["mem.add", { content: "one" }],
    ["mem.add", { content: "two" }],
    ["mem.update", { id: "$1", content: "two, changed" }],
    ["mem.remove", { id: "$1" }],
  ];
  const { rig, pid } = await open(acts);
  const [first, third] = [await seqOf(rig, pid, 1), await seqOf(rig, pid, 3)];
  await flow(rig.clock, rig.admin.proc.rollback({ pid, seq: first }));
  await flow(rig.clock, rig.admin.proc.rollback({ pid, seq: third }));
  const { notes } = await rig.admin.mem.export({ namespaces: [`process:${pid}`] });
  expect(notes.map(({ content }) => content).filter((content) => content.startsWith("two"))).toEqual([]);
});

test("going back brings no link to what was forgotten since", async () => {
  const acts: readonly Act[] = [
    ["mem.add", { content: "one" }],
    ["mem.add", { content: "two" }],
    ["mem.link", { from: "$0", to: "$1" }],
    ["mem.forget", { ids: ["$1"] }],
  ];
  const { rig, pid } = await open(acts);
  await flow(rig.clock, rig.admin.proc.rollback({ pid, seq: await seqOf(rig, pid, 3) }));
  expect(await notesOf(rig, pid)).toEqual([{ content: "one", links: [] }]);
});

test("going back to before a link takes it from both notes, also from one that somebody else has changed since", async () => {
  const acts: readonly Act[] = [
    ["mem.add", { content: "one" }],
    ["mem.add", { content: "two" }],
    ["mem.link", { from: "$0", to: "$1" }],
  ];
  const { rig, pid } = await open(acts);
  const { notes } = await rig.admin.mem.export({ namespaces: [`process:${pid}`] });
  const one = notes.find(({ content }) => content === "one");
  await rig.admin.mem.update({ id: one?.id ?? "", content: "one, changed" });
  const seq = await seqOf(rig, pid, 2);
  await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
  const after = await rig.admin.mem.history({ id: one?.id ?? "" });
  expect(after.versions.map(({ content, links }) => ({ content, links: links.length }))).toContainEqual({
    content: "one, changed",
    links: 0,
  });
});
