// Folders of the machine that processes find at /mnt/NAME.
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@aiosjs/sdk";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { diskTree, newFileFolder, openFileRig, removeFileFolders } from "../file-rig.ts";
import { refusal } from "../writer-rig.ts";

afterEach(removeFileFolders);

async function newDocs(): Promise<string> {
  const folder = await newFileFolder();
  await mkdir(join(folder, "a"));
  await writeFile(join(folder, "a", "x.md"), "the lease");
  return folder;
}

describe("a folder that a key mounts", () => {
  test("is read by all processes of the tenant, with versions, and changed by nobody", async () => {
    const [rig, folder] = [await openFileRig(), await newDocs()];
    expect(await rig.admin.fs.mount({ folder, name: "docs" })).toEqual({ path: "/mnt/docs", folder, mounted: true });
    const { fs } = await rig.process();
    expect((await fs.read({ path: "/mnt/docs/a/x.md" })).content).toBe("the lease");
    await writeFile(join(folder, "a", "x.md"), "the new lease");
    expect(await fs.stat({ path: "/mnt/docs/a/x.md" })).toMatchObject({ version: 2, pid: null });
    expect((await fs.read({ path: "/mnt/docs/a/x.md", version: 1 })).content).toBe("the lease");
    expect((await fs.list({ path: "/mnt/docs" })).entries.map(({ name }) => name)).toEqual(["a"]);
    await fs.copy({ from: "/mnt/docs/a", to: "mine" });
    expect((await fs.read({ path: "mine/x.md" })).content).toBe("the new lease");
    for (const caller of [fs, rig.admin.fs])
      for (const change of [
        caller.write({ path: "/mnt/docs/a/x.md", content: "mine" }),
        caller.remove({ path: "/mnt/docs/a", isRecursive: true }),
        caller.move({ from: "/mnt/docs/a", to: "/shared/a" }),
        caller.rollback({ path: "/mnt/docs/a/x.md", version: 1 }),
      ])
        expect(await refusal(change)).toMatch(/^EACCES .*mounted to be read/);
    expect(await diskTree(folder)).toEqual({ a: null, "a/x.md": "the new lease" });
  });

  test("is written to where the key said so, with the rights that its files have", async () => {
    const [rig, folder] = [await openFileRig(), await newDocs()];
    await chmod(join(folder, "a", "x.md"), 0o751);
    await rig.admin.fs.mount({ folder, name: "docs", isReadOnly: false });
    const { fs } = await rig.process();
    await fs.write({ path: "/mnt/docs/a/x.md", content: "mine" });
    await fs.write({ path: "/mnt/docs/b/new", content: "new" });
    expect((await stat(join(folder, "a", "x.md"))).mode & 0o777).toBe(0o751);
    expect((await stat(join(folder, "b"))).mode & 0o777).toBe(0o777 & ~process.umask());
    expect(await diskTree(folder)).toEqual({ a: null, "a/x.md": "mine", b: null, "b/new": "new" });
    await fs.rollback({ path: "/mnt/docs/a/x.md", version: 1 });
    expect(await readFile(join(folder, "a", "x.md"), "utf8")).toBe("the lease");
  });

  test("is not there for other tenants, nor before it is mounted, nor after", async () => {
    const [rig, folder] = [await openFileRig(), await newDocs()];
    const { fs } = await rig.process();
    const read = (caller = fs) => refusal(caller.read({ path: "/mnt/docs/a/x.md" }));
    expect(await read()).toMatch(/^ENOENT/);
    expect(await read(rig.admin.fs)).toMatch(/^ENOENT there is no \/mnt\/docs/);
    await rig.admin.fs.mount({ folder, name: "docs" });
    await fs.read({ path: "/mnt/docs/a/x.md" });
    const other = createClient(rig.kernel.transport({ ...rig.root, tenant: asTenantId("other") }));
    expect(await read(other.fs)).toMatch(/^ENOENT/);
    expect((await other.fs.mounts({})).mounts).toEqual([]);
    // What the machine has is its owner's, not each tenant's.
    expect(await refusal(other.fs.mount({ folder, name: "docs" }))).toMatch(/^EACCES .*the home's own key alone/);
    expect(await rig.admin.fs.unmount({ name: "docs" })).toEqual({ unmounted: true });
    expect(await rig.admin.fs.unmount({ name: "docs" })).toEqual({ unmounted: false });
    expect(await read()).toMatch(/^ENOENT/);
    expect(await diskTree(folder)).toEqual({ a: null, "a/x.md": "the lease" });
    // Its versions are forgotten.
    await rig.admin.fs.mount({ folder, name: "docs" });
    expect((await fs.stat({ path: "/mnt/docs/a/x.md" })).version).toBe(1);
  });

  test("stays mounted in the next kernel", async () => {
    const [root, journal, folder] = [await newFileFolder(), createMemoryJournal(), await newDocs()];
    const rig = await openFileRig({ folder: root, journal });
    await rig.admin.fs.mount({ folder, name: "docs" });
    await rig.admin.fs.mount({ folder: await newDocs(), name: "gone" });
    await rig.admin.fs.unmount({ name: "gone" });
    const next = await openFileRig({ folder: root, journal });
    expect((await next.admin.fs.read({ path: "/mnt/docs/a/x.md" })).content).toBe("the lease");
    expect((await next.admin.fs.mounts({})).mounts).toMatchObject([
      { name: "docs", folder, isReadOnly: true, isThere: true },
    ]);
  });

  test("that is away fails, loses no file of it, and goes on when it is back", async () => {
    const [rig, top] = [await openFileRig(), await newFileFolder()];
    const folder = join(top, "drive");
    await mkdir(join(folder, "a"), { recursive: true });
    await writeFile(join(folder, "a", "x"), "x");
    await rig.admin.fs.mount({ folder, name: "drive", isReadOnly: false });
    const { fs } = await rig.process();
    await fs.write({ path: "/mnt/drive/a/y", content: "y" });
    await fs.read({ path: "/mnt/drive/a/x" });
    const all = (): Promise<string>[] => [
      refusal(fs.read({ path: "/mnt/drive/a/x" })),
      refusal(fs.stat({ path: "/mnt/drive/a/x" })),
      refusal(fs.list({ path: "/mnt/drive" })),
      refusal(fs.write({ path: "/mnt/drive/z", content: "z" })),
      refusal(fs.rollback({ path: "/mnt/drive", atMs: rig.clock.nowMs() })),
      refusal(fs.copy({ from: "/mnt/drive", to: "copy" })),
    ];
    await rename(folder, join(top, "out"));
    for (const refused of await Promise.all(all())) expect(refused).toMatch(/^ENODEV the folder .*drive/);
    expect(await readdir(top)).toEqual(["out"]);
    // As a drive leaves the place at which it was.
    await mkdir(folder);
    for (const refused of await Promise.all(all())) expect(refused).toMatch(/^ENODEV the folder .*drive/);
    expect((await rig.admin.fs.mounts({})).mounts).toMatchObject([{ isThere: false, files: 3 }]);
    await rm(folder, { recursive: true });
    await rename(join(top, "out"), folder);
    expect((await fs.read({ path: "/mnt/drive/a/x" })).version).toBe(1);
    expect((await fs.history({ path: "/mnt/drive" })).versions.map(({ kind }) => kind)).not.toContain("gone");
  });

  test("that was emptied has no files, and is not taken for one that is away", async () => {
    const [rig, folder] = [await openFileRig(), await newDocs()];
    await rig.admin.fs.mount({ folder, name: "docs" });
    await rig.admin.fs.read({ path: "/mnt/docs/a/x.md" });
    await rm(join(folder, "a"), { recursive: true });
    expect(await refusal(rig.admin.fs.read({ path: "/mnt/docs/a/x.md" }))).toMatch(/^ENOENT/);
    expect((await rig.admin.fs.history({ path: "/mnt/docs/a/x.md" })).versions[0]?.kind).toBe("gone");
  });

  test.skipIf(process.platform === "win32")("leads nowhere else, whatever links lie in it", async () => {
    const [rig, folder, outside] = [await openFileRig(), await newDocs(), await newFileFolder()];
    await writeFile(join(outside, "secret"), "secret");
    await symlink(outside, join(folder, "out"));
    await symlink(join(outside, "secret"), join(folder, "leak"));
    await rig.admin.fs.mount({ folder, name: "docs", isReadOnly: false });
    const { fs } = await rig.process();
    expect(await refusal(fs.read({ path: "/mnt/docs/leak" }))).toMatch(/^EACCES .*link/);
    expect(await refusal(fs.read({ path: "/mnt/docs/out/secret" }))).toMatch(/^EACCES .*link/);
    expect(await refusal(fs.write({ path: "/mnt/docs/out/new", content: "x" }))).toMatch(/^EACCES .*link/);
    expect(await refusal(fs.read({ path: "/mnt/docs/../secret" }))).toMatch(/^EINVAL/);
    expect((await fs.list({ path: "/mnt/docs" })).entries).toContainEqual({
      name: "leak",
      kind: "other",
      sizeBytes: 0,
    });
    expect(await diskTree(outside)).toEqual({ secret: "secret" });
  });
});

describe("what is not mounted", () => {
  test("is told, with the reason", async () => {
    const [root, folder] = [await newFileFolder(), await newDocs()];
    const rig = await openFileRig({ folder: root });
    const mount = (path: string, name = "x") => refusal(rig.admin.fs.mount({ folder: path, name }));
    await rig.admin.fs.write({ path: "x", content: "" });
    expect(await mount("docs")).toMatch(/^EINVAL .*no path from the top/);
    expect(await mount(join(folder, "none"))).toMatch(/^ENOENT there is no folder/);
    expect(await mount(join(folder, "a", "x.md"))).toMatch(/^EINVAL .*is no folder/);
    expect(await mount("/")).toMatch(/^EINVAL .*all of the machine/);
    expect(await mount(root)).toMatch(/^EINVAL .*kernel's own folder/);
    expect(await mount(join(root, ".."))).toMatch(/^EINVAL .*kernel's own folder/);
    expect(await mount(rig.at())).toMatch(/^EINVAL .*kernel's own folder/);
    expect(await mount(folder, "../x")).toMatch(/^EINVAL/);
    expect(await mount(folder, "docs")).toMatch(/^went through/);
    expect(await mount(folder, "again")).toMatch(/^EBUSY .*share files/);
    expect(await mount(join(folder, "a"), "inside")).toMatch(/^EBUSY .*share files/);
    expect(await mount(await newDocs(), "docs")).toMatch(/^EEXIST/);
    // The same once more is no fault.
    expect((await rig.admin.fs.mount({ folder, name: "docs" })).mounted).toBe(false);
    expect(await refusal(rig.admin.fs.mount({ folder, name: "docs", isReadOnly: false }))).toMatch(/^EEXIST/);
    const { fs } = await rig.process();
    expect(await refusal(fs.mount({ folder: await newDocs(), name: "own" }))).toMatch(/^EACCES .*administrative/);
    expect(await refusal(fs.unmount({ name: "docs" }))).toMatch(/^EACCES .*administrative/);
  });

  test("are more than 64 folders", async () => {
    const [rig, top] = [await openFileRig(), await newFileFolder()];
    for (let at = 0; at <= 64; at++) await mkdir(join(top, String(at)));
    for (let at = 0; at < 64; at++) await rig.admin.fs.mount({ folder: join(top, String(at)), name: `m${at}` });
    expect(await refusal(rig.admin.fs.mount({ folder: join(top, "64"), name: "m64" }))).toMatch(/^EDQUOT/);
    await rig.admin.fs.unmount({ name: "m7" });
    await rig.admin.fs.mount({ folder: join(top, "64"), name: "m64" });
  });
});
