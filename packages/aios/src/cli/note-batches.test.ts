import type { Note } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { noteOf } from "../../test/note-of.ts";
import { batchesOf } from "./note-batches.ts";

const note = (id: string, to: readonly string[] = []): Note =>
  noteOf(id, { content: "x".repeat(100), links: to.map((each) => ({ to: each, strength: 0.5, why: "" })) });
const idsOf = ({ batches }: ReturnType<typeof batchesOf>): string[][] =>
  batches.map((batch) => batch.map(({ id }) => id));
const plenty = 1_000_000;

test("notes that are linked go into one batch, wherever they stand and whichever of them tells the link", () => {
  const notes = [note("a", ["f"]), note("b"), note("c"), note("d"), note("e", ["f"]), note("f")];
  const batched = batchesOf(notes, { most: 3, chars: plenty });
  expect(idsOf(batched)).toEqual([
    ["a", "f", "e"],
    ["b", "c", "d"],
  ]);
  expect(batched).toMatchObject({ across: [], links: 2, outside: 0 });
  const later = batchesOf([note("a"), note("b", ["c"]), note("c")], { most: 2, chars: plenty });
  expect(idsOf(later)).toEqual([["a"], ["b", "c"]]);
});

test("of more linked notes than a batch holds, the links that were cut are told once", () => {
  const ring = ["a", "b", "c", "d"].map((id, index, all) => note(id, [all[(index + 1) % 4]!, all[(index + 3) % 4]!]));
  const batched = batchesOf(ring, { most: 3, chars: plenty });
  expect(idsOf(batched)).toEqual([["a", "b", "d"], ["c"]]);
  expect(batched.across.map(({ from, to }) => [from, to])).toEqual([
    ["b", "c"],
    ["c", "d"],
  ]);
  expect(batched.links).toBe(4);
});

test("a batch is no longer than it may be, but for a note that is longer alone", () => {
  const one = JSON.stringify(note("a")).length;
  const notes = [note("a"), note("b"), note("c")];
  expect(idsOf(batchesOf(notes, { most: 500, chars: 2 * one }))).toEqual([["a", "b"], ["c"]]);
  expect(idsOf(batchesOf(notes, { most: 500, chars: 1 }))).toEqual([["a"], ["b"], ["c"]]);
  const linked = [note("a", ["b"]), note("b", ["c"]), note("c", ["d"]), note("d")];
  const pair = JSON.stringify(linked[0]).length * 2;
  expect(idsOf(batchesOf(linked, { most: 500, chars: pair }))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("links to notes that are not there are counted and not followed", () => {
  expect(batchesOf([note("a", ["gone"])], { most: 500, chars: plenty })).toMatchObject({
    across: [],
    links: 0,
    outside: 1,
  });
});
