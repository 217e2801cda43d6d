import { stopWords } from "./stop-words.ts";

export interface Word {
  /** As it is written. */
  readonly text: string;
  readonly lower: string;
  /** Of a script that puts no spaces between words. */
  readonly isUnspaced: boolean;
}

const token =
  /(?<unspaced>[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々]+)|[[\p{L}\p{N}_]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々]][[\p{L}\p{M}\p{N}_]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々]]*(?:[\-.'’][[\p{L}\p{N}_]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}ー々]]+)*(?:\+\+|#)?/gv;
const number = /^[\p{N}.\-_]+$/u;
const isSingle = /^.$/u;
const chinese = new Intl.Segmenter("zh", { granularity: "word" });

/**
 * The words of a text in stretches: one ends at a stop word, a number, a single letter, and at whatever stands between
 * words but spaces. Chinese and Japanese are cut by the segmenter of the engine, the rest at what is no letter.
 */
export function stretchesOf(text: string): Word[][] {
  const stretches: Word[][] = [];
  let stretch: Word[] = [];
  const end = (): void => {
    if (stretch.length > 0) stretches.push(stretch);
    stretch = [];
  };
  const take = (word: Word): void => {
    if (stopWords.has(word.lower.replaceAll("’", "'")) || number.test(word.lower) || isSingle.test(word.lower)) end();
    else stretch.push(word);
  };
  let behind = 0;
  for (const found of text.matchAll(token)) {
    if (/\S/.test(text.slice(behind, found.index))) end();
    behind = found.index + found[0].length;
    if (found.groups?.["unspaced"] === undefined)
      take({ text: found[0], lower: found[0].toLowerCase(), isUnspaced: false });
    else for (const segment of joinedSingles(found[0])) take({ text: segment, lower: segment, isUnspaced: true });
  }
  end();
  return stretches;
}

/** The segmenter knows few names and leaves them as single characters: two to four of these in a row are taken as one word. */
function joinedSingles(text: string): string[] {
  const words: string[] = [];
  let singles: string[] = [];
  const flush = (): void => {
    if (singles.length > 0) words.push(singles.join(""));
    singles = [];
  };
  for (const { segment } of chinese.segment(text)) {
    const joins = isSingle.test(segment) && !stopWords.has(segment);
    if (!joins || singles.length >= 4) flush();
    if (joins) singles.push(segment);
    else words.push(segment);
  }
  flush();
  return words;
}

/** The different words of texts that say something, in lower case, in order of appearance. */
export function termsOf(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => stretchesOf(text).flatMap((stretch) => stretch.map(({ lower }) => lower))));
}
