import { expect, test } from "vitest";
import { holdsUnsafe, parseExactly } from "./exact-json.ts";

test("what is read exactly is written as it was read", () => {
  for (const text of [
    '{"id":1234567890123456789}',
    "[-9007199254740993,9007199254740991,0.1,1e400]",
    `{"a":[{"b":${"9".repeat(400)}}],"c":"12345678901234567890"}`,
  ])
    expect(JSON.stringify(parseExactly(text))).toBe(text);
});

test("a number that a double holds is that number, however it was written", () => {
  for (const text of ["1e300", "9007199254740992", "1152921504606846976", "1.0", "-0"])
    expect(typeof parseExactly(text), text).toBe("number");
});

test("only numbers that may have lost digits have a text read twice", () => {
  expect(holdsUnsafe({ a: [1, 0.5, "12345678901234567890", null, true, 9007199254740991] })).toBe(false);
  expect(holdsUnsafe({ a: [{ b: 9007199254740992 }] })).toBe(true);
});

test("what is nested without end is read, not exactly, and overflows nothing", () => {
  const deep = "[".repeat(50_000) + "1234567890123456789" + "]".repeat(50_000);
  expect(Array.isArray(parseExactly(deep))).toBe(true);
});
