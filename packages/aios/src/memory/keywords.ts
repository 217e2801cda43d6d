import { bounds } from "./bounds.ts";
import { distinct } from "./text.ts";
import { stretchesOf } from "./words.ts";
import type { Word } from "./words.ts";

/** Words of a phrase; and what one stretch adds to its words' degree, so that a long one does not win by its length. */
const LONGEST_PHRASE = 3;

interface Candidate {
  readonly words: readonly Word[];
  count: number;
  /** Somewhere it is a stretch of its own, or one word. A pair inside of longer ones counts if it comes again. */
  isWhole: boolean;
}

/** The words and phrases whose words stand together most often, weighed by how often they occur; the most telling first. */
export function keywordsOf(text: string): string[] {
  const frequency = new Map<string, number>();
  const degree = new Map<string, number>();
  const candidates = new Map<string, Candidate>();
  const count = (key: string, words: readonly Word[], isWhole: boolean): void => {
    const known = candidates.get(key);
    if (!known) return void candidates.set(key, { words, count: 1, isWhole });
    known.count++;
    known.isWhole ||= isWhole;
  };
  for (const stretch of stretchesOf(text)) {
    for (const word of stretch) {
      frequency.set(word.lower, (frequency.get(word.lower) ?? 0) + 1);
      degree.set(word.lower, (degree.get(word.lower) ?? 0) + Math.min(stretch.length, LONGEST_PHRASE));
      count(word.lower, [word], true);
    }
    for (let at = 1; at < stretch.length; at++) {
      const [one, other] = [stretch[at - 1]!, stretch[at]!];
      count(`${one.lower} ${other.lower}`, [one, other], stretch.length === 2);
    }
    if (stretch.length === LONGEST_PHRASE) count(stretch.map(({ lower }) => lower).join(" "), stretch, true);
  }
  const weightOf = ({ lower }: Word): number => {
    const often = frequency.get(lower)!;
    return (degree.get(lower)! / often) * (1 + Math.log2(often));
  };
  // The sort is stable: of equal ones the first to appear comes first.
  const ranked = [...candidates.values()]
    .filter((each) => each.isWhole || each.count > 1)
    .map(({ words, count: times }) => ({
      words,
      times,
      score: words.reduce((sum, word) => sum + weightOf(word), 0) * (1 + Math.log2(times)),
    }))
    .toSorted((left, right) => right.score - left.score);
  const covered = new Map<string, number>();
  const chosen: string[] = [];
  for (const { words, times } of ranked) {
    if (chosen.length >= bounds.keywords.most) break;
    // A word that stands only in phrases chosen already adds nothing, and neither does a phrase with one word that is new.
    const fresh = words.filter(
      ({ lower }) => (covered.get(lower) ?? 0) < (words.length > 1 ? 1 : frequency.get(lower)!),
    );
    if (fresh.length < Math.min(2, words.length)) continue;
    for (const { lower } of words) covered.set(lower, (covered.get(lower) ?? 0) + times);
    chosen.push(joined(words));
  }
  return distinct(chosen, bounds.keywords);
}

const joined = (words: readonly Word[]): string =>
  words.reduce((text, word, index) => {
    const space = index === 0 || (word.isUnspaced && words[index - 1]!.isUnspaced) ? "" : " ";
    return text + space + word.text;
  }, "");
