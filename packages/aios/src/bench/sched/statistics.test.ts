import { expect, test } from "vitest";
import { geometricMean } from "./statistics.ts";

test("twice as fast and half as fast cancel out", () => {
  expect(geometricMean([2, 0.5]).mean).toBeCloseTo(1, 12);
});

test("the interval is Student's t of the logarithms", () => {
  // ln: 0, ln 2, ln 4: mean ln 2, deviation ln 2, t(2) = 4.303.
  const { mean, low, high, least, most } = geometricMean([1, 2, 4]);
  expect(mean).toBeCloseTo(2, 12);
  expect(Math.log(high) - Math.log(2)).toBeCloseTo((4.303 * Math.log(2)) / Math.sqrt(3), 12);
  expect(low * high).toBeCloseTo(4, 12);
  expect([least, most]).toEqual([1, 4]);
});

test("one ratio alone claims no interval", () => {
  expect(geometricMean([1.7])).toMatchObject({ low: 1.7, high: 1.7 });
});
