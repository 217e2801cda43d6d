import { expect, test } from "vitest";
import { toPositional } from "./positional.ts";

test("values in the order of their numbers go in as they are, others are put in order", () => {
  expect(toPositional("a = $1 and b = $2")).toMatchObject({ text: "a = ? and b = ?", order: undefined, count: 2 });
  expect(toPositional("a = $2 or a = $10 or b = $2").order).toEqual([1, 9, 1]);
  expect(toPositional("select 1")).toMatchObject({ order: undefined, count: 0, isReturning: false });
});

test("quotes and comments are left alone, also where they hold a clause", () => {
  const text = `update a set b = '$1 -- returning' where "$2" /* $3 */ = $1 -- returning $4`;
  expect(toPositional(text)).toEqual({
    text: text.replace("= $1 --", "= ? --"),
    order: undefined,
    count: 1,
    isReturning: false,
  });
  expect(toPositional("delete from a RETURNING b").isReturning).toBe(true);
});
