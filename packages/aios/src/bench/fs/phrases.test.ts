import { describe, expect, test } from "vitest";
import { wordsOf } from "../mem/words.ts";
import { phrasesOf } from "./phrases.ts";

const langs = ["en", "zh"] as const;

/** Every string of a table, at any depth. A template is what is left of it without its slots. */
function phrasesIn(value: unknown): string[] {
  if (typeof value === "string")
    return [
      value
        .replaceAll(/\{\w\}/g, "")
        .trim()
        .toLowerCase(),
    ].filter((text) => text !== "");
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, held]) => (key === "world" || key === "pattern" ? [] : phrasesIn(held)));
}

/** Stop words, and what joins words in Chinese. */
const common = new Set(
  "a an and the of or in into to for with by at on from that who when its it is are was were be been more than too one no not at i we his her their our outside inside around through 的 了 和 在 把 被 与 给 从 到 上 下 里 用 要 有 是 不 就 都 又 两 一 一个".split(
    " ",
  ),
);
const contentOf = (text: string, lang: "en" | "zh"): string[] =>
  wordsOf(text.replaceAll(/\{\w\}/g, ""), lang).filter((word) => !common.has(word));

describe.each(langs)("%s", (lang) => {
  test("held-out files share no phrase with those of development", () => {
    const held = new Set(phrasesIn(phrasesOf(lang, "held-out")));
    expect(held.size).toBeGreaterThan(200);
    expect(phrasesIn(phrasesOf(lang, "dev")).filter((phrase) => held.has(phrase))).toEqual([]);
  });

  test.each(["dev", "held-out"] as const)("of %s, a topic's term stands in no phrase but its own", (split) => {
    const phrases = phrasesOf(lang, split);
    const all = phrasesIn(phrases);
    for (const { term } of phrases.topics)
      expect(
        all.filter((phrase) => phrase.includes(term.toLowerCase())),
        term,
      ).toEqual([term.toLowerCase()]);
  });

  test.each(["dev", "held-out"] as const)("of %s, a paraphrase has no word of what it stands for", (split) => {
    const { topics, stories } = phrasesOf(lang, split);
    for (const { says, asks } of [
      ...topics.map(({ term, says, asks }) => ({ says: [term, ...says], asks })),
      ...stories,
    ]) {
      const said = new Set(says.flatMap((each) => contentOf(each, lang)));
      for (const ask of asks)
        expect(
          contentOf(ask, lang).filter((word) => said.has(word)),
          ask,
        ).toEqual([]);
    }
  });

  test.each(["dev", "held-out"] as const)("of %s, every sentence of a topic has its term", (split) => {
    for (const { says } of phrasesOf(lang, split).topics) for (const each of says) expect(each).toContain("{t}");
  });
});
