import type { EmbedArgs } from "@aiosjs/sdk/protocol";
import { draws } from "./prng.ts";
import { countTokens } from "./tokens.ts";

const defaultDimensions = 256;

/** A word, or one character of a script that has no spaces between words. */
const pieces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu;

/**
 * A text as a vector of length 1 by feature hashing (Weinberger et al., ICML '09): each word adds or takes one at a place
 * that its hash gives. Texts with words in common are near each other; of their meaning it knows nothing.
 */
export function hashedVector(input: EmbedArgs["input"][number], dimensions: number = defaultDimensions): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  const features = typeof input === "string" ? (input.toLowerCase().match(pieces) ?? []) : input;
  for (const feature of features) {
    const hash = draws("embedding", feature);
    const place = hash.below(dimensions);
    vector[place] = (vector[place] ?? 0) + (hash.next() < 0.5 ? -1 : 1);
  }
  const length = Math.hypot(...vector);
  // A text without a word, or one whose words cancel out, points somewhere too: vectors of length 0 break cosine distances.
  if (length === 0) return vector.map((_, place) => (place === 0 ? 1 : 0));
  return vector.map((value) => value / length);
}

export const embedTokens = ({ input }: EmbedArgs): number =>
  input.reduce((total, item) => total + (typeof item === "string" ? Math.max(1, countTokens(item)) : item.length), 0);
