import { SysError } from "@aiosjs/sdk/protocol";
import type { Calendar } from "../../kernel/ports.ts";
import { parseSchedule } from "./cron-schedule.ts";
import type { WallSchedule } from "./cron-schedule.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** The 29th of February can be eight years away. */
const SEARCH_DAYS = 9 * 366;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Schedules by the clocks of IANA time zones. When clocks go forward, a time that does not come is as much later as they went;
 * when they go back, a time that comes twice counts once, the first time. A schedule of every hour goes by the time that
 * passes: nothing is made up for in spring, and the hour that comes twice counts twice.
 */
export const systemCalendar: Calendar = {
  timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  nextAt(text, zone, afterMs) {
    const schedule = parseSchedule(text);
    checkZone(zone);
    return "everyMs" in schedule ? afterMs + schedule.everyMs : nextOnWall(schedule, zone, afterMs);
  },
};

function nextOnWall(schedule: WallSchedule, zone: string, afterMs: number): number | undefined {
  // Midnight of the day before, as if the zone were UTC: times of that day may have been put off to this one.
  const first = Math.floor((afterMs + offsetMsAt(afterMs, zone)) / dayMs) * dayMs - dayMs;
  for (let days = 0; days < SEARCH_DAYS; days++) {
    const midnight = first + days * dayMs;
    const date = new Date(midnight);
    const [day, month, weekday] = [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCDay()];
    if (!schedule.isDay({ day, month, weekday })) continue;
    const next = nextInDay(midnight, { schedule, zone, afterMs });
    if (next !== undefined) return next;
  }
  return undefined;
}

function nextInDay(
  midnight: number,
  { schedule, zone, afterMs }: { schedule: WallSchedule; zone: string; afterMs: number },
): number | undefined {
  const [before, after] = [offsetMsAt(midnight - dayMs, zone), offsetMsAt(midnight + 2 * dayMs, zone)];
  const walls = schedule.minutes.map((minute) => midnight + minute * minuteMs);
  if (before === after) {
    const wall = walls.find((one) => one - before > afterMs);
    return wall === undefined ? undefined : wall - before;
  }
  const instants = walls.flatMap((wall) => {
    const real = [...new Set([wall - before, wall - after])].filter((ms) => ms + offsetMsAt(ms, zone) === wall);
    if (schedule.isEveryHour) return real;
    return [real.length === 0 ? wall - before : Math.min(...real)];
  });
  return instants.toSorted((left, right) => left - right).find((ms) => ms > afterMs);
}

/** Milliseconds that the zone's clocks are ahead of UTC. */
function offsetMsAt(ms: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1_000) * 1_000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = "numeric" as const;
  const shown = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  const format = new Intl.DateTimeFormat("en-u-ca-gregory", { ...shown, hourCycle: "h23", timeZone: zone });
  formats.set(zone, format);
  return format;
}

/** @throws SysError EINVAL */
function checkZone(zone: string): void {
  try {
    formatOf(zone);
  } catch (cause) {
    throw new SysError("EINVAL", `there is no time zone ${JSON.stringify(zone)}`, {
      cause,
      hint: "names are as Europe/Berlin, Asia/Shanghai, UTC",
    });
  }
}
