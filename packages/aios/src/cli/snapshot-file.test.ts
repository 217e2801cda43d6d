import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { SnapshotItem } from "@aiosjs/sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isCliError } from "./cli-error.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-file.ts";
import { translate } from "./text.ts";
import type { Text, ValuesOf } from "./text.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aios-snapshot-file-"));
  file = join(folder, "x.snapshot");
});
afterEach(() => rm(folder, { recursive: true }));

const speaker = {
  t: <const T extends Text>(text: T, ...values: ValuesOf<T>) => translate("en", text, ...values),
  signal: new AbortController().signal,
};
const pieces = Array.from({ length: 2_000 }, (_, index): SnapshotItem => ({
  is: "held",
  holding: "values",
  body: { key: `${index}`, value: `grüß\n${index}` },
}));

async function write(items: readonly SnapshotItem[] = pieces): Promise<number> {
  const each = async function* () {
    yield* items;
  };
  return writeSnapshot(file, each(), { ...speaker, kernel: "1.2.3" });
}

async function read(path = file): Promise<SnapshotItem[] | string> {
  const items: SnapshotItem[] = [];
  try {
    for await (const { item } of readSnapshot(path, speaker)) items.push(item);
  } catch (cause) {
    if (!isCliError(cause)) throw cause;
    return `${cause.exit} ${cause.message.replaceAll(`${folder}/`, "")}`;
  }
  return items;
}

const linesOf = async (): Promise<string[]> =>
  gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split("\n");
const put = (lines: readonly string[]): Promise<void> =>
  writeFile(file, gzipSync(lines.map((line) => `${line}\n`).join("")));
const signed = (body: object): string => {
  const json = JSON.stringify(body);
  return `["${createHash("sha256").update(json).digest("hex")}",${json}]`;
};

test("what was written is read, and every line is JSON with the checksum of what follows", async () => {
  expect(await write()).toBeGreaterThan(0);
  expect(await read()).toEqual(pieces);
  for (const line of await linesOf()) expect(line).toBe(signed((JSON.parse(line) as [string, object])[1]));
});

test("a file that is there is not written over, and one that fails midway is not there", async () => {
  await write();
  await expect(write()).rejects.toMatchObject({ exit: 6 });
  await rm(file);
  const failing = async function* (): AsyncGenerator<SnapshotItem> {
    yield* pieces;
    throw new Error("the kernel is gone");
  };
  await expect(writeSnapshot(file, failing(), { ...speaker, kernel: "1" })).rejects.toThrow("the kernel is gone");
  expect(await readdir(folder)).toEqual([]);
  file = join(folder, "no", "folder", "x");
  await expect(write()).rejects.toMatchObject({ exit: 2 });
});

test("any line that is changed, missing, twice or out of its place is found", async () => {
  await write(pieces.slice(0, 20));
  const lines = await linesOf();
  for (const [index, line] of lines.entries()) {
    const at = Math.floor(line.length / 2);
    const other = line[at] === "a" ? "b" : "a";
    await put(lines.with(index, line.slice(0, at) + other + line.slice(at + 1)));
    expect(await read()).toBe(
      index === 0 ? "2 x.snapshot is no snapshot of aios" : `1 line ${index + 1} of x.snapshot is damaged`,
    );
    if (index === 0) continue;
    await put(lines.toSpliced(index, 1));
    expect(await read()).toMatch(/^1 (x.snapshot ends after|x.snapshot: its lines are whole, but not all)/);
    await put(lines.toSpliced(index, 0, line));
    expect(await read()).toMatch(/^1 (x.snapshot: its lines are whole, but not all|line \d+ of x.snapshot is damaged)/);
  }
  await put(lines.with(3, lines[4] as string).with(4, lines[3] as string));
  expect(await read()).toMatch(/^1 x.snapshot: its lines are whole, but not all/);
});

test("a file that was cut off anywhere is not taken for a whole one", async () => {
  await write();
  const bytes = await readFile(file);
  for (let part = 0; part < 1; part += 0.05) {
    await writeFile(file, bytes);
    await truncate(file, Math.floor(bytes.length * part));
    expect(await read()).toMatch(/^[12] /);
  }
  await truncate(file, bytes.length);
});

test("what is newer, none of ours, or not there is told apart", async () => {
  await write();
  const lines = await linesOf();
  await put([signed({ is: "snapshot", format: 2, kernel: "99.0" }), ...lines.slice(1)]);
  expect(await read()).toBe("2 x.snapshot was made by aios 99.0 in format 2; this one reads format 1");
  await put(lines.slice(1));
  expect(await read()).toBe("2 x.snapshot is no snapshot of aios");
  await put([]);
  expect(await read()).toBe("2 x.snapshot is no snapshot of aios");
  await writeFile(file, "plain text");
  expect(await read()).toBe("2 x.snapshot is no snapshot of aios");
  expect(await read(join(folder, "none"))).toMatch(/^3 none cannot be read: ENOENT/);
});

test("a line of many megabytes is read once, however many pieces it is unpacked in", { timeout: 20_000 }, async () => {
  const item: SnapshotItem = { is: "held", holding: "values", body: "x".repeat(32_000_000) };
  await write([item]);
  expect((await read()).length).toBe(1);
});

test("a small file that unpacks to one endless line is given up at its beginning", { timeout: 20_000 }, async () => {
  await writeFile(file, gzipSync(Buffer.alloc(64_000_000, "x")));
  expect(await read()).toBe("2 x.snapshot is no snapshot of aios");
});
