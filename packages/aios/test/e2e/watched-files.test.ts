// What editors, shells and people do in folders becomes a version when they do it. Nothing here waits for a time to pass.
import { mkdir, open, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResultOf } from "@aiosjs/sdk";
import { afterEach, describe, expect, test } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { systemCalendar } from "../../src/drivers/clock/calendar.ts";
import { realClock } from "../../src/drivers/clock/real.ts";
import { watchFolder } from "../../src/drivers/fs/watch-folder.ts";
import { newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";
import type { FileRig } from "../file-rig.ts";

const options = { timeout: 60_000 };
afterEach(removeFileFolders);

type Change = ResultOf<"fs.watch">["changes"][number];

async function openWorld(more: Parameters<typeof openFileRig>[0] = {}) {
  const rig = await openFileRig({ clock: realClock as never, disk: { watchFolder }, ...more });
  return { ...rig, [Symbol.asyncDispose]: () => rig.kernel[Symbol.asyncDispose]() };
}

/** A mount of a folder, from when others are noticed there. */
async function mountWatched(rig: FileRig, folder: string, isReadOnly = true): Promise<void> {
  await rig.admin.fs.mount({ folder, name: "docs", isReadOnly });
  // It is walked through once when it is watched: what is made until then may be told by that.
  for (let at = 0, seen = 0; seen === 0; at++) {
    await writeFile(join(folder, `probe ${at}`), "probe");
    const { changes } = await rig.admin.fs.watch({ path: "/mnt/docs", afterChange: 0, timeoutMs: 500 });
    seen = changes.length;
  }
}

/** Changes from a number on, until one is as it was waited for. */
async function changesUntil(
  rig: FileRig,
  { path, from }: { path: string; from: number },
  is: (change: Change) => boolean,
): Promise<Change[]> {
  const all: Change[] = [];
  for (let afterChange = from; ;) {
    const { changes, lastChange } = await rig.admin.fs.watch({ path, afterChange });
    all.push(...changes);
    if (changes.some(is)) return all;
    afterChange = lastChange;
  }
}

const now = async (rig: FileRig, path: string): Promise<number> =>
  (await rig.admin.fs.watch({ path, timeoutMs: 0 })).lastChange;

describe("what others do in a mount", options, () => {
  test("is a version when they do it: made, saved by an exchange, cut and written again, removed, moved", async () => {
    await using rig = await openWorld();
    const folder = await newFileFolder();
    await mountWatched(rig, folder);
    const at = (name: string): string => join(folder, name);
    const told = async (act: () => Promise<void>, is: (change: Change) => boolean): Promise<Change> => {
      const from = await now(rig, "/mnt/docs");
      await act();
      return (await changesUntil(rig, { path: "/mnt/docs", from }, is)).find(is) as Change;
    };
    const isAt =
      (path: string, kind: Change["kind"] = "file") =>
      (change: Change) =>
        change.path === `/mnt/docs/${path}` && change.kind === kind;

    expect(await told(() => writeFile(at("plan.md"), "one"), isAt("plan.md"))).toMatchObject({ version: 1, pid: null });
    // As vim saves.
    const saved = async (): Promise<void> => {
      await rename(at("plan.md"), at("plan.md~"));
      await writeFile(at("plan.md"), "two");
      await unlink(at("plan.md~"));
    };
    expect(await told(saved, isAt("plan.md"))).toMatchObject({ version: 2 });
    expect((await rig.admin.fs.read({ path: "/mnt/docs/plan.md", version: 2 })).content).toBe("two");
    const cut = async (): Promise<void> => {
      await using file = await open(at("plan.md"), "w");
      await file.write("thr");
      await file.write("ee");
    };
    const last = await told(cut, isAt("plan.md"));
    expect((await rig.admin.fs.read({ path: "/mnt/docs/plan.md", version: last.version })).content).toBe("three");
    const moved = async (): Promise<void> => {
      await mkdir(at("d/e"), { recursive: true });
      await writeFile(at("d/e/x"), "x");
    };
    await told(moved, isAt("d/e/x"));
    await told(() => rename(at("d"), at("f")), isAt("f/e/x"));
    await told(() => rm(at("f"), { recursive: true }), isAt("f/e/x", "gone"));
    await told(() => unlink(at("plan.md")), isAt("plan.md", "gone"));
    const { versions } = await rig.admin.fs.history({ path: "/mnt/docs", limit: 1_000 });
    const names = versions.filter(({ kind }) => kind === "file").map(({ path }) => path.slice("/mnt/docs/".length));
    // Nothing that was on its way only.
    expect(names.filter((name) => name.includes("~"))).toEqual([]);
    expect(versions.filter(({ path, kind }) => path.startsWith("/mnt/docs/d/") && kind === "gone")).toHaveLength(2);
  });

  test("is found by search, unless tools keep it for themselves", async () => {
    await using tools = createFileTools({ clock: realClock, calendar: systemCalendar });
    const read: string[] = [];
    const fileTools = {
      ...tools,
      read: (...[name, content]: Parameters<typeof tools.read>) => {
        read.push(name);
        return tools.read(name, content);
      },
    };
    await using rig = await openWorld({ fileTools });
    const folder = await newFileFolder();
    await mkdir(join(folder, "node_modules"));
    await writeFile(join(folder, "node_modules", "a.md"), "the zebra contract");
    await writeFile(join(folder, "b.md"), "the zebra contract");
    const search = async () =>
      (await rig.admin.fs.search({ query: "zebra", isLiteral: true })).hits.map(({ path }) => path);
    await mountWatched(rig, folder);
    await changesUntil(rig, { path: "/mnt/docs", from: 0 }, ({ path }) => path === "/mnt/docs/b.md");
    // Read, it has a version, too.
    await rig.admin.fs.read({ path: "/mnt/docs/node_modules/a.md" });
    expect(await search()).toEqual(["/mnt/docs/b.md"]);
    const from = await now(rig, "/mnt/docs");
    await writeFile(join(folder, "c.md"), "another zebra contract");
    await changesUntil(rig, { path: "/mnt/docs", from }, ({ path }) => path === "/mnt/docs/c.md");
    expect((await search()).toSorted()).toEqual(["/mnt/docs/b.md", "/mnt/docs/c.md"]);
    const { fs } = await rig.process();
    expect((await fs.search({ query: "zebra" })).hits).toHaveLength(2);
    const before = read.length;
    const { files } = await rig.admin.fs.reindex({ path: "/mnt/docs" });
    for (let left = files; left > 0;) {
      ({ waiting: left } = await rig.admin.fs.indexing({ path: "/mnt/docs" }));
      await new Promise((resolve) => void setImmediate(resolve));
    }
    const again = read.slice(before).filter((name) => !name.startsWith("probe"));
    expect(again.toSorted()).toEqual(["b.md", "c.md"]);
    expect((await rig.admin.fs.mounts({})).mounts).toMatchObject([{ files, indexed: files, isWalking: false }]);
    expect((await search()).toSorted()).toEqual(["/mnt/docs/b.md", "/mnt/docs/c.md"]);
    await rig.admin.fs.unmount({ name: "docs" });
    expect(await search()).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("is not followed by a link", async () => {
    await using rig = await openWorld();
    const [folder, outside] = [await newFileFolder(), await newFileFolder()];
    await symlink(outside, join(folder, "out"));
    await mountWatched(rig, folder);
    const from = await now(rig, "/mnt/docs");
    await writeFile(join(outside, "secret"), "secret");
    await writeFile(join(folder, "z"), "z");
    const changes = await changesUntil(rig, { path: "/mnt/docs", from }, ({ path }) => path === "/mnt/docs/z");
    expect(changes.map(({ path }) => path)).toEqual(["/mnt/docs/z"]);
  });
});

describe("what others do in the kernel's own folders", options, () => {
  test("is a version when they do it, and what calls do is no other one", async () => {
    await using rig = await openWorld();
    const { fs, pid } = await rig.process();
    for (let at = 0; at < 20; at++) await fs.write({ path: "d/x", content: `${at}` });
    const path = `/home/${pid}`;
    let last: Change | undefined;
    // A folder that is new is watched soon after.
    for (let at = 0; last === undefined; at++) {
      const from = await now(rig, path);
      await writeFile(rig.at(pid, "d", "x"), `theirs ${at}`);
      [last] = (await rig.admin.fs.watch({ path, afterChange: from, timeoutMs: 1_000 })).changes;
    }
    expect(last).toMatchObject({ path: `${path}/d/x`, pid: null });
    const { versions } = await fs.history({ path: "d/x", limit: 100 });
    expect(versions.filter((version) => version.pid !== null)).toHaveLength(20);
    expect(new Set(versions.slice(0, -20).map((version) => version.pid))).toEqual(new Set([null]));
  });
});

describe("who waits for a change", options, () => {
  test("hears of each one once and in order, those between two calls, too", async () => {
    await using rig = await openWorld();
    const { fs } = await rig.process();
    const first = fs.watch({ path: "in" });
    const from = await now(rig, "/shared");
    for (let at = 0; at < 30; at++) await fs.write({ path: `/shared/in/${at}`, content: "x" });
    await fs.write({ path: "out", content: "x" });
    await fs.write({ path: "in/x", content: "x" });
    expect((await first).changes[0]?.path).toMatch(/\/in$/);
    const paths: string[] = [];
    for (let afterChange = from; paths.length < 31;) {
      const { changes, lastChange } = await fs.watch({ path: "/shared/in", afterChange, limit: 4 });
      expect(changes.length).toBeLessThanOrEqual(4);
      paths.push(...changes.map(({ path }) => path));
      afterChange = lastChange;
    }
    expect(paths).toEqual(["/shared/in", ...Array.from({ length: 30 }, (_, at) => `/shared/in/${at}`)]);
  });

  test("hears nothing of what it does not reach, nor of what it reaches no longer", async () => {
    await using rig = await openWorld();
    const [one, other] = [await rig.process(), await rig.process()];
    await expect(other.fs.watch({ path: `/home/${one.pid}` })).rejects.toMatchObject({ code: "ENOENT" });
    await rig.admin.group.create({ group: "desk" });
    await rig.admin.group.add({ group: "desk", member: `process:${one.pid}`, access: "read" });
    const waiting = one.fs.watch({ path: "/groups/desk" });
    await rig.admin.fs.watch({ path: "/groups/desk", timeoutMs: 0 });
    await rig.admin.group.remove({ group: "desk", member: `process:${one.pid}` });
    await rig.admin.fs.write({ path: "/groups/desk/secret", content: "x" });
    await expect(waiting).rejects.toMatchObject({ code: "ENOENT" });
    const folder = await newFileFolder();
    await rig.admin.fs.mount({ folder, name: "docs" });
    const ended = one.fs.watch({ path: "/mnt/docs" });
    await rig.admin.fs.watch({ path: "/mnt/docs", timeoutMs: 0 });
    await rig.admin.fs.unmount({ name: "docs" });
    await expect(ended).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("stops waiting when its time is over, or the call is cancelled", async () => {
    await using rig = await openWorld();
    const { fs } = await rig.process();
    expect(await fs.watch({ path: ".", timeoutMs: 5 })).toEqual({ changes: [], lastChange: 0 });
    const abort = new AbortController();
    const waiting = fs.watch({ path: "." }, { signal: abort.signal });
    void fs.list({}).then(() => abort.abort());
    await expect(waiting).rejects.toMatchObject({ code: "ECANCELED" });
  });
});

test(
  "a system that watches no more folders is told of once, and files are found when they are looked at",
  options,
  async () => {
    await using rig = await openWorld({
      disk: {
        watchFolder: (_folder, listener) => {
          queueMicrotask(() => listener.failed(Object.assign(new Error("no space"), { code: "ENOSPC" })));
          return { [Symbol.asyncDispose]: () => Promise.resolve() };
        },
      },
    });
    const folder = await newFileFolder();
    await rig.admin.fs.mount({ folder, name: "docs" });
    await writeFile(join(folder, "x"), "x");
    expect((await rig.admin.fs.read({ path: "/mnt/docs/x" })).version).toBe(1);
    const { mounts } = await rig.admin.fs.mounts({});
    expect(mounts).toMatchObject([{ name: "docs", whyUnwatched: expect.stringContaining("max_user_watches") }]);
    // What was noted before it is written with it.
    await rig.admin.fs.mkdir({ path: "d" });
    const events = (await rig.journal.events({ afterSeq: 0, limit: 1_000 })).filter(
      (one) => one.topic === "folder.unwatched",
    );
    expect(new Set(events.map(({ body }) => (body as { folder: string }).folder)).size).toBe(events.length);
    expect(events.at(-1)).toMatchObject({ body: { folder, reason: expect.stringContaining("max_user_watches") } });
  },
);
