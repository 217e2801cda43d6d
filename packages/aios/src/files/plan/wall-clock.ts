/** A day as a number (0: 1970-01-01) and the milliseconds since its midnight, as the clocks of a time zone show them. */
export interface Wall {
  readonly day: number;
  readonly timeMs: number;
}

export interface Civil {
  readonly year: number;
  /** 1 … 12 */
  readonly month: number;
  readonly date: number;
}

export const dayMs = 86_400_000;
export const minuteMs = 60_000;
/** Days from 0000-03-01, where the algorithms' years begin, to the epoch. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Hinnant, "chrono-compatible low-level date algorithms", days_from_civil. */
export function dayOf({ year, month, date }: Civil): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1;
  return era * ERA_DAYS + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - EPOCH_DAYS;
}

/** The same page, civil_from_days. */
export function civilOf(day: number): Civil {
  const days = day + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const ofEra = days - era * ERA_DAYS;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const date = ofYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { year: year + era * 400 + (month <= 2 ? 1 : 0), month, date };
}

/** The day, or undefined where no calendar has it (the 30th of February). */
export function realDayOf(civil: Civil): number | undefined {
  const day = dayOf(civil);
  const back = civilOf(day);
  return back.month === civil.month && back.date === civil.date ? day : undefined;
}

/** 0: Monday … 6: Sunday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

export function wallOf(ms: number, zone: string): Wall {
  const wallMs = ms + offsetMsAt(ms, zone);
  const day = Math.floor(wallMs / dayMs);
  return { day, timeMs: wallMs - day * dayMs };
}

/**
 * When the clocks of a zone show this. A time that does not come because they go forward is as much later as they went; one
 * that comes twice counts the first time.
 */
export function instantOf({ day, timeMs }: Wall, zone: string): number {
  const wallMs = day * dayMs + timeMs;
  const [before, after] = [offsetMsAt(wallMs - dayMs, zone), offsetMsAt(wallMs + dayMs, zone)];
  if (before === after) return wallMs - before;
  const real = [wallMs - before, wallMs - after].filter((ms) => ms + offsetMsAt(ms, zone) === wallMs);
  return real.length === 0 ? wallMs - before : Math.min(...real);
}

/** Milliseconds that the zone's clocks are ahead of UTC. @throws RangeError for a zone that is none */
function offsetMsAt(ms: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const shownMs = dayOf({ year, month, date: day }) * dayMs + hour * 3_600_000 + minute * minuteMs + second * 1_000;
  return shownMs - Math.floor(ms / 1_000) * 1_000;
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
