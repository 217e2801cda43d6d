import { civilOf, dayMs, dayOf, instantOf, minuteMs, wallOf, weekdayOf } from "./wall-clock.ts";

/** From which a phrase is understood. */
export interface Now {
  readonly ms: number;
  /** IANA, as Europe/Berlin. */
  readonly zone: string;
  readonly day: number;
  /** Since midnight. */
  readonly timeMs: number;
}

export const nowIn = (ms: number, zone: string): Now => ({ ms, zone, ...wallOf(ms, zone) });

/** What a phrase names, half open; `at…` is what it means where one instant is asked for. */
export type Span =
  | {
      readonly is: "days";
      readonly from: number;
      readonly to: number;
      readonly atDay?: number;
      readonly isVague?: true;
    }
  | {
      readonly is: "instants";
      readonly fromMs: number;
      readonly toMs: number;
      readonly atMs?: number;
      readonly isVague?: true;
    };

export type Unit = "minute" | "hour" | "day" | "week" | "month" | "quarter" | "year";

export type PartOfDay = keyof typeof parts;
/** Hours of the day. */
const parts = {
  dawn: [0, 6],
  morning: [5, 12],
  noon: [11, 14],
  afternoon: [12, 18],
  evening: [18, 24],
} as const;

const unitMs = { minute: minuteMs, hour: 3_600_000 } as const;
/** "A few" is from two to seven. */
const FEW = { least: 2, most: 7 } as const;
/** "Recently" is the last fortnight. */
const RECENT_DAYS = 14;

export const days = (from: number, to = from + 1): Span => ({ is: "days", from, to });

export const month = (year: number, ofYear: number, count = 1): Span =>
  days(firstOf(year * 12 + ofYear - 1), firstOf(year * 12 + ofYear - 1 + count));
export const quarter = (year: number, ofYear: number): Span => month(year, ofYear * 3 - 2, 3);
export const year = (one: number): Span => month(one, 1, 12);
export const thisYear = ({ day }: Now): number => civilOf(day).year;

/** The day, week (from Monday), month, quarter or year that is `back` of them before the one of now. */
export function calendarUnit(unit: Exclude<Unit, "minute" | "hour">, back: number, { day }: Now): Span {
  const civil = civilOf(day);
  const months = civil.year * 12 + civil.month - 1;
  switch (unit) {
    case "day":
      return days(day - back);
    case "week":
      return days(mondayOf(day) - back * 7, mondayOf(day) - back * 7 + 7);
    case "month":
      return days(firstOf(months - back), firstOf(months - back + 1));
    case "quarter": {
      const first = months - (months % 3) - back * 3;
      return days(firstOf(first), firstOf(first + 3));
    }
    case "year":
      return year(civil.year - back);
  }
}

/** `count` units ago: the day, week… that it falls in; of minutes and hours half a unit to each side. */
export function ago(count: number, unit: Unit, now: Now): Span {
  if (unit === "minute" || unit === "hour") {
    const atMs = now.ms - count * unitMs[unit];
    return { is: "instants", fromMs: atMs - unitMs[unit] / 2, toMs: Math.min(atMs + unitMs[unit] / 2, now.ms), atMs };
  }
  const atDay = dayBefore(count, unit, now);
  return { ...(calendarUnit(unit, count, now) as Extract<Span, { is: "days" }>), atDay };
}

export function aFewAgo(unit: Unit, now: Now): Span {
  const [far, near] = [ago(FEW.most, unit, now), ago(FEW.least, unit, now)];
  return far.is === "days" && near.is === "days"
    ? { is: "days", from: far.from, to: near.to, isVague: true }
    : { is: "instants", fromMs: boundsOf(far, now).fromMs, toMs: boundsOf(near, now).toMs, isVague: true };
}

/** The last `count` units until now. */
export function rolling(count: number, unit: Unit, now: Now): Span {
  const fromMs =
    unit === "minute" || unit === "hour"
      ? now.ms - count * unitMs[unit]
      : instantOf({ day: dayBefore(count, unit, now), timeMs: now.timeMs }, now.zone);
  return { is: "instants", fromMs, toMs: now.ms, isVague: true };
}

