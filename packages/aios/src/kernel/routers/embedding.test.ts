import { expect, test } from "vitest";
import { embed, similarity, vectorFromText, vectorToText } from "./embedding.ts";

const near = (left: string, right: string): number => similarity(embed(left), embed(right));

test("requests about the same are nearer than requests about something else, in English and in Chinese", () => {
  const french = "Translate this sentence into French: the weather is nice";
  expect(near(french, "please translate the following sentence into french")).toBeGreaterThan(
    2 * near(french, "prove that there are infinitely many primes"),
  );
  const chinese = "请把这句话翻译成法语：天气很好";
  expect(near(chinese, "把下面这句话翻译成法语")).toBeGreaterThan(near(chinese, "证明素数有无穷多个") + 0.1);
});

test("the same text is the same vector, nearest to itself, and nothing is near to a text without words", () => {
  expect(embed("one two")).toEqual(embed("one two"));
  expect(near("one two", "One, two!")).toBeGreaterThan(0.98);
  expect(near("one two", "?!")).toBe(0);
});

test("a vector survives being written down, and what is no vector is none", () => {
  const vector = embed("some text, with signs");
  expect(vectorFromText(vectorToText(vector))).toEqual(vector);
  expect(vectorFromText("00ff")).toBeUndefined();
  expect(vectorFromText("z".repeat(256))).toBeUndefined();
});
