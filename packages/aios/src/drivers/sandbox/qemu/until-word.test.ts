import { expect, test } from "vitest";
import { UntilWord } from "./until-word.ts";

test("all before the word comes through, however it is cut into pieces, and nothing behind it", () => {
  const text = "ab wo wor wowordless";
  for (let size = 1; size <= text.length; size++) {
    let out = "";
    const until = new UntilWord("word", (bytes) => (out += Buffer.from(bytes).toString()));
    let isOver = false;
    for (let at = 0; at < text.length; at += size) isOver = until.push(Buffer.from(text.slice(at, at + size)));
    expect([size, out, isOver]).toEqual([size, "ab wo wor wo", true]);
  }
});

test("without the word only what may be its beginning is held back", () => {
  let out = "";
  const until = new UntilWord("word", (bytes) => (out += Buffer.from(bytes).toString()));
  expect(until.push(Buffer.from("output wo"))).toBe(false);
  expect(out).toBe("output ");
});
