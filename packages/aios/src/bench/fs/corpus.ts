import { createSeededRandom } from "../../drivers/random/seeded.ts";
import type { Split } from "../mem/dialogue.ts";
import type { Corpus } from "./corpus-file.ts";
import { phrasesOf } from "./phrases.ts";
import { planFiles } from "./plan.ts";
import { drawQueries } from "./queries.ts";
import { textOf } from "./render.ts";

/** Methods are tuned on the first list alone; what is published comes from the second. */
export const seedsOf: Readonly<Record<Split, readonly number[]>> = {
  dev: [1, 2, 3, 4, 5],
  "held-out": [9101, 9102, 9103, 9104, 9105],
};

const ENGLISH_SHARE = 0.6;
/** A Friday. */
const NOW_MS = Date.UTC(2026, 10, 20, 12);

interface CorpusOptions {
  readonly split: Split;
  readonly seed: number;
  /** Default: 10,000. */
  readonly files?: number;
}

/**
 * The files of a person at work and at home, 60 % English and 40 % Chinese, of 1 to 40 KiB, log-normal around 4. The same
 * options give the same files, texts and questions; `textOf` gives a file's text whatever was asked for before.
 *
 * - Matters of customers, of one to six files each: contracts, minutes, reports, letters, bugs (Markdown, plain text, HTML) and
 *   ledgers (CSV, JSON), all about one topic and under one code. Customers are called alike (Northgate, Northfern), codes differ
 *   by a letter, a file may name another customer in passing, and one of eight has a copy that differs by its code alone.
 * - Source code (TypeScript, Python, Go, shell): an identifier with the files that use it.
 * - Recipes, diaries, and pages of a scrapbook, some of which tell of something that happened once.
 *
 * What is asked for stands in the title, the path, or two to five sentences; the rest is sentences about nothing, of words
 * that nothing is asked by. So the generator knows which files answer a question, and no others do:
 *
 * - keyword: all files that hold a code, an identifier, or the name of a customer and a topic's term.
 * - named: the files about a topic and a customer; the customer is named, the topic paraphrased in none of its words.
 * - described: the files that tell of what happened once, in none of their words. Names nothing.
 * - metadata: kind and topic by their words, and when the file was changed.
 *
 * Dev and held-out share no phrase, name, term or code, and the same structure.
 */
export function generateCorpus({ split, seed, files: count = 10_000 }: CorpusOptions): Corpus {
  const random = createSeededRandom(seed);
  const english = Math.round(count * ENGLISH_SHARE);
  const counts = { en: english, zh: count - english };
  const langs = ["en", "zh"] as const;
  const files = langs.flatMap((lang) =>
    planFiles(random, { lang, phrases: phrasesOf(lang, split), files: counts[lang], nowMs: NOW_MS }),
  );
  const queries = langs.flatMap((lang) =>
    drawQueries(random, { lang, phrases: phrasesOf(lang, split), files, nowMs: NOW_MS }),
  );
  return { split, seed, nowMs: NOW_MS, files, queries, textOf: (file) => textOf(file, phrasesOf(file.lang, split)) };
}
