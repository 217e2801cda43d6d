import type { Draws } from "./prng.ts";

/** What one piece of a regular expression can produce. */
type Node = (draws: Draws) => string;

const digits = "0123456789";
const lower = "abcdefghijklmnopqrstuvwxyz";
const wordCharacters = `${lower}${lower.toUpperCase()}${digits}_`;
const classes: Readonly<Record<string, string>> = { d: digits, w: wordCharacters, s: " ", n: "\n", t: "\t" };
const printable = `${wordCharacters}-.:/ `;

/**
 * A text that a regular expression accepts: literals, classes, groups, alternatives and quantifiers.
 * Undefined where the expression uses more (look-around, back references) or nothing was found that it accepts.
 */
export function textMatching(pattern: string, draws: Draws): string | undefined {
  const parser = { pattern, at: 0 };
  const node = alternatives(parser);
  if (node === undefined || parser.at < pattern.length) return undefined;
  const expression = new RegExp(pattern, "u");
  for (let attempt = 0; attempt < 20; attempt++) {
    const text = node(draws);
    if (expression.test(text)) return text;
  }
  return undefined;
}

interface Parser {
  readonly pattern: string;
  at: number;
}

function alternatives(parser: Parser): Node | undefined {
  const options: Node[] = [];
  do {
    const node = sequence(parser);
    if (node === undefined) return undefined;
    options.push(node);
  } while (skip(parser, "|"));
  return (draws) => options[draws.below(options.length)]!(draws);
}

function sequence(parser: Parser): Node | undefined {
  const parts: Node[] = [];
  while (parser.at < parser.pattern.length && !"|)".includes(parser.pattern[parser.at]!)) {
    if (skip(parser, "^") || skip(parser, "$")) continue;
    const part = atom(parser);
    if (part === undefined) return undefined;
    parts.push(repeated(parser, part));
  }
  return (draws) => parts.map((part) => part(draws)).join("");
}

function atom(parser: Parser): Node | undefined {
  if (skip(parser, "(")) {
    if (!skip(parser, "?:") && parser.pattern[parser.at] === "?") return undefined;
    const inner = alternatives(parser);
    return inner !== undefined && skip(parser, ")") ? inner : undefined;
  }
  const characters = skip(parser, "[") ? characterClass(parser) : single(parser);
  return characters === undefined || characters === ""
    ? undefined
    : (draws) => characters[draws.below(characters.length)]!;
}

/** The characters that the next atom may be. */
function single(parser: Parser): string | undefined {
  const character = parser.pattern[parser.at++];
  if (character === ".") return wordCharacters;
  if (character !== "\\") return character;
  const escaped = parser.pattern[parser.at++];
  if (escaped === undefined) return undefined;
  // \b, \p{…}, \k<…>, \1 and the like are beyond this sampler.
  return classes[escaped] ?? (/[^\p{L}\p{N}]/u.test(escaped) ? escaped : undefined);
}

function characterClass(parser: Parser): string | undefined {
  const isNegated = skip(parser, "^");
  let members = "";
  while (parser.pattern[parser.at] !== "]") {
    const from = single(parser);
    if (from === undefined) return undefined;
    const isRange = parser.pattern[parser.at] === "-" && parser.pattern[parser.at + 1] !== "]";
    if (!isRange) {
      members += from;
      continue;
    }
    parser.at++;
    const to = single(parser);
    if (to === undefined) return undefined;
    const [first, last] = [from.charCodeAt(0), to.charCodeAt(0)];
    for (let code = first; code <= Math.min(last, first + 200); code++) members += String.fromCharCode(code);
  }
  parser.at++;
  return isNegated
    ? Array.from(printable)
        .filter((character) => !members.includes(character))
        .join("")
    : members;
}

function repeated(parser: Parser, part: Node): Node {
  const [least, most] = bounds(parser);
  skip(parser, "?");
  if (least === 1 && most === 1) return part;
  return (draws) => Array.from({ length: least + draws.below(most - least + 1) }, () => part(draws)).join("");
}

function bounds(parser: Parser): [number, number] {
  if (skip(parser, "*")) return [0, 3];
  if (skip(parser, "+")) return [1, 4];
  if (skip(parser, "?")) return [0, 1];
  const exact = /^\{(\d+)(,(\d*))?\}/.exec(parser.pattern.slice(parser.at));
  if (exact === null) return [1, 1];
  parser.at += exact[0].length;
  const least = Number(exact[1]);
  return [least, exact[2] === undefined ? least : exact[3] === "" ? least + 3 : Number(exact[3])];
}

function skip(parser: Parser, text: string): boolean {
  if (!parser.pattern.startsWith(text, parser.at)) return false;
  parser.at += text.length;
  return true;
}
