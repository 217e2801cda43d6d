// Files where others change them too, where calls are cancelled, and where disk or journal do not take what is written.
import { execFileSync } from "node:child_process";
import { link, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { diskTree, newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";
import { fillable } from "../fillable-journal.ts";
import { refusal } from "../writer-rig.ts";

afterEach(removeFileFolders);

describe("what others do on the disk", () => {
  test("becomes a version by nobody, once for all who notice it", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "x", content: "mine" });
    await writeFile(rig.at(pid, "x"), "theirs");
    await writeFile(rig.at(pid, "new"), "new");
    const reads = await Promise.all(Array.from({ length: 8 }, () => fs.read({ path: "x" })));
    expect(new Set(reads.map(({ content, version }) => `${content} ${version}`))).toEqual(new Set(["theirs 2"]));
    expect(await fs.stat({ path: "x" })).toMatchObject({
      pid: null,
      call: null,
      version: 2,
      labels: { trust: "untrusted" },
    });
    expect((await fs.read({ path: "new" })).version).toBe(1);
    await rm(rig.at(pid, "x"));
    expect(await refusal(fs.read({ path: "x" }))).toMatch(/^ENOENT/);
    expect((await fs.history({ path: "x" })).versions.map(({ kind }) => kind)).toEqual(["gone", "file", "file"]);
    await fs.restore({ path: "x" });
    expect(await diskTree(rig.at(pid))).toEqual({ x: "theirs", new: "new" });
    // Touched, and the same: no version.
    await writeFile(rig.at(pid, "x"), "theirs");
    expect((await fs.stat({ path: "x" })).version).toBe(4);
  });

  test("is not lost when a call writes over it, also while others look", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "x", content: "mine" });
    for (let round = 0; round < 10; round++) {
      await writeFile(rig.at(pid, "x"), `theirs ${round}`);
      await Promise.all([
        fs.write({ path: "x", content: `mine ${round}` }),
        fs.read({ path: "x" }),
        fs.append({ path: "y", content: "y" }),
        fs.stat({ path: "x" }),
      ]);
    }
    const { versions } = await fs.history({ path: "x", limit: 100 });
    expect(versions).toHaveLength(21);
    const outside = versions.filter((version) => version.pid === null).toReversed();
    const contents = await Promise.all(outside.map(({ version }) => fs.read({ path: "x", version })));
    expect(contents.map(({ content }) => content)).toEqual(Array.from({ length: 10 }, (_, round) => `theirs ${round}`));
    expect((await fs.read({ path: "x" })).content).toBe("mine 9");
  });

  test("between the look of a call and its next one is seen by it, and does not hold it up for ever", async () => {
    let onRead: (() => Promise<void>) | undefined;
    const rig = await openFileRig({
      wrap: (disk) => ({
        ...disk,
        look: async (place) => {
          const entry = await disk.look(place);
          const act = onRead;
          onRead = undefined;
          await act?.();
          return entry;
        },
      }),
    });
    const { fs, pid } = await rig.process();
    await fs.write({ path: "x", content: "one" });
    onRead = () => writeFile(rig.at(pid, "x"), "two+");
    await fs.append({ path: "x", content: "three" });
    expect(await readFile(rig.at(pid, "x"), "utf8")).toBe("two+three");
    await writeFile(rig.at(pid, "x"), "noticed");
    let looks = 0;
    const again = async (): Promise<void> => {
      if (++looks === 2) await writeFile(rig.at(pid, "x"), "and changed");
      else onRead = again;
    };
    onRead = again;
    await fs.read({ path: "x" });
    expect((await fs.read({ path: "x" })).content).toBe("and changed");
    await fs.write({ path: "x", content: "free" });
  });

  test("just where a write is about to be placed is kept beside it", async () => {
    let before: (() => Promise<void>) | undefined;
    const rig = await openFileRig({
      wrap: (disk) => ({
        ...disk,
        place: async (placement) => {
          await before?.();
          before = undefined;
          return disk.place(placement);
        },
      }),
    });
    const { fs, pid } = await rig.process();
    before = () => mkdir(rig.at(pid), { recursive: true }).then(() => writeFile(rig.at(pid, "plan.md"), "theirs"));
    await fs.write({ path: "plan.md", content: "mine" });
    const tree = await diskTree(rig.at(pid));
    expect(new Set(Object.values(tree))).toEqual(new Set(["mine", "theirs"]));
    expect(Object.keys(tree).find((name) => tree[name] === "theirs")).toMatch(/^plan \(kept [0-9a-f]{8}\)\.md$/);
    expect(tree["plan.md"]).toBe("mine");
    // A whole folder, too, and nothing half-written is left beside it.
    before = async () => {
      await rm(rig.at(pid, "plan.md"));
      await mkdir(rig.at(pid, "plan.md"));
      await writeFile(rig.at(pid, "plan.md", "in it"), "theirs");
    };
    await fs.write({ path: "plan.md", content: "mine again" });
    expect(await readFile(rig.at(pid, "plan.md"), "utf8")).toBe("mine again");
    expect(Object.entries(await diskTree(rig.at(pid))).filter(([path]) => path.endsWith("in it"))).toHaveLength(1);
    // And where a file is removed.
    before = () => writeFile(rig.at(pid, "plan.md"), "newer");
    await fs.remove({ path: "plan.md" });
    expect((await fs.read({ path: "plan.md" })).content).toBe("newer");
    expect((await readdir(rig.at(pid))).filter((name) => name.startsWith(".aios"))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("links, hard links and pipes are neither followed nor read", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "own/a", content: "own" });
    await writeFile(rig.at("secret"), "secret");
    await symlink(rig.at(), rig.at(pid, "out"));
    await symlink(rig.at("secret"), rig.at(pid, "leak"));
    await symlink("own", rig.at(pid, "inside"));
    await link(rig.at("secret"), rig.at(pid, "hard"));
    execFileSync("/usr/bin/mkfifo", [rig.at(pid, "pipe")]);
    const read = (path: string) => refusal(fs.read({ path }));
    expect(await read("out/secret")).toBe('EACCES "out" passes through a link; links are not followed');
    expect(await read("inside/a")).toMatch(/^EACCES .*link/);
    expect(await read("leak")).toBe('EACCES "leak" is a link; links are not followed');
    expect(await read("hard")).toMatch(/^EACCES .*hard link/);
    expect(await read("pipe")).toMatch(/^EINVAL .*pipe/);
    expect(await read("own")).toBe('EINVAL "own" is a folder; list it instead');
    expect(await read("own/a/b")).toBe('EINVAL "a" is a file, not a folder');
    expect(await refusal(fs.stat({ path: "pipe" }))).toMatch(/^EINVAL .*pipe/);
    // Also where a file stood before.
    await rm(rig.at(pid, "own", "a"));
    await symlink(rig.at("secret"), rig.at(pid, "own", "a"));
    expect(await refusal(fs.stat({ path: "own/a" }))).toMatch(/^EINVAL .*link/);
    expect(await read("own/a")).toMatch(/^EACCES .*link/);
    const write = (path: string) => refusal(fs.write({ path, content: "mine" }));
    expect(await write("out/secret")).toMatch(/^EACCES .*link/);
    expect(await write("out/new/file")).toMatch(/^EACCES .*link/);
    // Writing over a link replaces the link; what it pointed at stays.
    expect(await write("leak")).toMatch(/^went through/);
    expect(await write("hard")).toMatch(/^went through/);
    expect(await readFile(rig.at("secret"), "utf8")).toBe("secret");
    expect((await fs.list({})).entries).toContainEqual({ name: "pipe", kind: "other", sizeBytes: 0 });
    expect(await refusal(fs.list({ path: "out" }))).toMatch(/^EACCES .*link/);
  });
});

