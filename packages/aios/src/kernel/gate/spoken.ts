import { indexesOf } from "./find-text.ts";
import { linksOf } from "./links.ts";

/** One text that a person has written, prepared to be looked at often. */
export interface SaidText {
  readonly text: string;
  /** As it was written, but for compatible characters. */
  readonly original: string;
  /** Its runs of letters and digits. */
  readonly words: ReadonlySet<string>;
  /** Without what groups the digits of a number, and where each character stands in `text`. */
  grouped(): { readonly compact: string; readonly places: Uint32Array };
  /** Its URLs, as `linksOf` tells them. */
  links(): ReadonlySet<string>;
}

/** As texts are compared: compatible characters are one, so are cases and runs of white space. */
export function fold(text: string): string {
  // oxlint-disable-next-line no-control-regex -- plain ASCII needs no tables, and nearly all is.
  const same = /^[\x00-\x7f]*$/.test(text) ? text : text.normalize("NFKC");
  const lower = same.toLowerCase();
  return /\s\s|[\t\n\v\f\r]/.test(lower) ? lower.replace(/\s+/g, " ").trim() : lower.trim();
}

const wordForm = /[\p{L}\p{N}\p{M}]+/gu;
const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined &&
  (/^[a-z0-9]$/.test(character) || (character > "\x7f" && /^[\p{L}\p{N}\p{M}\p{Cf}\p{Cs}]$/u.test(character)));
const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= "0" && character <= "9";

export function saidText(original: string): SaidText {
  const text = fold(original);
  let links: ReadonlySet<string> | undefined;
  let grouped: ReturnType<SaidText["grouped"]> | undefined;
  return {
    text,
    original: original.normalize("NFKC"),
    words: new Set(text.match(wordForm)),
    grouped: () => (grouped ??= groupedOf(text)),
    links: () => (links ??= new Set(linksOf(original).flatMap(({ keys }) => keys))),
  };
}

const groupSigns = " -().\u00a0\u2011\u2013";

function groupedOf(text: string): ReturnType<SaidText["grouped"]> {
  const places = new Uint32Array(text.length);
  let compact = "";
  for (let at = 0; at < text.length; at++)
    if (!groupSigns.includes(text[at]!)) {
      places[compact.length] = at;
      compact += text[at];
    }
  return { compact, places };
}

/**
 * Whether a value is part of what a person wrote: as whole words, no piece of a longer address, number or name. Values of one
 * or two characters have to be a word of their own. Numbers of accounts and telephones may be grouped differently.
 */
export function isSaid(value: string, said: SaidText): boolean {
  const { text, words } = said;
  const wanted = fold(value);
  if (wanted === "") return false;
  const [first] = wanted.match(wordForm) ?? [];
  // All of a text's words end where its letters do: one that is not among them can stand nowhere.
  if (first !== undefined && words.has(first))
    for (const at of indexesOf(wanted, text))
      if (isBounded(text, at, at + wanted.length) && !isPieceOfNumber(text, at, at + wanted.length)) return true;
  return isGrouped(wanted, said);
}

function isGrouped(wanted: string, said: SaidText): boolean {
  const number = wanted.replace(/[ \-().\u00a0\u2011\u2013]/g, "");
  // Fewer digits could be put together from unrelated ones that stand side by side.
  if (number.length > 40 || !/^\+?[a-z0-9]*$/.test(number) || number.replace(/\D/g, "").length < 8) return false;
  const { compact, places } = said.grouped();
  for (const at of indexesOf(number, compact)) {
    const start = places[at]!;
    const end = places[at + number.length - 1]! + 1;
    if (
      isBounded(said.text, start, end) &&
      areGroups(said.text.slice(start, end)) &&
      !isPieceOfNumber(said.text, start, end)
    )
      return true;
  }
  return false;
}

/** `de89 3704 0044`, `+49 (170) 123-4567`: groups of one number, with letters in its first two groups at most, and no row of single digits. */
const areGroups = (text: string): boolean =>
  text
    .split(/[ \-().\u00a0\u2011\u2013]+/)
    .every((group, index, all) => (index < 2 || /^\d*$/.test(group)) && (group.length > 1 || index === all.length - 1));

// What joins letters to one address, path or amount where it stands between them.
const joiners = ".-_@+/:%&=?#~'\\|*!$";
// Longer runs are a line that somebody drew.
const MAX_JOINERS = 8;

function isBounded(text: string, start: number, end: number): boolean {
  return (
    !goesOn(text, { from: start - 1, step: -1, own: text[start] }) &&
    !goesOn(text, { from: end, step: 1, own: text[end - 1] })
  );
}

/** Whether what stands beside an occurrence belongs to it. */
function goesOn(text: string, { from, step, own }: { from: number; step: 1 | -1; own: string | undefined }): boolean {
  const beside = text[from];
  if (isWordCharacter(beside)) return true;
  // `to:bob@example.org` names bob@example.org.
  if (step < 0 && beside === ":" && !isDigit(own) && isPlainLetter(text[from - 1])) return false;
  if (beside === "," || beside === ";") return isDigit(own) && isDigit(text[from + step]);
  let at = from;
  for (let count = 0; count < MAX_JOINERS && at >= 0 && at < text.length && joiners.includes(text[at]!); count++)
    at += step;
  return at !== from && isWordCharacter(text[at]);
}

const isPlainLetter = (character: string | undefined): boolean => character !== undefined && /^[a-z]$/.test(character);

const grouped = /(?<![\p{L}\p{N}])[a-z]{2}\d{2}(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,3})?(?![\p{L}\p{N}])/gu;

/** Whether an occurrence is a few groups of a longer account number. */
function isPieceOfNumber(text: string, start: number, end: number): boolean {
  if (end - start > 40 || !/\d/.test(text.slice(start, end))) return false;
  const from = Math.max(0, start - 45);
  for (const match of text.slice(from, end + 45).matchAll(grouped)) {
    const begin = from + match.index;
    const isInside = begin <= start && end <= begin + match[0].length;
    if (isInside && end - start < digitsEnd(match[0])) return true;
  }
  return false;
}

/** Words of four letters that follow an account number look like groups of it. */
const digitsEnd = (text: string): number => text.replace(/(?: [a-z]+)+$/, "").length;
