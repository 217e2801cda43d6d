import { chineseNumber, englishNumber } from "./numbers.ts";
import { quotedMark } from "./quoted.ts";

type Lang = "en" | "zh";

const bare = '[^\\s,;:，；：。、“”"\\uE000-\\uEFFF]';

/** What stands for something in a form, by its name: the pattern, and how the page of the forms shows it. */
const slots = {
  path: { en: `${quotedMark}|${bare}+`, zh: `${quotedMark}|${bare}+?`, shown: "PATH" },
  paths: {
    en: `(?:${quotedMark}|${bare}+)(?:(?:\\s*,\\s*(?:and\\s+)?|\\s+and\\s+)(?:${quotedMark}|${bare}+))*`,
    zh: `(?:${quotedMark}|${bare}+?)(?:\\s*(?:[,，、和与]|以及)\\s*(?:${quotedMark}|${bare}+?))*`,
    shown: "PATH",
  },
  tree: { en: `${quotedMark}|${bare}+`, zh: `${quotedMark}|${bare}+?`, shown: "PATH" },
  to: { en: `${quotedMark}|${bare}+`, zh: `${quotedMark}|${bare}+`, shown: "PATH" },
  folder: { en: `${quotedMark}|${bare}+`, zh: `${quotedMark}|${bare}+?`, shown: "FOLDER" },
  host: { en: `${quotedMark}|\\S+`, zh: `${quotedMark}|\\S+?`, shown: "FOLDER" },
  name: { en: "[\\p{L}\\p{N}_.\\-]+", zh: "[\\p{L}\\p{N}_.\\-]+", shown: "NAME" },
  text: { en: quotedMark, zh: quotedMark, shown: '"TEXT"' },
  number: { en: englishNumber, zh: chineseNumber, shown: "N" },
  number2: { en: englishNumber, zh: chineseNumber, shown: "M" },
  time: { en: ".+?", zh: ".+?", shown: "TIME" },
  duration: {
    en: ".+?",
    // Where a name ends in front of a number nothing else tells.
    zh: `(?<=[\\s，,\\uE000-\\uEFFF])(?:半|${chineseNumber})\\s*个?\\p{sc=Han}{1,2}`,
    shown: "DURATION",
  },
  query: { en: ".+", zh: ".+", shown: "WORDS" },
} as const satisfies Record<string, Record<Lang | "shown", string>>;

export type Slot = keyof typeof slots;

export interface FormPattern {
  readonly pattern: RegExp;
  /** How many letters of the matched text are words of the form. */
  readonly weigh: (text: string, groups: Readonly<Record<string, string | undefined>>) => number;
}

/** A form as a pattern of a whole clause in which marks stand for quotations. */
export function patternOf(form: string, lang: Lang): FormPattern {
  const source = form.replaceAll(/\{(\w+)\}|([[\](|)])|(\s+)|([^[\](){}|\s]+)/g, (...found: string[]) => {
    const [whole = "", slot, sign, space] = found;
    if (slot) return `(?<${slot}>${slots[slot as Slot][lang]})`;
    if (sign) return { "[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|" }[sign] ?? whole;
    if (space) return "\\s*";
    // In English a word ends where space or a quotation begins; in Chinese nothing tells.
    return lang === "zh" ? whole : `(?<=^|\\s|${quotedMark})${whole}(?=$|\\s|${quotedMark})`;
  });
  return {
    pattern: new RegExp(`^\\s*(?:${source})\\s*$`, "iu"),
    weigh: (text, groups) =>
      text.replaceAll(/\s/g, "").length -
      Object.values(groups).reduce((sum, value = "") => sum + value.replaceAll(/\s/g, "").length, 0),
  };
}

/** As people read it: every choice, and what may be left out. */
export const shownForm = (form: string): string => form.replaceAll(/\{(\w+)\}/g, (_, slot: Slot) => slots[slot].shown);

/** The shortest way to say it. */
export function shortForm(form: string, lang: Lang): string {
  let text = form;
  // From the inside out.
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replaceAll(/\[[^[\]()]*\]/g, "").replaceAll(/\(([^[\]()|]*)\|[^[\]()]*\)/g, "$1");
  }
  const spaced = shownForm(text).replaceAll(/\s+/g, " ").trim();
  return lang === "zh" ? spaced.replaceAll(/(?<=\p{sc=Han}) (?=\p{sc=Han})/gu, "") : spaced;
}

/** The words of a form by which somebody may have meant it, in lower case. */
export const wordsOf = (form: string): string[] =>
  form
    .replaceAll(/\[[^[\]]*\]|\{\w+\}/g, " ")
    .split(/[()|[\]]|\s{2,}/)
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "" && !weak.has(word));

const weak: ReadonlySet<string> = new Set(
  "to into in with of for as the and 把 将 到 的 为 成 里 中 下 和 与 在 向 用 有 是 了 过 第".split(" "),
);
