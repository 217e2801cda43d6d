import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContextManager } from "@aiosjs/sdk/compat";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSnapshotFolder } from "./snapshot-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-snapshots-"));
});
afterEach(() => rm(folder, { recursive: true }));

const open = async () => new ContextManager({ snapshots: await openSnapshotFolder(folder) });

test("a context comes back in another program as it was kept", async () => {
  const contexts = await open();
  const context = contexts.create("研究员 1", { team: "a" }, { maxMessages: 2 });
  for (const text of ["one", "two", "three"]) context.addMessage("user", text);
  context.recordLlmCall(42);
  context.state["found"] = { pages: [1, 2] };
  const kept = context.toDict();
  await contexts.snapshot("研究员 1");
  const loaded = await (await open()).loadSnapshot("研究员 1");
  expect(loaded?.toDict()).toEqual(kept);
  expect(await readdir(folder)).toEqual(["研究员 1.context"]);
});

test("a snapshot that is cut off anywhere, or altered, is an error and not a missing one", async () => {
  const contexts = await open();
  contexts.create("a").addMessage("user", "hello");
  await contexts.snapshot("a");
  const file = join(folder, "a.context");
  const whole = await readFile(file);
  for (let length = 0; length < whole.length; length += 37) {
    await writeFile(file, whole.subarray(0, length));
    await expect(contexts.loadSnapshot("a"), `${length} bytes`).rejects.toMatchObject({ code: "EIO" });
  }
  await writeFile(file, whole.toString().replace("hello", "hullo"));
  await expect(contexts.loadSnapshot("a")).rejects.toThrow("the snapshot of a cannot be used: its checksum is wrong");
  await writeFile(file, whole);
  expect((await contexts.loadSnapshot("a"))?.messages[0]?.content).toBe("hello");
});

test("all snapshots are loaded but the damaged ones, which are named", async () => {
  const contexts = await open();
  for (const id of ["a", "b", "c"]) contexts.create(id);
  expect(await contexts.snapshotAll()).toBe(3);
  const healthy = await open();
  expect(await healthy.loadAllSnapshots()).toBe(3);
  await truncate(join(folder, "b.context"), 100);
  const others = await open();
  await expect(others.loadAllSnapshots()).rejects.toThrow("the snapshots of b cannot be used");
  expect(others.list().map(({ agentId }) => agentId)).toEqual(["a", "c"]);
});

test("a failing write leaves the snapshot before as it was, and no rubbish", async () => {
  const store = await openSnapshotFolder(folder);
  await store.write("a", "first");
  await expect(store.write("a", { toString: () => "x" } as never)).rejects.toThrow();
  expect(await store.read("a")).toBe("first");
  expect(await readdir(folder)).toEqual(["a.context"]);
});

test("no name leads out of the folder", async () => {
  const store = await openSnapshotFolder(folder);
  for (const name of ["../escape", "a/b", "a\\b", "..", ".hidden", "", "nul\0l"]) {
    await expect(store.write(name, "x"), name).rejects.toMatchObject({ code: "EINVAL" });
    await expect(store.read(name), name).rejects.toMatchObject({ code: "EINVAL" });
  }
  expect(await readdir(folder)).toEqual([]);
});

test("of snapshots taken one after the other the last one stays, however the writes end", async () => {
  const contexts = await open();
  const context = contexts.create("a");
  const writes: Promise<boolean>[] = [];
  for (let call = 1; call <= 20; call++) {
    context.recordLlmCall(1);
    writes.push(contexts.snapshot("a"));
  }
  await Promise.all(writes);
  expect((await contexts.loadSnapshot("a"))?.tokensUsed).toBe(20);
});
