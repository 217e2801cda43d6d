import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("equal values are equal texts, whatever the order of their members, and absent members say nothing", () => {
  const one = { b: [1, { y: "2", x: null }], a: { d: true, c: undefined } };
  const same = { a: { d: true }, b: [1, { x: null, y: "2" }] };
  expect(canonicalJson(one)).toBe('{"a":{"d":true},"b":[1,{"x":null,"y":"2"}]}');
  expect(canonicalJson(same)).toBe(canonicalJson(one));
  expect(JSON.parse(canonicalJson(one))).toEqual(same);
});

test("the order of a list, a type and a null are differences", () => {
  const texts = [[1, 2], [2, 1], ["1", 2], [null, 2], [2]].map((list) => canonicalJson({ list }));
  expect(new Set(texts).size).toBe(5);
});
