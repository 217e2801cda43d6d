// Calendar arithmetic in IANA time zones over Intl; Node 22 and 24 have no Temporal.

/** A date and time of day as a clock on the wall shows it. */
interface WallTime {
  readonly year: number;
  /** 1 … 12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when there is no such zone. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const numeric = "numeric" as const;
  const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  const format = new Intl.DateTimeFormat("en-u-ca-gregory", {
    ...parts,
    era: "short",
    hourCycle: "h23",
    timeZone: zone,
  });
  formats.set(zone, format);
  return format;
}

function wallTimeAt(instantMs: number, zone: string): WallTime {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, value]),
  );
  const year = Number(parts["year"]);
  return {
    year: parts["era"] === "BC" ? 1 - year : year,
    month: Number(parts["month"]),
    day: Number(parts["day"]),
    hour: Number(parts["hour"]),
    minute: Number(parts["minute"]),
    second: Number(parts["second"]),
  };
}

/** Milliseconds that the zone is ahead of UTC at that instant. */
function offsetMsAt(instantMs: number, zone: string): number {
  const wholeSecond = Math.floor(instantMs / 1_000) * 1_000;
  return asUtcMs(wallTimeAt(instantMs, zone)) - wholeSecond;
}

/**
 * The instant at which a clock in the zone shows this time. Of two such instants (clocks go back) the earlier one; of
 * none (clocks go forward) as if they had not yet: the rule of RFC 5545 and Temporal's "compatible".
 */
function instantOf(wall: WallTime, zone: string): number {
  const utcMs = asUtcMs(wall);
  const [before, after] = [offsetMsAt(utcMs - dayMs, zone), offsetMsAt(utcMs + dayMs, zone)];
  for (const offset of [before, after]) if (offsetMsAt(utcMs - offset, zone) === offset) return utcMs - offset;
  return utcMs - before;
}

function asUtcMs({ year, month, day, hour, minute, second }: WallTime): number {
  // Date.UTC takes the years 0 … 99 for 1900 … 1999.
  return new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1_000;
}

/** Months first (to the month's last day where it is shorter), then days, both on the wall; then the exact time. */
export function addDuration(instantMs: number, { months, days, milliseconds }: Duration, zone: string): number {
  if (months === 0 && days === 0) return instantMs + milliseconds;
  const wall = wallTimeAt(instantMs, zone);
  const monthIndex = wall.year * 12 + wall.month - 1 + months;
  const [year, month] = [Math.floor(monthIndex / 12), (((monthIndex % 12) + 12) % 12) + 1];
  const day = Math.min(wall.day, daysIn(year, month));
  const moved = new Date(asUtcMs({ ...wall, year, month, day }) + days * dayMs);
  const date = { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
  const millisecond = ((instantMs % 1_000) + 1_000) % 1_000;
  return instantOf({ ...wall, ...date }, zone) + millisecond + milliseconds;
}

const daysIn = (year: number, month: number): number =>
  new Date(asUtcMs({ year, month: month + 1, day: 0, hour: 0, minute: 0, second: 0 })).getUTCDate();

const isoDuration =
  /^([+-])?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** `P1Y2M3DT4H5M6S`, with weeks and a sign if wanted; undefined when it is none. */
export function parseDuration(text: string): Duration | undefined {
  const match = isoDuration.exec(text.trim().toUpperCase());
  if (!match || /[PT]$/i.test(text.trim())) return undefined;
  const sign = match[1] === "-" ? -1 : 1;
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(2).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    months: sign * (years * 12 + months),
    days: sign * (weeks * 7 + days),
    milliseconds: sign * Math.round(((hours * 60 + minutes) * 60 + seconds) * 1_000),
  };
}

const isoDate = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** An ISO date or date and time; without an offset it is read in the zone. Undefined when it is no such date. */
export function parseInstant(text: string, zone: string): { instantMs: number; hasTime: boolean } | undefined {
  const match = isoDate.exec(text.trim());
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const wall = { year, month, day, hour, minute, second };
  const hasTime = match[4] !== undefined;
  const offset = match[7];
  if (offset === undefined) return { instantMs: instantOf(wall, zone), hasTime };
  return { instantMs: asUtcMs(wall) - offsetMsOf(offset), hasTime };
}

function offsetMsOf(text: string): number {
  if (text.toUpperCase() === "Z") return 0;
  const digits = text.replace(/\D/g, "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (text.startsWith("-") ? -1 : 1) * minutes * 60_000;
}

/** ISO 8601 with the zone's offset; the date alone when the time was never given. */
export function showInstant(instantMs: number, zone: string, hasTime: boolean): string {
  const { year, month, day, hour, minute, second } = wallTimeAt(instantMs, zone);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  if (!hasTime) return date;
  const offset = Math.round(offsetMsAt(instantMs, zone) / 60_000);
  const zoned =
    offset === 0
      ? "Z"
      : `${offset < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}${zoned}`;
}
