import { expect, test } from "vitest";
import { estimate, scoreAt } from "./metrics.ts";

const asked = (evidence: string[], decoys: string[] = []) => ({ evidence, decoys });

test("two of three evidence notes among the first four, the first of them second", () => {
  // precision 2/4, recall 2/3: F1 = 2·(1/2)(2/3)/(7/6) = 4/7
  const score = scoreAt(4, ["x", "a", "y", "b", "c"], asked(["a", "b", "c"]));
  expect(score).toMatchObject({ recall: 2 / 3, precision: 0.5, reciprocalRank: 0.5 });
  expect(score.f1).toBeCloseTo(4 / 7, 12);
});

test("what stands behind k counts for the reciprocal rank alone", () => {
  expect(scoreAt(2, ["x", "y", "z", "a"], asked(["a"]))).toMatchObject({ recall: 0, f1: 0, reciprocalRank: 0.25 });
});

test("a list shorter than k is judged by its length", () => {
  expect(scoreAt(10, ["a"], asked(["a"]))).toMatchObject({ recall: 1, precision: 1, f1: 1 });
  expect(scoreAt(10, [], asked(["a"]))).toMatchObject({ recall: 0, precision: 0, f1: 0, reciprocalRank: 0 });
});

test("where nothing was said, only silence is right, and neither recall nor rank is defined", () => {
  const none = { recall: null, reciprocalRank: null };
  expect(scoreAt(3, [], asked([]))).toMatchObject({ ...none, precision: 1, f1: 1 });
  expect(scoreAt(3, ["x"], asked([]))).toMatchObject({ ...none, precision: 0, f1: 0 });
});

test("a reader is trapped when a decoy comes before all evidence", () => {
  expect(scoreAt(3, ["x", "d", "a"], asked(["a"], ["d"])).trapped).toBe(1);
  expect(scoreAt(3, ["a", "d"], asked(["a"], ["d"])).trapped).toBe(0);
  expect(scoreAt(3, ["x"], asked(["a"], ["d"])).trapped).toBe(0);
  expect(scoreAt(3, ["d"], asked([], ["d"])).trapped).toBe(1);
  expect(scoreAt(3, ["a"], asked(["a"])).trapped).toBeNull();
});

test("an interval comes from the seeds, not from their questions", () => {
  // Two seeds, all right and all wrong: a resample is one of them twice (mean 0 or 1, a quarter each) or both.
  const far = estimate([Array<number>(50).fill(1), Array<number>(50).fill(0)]);
  expect(far).toEqual({ mean: 0.5, low: 0, high: 1, n: 100 });
  // Seeds that agree have no width, however much their questions differ.
  const near = estimate([
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
  expect(near).toEqual({ mean: 0.5, low: 0.5, high: 0.5, n: 6 });
});

test("a seed weighs as much as its questions that count", () => {
  expect(estimate([[1, null, 1, 1], [0, null], [null]])).toMatchObject({ mean: 0.75, n: 4 });
});

test("one seed alone claims no interval, and no question no mean", () => {
  expect(estimate([[1, 0]])).toEqual({ mean: 0.5, low: 0.5, high: 0.5, n: 2 });
  expect(estimate([[null]])).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, n: 0 });
});
