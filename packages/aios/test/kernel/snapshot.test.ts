import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Note, SnapshotItem } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { Rig } from "../rig.ts";
import {
  filesOf,
  finished,
  flow,
  kernelOn,
  newFolder,
  newWorld,
  notedFiles,
  notedNotes,
  notesOf,
  refusal,
  restored,
  seqOf,
  snapshotOf,
  spawn,
  step,
  stuck,
  valueOf,
} from "../writer-rig.ts";

describe("a snapshot", () => {
  test("of an agent that goes on is whole, and becomes a process on another machine that goes on where it was taken", async () => {
    const world = newWorld({ stopAt: 2 });
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await stuck(rig, world);
    const items = await snapshotOf(rig, pid);
    world.stopAt = Number.POSITIVE_INFINITY;
    const there = newWorld({ word: (step) => `other ${step}` });
    const files = await newFolder();
    const other = await kernelOn(there, { files, seed: 7 });
    const made = await flow(other.clock, restored(other, items));
    expect(made.pid).toBe(pid);
    expect(await finished(other, pid)).toMatchObject({
      code: 0,
      result: "noted step 1 noted step 2 noted other 3 noted other 4",
    });
    expect(there.effects).toEqual(["other 3", "other 4"]);
    expect(await filesOf(pid, files)).toEqual(notedFiles("step 1", "step 2", "other 3", "other 4"));
    expect(await valueOf(other, pid)).toEqual({ text: "other 4" });
    expect(await notesOf(other, pid)).toEqual(notedNotes("step 1", "step 2", "other 3", "other 4"));
    // Where the pid is taken it has another one; suspended it waits.
    const again = await flow(other.clock, restored(other, items, { isSuspended: true }));
    expect(again.pid).not.toBe(pid);
    for (let count = 0; count < 10; count++) await step(other.clock);
    expect(await filesOf(again.pid, files)).toEqual(notedFiles("step 1", "step 2"));
    await other.admin.proc.signal({ pid: again.pid, signal: "resume" });
    expect(await finished(other, again.pid)).toMatchObject({
      result: "noted step 1 noted step 2 noted other 3 noted other 4",
    });
  });

  test("holds what an agent was after the named call, whatever it does while the pages are taken", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await finished(rig, pid);
    const seq = await seqOf(rig, pid, 1);
    const { items } = await rig.admin.proc.snapshot({ pid, seq });
    const held = items.filter((item) => item.is === "held").map(({ holding, body }) => ({ holding, body }));
    const notes = held.filter(({ holding }) => holding === "notes");
    expect(notes.map(({ body }) => (body as Note).content).toSorted()).toEqual(notedNotes("step 1"));
    expect(held.filter(({ holding }) => holding !== "notes")).toEqual([
      { holding: "values", body: { key: "last", value: { text: "step 1" } } },
      { holding: "workspace", body: { path: "all", kind: "folder" } },
      { holding: "workspace", body: { path: "all/step 1.txt", kind: "file", at: 0, base64: btoa("step 1") } },
      { holding: "workspace", body: { path: "last.txt", kind: "file", at: 0, base64: btoa("step 1") } },
    ]);
  });

  test("that is hostile is refused, leaves nothing, and gives nobody more than they have", async () => {
    const rig = await kernelOn(newWorld());
    const pid = await spawn(rig);
    await finished(rig, pid);
    const items = await snapshotOf(rig, pid);
    const [head, ...rest] = items as [Extract<SnapshotItem, { is: "process" }>, ...SnapshotItem[]];
    const call = rest.find((item) => item.is === "call") as Extract<SnapshotItem, { is: "call" }>;
    const file = (path: string): SnapshotItem => ({
      is: "held",
      holding: "workspace",
      body: { path, kind: "file", at: 0, base64: "" },
    });
    const files = await newFolder();
    const there = await kernelOn(newWorld(), { files, seed: 3 });
    const tenant = there.client("x", "acme").client;
    const hostile: [SnapshotItem[], RegExp][] = [
      [[call], /does not begin with a process/],
      [[head, head], /a second process begins/],
      [[head, { is: "held", holding: "notes", body: { content: 5 } }], /a piece of the notes is none/],
      [[head, call, call], /comes after call/],
      [[head, { ...call, name: "sys.nothing" }], /no such syscall here/],
      [[head, { ...call, completion: null }], /neither open nor ended/],
      [[head, { ...call, state: "failed" }], /neither failed nor not/],
      [[head, { ...call, seq: head.seq + 1 }], /comes after \d+, its last one/],
      [[{ ...head, seq: Number.MAX_SAFE_INTEGER }], /none that a process comes to/],
      [[head, { ...call, seq: Number.MAX_SAFE_INTEGER }], /none that a process comes to/],
      [[head, { ...call, completion: Number.MAX_SAFE_INTEGER }], /none that a process comes to/],
      [[head, { ...call, timing: { ...call.timing, endedAt: 1e17 } }], /made at no time there is/],
      [[head, { ...call, firstOutputAtMs: -1e17 }], /made at no time there is/],
      [[head, file("../../../escape")], /leads out of the process's own folder/],
      [[head, file("/etc/passwd")], /is an absolute path/],
      [[head, { is: "held", holding: "secrets", body: {} }], /which nothing here can/],
      [[head, { is: "held", holding: "values", body: { key: "", value: 1 } }], /has no key/],
      [[head, { is: "held", holding: "values", body: { key: "x".repeat(513), value: 1 } }], /has no key/],
    ];
    for (const [bad, why] of hostile) {
      expect(await refusal(there.admin.proc.import({ items: bad }))).toMatch(why);
      if (bad.length > 1)
        expect(await refusal(there.admin.proc.import({ items: [head, file("kept"), ...bad.slice(1)] }))).toMatch(why);
    }
    expect(await refusal(there.admin.proc.import({ items: [{ ...head, tenant: "acme" } as SnapshotItem] }))).toMatch(
      /^EINVAL/,
    );
    expect((await there.admin.proc.list({ all: true })).total).toBeLessThanOrEqual(2);
    expect(await readdir(join(files, "local")).catch(() => [])).toEqual([]);
    // A tenant that restores it has what the tenant has; another one's upload is not theirs.
    const { upload } = await tenant.proc.import({ items });
    expect(await refusal(there.admin.proc.restore({ upload }))).toMatch(/^ENOENT /);
    expect(await refusal(tenant.proc.restore({ upload }))).toMatch(/^EACCES capability \* cannot be passed on/);
    const module: SnapshotItem = { ...head, capabilities: [], program: { kind: "module", file: "/x.mjs", task: "" } };
    const other = await tenant.proc.import({ items: [module] });
    expect(await refusal(tenant.proc.restore(other))).toMatch(/^EACCES a module is code/);
    expect(await readdir(join(files, "acme")).catch(() => [])).toEqual([]);
  });

  test("that is given up on the way was never there", async () => {
    const rig = await kernelOn(newWorld());
    const pid = await spawn(rig);
    await finished(rig, pid);
    const items = await snapshotOf(rig, pid);
    const files = await newFolder();
    const there = await kernelOn(newWorld(), { files, seed: 3 });
    const { upload } = await there.admin.proc.import({ items: items.slice(0, -1) });
    expect(await readdir(join(files, "local"))).toEqual([pid]);
    await there.clock.run(there.clock.nowMs() + 11 * 60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readdir(join(files, "local"))).toEqual([]);
    expect(await refusal(there.admin.proc.restore({ upload }))).toMatch(/^ENOENT /);
  });
});

