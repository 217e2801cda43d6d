import { SysError } from "@aiosjs/sdk/protocol";

/** When something happens again and again, by the clock on the wall. */
export interface WallSchedule {
  /** Minutes of the day, in order. */
  readonly minutes: readonly number[];
  /** Whether it comes on this day: of the month, in the month (1 … 12), of the week (0: Sunday). */
  readonly isDay: (date: { day: number; month: number; weekday: number }) => boolean;
  /** Its hours are not named (`*`): it goes by the time that passes, also in the hour that comes twice. */
  readonly isEveryHour: boolean;
}

export type Schedule = { readonly everyMs: number } | WallSchedule;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of the month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: months },
  // 7 is Sunday too.
  { name: "day of the week", least: 0, most: 7, names: weekdays },
] as const satisfies readonly Field[];
const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

/**
 * Five fields as in crontab(5): lists, ranges, steps, names of months and weekdays; where both kinds of day are named, either
 * will do. `@hourly` and the like; `@every 90s` (s, m, h, d). @throws SysError EINVAL that names the field.
 */
export function parseSchedule(text: string): Schedule {
  const every = /^@every\s+(\d+)([smhd])$/.exec(text.trim());
  if (every) return { everyMs: periodMs(text, Number(every[1]) * unitsMs[every[2] as keyof typeof unitsMs]) };
  const words = (nicknames[text.trim().toLowerCase()] ?? text.trim()).split(/\s+/);
  if (words.length !== fields.length) throw wrong(text, "it has no five fields");
  const [minute, hour, day, month, weekday] = fields.map((field, index) =>
    valuesOf(words[index] ?? "", field, text),
  ) as [ReadonlySet<number>, ReadonlySet<number>, ReadonlySet<number>, ReadonlySet<number>, ReadonlySet<number>];
  const [, hourWord = "", dayWord = "", , weekdayWord = ""] = words;
  // A field that begins with a star names no day, although it may leave some out.
  const isEither = !dayWord.startsWith("*") && !weekdayWord.startsWith("*");
  const onWeekday = (one: number): boolean => weekday.has(one) || (one === 0 && weekday.has(7));
  return {
    minutes: [...hour]
      .flatMap((one) => [...minute].map((two) => one * 60 + two))
      .toSorted((left, right) => left - right),
    isDay: (date) => {
      const [isOfMonth, isOfWeek] = [day.has(date.day), onWeekday(date.weekday)];
      return month.has(date.month) && (isEither ? isOfMonth || isOfWeek : isOfMonth && isOfWeek);
    },
    isEveryHour: hourWord.startsWith("*"),
  };
}

function periodMs(text: string, ms: number): number {
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw wrong(text, "its period is none");
}

/** `1,2-4,10-20/5,*\/15,mon-fri` */
function valuesOf(word: string, field: Field, text: string): ReadonlySet<number> {
  const { least, most, name } = field;
  const values = new Set<number>();
  for (const piece of word.split(",")) {
    const match = /^(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:\/(\d+))?$/i.exec(piece);
    if (!match) throw wrong(text, `the ${name} is "${word}"`);
    const [, first, last, stride] = match;
    const from = first === undefined ? least : numberOf(first, field);
    const to = last === undefined ? (first === undefined || stride !== undefined ? most : from) : numberOf(last, field);
    const step = Number(stride ?? 1);
    if (!(from >= least && to <= most && from <= to && step >= 1))
      throw wrong(text, `the ${name} is "${word}", and goes from ${least} to ${most}`);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function numberOf(word: string, { names, least }: Field): number {
  if (/^\d+$/.test(word)) return Number(word);
  const place = names.indexOf(word.toLowerCase());
  return place < 0 ? Number.NaN : place + least;
}

const wrong = (text: string, why: string): SysError =>
  new SysError("EINVAL", `"${text}" is no schedule: ${why}`, {
    hint: 'write minute, hour, day of the month, month and day of the week, as "30 7 * * mon-fri", or @daily, or @every 90s',
  });
