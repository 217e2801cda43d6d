import { englishNumber } from "./numbers.ts";
import {
  aFewAgo,
  aFewRolling,
  ago,
  calendarUnit,
  days,
  lastMonth,
  lastWeekday,
  month,
  nightOf,
  partOf,
  quarter,
  recently,
  rolling,
  thisYear,
  weekend,
  weekdayOfWeek,
  year,
} from "./spans.ts";
import type { PartOfDay, Unit } from "./spans.ts";
import { count, dateOf, minutesOf } from "./time-rule.ts";
import type { TimeRule } from "./time-rule.ts";

const months =
  "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
const weekdays = "mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?";
const units = "minutes?|mins?|hours?|days?|weeks?|months?|quarters?|years?";
const few = "(?:a )?few|several|a couple of";
const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdayNames = "mon tue wed thu fri sat sun".split(" ");

const monthOf = (text: string): number => monthNames.indexOf(text.slice(0, 3).toLowerCase()) + 1;
const weekdayOf = (text: string): number => weekdayNames.indexOf(text.slice(0, 3).toLowerCase());
const unitOf = (text: string): Unit => {
  const unit = text.toLowerCase().replace(/s$/, "");
  return unit === "min" ? "minute" : (unit as Unit);
};
const isFew = (text: string): boolean => new RegExp(`^(?:${few})$`, "i").test(text);
const yearIn = (text: string): number | undefined => (text === "" ? undefined : Number(text));
const dayIn = (day: number | undefined) => (day === undefined ? undefined : days(day));

