import { boundsOf, instantIn, nowIn } from "./spans.ts";
import type { Now, Span } from "./spans.ts";
import { after, compiled, spanAt } from "./time-span.ts";
import type { FoundSpan, Reading } from "./time-span.ts";
import { dayMs } from "./wall-clock.ts";

/** Half open; a side that is absent is open ("since Monday"). Milliseconds since the epoch. */
export interface TimeRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A phrase in a text, from one index of it to another. */
export interface FoundTime extends TimeRange {
  readonly start: number;
  readonly end: number;
}

/** `now` in milliseconds since the epoch; `zone` as IANA names it. */
export interface Calendar {
  readonly now: number;
  readonly zone: string;
}

/** The times that a text names, in English and Chinese, the longest where they overlap. Weeks begin on Mondays. */
export function findTimes(text: string, { now, zone }: Calendar): FoundTime[] {
  const at = nowIn(now, zone);
  const found: FoundTime[] = [];
  for (let index = 0; index < text.length;) {
    const phrase = isInWord(text, index) ? undefined : phraseAt(text, index, { at, isAlone: false });
    if (phrase) found.push(rangeFrom(phrase, index));
    index = phrase?.end ?? index + 1;
  }
  return found;
}

/** What a phrase names that is nothing but a time; undefined where it is none. */
export function rangeOf(phrase: string, { now, zone }: Calendar): TimeRange | undefined {
  const text = phrase.trim();
  const found = phraseAt(text, 0, { at: nowIn(now, zone), isAlone: true });
  if (found?.end !== text.length) return undefined;
  const { start: _start, end: _end, ...range } = rangeFrom(found, 0);
  return range;
}

/**
 * The instant that a phrase names: "yesterday 17:00"; "yesterday" is its last moment, "3 days ago" this time of that day.
 * Undefined where it is no time, or says no instant ("since Monday", "recently").
 */
export function momentOf(phrase: string, { now, zone }: Calendar): number | undefined {
  const at = nowIn(now, zone);
  const text = phrase
    .trim()
    .replace(/^(?:at|on|in)\s+/i, "")
    .replace(/的?时候$/, "");
  const found = spanAt(text, 0, { at, isAlone: true });
  return found?.end === text.length ? instantIn(found.span, at) : undefined;
}

type Phrase = { end: number; range: TimeRange };

const rangeFrom = ({ end, range }: Phrase, start: number): FoundTime => ({ start, end, ...range });
const isInWord = (text: string, index: number): boolean =>
  /[A-Za-z0-9_]/.test(text[index - 1] ?? " ") && /[A-Za-z0-9_]/.test(text[index] ?? " ");
const leads = {
  between: compiled("between "),
  from: compiled("from (?:the )?|从\\s*"),
  since: compiled("(?:ever )?since (?:the )?|自从?\\s*"),
  after: compiled("after (?:the )?"),
  before: compiled("(?:before|prior to) (?:the )?"),
  until: compiled("(?:until|till|up to) (?:the )?"),
  inside: compiled(
    "(?:in|on|at|during|over|within|throughout|from|of) (?:the )?|(?<![存现])在|(?<![关对由属])于|自从?|从",
  ),
  and: compiled("\\s*(?:and|与|和) (?:the )?|\\s*[和与]\\s*"),
  toChinese: compiled("\\s*[到至]\\s*"),
  to: compiled(" (?:to|until|till|through) (?:the )?|\\s*[到至]\\s*"),
};
const bareMonth = /^(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|[\d一二三四五六七八九十]{1,2}月份?)$/i;
const tails = {
  since: compiled("\\s*(?:以来|至今|起|开始)"),
  after: compiled("\\s*(?:之后|以后|后)"),
  before: compiled("\\s*(?:之前|以前|前)"),
  between: compiled("\\s*之间"),
};

function phraseAt(text: string, index: number, { at, isAlone }: Reading): Phrase | undefined {
  const spanBehind = (start: number | undefined) =>
    start === undefined ? undefined : spanAt(text, start, { at, isAlone: true });
  const range = (span: Span) => boundsOf(span, at);
  const pair = (start: number | undefined, joint: RegExp): Phrase | undefined => {
    const first = spanBehind(start);
    const jointEnd = first && after(joint, text, first.end);
    const second = first && jointEnd !== undefined && spanUntil(text, jointEnd, { at, first });
    if (start === undefined || !first || !second) return undefined;
    const { fromMs: secondMs, toMs } = range(second.span);
    // "From November to February" begins in the November before that February.
    const before =
      range(first.span).fromMs < toMs ? first : spanAt(text, start, { at: nowIn(secondMs, at.zone), isAlone: true });
    const fromMs = range(before?.span ?? first.span).fromMs;
    const end = after(tails.between, text, second.end) ?? second.end;
    return fromMs < toMs ? { end, range: { fromMs, toMs } } : undefined;
  };
  const joined =
    pair(after(leads.between, text, index), leads.and) ??
    pair(after(leads.from, text, index), leads.to) ??
    pair(index, leads.toChinese);
  if (joined) return joined;
  const since = spanBehind(after(leads.since, text, index));
  if (since)
    return { end: after(tails.since, text, since.end) ?? since.end, range: { fromMs: range(since.span).fromMs } };
  const later = spanBehind(after(leads.after, text, index));
  if (later) return { end: later.end, range: { fromMs: range(later.span).toMs } };
  const earlier = spanBehind(after(leads.before, text, index));
  if (earlier) return { end: earlier.end, range: { toMs: range(earlier.span).fromMs } };
  const until = spanBehind(after(leads.until, text, index));
  if (until) return { end: until.end, range: { toMs: range(until.span).toMs } };
  const inside = spanBehind(after(leads.inside, text, index));
  const bare = inside ?? spanBehind(index);
  const tailed = bare && tailOf(text, bare.end, range(bare.span));
  if (tailed) return tailed;
  const alone = inside ?? spanAt(text, index, { at, isAlone });
  return alone && { end: alone.end, range: range(alone.span) };
}

/** The end of a stretch: a month without a year is the next one behind its beginning ("去年三月至五月"). */
function spanUntil(text: string, index: number, { at, first }: { at: Now; first: FoundSpan }): FoundSpan | undefined {
  const found = spanAt(text, index, { at, isAlone: true });
  const yearOn = boundsOf(first.span, at).toMs + 364 * dayMs;
  return found && yearOn < at.ms && bareMonth.test(text.slice(index, found.end))
    ? spanAt(text, index, { at: nowIn(yearOn, at.zone), isAlone: true })
    : found;
}

/** 以来, 之后, 之前 behind a time; these make one of a month's or a weekday's bare name, too. */
function tailOf(text: string, end: number, { fromMs, toMs }: { fromMs: number; toMs: number }): Phrase | undefined {
  const since = after(tails.since, text, end);
  if (since !== undefined) return { end: since, range: { fromMs } };
  const later = after(tails.after, text, end);
  if (later !== undefined) return { end: later, range: { fromMs: toMs } };
  const earlier = after(tails.before, text, end);
  return earlier === undefined ? undefined : { end: earlier, range: { toMs: fromMs } };
}
