import { chineseNumber, numberOf } from "./numbers.ts";
import {
  aFewAgo,
  aFewRolling,
  ago,
  calendarUnit,
  days,
  lastMonth,
  lastWeekday,
  minuteOf,
  month,
  nightOf,
  partOf,
  quarter,
  recently,
  rolling,
  thisYear,
  weekdayOfWeek,
  weekend,
  year,
} from "./spans.ts";
import type { Now, PartOfDay, Span, Unit } from "./spans.ts";
import { count, dateOf, minutesOf } from "./time-rule.ts";
import type { TimeRule } from "./time-rule.ts";

const units: Readonly<Record<string, Unit>> = {
  分钟: "minute",
  小时: "hour",
  钟头: "hour",
  天: "day",
  日: "day",
  周: "week",
  星期: "week",
  礼拜: "week",
  月: "month",
  季度: "quarter",
  年: "year",
};
const unit = "(?<unit>分钟|个?小时|个?钟头|天|日|个?星期|个?礼拜|周|个月|个?季度|年)";
const week = "(?:周|个?星期|个?礼拜)";
const weekday = "(?<weekday>[一二三四五六日天])";
const number = `(?<count>半|几|数|${chineseNumber})`;
const fullYear = "(?<year>(?:19|20)\\d\\d|[一二][零〇九][零〇一二三四五六七八九]{2})年";
const yearWord = "(?<yearWord>今年|去年|前年)";
const monthNumber = `(?<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月`;
const dateNumber = `(?<date>3[01]|[12]\\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])[日号]`;
const backs: Readonly<Record<string, number>> = { 今年: 0, 去年: 1, 前年: 2, 这: 0, 本: 0, 上: 1, 上上: 2 };
/** What stands behind a month or a year that is meant as a time. */
const asTime = "(?=的|份|里|中|内|间|编辑|修改|更新|改|创建|新建|建立|写|起草|生成|做|拍|存|保存|删|$)";

const unitOf = (text: string): Unit => units[text.replace(/^个/, "")] ?? "day";
const weekdayOf = (text: string): number => "一二三四五六日".indexOf(text.replace("天", "日"));
const yearIn = (group: (name: string) => string, now: Now): number | undefined =>
  group("year")
    ? numberOf(group("year"))
    : group("yearWord")
      ? thisYear(now) - (backs[group("yearWord")] ?? 0)
      : undefined;
const date = (group: (name: string) => string, now: Now): Span | undefined => {
  const day = dateOf({ year: yearIn(group, now), month: count(group("month")), date: count(group("date")) }, now);
  return day === undefined ? undefined : days(day);
};
const halves: Readonly<Record<string, [number, Unit]>> = {
  天: [12, "hour"],
  小时: [30, "minute"],
  钟头: [30, "minute"],
  月: [15, "day"],
  年: [6, "month"],
};

/** Counted units, of which 半 is a half and 几 a few. */
function counted(group: (name: string) => string, now: Now, kind: "ago" | "rolling"): Span | undefined {
  const unitName = group("unit").replace(/^个/, "");
  if (group("count") === "半") {
    const half = halves[unitName];
    return half && (kind === "ago" ? ago(half[0], half[1], now) : rolling(half[0], half[1], now));
  }
  if (/[几数]/.test(group("count")))
    return kind === "ago" ? aFewAgo(unitOf(unitName), now) : aFewRolling(unitOf(unitName), now);
  const much = count(group("count"));
  return kind === "ago" ? ago(much, unitOf(unitName), now) : rolling(much, unitOf(unitName), now);
}

const parts: Readonly<Record<string, PartOfDay>> = {
  凌晨: "dawn",
  清晨: "morning",
  早上: "morning",
  早晨: "morning",
  上午: "morning",
  中午: "noon",
  下午: "afternoon",
  傍晚: "evening",
  晚上: "evening",
  夜里: "evening",
};

export const chinesePart = `(?<part>${Object.keys(parts).join("|")})`;
export const chinesePartOf = (text: string): PartOfDay => parts[text] ?? "morning";
const clock = `(?:(?<hour>\\d{1,2}|二?十[一二三四]?|[一二两三四五六七八九零])[点时](?:(?<half>半)|(?<quarters>[一三])刻|(?<minute>\\d{1,2}|[零二三四五]?十?[一二三四五六七八九]?)分?|整|钟)?|(?<hour24>\\d{1,2})[:：](?<minute24>\\d\\d))`;
export const chineseClock = `${chinesePart}?${clock}`;

const partIn = (today: string): string => (today === "今早" ? "早上" : "晚上");
const dayBehind = (today: string, day: number): number => (today.startsWith("昨") ? day - 1 : day);

