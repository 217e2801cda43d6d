import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endOfArchive, headOf, kinds, padding } from "./archive.ts";
import { ByteReader } from "./byte-reader.ts";
import { unpackHome } from "./unpack-home.ts";

let top: string;
let home: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "aios-unpack-"));
  home = join(top, "home");
  mkdirSync(home);
  mkdirSync(join(top, "outside"));
  writeFileSync(join(top, "outside/file"), "as it was");
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

interface Row {
  readonly path: string;
  readonly mode: number;
  readonly text?: string;
}
const file = (path: string, text = "from the guest", rights = 0o644): Row => ({
  path,
  mode: kinds.file | rights,
  text,
});
const link = (path: string, text: string): Row => ({ path, mode: kinds.link | 0o777, text });
const folder = (path: string, rights = 0o755): Row => ({ path, mode: kinds.folder | rights });

interface Answer {
  readonly given?: ReadonlyMap<string, boolean>;
  readonly present?: readonly string[];
  readonly guarded?: readonly string[];
  readonly mostBytes?: number;
}

async function unpack(
  rows: readonly Row[],
  { given, present, guarded = [], mostBytes = 1e6 }: Answer = {},
): Promise<void> {
  const pieces = rows.flatMap(({ path, mode, text = "" }, index) => {
    const content = Buffer.from(text);
    const entry = { path, mode, uid: 0, gid: 0, modifiedSeconds: 1_700_000_000, sizeBytes: content.length };
    return [headOf(entry, index + 1), content, padding(content.length)];
  });
  const { uid, gid } = lstatSync(home);
  await unpackHome(new ByteReader(Readable.from([Buffer.concat([...pieces, endOfArchive()])])), {
    home,
    owner: { uid, gid },
    guarded,
    given: given ?? new Map(),
    present: new Set(present),
    mostBytes,
  });
}
const outside = (): unknown => [
  readdirSync(top).toSorted(),
  readdirSync(join(top, "outside")),
  readFileSync(join(top, "outside/file"), "utf8"),
];
const untouched = [["home", "outside"], ["file"], "as it was"];

test("files, folders and links of the guest are made as they are there, without set-user-id", async () => {
  await unpack([folder("./d", 0o710), file("./d/f", "text", 0o4755), link("./l", "d/f"), file("./with\nline", "x")]);
  expect(readFileSync(join(home, "l"), "utf8")).toBe("text");
  expect(lstatSync(join(home, "d")).mode & 0o7777).toBe(0o710);
  expect(lstatSync(join(home, "d/f"))).toMatchObject({ mode: kinds.file | 0o755, mtimeMs: 1_700_000_000_000 });
  expect(readdirSync(home).toSorted()).toEqual(["d", "l", "with\nline"]);
});

test.each(["../outside/file", "/outside/file", "./d/../../outside/file", "..", "", "./..", "nul\0../outside/file"])(
  "no name leads out: %j",
  async (path) => {
    await unpack([folder("./d"), file(path), folder(path), link(path, "x"), file("./after")]);
    expect(outside()).toEqual(untouched);
    expect(readdirSync(home)).toContain("after");
  },
);

test("nothing is reached by a link, whether the guest has sent it or it was there", async () => {
  symlinkSync("../outside", join(home, "old"));
  await unpack(
    [link("./new", "../outside"), file("./new/file"), file("./old/file"), folder("./old/sub"), file("./after")],
    {
      given: new Map([
        ["old", false],
        ["old/file", false],
      ]),
      present: ["old", "new", "after"],
    },
  );
  expect(outside()).toEqual(untouched);
  expect(readdirSync(home).toSorted()).toEqual(["after", "new", "old"]);
});

test("a link in the place of a file is replaced, and what it led to stays", async () => {
  symlinkSync("../outside/file", join(home, "leaf"));
  await unpack([file("./leaf")]);
  expect(outside()).toEqual(untouched);
  expect(readFileSync(join(home, "leaf"), "utf8")).toBe("from the guest");
});

test("what the guest had and has no more is removed, and nothing that it was not given", async () => {
  mkdirSync(join(home, "d/deep"), { recursive: true });
  for (const name of ["d/deep/a", "d/b", "own", "kept"]) writeFileSync(join(home, name), name);
  await unpack([], {
    given: new Map([
      ["d", true],
      ["d/deep", true],
      ["d/deep/a", false],
      ["kept", false],
    ]),
    present: ["kept"],
  });
  // In `d` lies something that came there meanwhile.
  expect(readdirSync(home).toSorted()).toEqual(["d", "kept", "own"]);
  expect(readdirSync(join(home, "d"))).toEqual(["b"]);
});

test("what is guarded is neither written nor made nor removed, nor are the folders on its way", async () => {
  mkdirSync(join(home, ".git"));
  writeFileSync(join(home, ".git/config"), "as it was");
  const guarded = [".git/config", ".git/hooks", "deep/er/.env"];
  await unpack(
    [
      file("./.git/config"),
      folder("./.git/hooks"),
      file("./.git/hooks/x"),
      file("./.git"),
      file("./.git/index"),
      folder("./deep"),
      folder("./deep/er"),
      file("./deep/er/.env"),
    ],
    {
      guarded,
      given: new Map([
        [".git", true],
        [".git/config", false],
      ]),
      present: [],
    },
  );
  expect(readFileSync(join(home, ".git/config"), "utf8")).toBe("as it was");
  expect(readdirSync(join(home, ".git")).toSorted()).toEqual(["config", "index"]);
  expect(readdirSync(home)).toEqual([".git"]);
});

test("devices are left out, and a folder that is shut is filled first", async () => {
  await unpack([{ path: "./null", mode: 0o020666 }, folder("./shut", 0), file("./shut/in", "x")]);
  expect(readdirSync(home)).toEqual(["shut"]);
  expect(lstatSync(join(home, "shut")).mode & 0o777).toBe(0);
  chmodSync(join(home, "shut"), 0o700);
  expect(readFileSync(join(home, "shut/in"), "utf8")).toBe("x");
});

test("more than a guest can have, and what is no archive, is refused", async () => {
  await expect(unpack([file("./a", "x".repeat(200))], { mostBytes: 100 })).rejects.toMatchObject({ code: "EIO" });
  const { uid, gid } = lstatSync(home);
  const nonsense = new ByteReader(Readable.from([Buffer.from("no archive at all".repeat(100))]));
  await expect(
    unpackHome(nonsense, {
      home,
      owner: { uid, gid },
      guarded: [],
      given: new Map(),
      present: new Set(),
      mostBytes: 1,
    }),
  ).rejects.toMatchObject({ code: "EIO" });
  expect(readdirSync(home)).toEqual([]);
});
