// Files through the kernel, on a real disk: what callers see, what stands on the disk, and what is known of it later.
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { diskTree, newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";
import { refusal } from "../writer-rig.ts";

afterEach(removeFileFolders);

describe("a file", () => {
  test("is read as it was written, in folders made as needed", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    expect(await fs.write({ path: "a/b/c.txt", content: "grüß dich" })).toEqual({
      path: `/home/${pid}/a/b/c.txt`,
      sizeBytes: 11,
      version: 1,
    });
    expect(await fs.read({ path: "./a//b/c.txt" })).toMatchObject({ content: "grüß dich", sizeBytes: 11, version: 1 });
    const bytes = Buffer.from([0, 255, 128]).toString("base64");
    await fs.write({ path: "raw", content: bytes, encoding: "base64" });
    expect(await fs.read({ path: "raw", encoding: "base64" })).toMatchObject({ content: bytes, sizeBytes: 3 });
    expect(await refusal(fs.read({ path: "raw" }))).toBe(`EINVAL /home/${pid}/raw is no text in UTF-8`);
    expect(await refusal(fs.write({ path: "raw", content: "*", encoding: "base64" }))).toMatch(/^EINVAL .*base64/);
    await fs.write({ path: "名前/ключ 🗝.md", content: "é" });
    expect((await fs.list({})).entries).toEqual([
      { name: "a", kind: "folder", sizeBytes: 0 },
      { name: "raw", kind: "file", sizeBytes: 3 },
      { name: "名前", kind: "folder", sizeBytes: 0 },
    ]);
    expect(await readFile(rig.at(pid, "名前", "ключ 🗝.md"), "utf8")).toBe("é");
  });

  test("is replaced whole by each of many who write at once, and nothing half-written is left or shown", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        fs.write({ path: "x", content: String.fromCharCode(97 + index).repeat(10_000) }),
      ),
    );
    expect(written.map(({ version }) => version).toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const { content } = await fs.read({ path: "x" });
    expect([content.length, new Set(content).size]).toEqual([10_000, 1]);
    expect(await diskTree(rig.at(pid))).toEqual({ x: content });
    const [first] = (await fs.history({ path: "x" })).versions;
    expect(first).toMatchObject({ version: 20, pid, kind: "file" });
  });

  test("is written only in place of the version that the caller knows", async () => {
    const { fs } = await (await openFileRig()).process();
    expect(await refusal(fs.write({ path: "x", content: "1", ifVersion: 1 }))).toMatch(
      /^ESTALE .*x is not there, not of version 1/,
    );
    await fs.write({ path: "x", content: "1", ifVersion: 0 });
    expect(await refusal(fs.write({ path: "x", content: "2", ifVersion: 0 }))).toMatch(/^ESTALE .*is of version 1/);
    expect((await fs.write({ path: "x", content: "2", ifVersion: 1 })).version).toBe(2);
    await fs.remove({ path: "x" });
    expect((await fs.write({ path: "x", content: "3", ifVersion: 0 })).version).toBe(4);
    const both = await Promise.all(
      ["a", "b"].map((content) => refusal(fs.write({ path: "x", content, ifVersion: 4 }))),
    );
    expect(both.filter((told) => told.startsWith("ESTALE"))).toHaveLength(1);
  });

  test("grows by what is appended, from many at once, too", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await Promise.all(Array.from({ length: 10 }, (_, index) => fs.append({ path: "log", content: `${index}\n` })));
    const { content, version } = await fs.read({ path: "log" });
    expect(content.split("\n").toSorted().join("")).toBe("0123456789");
    expect(version).toBe(10);
    await writeFile(rig.at(pid, "log"), "theirs\n");
    await fs.append({ path: "log", content: "mine" });
    expect(await readFile(rig.at(pid, "log"), "utf8")).toBe("theirs\nmine");
    expect((await fs.read({ path: "log", version: 11 })).content).toBe("theirs\n");
  });

  test("that is missing is told with what there is instead", async () => {
    const { fs } = await (await openFileRig()).process();
    expect(await refusal(fs.read({ path: "plan.md" }))).toBe('ENOENT no "plan.md"; the folder is empty');
    await fs.write({ path: "notes/plan.md", content: "" });
    expect(await refusal(fs.read({ path: "notes/plan.txt" }))).toBe(
      'ENOENT no "notes/plan.txt"; "notes" has "plan.md"',
    );
    expect(await refusal(fs.remove({ path: "notes/old/x" }))).toBe('ENOENT no "notes/old"; "notes" has "plan.md"');
    expect(await refusal(fs.list({ path: "note" }))).toBe('ENOENT no "note"; the folder has "notes/"');
    for (const name of ["stat", "history", "restore"] as const)
      expect(await refusal(fs[name]({ path: "notes/no" })), name).toMatch(/^ENOENT no "notes\/no"/);
  });

  test("that was removed is told to be, with how it comes back", async () => {
    const { fs } = await (await openFileRig()).process();
    await fs.write({ path: "/shared/old/plan.md", content: "one" });
    await fs.write({ path: "/shared/old/plan.md", content: "two" });
    await fs.remove({ path: "/shared/old", isRecursive: true });
    for (const name of ["read", "stat", "remove"] as const)
      await expect(fs[name]({ path: "/shared/old/plan.md" }), name).rejects.toMatchObject({
        code: "ENOENT",
        message: "/shared/old/plan.md was removed or moved",
        hint: "fs.restore brings back version 2; fs.history tells who took it away",
      });
    expect(await refusal(fs.stat({ path: "/shared/old" }))).toMatch(/was removed or moved/);
    expect(await refusal(fs.read({ path: "/shared/new.md" }))).toBe('ENOENT no "new.md"; the folder is empty');
  });

  test("over the limit is neither read nor written", async () => {
    const rig = await openFileRig({ disk: { maxFileBytes: 10 } });
    const { fs, pid } = await rig.process();
    expect(await refusal(fs.write({ path: "big", content: "x".repeat(11) }))).toMatch(/^E2BIG/);
    await fs.write({ path: "fits", content: "x".repeat(10) });
    expect(await refusal(fs.append({ path: "fits", content: "x" }))).toMatch(/^E2BIG/);
    await writeFile(rig.at(pid, "grown"), "x".repeat(11));
    expect(await refusal(fs.read({ path: "grown" }))).toMatch(/^E2BIG/);
    // It is known, and nothing is done to it that could not be undone.
    expect(await fs.stat({ path: "grown" })).toMatchObject({ sizeBytes: 11, hash: null, pid: null, version: 1 });
    for (const doing of [
      fs.remove({ path: "grown" }),
      fs.write({ path: "grown", content: "" }),
      fs.move({ from: "grown", to: "moved" }),
    ])
      expect(await refusal(doing)).toMatch(/^E2BIG .*made from outside/);
    await rm(rig.at(pid, "grown"));
    await fs.write({ path: "grown", content: "small" });
    expect(await refusal(fs.rollback({ path: "grown", version: 1 }))).toMatch(/^ESTALE/);
    expect(await diskTree(rig.at(pid))).toEqual({ fits: "x".repeat(10), grown: "small" });
  });
});

