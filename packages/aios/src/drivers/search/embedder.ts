import type { Frequencies, SparseVector, Vector } from "./vector-index.ts";

/** Gives texts a direction, so that like ones are near each other. It runs in the thread of the search index. */
export interface Embedder {
  /** Another name or dimension means that its vectors cannot be compared with those of before. */
  readonly name: string;
  readonly dimension: number;
  /** In the order of the texts. The same text has the same vector. */
  embed(texts: readonly string[]): Promise<readonly Vector[]>;
  /** A query's vector, told how common its dimensions are where it looks. */
  weigh?(query: SparseVector, frequencies: Frequencies): SparseVector;
}
