import { days, minuteOf, nightOf, partOf } from "./spans.ts";
import type { Now, PartOfDay, Span } from "./spans.ts";
import type { TimeRule } from "./time-rule.ts";
import { chineseClock, chineseMinutes, chinesePart, chinesePartOf, chineseTimes } from "./times-chinese.ts";
import { englishClock, englishMinutes, englishPart, englishPartOf, englishTimes } from "./times-english.ts";

export interface Reading {
  readonly at: Now;
  /** Nothing but a time is expected, so that "March" is one. */
  readonly isAlone: boolean;
}

export interface FoundSpan {
  readonly end: number;
  readonly span: Span;
}

/** Sticky; a space stands for any (` ?` for any or none), and no word ends within another. */
export const compiled = (pattern: string): RegExp =>
  new RegExp(
    `(?:${pattern.replaceAll(" ?", "\\s*").replaceAll(" ", "\\s+")})(?<![A-Za-z0-9_](?=(?!T\\d)[A-Za-z0-9_]))`,
    "iyu",
  );

const rules = [...englishTimes, ...chineseTimes].map((rule: TimeRule) => ({
  ...rule,
  pattern: compiled(rule.pattern),
}));
const suffixes = {
  englishClock: compiled(`(?:,? (?:at )?|T)${englishClock}`),
  englishPart: compiled(` ${englishPart}`),
  chineseClock: compiled(`的?\\s*${chineseClock}`),
  chinesePart: compiled(`的?${chinesePart}`),
};
const clocks = { english: compiled(`(?:at )?${englishClock}`), chinese: compiled(chineseClock) };

const match = (pattern: RegExp, text: string, index: number): RegExpExecArray | undefined => {
  pattern.lastIndex = index;
  return pattern.exec(text) ?? undefined;
};
/** Where a match ends that begins at `index`. */
export const after = (pattern: RegExp, text: string, index: number): number | undefined => {
  const found = match(pattern, text, index);
  return found && index + found[0].length;
};
const groupsOf =
  (found: RegExpExecArray) =>
  (name: string): string =>
    found.groups?.[name] ?? "";

/** The longest time that begins at `index`, with what is told of its hours. */
export function spanAt(text: string, index: number, { at, isAlone }: Reading): FoundSpan | undefined {
  let best: FoundSpan | undefined;
  for (const { pattern, isBare, span } of rules) {
    if (isBare && !isAlone) continue;
    const found = match(pattern, text, index);
    const end = found ? index + found[0].length : 0;
    if (!found || end <= (best?.end ?? index)) continue;
    const named = span(groupsOf(found), at);
    if (named) best = { end, span: named };
  }
  if (!best) return isAlone ? clockAt(text, index, at) : undefined;
  return best.span.is === "days" && best.span.to === best.span.from + 1 ? withTime(text, best, at) : best;
}

/** A day with the time or the part of it that is told behind. */
function withTime(text: string, found: FoundSpan, { zone }: Now): FoundSpan {
  if (found.span.is !== "days") return found;
  const day = found.span.from;
  for (const [pattern, minutesOf] of [
    [suffixes.englishClock, englishMinutes],
    [suffixes.chineseClock, chineseMinutes],
  ] as const) {
    const clock = match(pattern, text, found.end);
    const minutes = clock && minutesOf(groupsOf(clock));
    if (clock && minutes !== undefined)
      return {
        end: found.end + clock[0].length,
        span: minuteOf(day + Math.floor(minutes / 1_440), minutes % 1_440, zone),
      };
  }
  const [english, chinese] = [
    match(suffixes.englishPart, text, found.end),
    match(suffixes.chinesePart, text, found.end),
  ];
  const told = english ?? chinese;
  if (!told) return found;
  const name = groupsOf(told)("part");
  const part: PartOfDay | "night" = english ? englishPartOf(name) : chinesePartOf(name);
  return {
    end: found.end + told[0].length,
    span: part === "night" ? nightOf(day, zone) : partOf(day, part, zone),
  };
}

/** A time of this day, or of the one that is told behind ("5 pm yesterday", "at 17:00 on Monday"). */
function clockAt(text: string, index: number, at: Now): FoundSpan | undefined {
  for (const [pattern, minutesOf] of [
    [clocks.english, englishMinutes],
    [clocks.chinese, chineseMinutes],
  ] as const) {
    const clock = match(pattern, text, index);
    const minutes = clock && minutesOf(groupsOf(clock));
    if (!clock || minutes === undefined) continue;
    const end = index + clock[0].length;
    const behind = /\s+(?:on\s+)?/iy;
    const dayStart = after(behind, text, end);
    const day = dayStart === undefined ? undefined : spanAt(text, dayStart, { at, isAlone: true });
    const isDay = day?.span.is === "days" && day.span.to === day.span.from + 1;
    const of = isDay && day.span.is === "days" ? day.span : days(at.day);
    const first = of.is === "days" ? of.from : at.day;
    return {
      end: isDay ? day.end : end,
      span: minuteOf(first + Math.floor(minutes / 1_440), minutes % 1_440, at.zone),
    };
  }
  return undefined;
}
