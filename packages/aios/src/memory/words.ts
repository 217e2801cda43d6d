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
  for (const word of tellingWords(text))
    if (word) stretch.push(word);
    else if (stretch.length > 0) {
      stretches.push(stretch);
      stretch = [];
    }
  if (stretch.length > 0) stretches.push(stretch);
  return stretches;
}

/** The words that say something, one after the other; undefined where a stretch ends. */
function* tellingWords(text: string): Generator<Word | undefined, void> {
  let behind = 0;
  for (const { 0: found, groups, index } of text.matchAll(token)) {
    if (index > behind && /\S/.test(text.slice(behind, index))) yield undefined;
    behind = index + found.length;
    if (groups?.["unspaced"] === undefined)
      yield telling({ text: found, lower: found.toLowerCase(), isUnspaced: false });
    else for (const segment of joinedSingles(found)) yield telling({ text: segment, lower: segment, isUnspaced: true });
  }
}

const telling = (word: Word): Word | undefined =>
  stopWords.has(word.lower.replaceAll("’", "'")) || number.test(word.lower) || isSingle.test(word.lower)
    ? undefined
    : word;

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

/** The different words of texts that say something, in lower case, in order of appearance; those behind the first `most` are not looked for. */
export function termsOf(texts: readonly string[], most = Infinity): Set<string> {
  const terms = new Set<string>();
  for (const text of texts)
    for (const word of tellingWords(text)) {
      if (word) terms.add(word.lower);
      if (terms.size >= most) return terms;
    }
  return terms;
}
