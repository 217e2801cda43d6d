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

test("what is recorded under a hash is found again: the text of a value never changes", () => {
  const value = {
    when: new Date(0),
    list: [undefined, { z: [], a: Number.NaN }, "\u2028\ud800"],
    10: 1,
    9: { b: -0, a: 1e21 },
    none: undefined,
  };
  const parsed = JSON.parse('{"b":{"__proto__":{"y":2,"x":1}},"a":1}') as unknown;
  expect(canonicalJson(value)).toBe(
    '{"9":{"a":1e+21,"b":0},"10":1,"list":[null,{"a":null,"z":[]},"\u2028\\ud800"],"when":"1970-01-01T00:00:00.000Z"}',
  );
  expect(canonicalJson(parsed)).toBe('{"a":1,"b":{"__proto__":{"x":1,"y":2}}}');
});
