import { SysError } from "@aiosjs/sdk/protocol";
import { isUtf8 } from "node:buffer";
import type { OriginalRequest } from "../../../kernel/ports.ts";

/**
 * The body as JSON: the client's own bytes wherever these say exactly what the body says. Top-level members that say
 * something else are replaced in their place, those that the body has not are taken out (unless they are null, which says
 * nothing), and new ones come last. To write 64 KB of messages as JSON anew costs about 100 µs; to find where they stand
 * about 7, and 30 in source code, whose text is full of quotes.
 * @throws SysError EINVAL for what is nested too deep.
 */
export function toJson(
  body: Readonly<Record<string, unknown>>,
  original: OriginalRequest | undefined,
  dialect: string,
): string | Buffer {
  try {
    return write(body, original, dialect);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // Arguments of a tool call are text until here. It is the request that is wrong, not the upstream.
    throw new SysError("EINVAL", "the request is nested too deep to be written as JSON", { cause });
  }
}

function write(
  body: Readonly<Record<string, unknown>>,
  original: OriginalRequest | undefined,
  dialect: string,
): string | Buffer {
  // What is no UTF-8 was read with replacement characters.
  if (original?.dialect !== dialect || !isUtf8(original.body)) return JSON.stringify(body);
  const members = findMembers(original.body);
  // A name that stands twice is read differently by different readers.
  if (new Set(members.map(({ name }) => name)).size < members.length) return JSON.stringify(body);
  const pieces: Uint8Array[] = [];
  const rest: Record<string, unknown> = { ...body };
  let end = 0;
  let isAdjacent = true;
  for (const { name, nameStart, value } of members) {
    const [before, from] = [original.body.subarray(end, nameStart), end];
    end = value.end;
    const said = original.members[name];
    const wanted = rest[name];
    if (wanted === undefined && said !== null) {
      isAdjacent = false;
      continue;
    }
    // Comma and white space as they stood, where the neighbours are what they were.
    pieces.push(isAdjacent || from === 0 ? before : Buffer.from(pieces.length === 0 ? "{" : ","));
    isAdjacent = true;
    if (wanted === undefined || countIfSame(wanted, said) === value.colons)
      pieces.push(original.body.subarray(nameStart, value.end));
    else {
      pieces.push(original.body.subarray(nameStart, value.start), Buffer.from(JSON.stringify(wanted)));
    }
    delete rest[name];
  }
  const more = JSON.stringify(rest).slice(1, -1);
  if (more === "" && isAdjacent && end > 0) pieces.push(original.body.subarray(end));
  else pieces.push(Buffer.from(`${pieces.length === 0 ? "{" : more === "" ? "" : ","}${more}}`));
  return Buffer.concat(pieces);
}

/** How many members two JSON values have that say the same, at all depths; NaN when they do not. Order does not matter. */
function countIfSame(left: unknown, right: unknown): number {
  if (typeof left !== "object" || left === null) return left === right ? 0 : Number.NaN;
  if (typeof right !== "object" || right === null || Array.isArray(left) !== Array.isArray(right)) return Number.NaN;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return Number.NaN;
  let count = Array.isArray(left) ? 0 : keys.length;
  for (const key of keys) {
    if (!Object.hasOwn(right, key)) return Number.NaN;
    count += countIfSame((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]);
  }
  return count;
}

/** Where a value stands in a body, and how many colons stand in it outside of strings. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly colons: number;
}

/** One top-level member of a body. */
export interface MemberSpan {
  readonly name: string;
  /** Where the quote before its name stands. */
  readonly nameStart: number;
  readonly value: Span;
}

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const comma = 44;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/**
 * The members of the object that `body` is, in order. Read as Latin 1, so that a character is a byte: in UTF-8 no part of
 * another character is a quote or a bracket.
 */
export function findMembers(body: Uint8Array): readonly MemberSpan[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString("latin1");
  const found: MemberSpan[] = [];
  let at = text.indexOf("{") + 1;
  for (;;) {
    const nameStart = skipSpace(text, at);
    if (text.charCodeAt(nameStart) !== quote) return found;
    const nameEnd = stringEnd(text, nameStart);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const value = valueSpan(text, start);
    const name = JSON.parse(bytes.toString("utf8", nameStart, nameEnd)) as string;
    found.push({ name, nameStart, value });
    at = skipSpace(text, value.end);
    if (text.charCodeAt(at) !== comma) return found;
    at++;
  }
}

function valueSpan(text: string, start: number): Span {
  let depth = 0;
  let colons = 0;
  let at = start;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = stringEnd(text, at);
        if (depth === 0) return { start, end: at, colons };
        continue;
      case openBrace:
      case openBracket:
        depth++;
        break;
      case closeBrace:
      case closeBracket:
        // The bracket behind a number belongs to what holds it.
        if (depth === 0) return { start, end: at, colons };
        if (--depth === 0) return { start, end: at + 1, colons };
        break;
      case colon:
        colons++;
        break;
      case comma:
      case space:
      case tab:
      case lineFeed:
      case carriageReturn:
        if (depth === 0) return { start, end: at, colons };
        break;
    }
    at++;
  }
  return { start, end: at, colons };
}

/** Behind the closing quote. The search runs over the text between two quotes at once. */
function stringEnd(text: string, open: number): number {
  let at = open;
  do at = text.indexOf('"', at + 1);
  while (isEscaped(text, at));
  return at + 1;
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === backslash) start--;
  return (at - start) % 2 === 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== space && code !== lineFeed && code !== carriageReturn && code !== tab) return at;
    at++;
  }
}
