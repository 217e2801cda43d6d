import { writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { createFileTools } from "../../src/boot-files.ts";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { openFileRig, removeFileFolders } from "../file-rig.ts";
import { refusal } from "../writer-rig.ts";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
  await removeFileFolders();
});

async function open() {
  const clock = createVirtualClock();
  const fileTools = createFileTools({ clock, calendar: { timeZone: "UTC" } });
  opened.push(fileTools);
  const rig = await openFileRig({ clock, fileTools });
  return { rig, ...(await rig.process()) };
}

const marked = ({ hunks }: { hunks: readonly { lines: readonly { mark: string; text: string }[] }[] }): string[] =>
  hunks.flatMap(({ lines }) => lines.map(({ mark, text }) => mark + text));

test("two versions are compared line by line, and the last change where none are named", async () => {
  const { rig, fs, pid } = await open();
  await fs.write({ path: "plan.md", content: "a\nb\nc\n" });
  await fs.write({ path: "plan.md", content: "a\nB\nc\n" });
  const last = await fs.diff({ path: "plan.md" });
  expect(last).toMatchObject({ from: { version: 1, pid }, to: { version: 2, pid }, isText: true, isSame: false });
  expect(marked(last)).toEqual([" a\n", "-b\n", "+B\n", " c\n"]);
  expect(last.hunks).toMatchObject([{ fromLine: 1, fromCount: 3, toLine: 1, toCount: 3 }]);
  expect(marked(await fs.diff({ path: "plan.md", from: 0, to: 1 }))).toEqual(["+a\n", "+b\n", "+c\n"]);
  expect(await fs.diff({ path: "plan.md", from: 1, to: 1 })).toMatchObject({ isSame: true, hunks: [] });
  // What others have made of it is a version by then.
  await writeFile(rig.at(pid, "plan.md"), "a\nB\n");
  const edited = await fs.diff({ path: "plan.md" });
  expect(edited).toMatchObject({ from: { version: 2 }, to: { version: 3, pid: null } });
  expect(marked(edited)).toEqual([" a\n", " B\n", "-c\n"]);
  // And that it is gone is one, too.
  await fs.remove({ path: "plan.md" });
  expect(await fs.diff({ path: "plan.md" })).toMatchObject({ to: { version: 4, kind: "gone" }, isSame: false });
});

test("what is no text is told as the same or another, and what cannot be compared is refused with what to do", async () => {
  const { fs } = await open();
  const base64 = (bytes: number[]): string => Buffer.from(bytes).toString("base64");
  await fs.write({ path: "b", content: base64([1, 0, 2]), encoding: "base64" });
  await fs.write({ path: "b", content: base64([255, 254, 3]), encoding: "base64" });
  expect(await fs.diff({ path: "b" })).toMatchObject({ isText: false, isSame: false, hunks: [] });
  expect(await fs.diff({ path: "b", from: 2, to: 2 })).toMatchObject({ isText: false, isSame: true });
  await fs.write({ path: "long", content: "x".repeat((1 << 20) + 1) });
  expect(await refusal(fs.diff({ path: "long" }))).toMatch(/^E2BIG version 1 of .*\/long has more than 1048576 bytes/);
  await fs.mkdir({ path: "d" });
  expect(await refusal(fs.diff({ path: "d" }))).toMatch(/^EINVAL .*\/d is a folder/);
  expect(await refusal(fs.diff({ path: "b", to: 9 }))).toMatch(/^ENOENT .* has no file of version 9/);
  expect(await refusal(fs.diff({ path: "never" }))).toMatch(/^ENOENT/);
});
