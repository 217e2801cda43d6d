// When it is looked at what others do, by a watcher that the test itself is, and a clock of its own.
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { afterEach, expect, test } from "vitest";
import type { WatchFolder } from "../../src/drivers/fs/watch-folder.ts";
import { newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";

afterEach(removeFileFolders);

async function openNoticed() {
  const listeners = new Map<string, Parameters<WatchFolder>[1]>();
  const folder = await newFileFolder();
  const watchFolder: WatchFolder = (watched, listener) => {
    listeners.set(watched, listener);
    return { [Symbol.asyncDispose]: () => Promise.resolve(void listeners.delete(watched)) };
  };
  const rig = await openFileRig({ disk: { watchFolder } });
  await rig.admin.fs.mount({ folder, name: "docs" });
  const tenant = asTenantId("local");
  const root = "mount:docs";
  /** As it is on record: who asks the kernel looks himself. */
  const told = async (): Promise<string[]> => {
    // The walk of the first time, too.
    for (let left = 1; left > 0;) {
      left = (await rig.admin.fs.mounts({})).mounts.filter(({ isWalking }) => isWalking).length;
      await new Promise((resolve) => void setImmediate(resolve));
    }
    await rig.admin.fs.watch({ path: "/mnt/docs", afterChange: 0 });
    const rows = await rig.journal.fileVersions({ tenant, root, afterChange: 0, limit: 1_000 });
    return rows.map(({ path, version, kind }) => `${path}@${version} ${kind}`);
  };
  await writeFile(join(folder, "first"), "first");
  listeners.get(folder)?.touched("");
  expect(await told()).toEqual(["first@1 file"]);
  return {
    ...rig,
    told,
    at: (name: string) => join(folder, name),
    listeners,
    folder,
    touch: (...names: string[]) => {
      for (const name of names) listeners.get(folder)?.touched(name);
    },
    later: (ms: number) => rig.clock.run(rig.clock.nowMs() + ms),
    /** What a call waits for that begins after the looks. */
    looked: async () => {
      await rig.admin.fs.read({ path: "/mnt/docs/first" });
      return told();
    },
  };
}

test("a file that is saved in pieces is looked at when it is quiet, and one that grows all the time after some seconds", async () => {
  const { at, touch, later, looked } = await openNoticed();
  await writeFile(at("x"), "half");
  touch("x");
  await later(60);
  await writeFile(at("x"), "whole");
  touch("x");
  await later(60);
  expect(await looked()).toEqual(["first@1 file"]);
  await later(100);
  expect(await looked()).toEqual(["first@1 file", "x@1 file"]);
  for (let ms = 0; ms < 4_000; ms += 50) {
    touch("x");
    await later(50);
  }
  await writeFile(at("x"), "it grows");
  expect(await looked()).toHaveLength(2);
  for (let ms = 0; ms < 2_000; ms += 50) {
    touch("x");
    await later(50);
  }
  expect(await looked()).toEqual(["first@1 file", "x@1 file", "x@2 file"]);
});

test("of a folder that comes or goes all that is in it is looked at, though nobody tells of that", async () => {
  const { at, touch, later, looked } = await openNoticed();
  await mkdir(at("d/e"), { recursive: true });
  await writeFile(at("d/e/x"), "x");
  touch("d");
  await later(300);
  expect((await looked()).slice(1).toSorted()).toEqual(["d/e/x@1 file", "d/e@1 folder", "d@1 folder"]);
  await rename(at("d"), at("f"));
  touch("d", "f");
  await later(300);
  const gone = (await looked()).filter((row) => row.endsWith("gone"));
  expect(gone.toSorted()).toEqual(["d/e/x@2 gone", "d/e@2 gone", "d@2 gone"]);
});

test("what tools keep, what nobody can name and what the kernel is about to place is not looked at; nor anything after the end", async () => {
  const { at, touch, later, looked, rig, listeners, folder } = await withRig();
  await mkdir(at(".git"));
  await writeFile(at(".git/x"), "x");
  await writeFile(at("a\\b"), "x");
  const ignored = [".git", "node_modules", ".aios-tmp-1", "x", "d/.env"];
  expect(ignored.filter((path) => listeners.get(folder)?.isIgnored(path))).toEqual([
    ".git",
    "node_modules",
    ".aios-tmp-1",
    "d/.env",
  ]);
  touch(".git/x", "a\\b", ".git");
  await later(300);
  expect(await looked()).toEqual(["first@1 file"]);
  await rig.admin.fs.unmount({ name: "docs" });
  expect(listeners.has(folder)).toBe(false);
  await rm(folder, { recursive: true });
});

async function withRig() {
  const rig = await openNoticed();
  return { ...rig, rig };
}
