import { expect, test } from "vitest";
import { diffOf } from "../files/diff.ts";
import { colour, plain } from "../tui/paint.ts";
import { diffText } from "./diff-text.ts";

const names = { from: "/shared/a@1", to: "/shared/a@2" };

test("a difference is told as a unified diff, an open end with it", () => {
  expect(diffText(diffOf("a\nb\n", "a\nc"), { ...names, paint: plain }).split("\n")).toEqual([
    "--- /shared/a@1",
    "+++ /shared/a@2",
    "@@ -1,2 +1,2 @@",
    " a",
    "-b",
    "+c",
    "\\ No newline at end of file",
  ]);
});

test("a terminal is coloured by us, and not by what the file says", () => {
  const told = diffText(diffOf("", "\u001B[31mred\n"), { ...names, paint: colour });
  expect(told.split("\n").at(-1)).toBe("\u001B[32m+ [31mred\u001B[39m");
});
