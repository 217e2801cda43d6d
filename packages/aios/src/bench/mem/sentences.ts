import { createSeededRandom } from "../../drivers/random/seeded.ts";

const WORDS = 5_000;

/** Sentences of so many words, of which few are common and most are rare; always the same ones. */
export function createSentences(seed = 20_261_122): (words: number) => string {
  const random = createSeededRandom(seed);
  const vocabulary = Array.from({ length: WORDS }, () => random.text(2 + Math.floor(random.next() * 8)));
  return (words) => Array.from({ length: words }, () => vocabulary[Math.floor(WORDS * random.next() ** 3)]).join(" ");
}
