import { expect, test } from "vitest";
import { linesPlainly, plainly } from "./plainly.ts";

test("what moves the cursor, hides or turns around is told by its number", () => {
  expect(plainly("pay\u001b[2K\rann\u202e\u200b")).toBe("pay\\u{1b}[2K\\u{d}ann\\u{202e}\\u{200b}");
  expect(plainly("a\nb\u2028c")).toBe("a\\u{a}b\\u{2028}c");
  expect(plainly("no\u00a0break")).toBe("no\\u{a0}break");
});

test("what can be read stays as it is, in any language", () => {
  expect(plainly("付给 Ann: 5 €, “ok” 👍")).toBe("付给 Ann: 5 €, “ok” 👍");
  expect(linesPlainly("a\nb\u0007")).toBe("a\nb\\u{7}");
});
