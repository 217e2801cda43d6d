import { describe, expect, test } from "vitest";
import { wallText } from "../../../test/time-rows.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { findTimes, momentOf, rangeOf } from "./times.ts";
import { civilOf, dayMs, dayOf, instantOf, wallOf, weekdayOf } from "./wall-clock.ts";

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Shanghai",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Africa/Casablanca",
];
const random = createSeededRandom(6);
const anyMs = (): number =>
  Math.floor(Date.UTC(1995, 0, 1) + random.next() * (Date.UTC(2040, 0, 1) - Date.UTC(1995, 0, 1)));
const cases = Array.from({ length: 400 }, (_, index) => ({ now: anyMs(), zone: zones[index % zones.length]! }));
const range = (phrase: string, calendar: { now: number; zone: string }) => {
  const { fromMs = Number.NaN, toMs = Number.NaN } = rangeOf(phrase, calendar) ?? {};
  return { fromMs, toMs };
};
const at = (text: string): number => Date.parse(text);

describe("calendar", () => {
  test("days and dates are those of the engine's own calendar, from year 1 to 9999", () => {
    for (let index = 0; index < 2_000; index++) {
      const day = Math.floor(-719_162 + random.next() * 3_652_058);
      const date = new Date(day * dayMs);
      const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, date: date.getUTCDate() };
      expect(civilOf(day)).toEqual(civil);
      expect(dayOf(civil)).toBe(day);
      expect(weekdayOf(day)).toBe((date.getUTCDay() + 6) % 7);
    }
  });

  test("an instant shown by a zone's clocks is that instant again, but in the hour that comes twice", () => {
    for (const { now, zone } of cases) {
      const again = instantOf(wallOf(now, zone), zone);
      expect([0, 3_600_000, 1_800_000, 10_800_000], `${zone} ${now}`).toContain(now - again);
      expect(wallOf(again, zone)).toEqual(wallOf(now, zone));
    }
  });
});

describe("stretches", () => {
  test("days, weeks, months, quarters and years follow one another without gap or overlap, and now is in this one", () => {
    for (const calendar of cases)
      for (const [last, present, 上] of [
        ["yesterday", "today", "昨天"],
        ["last week", "this week", "上周"],
        ["last month", "this month", "上个月"],
        ["last quarter", "this quarter", "上季度"],
        ["last year", "this year", "去年"],
      ] as const) {
        const [before, now] = [range(last, calendar), range(present, calendar)];
        expect(before.toMs).toBe(now.fromMs);
        expect(before.fromMs).toBeLessThan(before.toMs);
        expect(now.fromMs).toBeLessThanOrEqual(calendar.now);
        expect(now.toMs).toBeGreaterThan(calendar.now);
        expect(range(上, calendar)).toEqual(before);
      }
  });

  test("a week begins on a Monday and has seven days, a month begins on its first, in every zone", () => {
    for (const calendar of cases) {
      const { fromMs, toMs } = range("last week", calendar);
      const [first, last] = [wallOf(fromMs, calendar.zone).day, wallOf(toMs - 1, calendar.zone).day];
      expect(weekdayOf(first)).toBe(0);
      expect(last - first).toBe(6);
      expect(civilOf(wallOf(range("last month", calendar).fromMs, calendar.zone).day).date).toBe(1);
    }
  });

  test("“last Friday” is one to seven days back, “on Friday” none to six, and both are Fridays", () => {
    for (const calendar of cases) {
      const today = wallOf(calendar.now, calendar.zone).day;
      const [last, on] = ["last Friday", "on Friday"].map(
        (phrase) => wallOf(range(phrase, calendar).toMs - 1, calendar.zone).day,
      ) as [number, number];
      expect([weekdayOf(last), weekdayOf(on)]).toEqual([4, 4]);
      expect(today - last).toBeGreaterThan(0);
      expect(today - last).toBeLessThanOrEqual(7);
      expect(today - on).toBeGreaterThanOrEqual(0);
      expect(today - on).toBeLessThan(7);
    }
  });

  test("at New Year the days, weeks and months before are those of the old year", () => {
    const calendar = { now: at("2026-01-01T00:00:00+01:00"), zone: "Europe/Berlin" };
    const told = (phrase: string): string[] => {
      const { fromMs, toMs } = range(phrase, calendar);
      return [wallText(fromMs, calendar.zone), wallText(toMs, calendar.zone)];
    };
    expect(told("yesterday")).toEqual(["2025-12-31", "2026-01-01"]);
    expect(told("last week")).toEqual(["2025-12-22", "2025-12-29"]);
    expect(told("this week")).toEqual(["2025-12-29", "2026-01-05"]);
    expect(told("last month")).toEqual(["2025-12-01", "2026-01-01"]);
    expect(told("in December")).toEqual(["2025-12-01", "2026-01-01"]);
    expect(told("12月31日")).toEqual(["2025-12-31", "2026-01-01"]);
    expect(told("last quarter")).toEqual(["2025-10-01", "2026-01-01"]);
    calendar.now -= 1;
    expect(told("last month")).toEqual(["2025-11-01", "2025-12-01"]);
    expect(told("last year")).toEqual(["2024-01-01", "2025-01-01"]);
  });
});

