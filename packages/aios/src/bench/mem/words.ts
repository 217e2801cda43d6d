import type { Lang } from "./dialogue.ts";

const segmenters = {
  en: new Intl.Segmenter("en", { granularity: "word" }),
  zh: new Intl.Segmenter("zh", { granularity: "word" }),
} as const satisfies Record<Lang, Intl.Segmenter>;

/** Words in their order, in lower case, an English "'s" cut off. */
export function wordsOf(text: string, lang: Lang): string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenters[lang].segment(text))
    if (isWordLike) words.push(segment.toLowerCase().replace(/['’]s?$/, ""));
  return words;
}
