import type { Embedder } from "./embedder.ts";
import type { Frequencies, SparseVector } from "./vector-index.ts";
import { words } from "./words.ts";

/** A power of two: a hash is cut to it by its lowest bits. */
const DIMENSION = 4_096;
const GRAM_CHARS = 3;
/** So that a word and an equal piece of another have different places. */
const WORD_SEED = 0x811c_9dc5;
const GRAM_SEED = 0x9e37_79b9;
const hanWord = /^\p{Script=Han}+$/u;

/**
 * Needs no model and no download: words and pieces of words, hashed with a sign into 4,096 dimensions (K. Weinberger et al.,
 * "Feature hashing for large scale multitask learning", ICML 2009). Lexical only: it sees through other endings, spelling
 * mistakes and other cuts of Chinese, and knows no synonyms and no other language's word for the same thing.
 *
 * Weights are lnc.ltc (C. Manning et al., "Introduction to Information Retrieval", §6.4.3): a word counts 1 + ln(occurrences),
 * its pieces (three letters, with marks at its ends; single characters of Chinese) together as much as itself, and the vector
 * has length 1. A query's are multiplied by ln(1 + (N − n + ½) / (n + ½)), N being the vectors where it looks and n those
 * that have the dimension; the index looks at its direction alone. So the stored vectors stay true while texts come and go.
 */
export const hashedEmbedder: Embedder = {
  name: "hashed",
  dimension: DIMENSION,
  embed: async (texts) => texts.map(embedOne),
  weigh,
};

function embedOne(text: string): SparseVector {
  const occurrences = new Map<string, number>();
  for (const word of words(text)) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  const vector = new Float64Array(DIMENSION);
  for (const [word, count] of occurrences) addWord(vector, word, 1 + Math.log(count));
  return sparse(vector);
}

function addWord(vector: Float64Array, word: string, weight: number): void {
  add(vector, hash(WORD_SEED, word), weight);
  const grams = gramsOf(word);
  for (const gram of grams) add(vector, hash(GRAM_SEED, gram), weight / Math.sqrt(grams.length));
}

function gramsOf(word: string): string[] {
  if (hanWord.test(word)) return Array.from(word);
  const marked = `<${word}>`;
  return Array.from({ length: marked.length - GRAM_CHARS + 1 }, (_, at) => marked.slice(at, at + GRAM_CHARS));
}

function weigh(query: SparseVector, { vectors, counts }: Frequencies): SparseVector {
  const values = query.values.map((value, at) => {
    const count = counts[at] ?? 0;
    return value * Math.log(1 + (vectors - count + 0.5) / (count + 0.5));
  });
  return { indices: query.indices, values };
}

function add(vector: Float64Array, hashed: number, weight: number): void {
  const index = hashed & (DIMENSION - 1);
  vector[index] = (vector[index] as number) + (hashed < 0 ? -weight : weight);
}

/** FNV-1a over the UTF-16 units, mixed at the end as MurmurHash3 does, so that its low bits and its sign are even. */
function hash(seed: number, text: string): number {
  let mixed = seed | 0;
  for (let at = 0; at < text.length; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x0100_0193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

function sparse(vector: Float64Array): SparseVector {
  const indices: number[] = [];
  let squares = 0;
  for (const [index, value] of vector.entries()) {
    if (value === 0) continue;
    indices.push(index);
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  return {
    indices: Uint32Array.from(indices),
    values: Float32Array.from(indices, (index) => (vector[index] as number) / length),
  };
}