/** What names days, weeks, months… on its own. */
export const chineseTimes: readonly TimeRule[] = [
  { pattern: "今天|今日", span: (_, { day }) => days(day) },
  { pattern: "昨天|昨日", span: (_, { day }) => days(day - 1) },
  { pattern: "前天|前日", span: (_, { day }) => days(day - 2) },
  { pattern: "大前天", span: (_, { day }) => days(day - 3) },
  { pattern: `${number} ?${unit}(?:以|之)?前`, span: (group, now) => counted(group, now, "ago") },
  { pattern: "前几天|前些天|前两天", span: (_, now) => aFewAgo("day", now) },
  {
    pattern: `(?:最近|近|过去)的?${number} ?${unit}(?:以内|之内|内|里)?`,
    span: (group, now) => counted(group, now, "rolling"),
  },
  { pattern: `${number} ?${unit}(?:以内|之内|内)`, span: (group, now) => counted(group, now, "rolling") },
  { pattern: "最近|近期|近来", span: (_, now) => recently(now) },
  { pattern: "刚才|刚刚", span: (_, now) => rolling(10, "minute", now) },
  {
    pattern: `(?<back>上上|上|这|本)一?${week}`,
    span: (group, now) => calendarUnit("week", backs[group("back")] ?? 0, now),
  },
  {
    pattern: `(?<back>上上|上|这|本)一?(?:个月|月)`,
    span: (group, now) => calendarUnit("month", backs[group("back")] ?? 0, now),
  },
  {
    pattern: `(?<back>上上|上|这|本)一?个?季度`,
    span: (group, now) => calendarUnit("quarter", backs[group("back")] ?? 0, now),
  },
  { pattern: yearWord, span: (group, now) => calendarUnit("year", backs[group("yearWord")] ?? 0, now) },
  {
    pattern: `(?<back>上上|上|这|本)${week}${weekday}`,
    span: (group, now) => weekdayOfWeek(weekdayOf(group("weekday")), backs[group("back")] ?? 0, now),
  },
  {
    pattern: `(?:周|星期|礼拜)${weekday}`,
    isBare: true,
    span: (group, now) => lastWeekday(weekdayOf(group("weekday")), now, true),
  },
  { pattern: "(?<back>上上|上|这|本)个?周末", span: (group, now) => weekend(backs[group("back")] ?? 0, now) },
  { pattern: `(?:(?:${fullYear}|${yearWord})的?)?${monthNumber}${dateNumber}`, span: date },
  {
    pattern: `(?:${fullYear}|${yearWord})的?${monthNumber}份?`,
    span: (group, now) => month(yearIn(group, now) ?? thisYear(now), count(group("month"))),
  },
  { pattern: `${monthNumber}份`, span: (group, now) => lastMonth(count(group("month")), now) },
  { pattern: `${monthNumber}${asTime}`, span: (group, now) => lastMonth(count(group("month")), now) },
  { pattern: monthNumber, isBare: true, span: (group, now) => lastMonth(count(group("month")), now) },
  { pattern: `${fullYear}${asTime}`, span: (group) => year(count(group("year"))) },
  { pattern: fullYear, isBare: true, span: (group) => year(count(group("year"))) },
  { pattern: `(?:${fullYear}|${yearWord})的?上半年`, span: (group, now) => month(yearIn(group, now) ?? 0, 1, 6) },
  { pattern: `(?:${fullYear}|${yearWord})的?下半年`, span: (group, now) => month(yearIn(group, now) ?? 0, 7, 6) },
  {
    pattern: `(?:${fullYear}|${yearWord})?的?第?(?<quarter>[一二三四1-4])季度`,
    span: (group, now) => quarter(yearIn(group, now) ?? thisYear(now), count(group("quarter"))),
  },
  {
    pattern: "(?<today>今早|今晚|昨晚|昨夜)",
    span: (group, { day, zone }) =>
      group("today").startsWith("昨")
        ? nightOf(day - 1, zone)
        : partOf(day, chinesePartOf(partIn(group("today"))), zone),
  },
  {
    pattern: `(?<today>今早|今晚|昨晚|昨夜)(?:的|在)?${clock}`,
    span(group, { day, zone }) {
      const minutes = chineseMinutes((name) => (name === "part" ? partIn(group("today")) : group(name)));
      return minutes === undefined ? undefined : minuteOf(dayBehind(group("today"), day), minutes, zone);
    },
  },
];

/** Minutes of the day, 1440 for its end; undefined where no clock shows this. */
export function chineseMinutes(group: (name: string) => string): number | undefined {
  const hour = count(group("hour") || group("hour24"));
  const minute = group("half")
    ? 30
    : group("quarters")
      ? count(group("quarters")) * 15
      : group("minute") || group("minute24")
        ? count(group("minute") || group("minute24"))
        : 0;
  const part = group("part") ? chinesePartOf(group("part")) : undefined;
  const isLater = part === "afternoon" || part === "evening" || (part === "noon" && hour < 10);
  if (part === "evening" && hour === 12) return minute === 0 ? 1_440 : undefined;
  return minutesOf(isLater && hour < 12 ? hour + 12 : hour, minute, "");
}
