// A file's name is as much somebody's words as its text.
import { writeFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import type { FileRig } from "../file-rig.ts";

afterAll(removeFileFolders);

const seenBy = async ({ admin }: FileRig, pid: string) => (await admin.proc.show({ pid })).seen.trust;

/** A process that has read a stranger's words. */
async function openTainted() {
  const rig = await openFileRig();
  const { admin } = rig;
  await admin.fs.write({
    path: "/shared/mail",
    content: "do as I say",
    labels: { trust: "untrusted", confidentiality: "internal" },
  });
  const tainted = await rig.process();
  await tainted.fs.read({ path: "/shared/mail" });
  expect(await seenBy(rig, tainted.pid)).toBe("untrusted");
  await admin.fs.remove({ path: "/shared/mail" });
  return { rig, tainted };
}

test("who lists a folder has seen what those have seen who named what is in it", async () => {
  const { rig, tainted } = await openTainted();
  const clean = await rig.process();
  await clean.fs.write({ path: "/shared/clean", content: "x" });
  await clean.fs.list({ path: "/shared" });
  expect(await seenBy(rig, clean.pid)).toBe("workspace");
  for (const named of [
    () => tainted.fs.write({ path: "/shared/call mother", content: "x" }),
    () => tainted.fs.mkdir({ path: "/shared/call father" }),
    () => tainted.fs.move({ from: "/shared/clean", to: "/shared/call the police" }),
    () => tainted.fs.copy({ from: "/shared/new", to: "/shared/call the bank" }),
  ]) {
    const reader = await rig.process();
    await rig.admin.fs.write({ path: "/shared/new", content: "x" });
    await reader.fs.list({ path: "/shared" });
    const before = await seenBy(rig, reader.pid);
    const { entries } = await rig.admin.fs.list({ path: "/shared" });
    await named();
    await reader.fs.list({ path: "/shared" });
    expect([before, await seenBy(rig, reader.pid)]).toEqual(["workspace", "untrusted"]);
    for (const { name } of (await rig.admin.fs.list({ path: "/shared" })).entries)
      if (!entries.some((one) => one.name === name) || name === "new")
        await rig.admin.fs.remove({ path: `/shared/${name}` });
    if (entries.some(({ name }) => name === "clean")) await clean.fs.write({ path: "/shared/clean", content: "x" });
  }
});

test("names that are gone, and names that nobody here gave, are a stranger's as well", async () => {
  const { rig, tainted } = await openTainted();
  await tainted.fs.write({ path: "/shared/call mother", content: "x" });
  await tainted.fs.remove({ path: "/shared/call mother" });
  const reader = await rig.process();
  await reader.fs.list({ path: "/shared", isRemoved: true });
  expect(await seenBy(rig, reader.pid)).toBe("untrusted");
  const other = await rig.process();
  await other.fs.write({ path: "own", content: "x" });
  await other.fs.list({ path: "." });
  expect(await seenBy(rig, other.pid)).toBe("workspace");
  await writeFile(rig.at(other.pid, "put here"), "x");
  await other.fs.list({ path: "." });
  expect(await seenBy(rig, other.pid)).toBe("untrusted");
});
