import { numberOf } from "./numbers.ts";
import type { Now, Span } from "./spans.ts";
import { civilOf, realDayOf } from "./wall-clock.ts";

/** One way to name a time. */
export interface TimeRule {
  /** Of a regular expression; its named groups are given to `span`. */
  readonly pattern: string;
  /** May as well be a name or a number: it counts behind a word such as "in" or "since" alone, or where nothing else is there. */
  readonly isBare?: true;
  readonly span: (group: (name: string) => string, now: Now) => Span | undefined;
}

/** A day of a year that is told, or of the last one in which it is not to come. */
export function dateOf(date: { year?: number | undefined; month: number; date: number }, now: Now): number | undefined {
  const { year, month } = date;
  if (month < 1 || month > 12 || date.date < 1 || date.date > 31) return undefined;
  if (year !== undefined) return realDayOf({ ...date, year });
  const thisYear = civilOf(now.day).year;
  // The 29th of February may be eight years away.
  for (let back = 0; back <= 8; back++) {
    const day = realDayOf({ year: thisYear - back, month, date: date.date });
    if (day !== undefined && day <= now.day) return day;
  }
  return undefined;
}

/** Minutes of a day; undefined where no clock shows this. */
export function minutesOf(hour: number, minute: number, half: "am" | "pm" | ""): number | undefined {
  if (!(minute >= 0 && minute <= 59) || !(hour >= 0 && hour <= (half ? 12 : 24)) || (hour === 24 && minute > 0))
    return undefined;
  if (!half) return hour * 60 + minute;
  return ((hour % 12) + (half === "pm" ? 12 : 0)) * 60 + minute;
}

export const count = (text: string): number => numberOf(text) ?? Number.NaN;
