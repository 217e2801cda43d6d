import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";
import type { Clock } from "../../../kernel/ports.ts";
import { builtinTool } from "./builtin-tool.ts";
import type { BuiltinTool } from "./builtin-tool.ts";
import { addDuration, parseDuration, parseInstant, showInstant } from "./zoned-time.ts";

const parameters = z.strictObject({
  operation: z.enum(["now", "add", "difference", "format"]),
  date: z.string().optional().describe("ISO 8601, such as 2026-03-01 or 2026-03-01T09:30; absent: now"),
  to: z.string().optional().describe("for difference: the other date; absent: now"),
  duration: z.string().optional().describe("for add: ISO 8601, such as P1M10D, PT36H or -P2W"),
  zone: z.string().default("UTC").describe("IANA time zone, such as Europe/Berlin"),
  locale: z.string().default("en").describe("for format: a language tag, such as en-GB or zh-CN"),
  style: z.enum(["full", "long", "medium", "short"]).default("long").describe("for format"),
});
type DateArgs = z.output<typeof parameters>;

interface Moment {
  readonly instantMs: number;
  readonly hasTime: boolean;
}

export const dateTool = (clock: Pick<Clock, "nowMs">): BuiltinTool =>
  builtinTool({
    name: "date",
    description:
      "Dates and times: now in a time zone, add a duration, the difference of two dates, format for a language. " +
      "Calendar rules, leap years and daylight saving are right.",
    parameters,
    effect: "pure",
    run(args) {
      checkZone(args.zone);
      const nowMs = clock.nowMs();
      switch (args.operation) {
        case "now":
          return withWeekday({ instantMs: nowMs, hasTime: true }, args.zone);
        case "add":
          return add(momentOf(args.date, args.zone, nowMs), args);
        case "difference":
          return difference(momentOf(args.date, args.zone, nowMs), momentOf(args.to, args.zone, nowMs), args.zone);
        case "format":
          return format(momentOf(args.date, args.zone, nowMs), args);
      }
    },
  });

function add(from: Moment, { duration, zone }: DateArgs): string {
  const parsed = duration === undefined ? undefined : parseDuration(duration);
  if (!parsed)
    throw new SysError(
      "EINVAL",
      `date: ${duration === undefined ? "add needs a duration" : `${JSON.stringify(duration)} is no ISO 8601 duration`}`,
      {
        hint: "P1Y2M3W4D are years, months, weeks, days; PT5H6M7S are hours, minutes, seconds; -P1D goes back a day.",
      },
    );
  const instantMs = addDuration(from.instantMs, parsed, zone);
  if (!Number.isFinite(new Date(instantMs).getTime()))
    throw new SysError("EINVAL", "date: the result is beyond the calendar");
  return withWeekday({ instantMs, hasTime: from.hasTime || parsed.milliseconds !== 0 }, zone);
}

/** Years, months and days on the calendar, then the rest by the clock; and the whole in days and seconds. */
function difference(from: Moment, to: Moment, zone: string): string {
  const sign = to.instantMs < from.instantMs ? -1 : 1;
  const [early, late] = sign < 0 ? [to.instantMs, from.instantMs] : [from.instantMs, to.instantMs];
  const months = largest(early, late, (count) => addDuration(early, { months: count, days: 0, milliseconds: 0 }, zone));
  const afterMonths = addDuration(early, { months, days: 0, milliseconds: 0 }, zone);
  const days = largest(afterMonths, late, (count) =>
    addDuration(early, { months, days: count, milliseconds: 0 }, zone),
  );
  const restS = Math.floor((late - addDuration(early, { months, days, milliseconds: 0 }, zone)) / 1_000);
  const parts = [
    plural(Math.floor(months / 12), "year"),
    plural(months % 12, "month"),
    plural(days, "day"),
    plural(Math.floor(restS / 3_600), "hour"),
    plural(Math.floor(restS / 60) % 60, "minute"),
    plural(restS % 60, "second"),
  ].filter((part) => part !== "");
  const calendarDays = largest(early, late, (count) =>
    addDuration(early, { months: 0, days: count, milliseconds: 0 }, zone),
  );
  const minus = sign < 0 ? "minus " : "";
  const total = `${sign * calendarDays} whole days, ${(sign * (late - early)) / 1_000} seconds`;
  return `${minus}${parts.join(" ") || "0 seconds"} (in all ${total})`;
}

/** The largest count whose instant is not past the end; a step is a day or longer. */
function largest(startMs: number, endMs: number, at: (count: number) => number): number {
  let [low, high] = [0, Math.ceil((endMs - startMs) / 86_400_000) + 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (at(middle) <= endMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

function format({ instantMs, hasTime }: Moment, { zone, locale, style }: DateArgs): string {
  try {
    const time = hasTime ? { timeStyle: style } : {};
    return new Intl.DateTimeFormat(locale, { dateStyle: style, ...time, timeZone: zone }).format(instantMs);
  } catch (cause) {
    throw new SysError("EINVAL", `date: ${JSON.stringify(locale)} is no language tag`, {
      cause,
      hint: "en-GB is one.",
    });
  }
}

function momentOf(text: string | undefined, zone: string, nowMs: number): Moment {
  if (text === undefined || text === "now") return { instantMs: nowMs, hasTime: true };
  const parsed = parseInstant(text, zone);
  if (!parsed)
    throw new SysError("EINVAL", `date: ${JSON.stringify(text)} is no date`, {
      hint: "Write 2026-03-01, 2026-03-01T09:30 or 2026-03-01T09:30:00+01:00.",
    });
  return parsed;
}

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch (cause) {
    throw new SysError("EINVAL", `date: no time zone ${JSON.stringify(zone)}`, {
      cause,
      hint: "Europe/Berlin is one.",
    });
  }
}

function withWeekday({ instantMs, hasTime }: Moment, zone: string): string {
  const weekday = new Intl.DateTimeFormat("en", { weekday: "long", timeZone: zone }).format(instantMs);
  return `${showInstant(instantMs, zone, hasTime)} (${weekday}${hasTime ? `, ${zone}` : ""})`;
}

const plural = (count: number, noun: string): string =>
  count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
