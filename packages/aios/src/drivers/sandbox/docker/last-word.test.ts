import { expect, test } from "vitest";
import { LastWord } from "./last-word.ts";

const through = (text: string, { size, expected }: { size: number; expected: boolean }): [string, boolean] => {
  let said = "";
  const word = new LastWord("aabaac", (bytes) => void (said += Buffer.from(bytes).toString()));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) word.push(bytes.subarray(at, at + size));
  const isSaid = word.end(expected);
  return [said, isSaid];
};

test("the word is taken out where it is the last line, however the text is cut", () => {
  for (const size of [1, 2, 3, 5, 100]) {
    expect(through("before\naabaac\n", { size, expected: true })).toEqual(["before\n", true]);
    expect(through("aabaabaac\n", { size, expected: true })).toEqual(["aab", true]);
    for (const text of ["", "aabaac", "aabaac\nx", "aabaa", "aabaac\naab"])
      expect(through(text, { size, expected: true })).toEqual([text, false]);
    expect(through("aabaac\n", { size, expected: false })).toEqual(["aabaac\n", false]);
  }
});