describe("a record that is run again", () => {
  const rehearsed = (rig: Rig, pid: string) => flow(rig.clock, rig.admin.proc.replay({ pid }));

  test("comes to the same end, asks nobody, and changes nothing", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await finished(rig, pid);
    const before = [...world.effects];
    const view = await rig.admin.proc.show({ pid });
    expect(await rehearsed(rig, pid)).toEqual({ calls: 10, end: "same" });
    expect(world.effects).toEqual(before);
    expect(await rig.admin.proc.show({ pid })).toEqual(view);
  });

  test("of a process that goes on ends where that is", async () => {
    const world = newWorld({ stopAt: 2 });
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await stuck(rig, world);
    expect(await rehearsed(rig, pid)).toEqual({ calls: 5, end: "open" });
    await rig.admin.proc.signal({ pid, signal: "kill" });
    expect(await rehearsed(rig, pid)).toEqual({ calls: 6, end: "killed" });
  });

  test("says where the program goes another way than it went", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await finished(rig, pid);
    const items = (await snapshotOf(rig, pid)) as SnapshotItem[];
    const chat = items.findIndex((item) => item.is === "call" && item.name === "llm.chat");
    const changed = async (change: (call: Extract<SnapshotItem, { is: "call" }>) => object): Promise<string> => {
      const call = items[chat] as Extract<SnapshotItem, { is: "call" }>;
      const other = items.with(chat, { ...call, ...change(call) } as SnapshotItem);
      const made = await flow(rig.clock, restored(rig, other, { isSuspended: true }));
      return refusal(rehearsed(rig, made.pid));
    };
    expect(await changed(() => ({ requestHash: "0" }))).toMatch(
      /^EDIVERGED main#\d+: llm.chat asks for something else/,
    );
    expect(await changed(() => ({ name: "llm.embed" }))).toMatch(
      /^EDIVERGED main#\d+: the program calls llm.chat where it called llm.embed/,
    );
    const answer = { role: "assistant", content: "done" };
    expect(
      await changed(({ result }) => ({ result: { ...(result as object), message: answer, finishReason: "stop" } })),
    ).toMatch(/^EDIVERGED .*: the program does not call tool.call any more/);
  });
});
