import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test("a slip finds what was meant: a letter dropped, added, replaced or swapped", () => {
  const keys = ["queueLimit", "maxConcurrent", "policy"];
  for (const slip of ["queuLimit", "queueeLimit", "queueLimot", "queueLimti", "QUEUELIMIT"])
    expect(nearest(slip, keys)).toBe("queueLimit");
});

test("a word that is like nothing finds nothing", () => {
  expect(nearest("zebra", ["queueLimit", "policy"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});

test("of two near ones the nearer is taken", () => {
  expect(nearest("llms", ["llm", "llms2", "llms"])).toBe("llms");
});
