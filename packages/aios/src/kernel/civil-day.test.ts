import { expect, test } from "vitest";
import { civilDay } from "./civil-day.ts";

test("days are those of the calendar, over leap years and the turns of years and centuries", () => {
  for (let day = -1_000; day < 60_000; day += 7) {
    const atMs = day * 86_400_000 + 86_399_999;
    expect(civilDay(atMs)).toBe(new Date(atMs).toISOString().slice(0, 10));
  }
  expect(civilDay(Date.UTC(2024, 1, 29, 12))).toBe("2024-02-29");
});