describe("clocks that change", () => {
  test.each([
    ["spring in Berlin", "2026-03-29T12:00:00Z", "Europe/Berlin", 23],
    ["autumn in Berlin", "2026-10-25T12:00:00Z", "Europe/Berlin", 25],
    ["half an hour on Lord Howe", "2026-04-05T02:00:00Z", "Australia/Lord_Howe", 24.5],
    ["a midnight that does not come in São Paulo", "2018-11-04T12:00:00Z", "America/Sao_Paulo", 23],
  ])("%s makes a day of other length", (...[, now, zone, hours]) => {
    const { fromMs, toMs } = range("today", { now: at(now), zone });
    expect((toMs - fromMs) / 3_600_000).toBe(hours);
  });

  test("a day that an island left out is empty", () => {
    const { fromMs, toMs } = range("2011-12-30", { now: at("2012-02-01T00:00:00Z"), zone: "Pacific/Apia" });
    expect(toMs - fromMs).toBe(0);
  });

  test.each([
    ["2026-03-29 02:30", "2026-03-29T01:30:00Z"],
    ["2026-10-25 02:30", "2026-10-25T00:30:00Z"],
    ["2026年3月29日凌晨两点半", "2026-03-29T01:30:00Z"],
  ])("%s, which does not come or comes twice in Berlin, is one instant", (phrase, instant) => {
    expect(momentOf(phrase, { now: at("2026-11-18T13:30:00Z"), zone: "Europe/Berlin" })).toBe(at(instant));
  });

  test("“3 days ago” as a moment is this time of the clock, also over a change", () => {
    const now = at("2026-03-30T15:00:00+02:00");
    expect(momentOf("3 days ago", { now, zone: "Europe/Berlin" })).toBe(at("2026-03-27T15:00:00+01:00"));
    expect(momentOf("72 hours ago", { now, zone: "Europe/Berlin" })).toBe(now - 72 * 3_600_000);
  });
});

describe("moments", () => {
  const calendar = { now: at("2026-11-18T14:30:00+08:00"), zone: "Asia/Shanghai" };

  test.each([
    ["yesterday 17:00", "2026-11-17T17:00:00+08:00"],
    ["昨天下午五点", "2026-11-17T17:00:00+08:00"],
    ["at 5 pm on Monday", "2026-11-16T17:00:00+08:00"],
    ["2026-11-10T09:15", "2026-11-10T09:15:00+08:00"],
    ["17:00", "2026-11-18T17:00:00+08:00"],
    ["两小时前", "2026-11-18T12:30:00+08:00"],
    ["a month ago", "2026-10-18T14:30:00+08:00"],
    ["yesterday", "2026-11-17T23:59:59.999+08:00"],
    ["last week", "2026-11-15T23:59:59.999+08:00"],
    ["this week", "2026-11-18T14:30:00+08:00"],
    ["2026-11-19", "2026-11-19T23:59:59.999+08:00"],
  ])("%s is %s", (phrase, instant) => expect(momentOf(phrase, calendar)).toBe(at(instant)));

  test.each([
    "since Monday",
    "recently",
    "最近",
    "a few days ago",
    "soon",
    "",
    "yesterday or so",
    "25:00",
    "30 February",
    "13月5日",
  ])("%s is no moment", (phrase) => expect(momentOf(phrase, calendar)).toBeUndefined());
});

describe("names", () => {
  const calendar = { now: at("2026-11-18T13:30:00Z"), zone: "UTC" };

  test.each([
    "the march of the penguins",
    "May the force be with you",
    "sun and moon",
    "notes-2026-11-20.md",
    "v2025 and 2025x",
    "Q3 goals",
    "三月计划",
    "周一鸣的简历",
    "2001: a space odyssey",
  ])("%s names no time", (text) => {
    expect(findTimes(text, calendar)).toEqual([]);
  });

  test("what is found stands where it says, in order and apart", () => {
    const text = "changed since Monday, written in March 2025；昨天下午五点保存，三天前创建";
    const found = findTimes(text, calendar);
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual([
      "since Monday",
      "in March 2025",
      "昨天下午五点",
      "三天前",
    ]);
  });
});
