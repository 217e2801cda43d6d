/** Dimensions of a query's vector: enough to tell topics apart, not meaning. Measured: 0.35 µs a comparison, 70 µs for 800 characters. */
const DIMENSIONS = 128;
/** Code units that are read, from the start: what is asked stands there, what it is asked about follows. */
const MAX_CHARS = 2_000;
const GRAM = 3;

/**
 * A text as a vector, by feature hashing (Weinberger et al., ICML 2009): words and character trigrams, each added to one
 * dimension with a sign from its hash, so that collisions cancel out in the mean. Length 127, so that `similarity` is a
 * dot product; all zero for a text without words. No model, no table, no I/O: the same text is the same vector everywhere.
 */
export function embed(text: string): Int8Array {
  const sums = new Float64Array(DIMENSIONS);
  const lower = text.slice(0, MAX_CHARS).toLowerCase();
  for (const [word] of lower.matchAll(/[\p{L}\p{N}]+/gu)) {
    add(sums, word, 2);
    const padded = `^${word}$`;
    for (let at = 0; at + GRAM <= padded.length; at++) add(sums, padded.slice(at, at + GRAM), 1);
  }
  let square = 0;
  for (const sum of sums) square += sum * sum;
  const scale = square === 0 ? 0 : 127 / Math.sqrt(square);
  return Int8Array.from(sums, (sum) => Math.round(sum * scale));
}

/** FNV-1a over the code units, finished by an avalanche: low bits choose the dimension, the top bit the sign. */
function add(sums: Float64Array, feature: string, weight: number): void {
  let hash = 0x811c9dc5;
  for (let at = 0; at < feature.length; at++) hash = Math.imul(hash ^ feature.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  const dimension = hash & (DIMENSIONS - 1);
  sums[dimension] = (sums[dimension] ?? 0) + (hash < 0 ? -weight : weight);
}

/** Cosine of two vectors, −1…1. */
export function similarity(left: Int8Array, right: Int8Array): number {
  let dot = 0;
  for (let at = 0; at < DIMENSIONS; at++) dot += (left[at] as number) * (right[at] as number);
  return dot / (127 * 127);
}

/** For the journal: two hexadecimal digits a dimension. */
export const vectorToText = (vector: Int8Array): string =>
  Array.from(vector, (value) => (value & 0xff).toString(16).padStart(2, "0")).join("");

/** `undefined` for what no `vectorToText` of this dimension wrote. */
export function vectorFromText(text: string): Int8Array | undefined {
  if (text.length !== 2 * DIMENSIONS || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Int8Array.from(
    { length: DIMENSIONS },
    (_, at) => (Number.parseInt(text.slice(2 * at, 2 * at + 2), 16) << 24) >> 24,
  );
}