test("folders that somebody has put into each other without end are refused at once, and hold up nothing", async () => {
  const rig = await openFileRig();
  const { fs, pid } = await rig.process();
  await fs.write({ path: "x", content: "mine" });
  await mkdir(rig.at(pid, "deep", ...Array.from({ length: 300 }, () => "d")), { recursive: true });
  for (const refused of [
    fs.move({ from: "deep", to: "elsewhere" }),
    fs.copy({ from: "deep", to: "elsewhere" }),
    fs.remove({ path: "deep", isRecursive: true }),
  ])
    expect(await refusal(refused)).toMatch(/^E2BIG .*\/deep holds folders in each other, more than 64 deep/);
  expect((await fs.read({ path: "x" })).content).toBe("mine");
});

describe("what goes wrong", () => {
  test("a call that is cancelled while it waits for another leaves nothing, and holds nobody up", async () => {
    const gate = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const rig = await openFileRig({
      wrap: (disk) => ({
        ...disk,
        look: async (place) => {
          if (place.path === "slow") began.resolve();
          if (place.path === "slow") await gate.promise;
          return disk.look(place);
        },
      }),
    });
    const { fs, pid } = await rig.process();
    const slow = fs.write({ path: "slow", content: "slow" });
    await began.promise;
    const abort = new AbortController();
    const waiting = refusal(fs.write({ path: "x", content: "never" }, { signal: abort.signal }));
    const behind = fs.write({ path: "y", content: "y" });
    await new Promise((resolve) => void setTimeout(resolve, 50));
    abort.abort();
    // While the other one still holds the folder.
    expect(await waiting).toMatch(/^ECANCELED/);
    gate.resolve();
    await Promise.all([slow, behind]);
    expect(await diskTree(rig.at(pid))).toEqual({ slow: "slow", y: "y" });
  });

  test("a journal that is full changes nothing, and nothing half-written is left", async () => {
    const { journal, disk: journalDisk } = fillable(createMemoryJournal());
    const rig = await openFileRig({ journal });
    const { fs, pid } = await rig.process();
    await fs.write({ path: "x", content: "one" });
    journalDisk.isFull = true;
    expect(await refusal(fs.write({ path: "x", content: "two" }))).toMatch(/^(ENOSPC|EIO)/);
    expect(await diskTree(rig.at(pid))).toEqual({ x: "one" });
    journalDisk.isFull = false;
    await rig.clock.run(rig.clock.nowMs() + 5_000);
    expect((await fs.write({ path: "x", content: "three" })).version).toBe(2);
    expect(await diskTree(rig.at(pid))).toEqual({ x: "three" });
  });

  test("a disk that does not take what is written gets it later, once, and it is read meanwhile", async () => {
    let isFull = false;
    const rig = await openFileRig({
      wrap: (disk) => ({
        ...disk,
        place: (placement) =>
          isFull ? Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" })) : disk.place(placement),
      }),
    });
    const { fs, pid } = await rig.process();
    await fs.write({ path: "old", content: "old" });
    isFull = true;
    await fs.write({ path: "d/x", content: "one" });
    await fs.write({ path: "d/x", content: "two" });
    await fs.remove({ path: "old" });
    expect((await fs.read({ path: "d/x" })).content).toBe("two");
    expect((await fs.list({ path: "d" })).entries).toEqual([{ name: "x", kind: "file", sizeBytes: 3 }]);
    expect((await fs.copy({ from: "d", to: "copy" })).copied).toBe(2);
    expect(await diskTree(rig.at(pid))).toEqual({ old: "old" });
    isFull = false;
    await rig.clock.run(rig.clock.nowMs() + 5_000);
    await fs.list({});
    expect(await diskTree(rig.at(pid))).toEqual({ copy: null, "copy/x": "two", d: null, "d/x": "two" });
  });

  test("what a crash left half-written is taken away when the next kernel writes", async () => {
    const [folder, journal] = [await newFileFolder(), createMemoryJournal()];
    const rig = await openFileRig({ folder, journal });
    const { fs, pid } = await rig.process();
    await fs.write({ path: "x", content: "x" });
    await writeFile(rig.at(pid, ".aios-tmp-left"), "half");
    const next = await openFileRig({ folder, journal });
    expect((await next.admin.fs.list({ path: `/home/${pid}` })).entries).toHaveLength(1);
    await next.admin.fs.write({ path: `/home/${pid}/y`, content: "y" });
    expect(await diskTree(rig.at(pid))).toEqual({ x: "x", y: "y" });
  });

  test("a folder renamed by somebody is found where it is, and comes back where it was", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "d/x", content: "x" });
    const atMs = rig.clock.nowMs();
    await rig.clock.run(atMs + 1_000);
    await rename(rig.at(pid, "d"), rig.at(pid, "e"));
    await writeFile(rig.at(pid, "d"), "a file in its place");
    expect((await fs.read({ path: "e/x" })).content).toBe("x");
    await fs.rollback({ path: ".", atMs });
    expect(await diskTree(rig.at(pid))).toEqual({ d: null, "d/x": "x" });
  });
});