/** What names days, weeks, months… on its own. */
export const englishTimes: readonly TimeRule[] = [
  { pattern: "(?:earlier )?today", span: (_, { day }) => days(day) },
  { pattern: "yesterday", span: (_, { day }) => days(day - 1) },
  { pattern: "(?:the )?day before yesterday", span: (_, { day }) => days(day - 2) },
  {
    pattern: `(?<count>half an|${few}|${englishNumber}) (?<unit>${units}) ago`,
    span(group, now) {
      const unit = unitOf(group("unit"));
      if (/^half an$/i.test(group("count"))) return unit === "hour" ? ago(30, "minute", now) : undefined;
      return isFew(group("count")) ? aFewAgo(unit, now) : ago(count(group("count")), unit, now);
    },
  },
  {
    pattern: `(?:(?:in|within|over|during) )?(?:the )?(?:last|past|previous) (?<count>${few}|${englishNumber}) (?<unit>${units})`,
    span: (group, now) =>
      isFew(group("count"))
        ? aFewRolling(unitOf(group("unit")), now)
        : rolling(count(group("count")), unitOf(group("unit")), now),
  },
  {
    pattern: `within (?:the )?(?<count>${englishNumber}) (?<unit>${units})`,
    span: (group, now) => rolling(count(group("count")), unitOf(group("unit")), now),
  },
  {
    pattern: "(?:the )?(?:past (?<unit>hour|day|week|month|quarter|year)|last (?<small>hour))",
    span: (group, now) => rolling(1, unitOf(group("unit") || group("small")), now),
  },
  {
    pattern: "(?:(?<this>this)|(?:the )?(?:last|previous)) (?<unit>week|month|quarter|year)",
    span: (group, now) => calendarUnit(group("unit").toLowerCase() as "week", group("this") ? 0 : 1, now),
  },
  {
    pattern: "the (?<unit>week|month|year) before last",
    span: (group, now) => calendarUnit(group("unit") as "week", 2, now),
  },
  {
    pattern: "(?:(?<this>this)|(?:the )?last) weekend",
    span: (group, now) => weekend(group("this") ? 0 : 1, now),
  },
  { pattern: "last night", span: (_, { day, zone }) => nightOf(day - 1, zone) },
  { pattern: "tonight", span: (_, { day, zone }) => partOf(day, "evening", zone) },
  {
    pattern: "this (?<part>morning|noon|afternoon|evening)",
    span: (group, { day, zone }) => partOf(day, group("part").toLowerCase() as PartOfDay, zone),
  },
  { pattern: "(?:just now|a moment ago)", span: (_, now) => rolling(10, "minute", now) },
  { pattern: "(?:recently|lately)", span: (_, now) => recently(now) },
  {
    pattern: `last (?<weekday>${weekdays})`,
    span: (group, now) => lastWeekday(weekdayOf(group("weekday")), now, false),
  },
  { pattern: `this (?<weekday>${weekdays})`, span: (group, now) => weekdayOfWeek(weekdayOf(group("weekday")), 0, now) },
  {
    pattern: `(?<weekday>${weekdays}) last week`,
    span: (group, now) => weekdayOfWeek(weekdayOf(group("weekday")), 1, now),
  },
  {
    pattern: `(?<weekday>${weekdays})`,
    isBare: true,
    span: (group, now) => lastWeekday(weekdayOf(group("weekday")), now, true),
  },
  {
    pattern: `(?<month>${months})\\.? (?<date>\\d{1,2})(?:st|nd|rd|th)?(?:,? (?<year>\\d{4}))?`,
    isBare: true,
    span: (group, now) =>
      dayIn(dateOf({ year: yearIn(group("year")), month: monthOf(group("month")), date: count(group("date")) }, now)),
  },
  {
    pattern: `(?:the )?(?<date>\\d{1,2})(?:st|nd|rd|th)?(?: of)? (?<month>${months})(?:,? (?<year>\\d{4}))?`,
    isBare: true,
    span: (group, now) =>
      dayIn(dateOf({ year: yearIn(group("year")), month: monthOf(group("month")), date: count(group("date")) }, now)),
  },
  {
    pattern: `(?:(?<last>last|this) )?(?<month>${months})`,
    isBare: true,
    span: (group, now) => lastMonth(monthOf(group("month")), now, !/last/i.test(group("last"))),
  },
  {
    pattern: `(?<month>${months})\\.?(?: of)?,? (?<year>\\d{4})`,
    isBare: true,
    span: (group) => month(Number(group("year")), monthOf(group("month"))),
  },
  {
    pattern: "q(?<quarter>[1-4])(?: of)?(?: (?<year>\\d{4}))?",
    isBare: true,
    span: (group, now) => quarter(yearIn(group("year")) ?? thisYear(now), Number(group("quarter"))),
  },
  { pattern: "(?<year>(?:19|20)\\d\\d)", isBare: true, span: (group) => year(Number(group("year"))) },
  {
    pattern: "(?<year>\\d{4})[-/.](?<month>\\d{1,2})[-/.](?<date>\\d{1,2})",
    isBare: true,
    span: (group, now) =>
      dayIn(dateOf({ year: Number(group("year")), month: count(group("month")), date: count(group("date")) }, now)),
  },
  {
    pattern: "(?<year>(?:19|20)\\d\\d)[-/](?<month>0?[1-9]|1[0-2])",
    isBare: true,
    span: (group) => month(Number(group("year")), Number(group("month"))),
  },
];

export const englishClock =
  "(?:(?<hour>\\d{1,2})(?::(?<minute>\\d\\d))? ?(?<half>am|pm|a\\.m\\.|p\\.m\\.)|(?<hour24>\\d{1,2}):(?<minute24>\\d\\d)|(?<noon>noon)|(?<midnight>midnight))";

/** Minutes of the day; undefined where the groups of a match say no time. */
export function englishMinutes(group: (name: string) => string): number | undefined {
  if (group("noon")) return 720;
  if (group("midnight")) return 0;
  if (group("hour24")) return minutesOf(Number(group("hour24")), Number(group("minute24")), "");
  if (!group("hour") || group("hour") === "0") return undefined;
  return minutesOf(
    Number(group("hour")),
    Number(group("minute") || 0),
    group("half").toLowerCase().startsWith("p") ? "pm" : "am",
  );
}

export const englishPart = "(?<part>morning|afternoon|evening|night)";
export const englishPartOf = (text: string): PartOfDay | "night" => text.toLowerCase() as PartOfDay | "night";