describe("a folder", () => {
  test("of a process that wrote nothing is empty, and each has its own", async () => {
    const rig = await openFileRig();
    const [one, other] = [await rig.process(), await rig.process()];
    expect(await one.fs.list({})).toEqual({ entries: [] });
    await one.fs.write({ path: "mine", content: "" });
    expect(await other.fs.list({})).toEqual({ entries: [] });
    expect(await refusal(other.fs.read({ path: `/home/${one.pid}/mine` }))).toBe(`ENOENT there is no /home/${one.pid}`);
    expect(await refusal(other.fs.write({ path: `/home/${one.pid}/x`, content: "" }))).toMatch(/^ENOENT/);
    expect(await refusal(other.fs.copy({ from: `/home/${one.pid}`, to: "stolen" }))).toMatch(/^ENOENT/);
    expect((await rig.admin.fs.read({ path: `/home/${one.pid}/mine` })).content).toBe("");
  });

  test("is made with those on the way to it, once", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    expect(await fs.mkdir({ path: "a/b" })).toEqual({ path: `/home/${pid}/a/b`, made: true });
    expect(await fs.mkdir({ path: "a/b" })).toMatchObject({ made: false });
    await fs.write({ path: "f", content: "" });
    expect(await refusal(fs.mkdir({ path: "f" }))).toMatch(/^EINVAL .*is a file/);
    expect(await refusal(fs.mkdir({ path: "f/g" }))).toMatch(/^EINVAL .*is a file/);
    expect(await refusal(fs.write({ path: "a", content: "" }))).toMatch(/^EINVAL .*is a folder/);
    expect(await diskTree(rig.at(pid))).toEqual({ a: null, "a/b": null, f: "" });
  });

  test("is removed with what is in it only when that is said, and comes back whole", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "d/e/f", content: "deep" });
    await fs.write({ path: "d/old", content: "old" });
    await fs.remove({ path: "d/old" });
    await writeFile(rig.at(pid, "d", "theirs"), "theirs");
    await writeFile(rig.at(pid, "d", ".aios-tmp-of-a-crash"), "half");
    await symlink("e", rig.at(pid, "d", "link"));
    expect(await refusal(fs.remove({ path: "d" }))).toBe(`EINVAL the folder /home/${pid}/d is not empty`);
    expect(await fs.remove({ path: "d", isRecursive: true })).toEqual({ removed: 4 });
    expect(await readdir(rig.at(pid))).toEqual([]);
    expect((await fs.list({ isRemoved: true })).entries).toEqual([{ name: "d", kind: "folder", sizeBytes: 0 }]);
    expect(await refusal(fs.read({ path: "d/e/f" }))).toMatch(/^ENOENT/);
    expect(await fs.restore({ path: "d" })).toEqual({ restored: 4 });
    // What was removed before stays so.
    expect(await diskTree(rig.at(pid))).toEqual({ d: null, "d/e": null, "d/e/f": "deep", "d/theirs": "theirs" });
    expect(await refusal(fs.restore({ path: "d" }))).toMatch(/^EEXIST/);
    await fs.restore({ path: "d/old" });
    expect((await fs.read({ path: "d/old" })).content).toBe("old");
  });

  test("with only links in it goes without what they point at", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "d/f", content: "" });
    await fs.remove({ path: "d/f" });
    await writeFile(rig.at("secret"), "secret");
    await symlink(rig.at("secret"), rig.at(pid, "d", "link"));
    expect(await refusal(fs.remove({ path: "d" }))).toMatch(/^EINVAL .*not empty/);
    await fs.remove({ path: "d", isRecursive: true });
    expect(await readdir(rig.at(pid))).toEqual([]);
    await symlink(rig.at(), rig.at(pid, "out"));
    await fs.remove({ path: "out" });
    expect(await readdir(rig.at(pid))).toEqual([]);
    expect(await readFile(rig.at("secret"), "utf8")).toBe("secret");
    expect(await refusal(fs.remove({ path: "." }))).toMatch(/^EINVAL .*folder of its own/);
  });

  test("is moved and copied with all that is in it, and over nothing", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "d/e/f", content: "deep" });
    expect(await fs.copy({ from: "d", to: "copies/d" })).toEqual({ copied: 3 });
    expect(await fs.move({ from: "d", to: "m" })).toEqual({ moved: 3 });
    await fs.copy({ from: "m/e", to: "/shared/e" });
    const tree = {
      copies: null,
      "copies/d": null,
      "copies/d/e": null,
      "copies/d/e/f": "deep",
      m: null,
      "m/e": null,
      "m/e/f": "deep",
    };
    expect(await diskTree(rig.at(pid))).toEqual(tree);
    expect(await diskTree(rig.at("%40tenant"))).toEqual({ e: null, "e/f": "deep" });
    expect(await fs.stat({ path: "m/e/f" })).toMatchObject({ from: `/home/${pid}/d/e/f@1`, version: 1 });
    expect(await refusal(fs.move({ from: "m", to: "copies" }))).toMatch(/^EEXIST/);
    expect(await refusal(fs.copy({ from: "m/e/f", to: "." }))).toMatch(/^EEXIST/);
    expect(await refusal(fs.move({ from: "m", to: "m/e/m" }))).toMatch(/^EINVAL .*inside of/);
    expect(await refusal(fs.copy({ from: "m", to: "./m" }))).toMatch(/^EINVAL .*the same/);
    expect(await refusal(fs.copy({ from: "no", to: "x" }))).toMatch(/^ENOENT/);
    expect(await fs.copy({ from: ".", to: "/shared/all" })).toEqual({ copied: 7 });
    expect(Object.keys(await diskTree(rig.at("%40tenant", "all")))).toHaveLength(7);
    expect((await fs.history({ path: "." })).versions.every(({ path }) => path !== `/home/${pid}`)).toBe(true);
  });

  test("goes back to a time: what came goes, what went comes, also what others have done", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    await fs.write({ path: "d/a", content: "a1" });
    await fs.write({ path: "d/is/file", content: "deep" });
    await fs.write({ path: "d/theirs", content: "t" });
    const atMs = rig.clock.nowMs();
    await rig.clock.run(atMs + 1_000);
    await fs.write({ path: "d/a", content: "a2" });
    await fs.write({ path: "d/new/x", content: "x" });
    await fs.remove({ path: "d/is", isRecursive: true });
    await fs.write({ path: "d/is", content: "a file now" });
    await rm(rig.at(pid, "d", "theirs"));
    await mkdir(rig.at(pid, "d", "outside"));
    await writeFile(rig.at(pid, "d", "outside", "o"), "o");
    const later = rig.clock.nowMs();
    await rig.clock.run(later + 1_000);
    await fs.rollback({ path: "d", atMs });
    const then = { d: null, "d/a": "a1", "d/is": null, "d/is/file": "deep", "d/theirs": "t" };
    expect(await diskTree(rig.at(pid))).toEqual(then);
    expect(await fs.rollback({ path: "d", atMs })).toEqual({ changed: 0, version: null });
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    await fs.rollback({ path: ".", atMs: later });
    expect(await diskTree(rig.at(pid))).toMatchObject({ "d/a": "a2", "d/is": "a file now", "d/new/x": "x" });
    await fs.rollback({ path: ".", atMs: atMs - 1 });
    expect(await diskTree(rig.at(pid))).toEqual({});
  });

  test("of more than five hundred removed files goes back in a kernel that knows nothing of them yet", async () => {
    const [folder, journal] = [await newFileFolder(), createMemoryJournal()];
    const rig = await openFileRig({ folder, journal });
    const { fs, pid } = await rig.process();
    await fs.mkdir({ path: "d" });
    const names = Array.from({ length: 510 }, (_, index) => String(index));
    for (const name of names) await writeFile(rig.at(pid, "d", name), name);
    expect(await fs.rollback({ path: "d", atMs: rig.clock.nowMs() })).toMatchObject({ changed: 0 });
    const atMs = rig.clock.nowMs();
    await rig.clock.run(atMs + 1_000);
    await fs.remove({ path: "d", isRecursive: true });
    const next = await openFileRig({ folder, journal, clock: rig.clock });
    await rig.clock.run(atMs + 2_000);
    const path = `/home/${pid}/d`;
    expect(await next.admin.fs.rollback({ path, atMs })).toMatchObject({ changed: 511 });
    expect(await readdir(rig.at(pid, "d"))).toHaveLength(510);
    const { versions } = await next.admin.fs.history({ path, limit: 511 });
    expect(new Set(versions.map(({ version }) => version))).toEqual(new Set([3]));
  }, 60_000);

  test("with more entries than are listed is refused with a sentence, also at the top", async () => {
    const rig = await openFileRig({ disk: { maxEntries: 3 } });
    const { fs } = await rig.process();
    for (const name of ["a", "b", "c", "d"]) await fs.write({ path: name, content: "" });
    expect(await refusal(fs.list({}))).toMatch(/^E2BIG .*4 entries/);
  });
});

