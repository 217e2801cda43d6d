import { expect, test } from "vitest";
import { createSeededRandom } from "../drivers/random/seeded.ts";
import { diffOf } from "./diff.ts";
import type { DiffLine } from "./diff.ts";

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`);
const marked = ({ mark, text }: DiffLine): string => mark + text;

test("a changed line stands between those around it, with its place in both texts", () => {
  const before = numbered(20);
  const [hunk, ...others] = diffOf(before.join(""), before.with(9, "other\n").join(""), { around: 1 });
  expect(others).toEqual([]);
  expect(hunk).toMatchObject({ fromLine: 9, fromCount: 3, toLine: 9, toCount: 3 });
  expect(hunk?.lines.map(marked)).toEqual([" line 9\n", "-line 10\n", "+other\n", " line 11\n"]);
});

test("changes that are far from each other are told apart, near ones together", () => {
  const before = numbered(40);
  const after = before.with(4, "a\n").with(30, "b\n");
  expect(diffOf(before.join(""), after.join("")).map(({ fromLine }) => fromLine)).toEqual([2, 28]);
  expect(diffOf(before.join(""), before.with(4, "a\n").with(9, "b\n").join(""))).toHaveLength(1);
});

test("the same is no difference, and a line break at the end is one", () => {
  expect(diffOf("a\nb\n", "a\nb\n")).toEqual([]);
  expect(diffOf("a\nb", "a\nb\n")[0]?.lines.map(marked)).toEqual([" a\n", "-b", "+b\n"]);
  expect(diffOf("", "new\n")).toMatchObject([{ fromLine: 0, fromCount: 0, toLine: 1, toCount: 1 }]);
});

test("whatever the texts are, taking out and putting in leads from one to the other, in the fewest lines", () => {
  const random = createSeededRandom(7);
  const text = (): string[] =>
    Array.from({ length: Math.floor(random.next() * 12) }, () => `${"abc"[Math.floor(random.next() * 3)]}\n`);
  for (let round = 0; round < 500; round++) {
    const [before, after] = [text(), text()];
    const lines = diffOf(before.join(""), after.join(""), { around: 100 }).flatMap((hunk) => hunk.lines);
    const side = (other: string): string => lines.flatMap((line) => (line.mark === other ? [] : [line.text])).join("");
    if (lines.length === 0) expect(before).toEqual(after);
    else expect([side("+"), side("-")]).toEqual([before.join(""), after.join("")]);
    expect(lines.filter(({ mark }) => mark !== " ")).toHaveLength(
      before.length + after.length - 2 * longestCommon(before, after),
    );
  }
});

test("texts that have next to nothing in common are told as replaced, whole", () => {
  const [before, after] = [numbered(3_000), numbered(3_000).map((line) => `other ${line}`)];
  const [hunk] = diffOf(before.join(""), after.join(""));
  expect(hunk).toMatchObject({ fromCount: 3_000, toCount: 3_000 });
});

/** By the table of all beginnings: slow, and plain to see. */
function longestCommon(left: readonly string[], right: readonly string[]): number {
  let above = right.map(() => 0);
  for (const one of left) {
    const row: number[] = [];
    for (const [index, other] of right.entries())
      row.push(one === other ? (above[index - 1] ?? 0) + 1 : Math.max(above[index] ?? 0, row[index - 1] ?? 0));
    above = row;
  }
  return above.at(-1) ?? 0;
}
