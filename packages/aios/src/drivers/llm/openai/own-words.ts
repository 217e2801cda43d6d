import { isUtf8 } from "node:buffer";
import type { OriginalRequest } from "../../../kernel/ports.ts";

/** What is worth finding in the client's text: the members that grow. */
const large = ["messages", "tools"] as const;

/**
 * The body as JSON. Messages and tools stand in the client's own words where these say exactly what the body says:
 * to write 64 KB of messages as JSON anew costs about 100 µs; to find where they stand about 7, and 30 in source code,
 * whose text is full of quotes.
 */
export function toJson(
  body: Readonly<Record<string, unknown>>,
  original: OriginalRequest | undefined,
): string | Buffer {
  // What is no UTF-8 was read with replacement characters.
  if (original?.dialect !== "openai" || !isUtf8(original.body)) return JSON.stringify(body);
  const rest: Record<string, unknown> = { ...body };
  const said: Uint8Array[] = [];
  const spans = findMembers(original.body, large);
  for (const name of large) {
    const span = spans.get(name);
    // As many colons as members: no name stands twice, so that every reader understands the same.
    if (!span || countIfSame(body[name], original.members[name]) !== span.colons) continue;
    said.push(Buffer.from(`,"${name}":`), original.body.subarray(span.start, span.end));
    delete rest[name];
  }
  // The model is always told, so that the comma has something before it.
  const written = JSON.stringify(rest);
  return said.length === 0 ? written : Buffer.concat([Buffer.from(written.slice(0, -1)), ...said, Buffer.from("}")]);
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
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly colons: number;
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
 * The values of some members of the object that `body` is, under ASCII names; of a name that stands twice, the last one, as
 * in JSON.parse. Read as Latin 1, so that a character is a byte: in UTF-8 no part of another character is a quote or a bracket.
 */
export function findMembers(body: Uint8Array, names: readonly string[]): ReadonlyMap<string, Span> {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const found = new Map<string, Span>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    const nameStart = skipSpace(text, at);
    if (text.charCodeAt(nameStart) !== quote) return found;
    const nameEnd = stringEnd(text, nameStart);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const span = valueSpan(text, start);
    const name = text.slice(nameStart + 1, nameEnd - 1);
    const spelt = name.includes("\\") ? (JSON.parse(`"${name}"`) as string) : name;
    if (names.includes(spelt)) found.set(spelt, span);
    at = skipSpace(text, span.end);
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