describe("the past of a file", () => {
  test("is told, read and gone back to", async () => {
    const rig = await openFileRig();
    const { fs, pid } = await rig.process();
    for (const content of ["one", "two", "three"]) await fs.write({ path: "d/x", content });
    expect((await fs.read({ path: "d/x", version: 1 })).content).toBe("one");
    expect(await refusal(fs.read({ path: "d/x", version: 9 }))).toMatch(/^ENOENT .*no file of version 9/);
    expect((await fs.history({ path: "d/x", limit: 2 })).versions.map(({ version }) => version)).toEqual([3, 2]);
    expect((await fs.history({ path: "d/x", beforeVersion: 2 })).versions.map(({ version }) => version)).toEqual([1]);
    expect(await fs.rollback({ path: "d/x", version: 1 })).toEqual({ changed: 1, version: 4 });
    expect(await fs.rollback({ path: "d/x", version: 4 })).toEqual({ changed: 0, version: 4 });
    expect(await fs.stat({ path: "d/x" })).toMatchObject({ version: 4, from: `/home/${pid}/d/x@1`, pid });
    await fs.remove({ path: "d", isRecursive: true });
    expect(await refusal(fs.rollback({ path: "d/x" }))).toMatch(/^EINVAL/);
    await fs.rollback({ path: "d/x", version: 2 });
    expect(await diskTree(rig.at(pid))).toEqual({ d: null, "d/x": "two" });
    expect(await fs.rollback({ path: "d/x", version: 5 })).toMatchObject({ changed: 1 });
    expect(await diskTree(rig.at(pid))).toEqual({ d: null });
    expect((await fs.history({ path: "." })).versions[0]).toMatchObject({ kind: "gone", path: `/home/${pid}/d/x` });
  });

  test("says who is trusted how far, and who may hear of it", async () => {
    const rig = await openFileRig();
    const { fs } = await rig.process();
    const secret = { trust: "user", confidentiality: "secret" } as const;
    await rig.admin.fs.write({ path: "/shared/x", content: "x", labels: secret });
    expect((await fs.read({ path: "/shared/x" })).labels).toEqual(secret);
    await fs.write({ path: "/shared/x", content: "y" });
    expect((await fs.stat({ path: "/shared/x" })).labels).toEqual({ trust: "workspace", confidentiality: "secret" });
    expect(await refusal(fs.write({ path: "/shared/x", content: "z", labels: secret }))).toMatch(/^EACCES/);
    await rig.admin.fs.rollback({ path: "/shared/x", version: 1 });
    expect((await fs.stat({ path: "/shared/x" })).labels).toEqual(secret);
    await fs.append({ path: "/shared/x", content: "z" });
    expect((await fs.stat({ path: "/shared/x" })).labels).toEqual({ trust: "workspace", confidentiality: "secret" });
    await writeFile(rig.at("%40tenant", "x"), "from outside");
    expect((await fs.stat({ path: "/shared/x" })).labels).toEqual({ trust: "untrusted", confidentiality: "secret" });
    await rig.admin.fs.write({ path: "/shared/mine", content: "" });
    expect((await fs.stat({ path: "/shared/mine" })).labels.trust).toBe("user");
  });
});

