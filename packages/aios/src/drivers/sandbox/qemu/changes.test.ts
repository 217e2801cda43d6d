import { expect, test } from "vitest";
import { changesOf, unpackedSeconds } from "./changes.ts";
import type { Listing } from "./changes.ts";

const old = unpackedSeconds + 5;
const now = 1_795_000_000;
const listing = (rows: readonly (readonly [name: string, inode: number, seconds: number])[]): Listing => ({
  names: Buffer.from(rows.map(([name]) => `${name}\0`).join("")),
  stats: Buffer.from(rows.map(([, inode, seconds]) => `${inode} ${seconds}\n`).join("")),
});
const before = listing([
  [".", 1, old],
  ["./a", 2, old],
  ["./a/same", 3, old],
  ["./b", 4, old],
  ["./b/same", 5, old],
  ["./gone", 6, old],
]);
const changed = (after: Listing): string[] => changesOf(before, after).changed.toString().split("\0").slice(0, -1);

test("what was written, made or removed is told, and what stayed is not", () => {
  const after = listing([
    [".", 1, now],
    ["./a", 2, now],
    ["./a/same", 3, old],
    ["./a/new\nname", 7, now],
    ["./b", 4, old],
    ["./b/same", 5, now],
  ]);
  expect(changed(after)).toEqual([".", "./a", "./a/new\nname", "./b/same"]);
  const { present } = changesOf(before, after);
  expect(present.has("gone")).toBe(false);
  expect(present.has("a/new\nname")).toBe(true);
});

test("all in a folder that was moved is told, though nothing of it has changed", () => {
  const swapped = listing([
    [".", 1, now],
    ["./a", 4, now],
    ["./a/same", 5, old],
    ["./b", 2, now],
    ["./b/same", 3, old],
    ["./c", 8, now],
    ["./c/deep", 9, old],
  ]);
  expect(changed(swapped)).toEqual([".", "./a", "./a/same", "./b", "./b/same", "./c", "./c/deep"]);
});

test("lists that do not fit each other are refused", () => {
  const short: Listing = { names: before.names, stats: Buffer.from("1 1\n") };
  expect(() => changesOf(before, short)).toThrow("other files than it describes");
});
