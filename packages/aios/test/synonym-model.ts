import type { SearchIndex } from "../src/kernel/ports.ts";

const meanings = [
  ["car", "automobile", "汽车"],
  ["moon", "luna", "月亮"],
  ["bread", "loaf", "面包"],
];

/** As many numbers as a vector needs at least: one a meaning, and one for the rest. */
export const leastDimension = meanings.length + 1;

/** The vector of a model that knows synonyms in two languages. */
export function synonymVector(text: string, dimension = leastDimension): Float32Array {
  const vector = new Float32Array(dimension);
  vector[dimension - 1] = 0.1;
  for (const [at, synonyms] of meanings.entries()) if (synonyms.some((word) => text.includes(word))) vector[at] = 1;
  return vector;
}

/** Gives vectors to texts that wait for them, so many at most; whose they were. */
export async function embedWaiting(
  index: SearchIndex,
  { most = Infinity, dimension }: { most?: number; dimension?: number } = {},
): Promise<string[]> {
  const given: string[] = [];
  while (given.length < most) {
    const waiting = await index.unembedded(0, Math.min(64, most - given.length));
    if (waiting.length === 0) break;
    await index.embedded(
      waiting,
      waiting.map(({ text }) => synonymVector(text, dimension)),
    );
    given.push(...waiting.map(({ text }) => text));
  }
  return given;
}