describe("from the top", () => {
  test("an agent has its name's folder, and a group's as it opens", async () => {
    const rig = await openFileRig();
    const [clerk, other] = [await rig.process("clerk"), await rig.process()];
    await clerk.fs.write({ path: "/agents/clerk/memory.md", content: "m" });
    expect(await refusal(other.fs.read({ path: "/agents/clerk/memory.md" }))).toMatch(/^ENOENT there is no \/agents/);
    await rig.admin.group.create({ group: "desk" });
    await rig.admin.group.add({ group: "desk", member: `process:${other.pid}`, access: "read" });
    await rig.admin.group.add({ group: "desk", member: "agent:clerk" });
    await clerk.fs.write({ path: "/groups/desk/in", content: "for all" });
    expect((await other.fs.read({ path: "/groups/desk/in" })).content).toBe("for all");
    expect(await refusal(other.fs.write({ path: "/groups/desk/in", content: "" }))).toMatch(
      /^EACCES \/groups\/desk can be read here/,
    );
    expect(await refusal(other.fs.move({ from: "/groups/desk/in", to: "in" }))).toMatch(/^EACCES/);
    await rig.admin.group.remove({ group: "desk", member: `process:${other.pid}` });
    expect(await refusal(other.fs.read({ path: "/groups/desk/in" }))).toMatch(/^ENOENT/);
    for (const path of ["/", "/etc/passwd", "/home", "../x", "a/../../x", "C:/x", "a\\b", "con.txt", ".aios-tmp-1"])
      expect(await refusal(other.fs.write({ path, content: "" })), path).toMatch(/^EINVAL/);
  });

  test("who leaves a group while a call of theirs waits does nothing there any more", async () => {
    const gate = Promise.withResolvers<void>();
    const staged = Promise.withResolvers<void>();
    const rig = await openFileRig({
      wrap: (disk) => ({
        ...disk,
        stage: async (...args) => {
          const made = await disk.stage(...args);
          if (args[1].text === "late") staged.resolve();
          if (args[1].text === "late") await gate.promise;
          return made;
        },
      }),
    });
    const one = await rig.process();
    await rig.admin.group.create({ group: "g" });
    await rig.admin.group.add({ group: "g", member: `process:${one.pid}` });
    const told = refusal(one.fs.write({ path: "/groups/g/x", content: "late" }));
    await staged.promise;
    await rig.admin.group.remove({ group: "g", member: `process:${one.pid}` });
    gate.resolve();
    expect(await told).toMatch(/^ENOENT there is no \/groups\/g/);
    expect((await rig.admin.fs.list({ path: "/groups/g" })).entries).toEqual([]);
    expect(await readdir(rig.at("%40group%3Ag"))).toEqual([]);
  });
});
