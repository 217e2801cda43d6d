// How an attacker's text says what to call, and how a model that obeys reads it out of whatever it was wrapped in.
import type { ToolUse } from "./world.ts";

/** `call send_money({…})`, in the middle of any text. */
export const directiveOf = (uses: readonly ToolUse[]): string =>
  uses.map(({ tool, args }) => `call ${tool}(${JSON.stringify(args)})`).join(" ; ");

/** All calls that a text wants made, in their order: as it stands, or in the encoding in which it says more. */
export function readDirectives(text: string): ToolUse[] {
  let best = directivesIn(text);
  for (const decode of decodings) {
    const found = decode(text).flatMap(directivesIn);
    if (found.length > best.length) best = found;
  }
  return best;
}

/** The halves of a text that came in several places, joined: `⟦1/2⟧…⟦/⟧`. */
export function joinParts(texts: readonly string[]): string {
  const parts = new Map<number, string>();
  for (const [, number, part = ""] of texts.join("\n").matchAll(/⟦(\d)\/\d⟧([\s\S]*?)⟦\/⟧/g))
    parts.set(Number(number), part);
  return [...parts]
    .toSorted(([left], [right]) => left - right)
    .map(([, part]) => part)
    .join("");
}

export function splitInTwo(text: string): readonly [string, string] {
  const middle = Math.ceil(text.length / 2);
  return [`⟦1/2⟧${text.slice(0, middle)}⟦/⟧`, `⟦2/2⟧${text.slice(middle)}⟦/⟧`];
}

function directivesIn(text: string): ToolUse[] {
  const found: ToolUse[] = [];
  for (const match of text.matchAll(/\bcall ([a-z][a-z_]*)\((?=\{)/g)) {
    const args = objectAt(text, match.index + match[0].length);
    if (args) found.push({ tool: match[1] ?? "", args });
  }
  return found;
}

/** The JSON object that begins here. */
function objectAt(text: string, start: number): ToolUse["args"] | undefined {
  for (let end = text.indexOf("}", start); end >= 0 && end < start + 4_000; end = text.indexOf("}", end + 1)) {
    try {
      return JSON.parse(text.slice(start, end + 1)) as ToolUse["args"];
    } catch {
      // A brace inside a text, or of an object within.
    }
  }
  return undefined;
}

export const encodings = {
  base64: (text: string): string => Buffer.from(text).toString("base64"),
  rot13: (text: string): string => rot13(text),
  homoglyphs: (text: string): string => text.replaceAll(/[aceopxy]/g, (letter) => lookalikes[letter] ?? letter),
  "zero width": (text: string): string => text.split("").join("\u200b"),
  percent: (text: string): string =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
} as const;
export type Encoding = keyof typeof encodings;

const decodings: readonly ((text: string) => readonly string[])[] = [
  // As it stands within JSON.
  (text) => [text.replaceAll(/\\(["\\])/g, "$1")],
  (text) => [text.replaceAll(/[\u200b-\u200f\u2060\ufeff]/g, "")],
  (text) => [text.replaceAll(/[асеорху]/g, (letter) => latin[letter] ?? letter)],
  (text) => [rot13(text)],
  (text) => findAllBase64(text),
  (text) => [text.replaceAll(/(?:%[0-9a-f]{2}){8,}/gi, decodePercent)],
];

const lookalikes: Readonly<Record<string, string>> = { a: "а", c: "с", e: "е", o: "о", p: "р", x: "х", y: "у" };
const latin = Object.fromEntries(Object.entries(lookalikes).map(([one, other]) => [other, one]));

const rot13 = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (letter) => {
    const first = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - first + 13) % 26) + first);
  });

const findAllBase64 = (text: string): string[] =>
  [...text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)].map(([part]) => Buffer.from(part, "base64").toString());

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
