import { expect, test } from "vitest";
import { parseSince } from "./since.ts";

test("a time is so long ago, or a day, or an instant; anything else is none", () => {
  const nowMs = Date.UTC(2026, 10, 21, 12);
  expect(parseSince("24h", nowMs)).toBe(Date.UTC(2026, 10, 20, 12));
  expect(parseSince("1.5d", nowMs)).toBe(Date.UTC(2026, 10, 20));
  expect(parseSince("2026-11-01", nowMs)).toBe(Date.UTC(2026, 10, 1));
  expect(parseSince("2026-11-01T08:30:00Z", nowMs)).toBe(Date.UTC(2026, 10, 1, 8, 30));
  for (const wrong of ["yesterday", "7", "2026-13-01", "", "7y"]) expect(parseSince(wrong, nowMs)).toBeUndefined();
});