export const aFewRolling = (unit: Unit, now: Now): Span => rolling(FEW.most, unit, now);
export const recently = (now: Now): Span => rolling(RECENT_DAYS, "day", now);

/** The last such day: today counts where `isToday`. 0: Monday. */
export const lastWeekday = (weekday: number, { day }: Now, isToday: boolean): Span =>
  days(day - ((weekdayOf(day) - weekday + 7) % 7 || (isToday ? 0 : 7)));
/** The day of the week that is `back` weeks before this one. */
export const weekdayOfWeek = (weekday: number, back: number, { day }: Now): Span =>
  days(mondayOf(day) - back * 7 + weekday);
/** Saturday and Sunday of the week that is `back` weeks before this one. */
export const weekend = (back: number, { day }: Now): Span =>
  days(mondayOf(day) - back * 7 + 5, mondayOf(day) - back * 7 + 7);
/** The month of this name that began last; the one of today counts where `isThis`. */
export function lastMonth(ofYear: number, { day }: Now, isThis = true): Span {
  const civil = civilOf(day);
  const isPast = ofYear < civil.month || (ofYear === civil.month && isThis);
  return month(isPast ? civil.year : civil.year - 1, ofYear);
}

export const partOf = (day: number, part: PartOfDay, zone: string): Span => ({
  is: "instants",
  fromMs: atHour(day, parts[part][0], zone),
  toMs: atHour(day, parts[part][1], zone),
});
/** From the evening of a day to the next morning. */
export const nightOf = (day: number, zone: string): Span => ({
  is: "instants",
  fromMs: atHour(day, parts.evening[0], zone),
  toMs: atHour(day + 1, parts.dawn[1], zone),
});
/** The minute that begins then. */
export function minuteOf(day: number, minutes: number, zone: string): Span {
  const fromMs = instantOf({ day, timeMs: minutes * minuteMs }, zone);
  return { is: "instants", fromMs, toMs: fromMs + minuteMs, atMs: fromMs };
}

export const boundsOf = (span: Span, { zone }: Now): { fromMs: number; toMs: number } =>
  span.is === "instants"
    ? { fromMs: span.fromMs, toMs: span.toMs }
    : {
        fromMs: instantOf({ day: span.from, timeMs: 0 }, zone),
        toMs: instantOf({ day: span.to, timeMs: 0 }, zone),
      };

/** One instant: what the phrase says, or the last moment of its stretch, now where it is not over; undefined where it says too little. */
export function instantIn(span: Span, now: Now): number | undefined {
  if (span.isVague) return undefined;
  if (span.is === "instants" && span.atMs !== undefined) return span.atMs;
  if (span.is === "days" && span.atDay !== undefined)
    return instantOf({ day: span.atDay, timeMs: now.timeMs }, now.zone);
  const { fromMs, toMs } = boundsOf(span, now);
  return fromMs > now.ms ? toMs - 1 : Math.min(toMs - 1, now.ms);
}

const mondayOf = (day: number): number => day - weekdayOf(day);
const firstOf = (months: number): number =>
  dayOf({ year: Math.floor(months / 12), month: (((months % 12) + 12) % 12) + 1, date: 1 });
const atHour = (day: number, hour: number, zone: string): number =>
  instantOf({ day: day + Math.floor(hour / 24), timeMs: ((hour % 24) * dayMs) / 24 }, zone);

/** The same date so much earlier; the month's last day where it has none such. */
function dayBefore(count: number, unit: Exclude<Unit, "minute" | "hour">, { day }: Now): number {
  if (unit === "day") return day - count;
  if (unit === "week") return day - count * 7;
  const civil = civilOf(day);
  const months = civil.year * 12 + civil.month - 1 - count * { month: 1, quarter: 3, year: 12 }[unit];
  return Math.min(firstOf(months) + civil.date - 1, firstOf(months + 1) - 1);
}
