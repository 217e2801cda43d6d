import { civilOf, minuteMs, wallOf } from "../src/files/plan/wall-clock.ts";

/** `phrase | from | to`, one a line. */
export const rowsOf = (table: string): [phrase: string, from: string, to: string][] =>
  table
    .trim()
    .split("\n")
    .map((row) => row.split(" | ") as [string, string, string]);

/** `2026-11-18 14:30`, without the time at midnight; `…` for none. */
export function wallText(ms: number | undefined, zone: string): string {
  if (ms === undefined) return "…";
  const { day, timeMs } = wallOf(ms, zone);
  const { year, month, date } = civilOf(day);
  const minutes = Math.floor(timeMs / minuteMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = minutes === 0 ? "" : ` ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${year}-${two(month)}-${two(date)}${time}`;
}
