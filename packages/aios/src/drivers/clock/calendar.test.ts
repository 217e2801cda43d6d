import { describe, expect, test } from "vitest";
import { systemCalendar } from "./calendar.ts";

/** The next instants of a schedule, in UTC. */
function next(schedule: string, zone: string, ...[after, count = 1]: [string, number?]): string[] {
  const found: string[] = [];
  let ms: number | undefined = Date.parse(after);
  while (found.length < count) {
    ms = systemCalendar.nextAt(schedule, zone, ms);
    if (ms === undefined) break;
    found.push(new Date(ms).toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("a schedule", () => {
  test("has lists, ranges, steps and names, and comes after the instant, never at it", () => {
    expect(next("*/20 * * * *", "UTC", "2026-03-01T00:00:00Z", 4)).toEqual([
      "2026-03-01T00:20Z",
      "2026-03-01T00:40Z",
      "2026-03-01T01:00Z",
      "2026-03-01T01:20Z",
    ]);
    expect(next("5,50-55/5 8-10/2,20 1 jan,JUL *", "UTC", "2026-03-01T00:00:00Z", 4)).toEqual([
      "2026-07-01T08:05Z",
      "2026-07-01T08:50Z",
      "2026-07-01T08:55Z",
      "2026-07-01T10:05Z",
    ]);
    expect(next("0 9 * * mon-fri", "Asia/Shanghai", "2026-03-06T01:00:00Z", 2)).toEqual([
      "2026-03-09T01:00Z",
      "2026-03-10T01:00Z",
    ]);
    expect(next("10/25 0 * * *", "UTC", "2026-03-01T00:00:00Z", 3)).toEqual([
      "2026-03-01T00:10Z",
      "2026-03-01T00:35Z",
      "2026-03-02T00:10Z",
    ]);
    for (const sunday of ["0", "7", "sun"])
      expect(next(`0 0 * * ${sunday}`, "UTC", "2026-03-01T00:00:00Z")).toEqual(["2026-03-08T00:00Z"]);
  });

  test("that names both kinds of day comes on either; with a star in one of them, on both", () => {
    expect(next("0 0 13 * fri", "UTC", "2026-03-01T00:00:00Z", 3)).toEqual([
      "2026-03-06T00:00Z",
      "2026-03-13T00:00Z",
      "2026-03-20T00:00Z",
    ]);
    expect(next("0 0 */2 * fri", "UTC", "2026-03-01T00:00:00Z", 2)).toEqual(["2026-03-13T00:00Z", "2026-03-27T00:00Z"]);
  });

  test("may be a word, or a period", () => {
    expect(next("@hourly", "UTC", "2026-03-01T00:10:00Z")).toEqual(["2026-03-01T01:00Z"]);
    expect(next("@daily", "Europe/Berlin", "2026-03-01T00:10:00Z")).toEqual(["2026-03-01T23:00Z"]);
    expect(next("@weekly", "UTC", "2026-03-01T00:10:00Z")).toEqual(["2026-03-08T00:00Z"]);
    expect(next("@monthly", "UTC", "2026-03-01T00:10:00Z")).toEqual(["2026-04-01T00:00Z"]);
    expect(next("@yearly", "UTC", "2026-03-01T00:10:00Z")).toEqual(["2027-01-01T00:00Z"]);
    expect(systemCalendar.nextAt("@every 90s", "UTC", 1_234)).toBe(91_234);
  });

  test("knows leap days, eight years apart around 2100, and days that never come", () => {
    expect(next("0 0 29 feb *", "UTC", "2024-03-01T00:00:00Z", 2)).toEqual(["2028-02-29T00:00Z", "2032-02-29T00:00Z"]);
    expect(next("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z")).toEqual(["2104-02-29T00:00Z"]);
    expect(next("0 0 30 2 *", "UTC", "2026-03-01T00:00:00Z")).toEqual([]);
    expect(next("0 0 31 4,6,9,11 *", "Europe/Berlin", "2026-03-01T00:00:00Z")).toEqual([]);
    expect(next("0 0 31 2 mon", "UTC", "2026-03-01T00:00:00Z")).toEqual(["2027-02-01T00:00Z"]);
  });

  test("is refused with what is wrong with it", () => {
    for (const [schedule, why] of [
      ["", "five fields"],
      ["* * * *", "five fields"],
      ["* * * * * *", "five fields"],
      ["60 * * * *", "minute"],
      ["* 24 * * *", "hour"],
      ["* * 0 * *", "day of the month"],
      ["* * * 13 *", "month"],
      ["* * * * 8", "day of the week"],
      ["* * * mon *", "month"],
      ["9-5 * * * *", "minute"],
      ["*/0 * * * *", "minute"],
      ["1,,2 * * * *", "minute"],
      ["@every 0s", "period"],
      ["@every soon", "five fields"],
      ["@reboot", "five fields"],
    ] as const)
      expect(() => systemCalendar.nextAt(schedule, "UTC", 0), schedule).toThrow(
        expect.objectContaining({ code: "EINVAL", message: expect.stringContaining(why) }),
      );
    expect(() => systemCalendar.nextAt("@daily", "Mars/Base", 0)).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });
});

describe("where clocks are changed", () => {
  test("a time that does not come is later by as much as they went forward", () => {
    expect(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:30Z",
      "2026-03-30T00:30Z",
    ]);
    expect(next("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2)).toEqual([
      "2026-03-08T07:30Z",
      "2026-03-09T06:30Z",
    ]);
    // Midnight is what does not come there.
    expect(next("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", 2)).toEqual([
      "2026-04-23T22:00Z",
      "2026-04-24T21:00Z",
    ]);
  });

  test("a time that comes twice counts once", () => {
    expect(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(next("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ]);
    // Also for who asks between the two.
    expect(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z")).toEqual(["2026-10-26T01:30Z"]);
  });

  test("every hour is every hour that passes", () => {
    const hours = (zone: string, after: string) => next("0 * * * *", zone, after, 5).map((each) => each.slice(11, 13));
    expect(hours("Europe/Berlin", "2026-03-28T23:30:00Z")).toEqual(["00", "01", "02", "03", "04"]);
    expect(hours("Europe/Berlin", "2026-10-24T23:30:00Z")).toEqual(["00", "01", "02", "03", "04"]);
    expect(hours("America/New_York", "2026-11-01T04:30:00Z")).toEqual(["05", "06", "07", "08", "09"]);
    expect(next("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", 4)).toEqual([
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
      "2026-10-25T02:30Z",
    ]);
  });
});
