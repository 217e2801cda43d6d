import type { Found } from "../../kernel/ports.ts";

/** G. Cormack, C. Clarke, S. Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009. */
const RANK_OFFSET = 60;

export interface Lists {
  /** Best first; undefined: not asked for. */
  readonly words: readonly { readonly id: string; readonly score: number }[] | undefined;
  readonly vectors: readonly { readonly id: string; readonly similarity: number }[] | undefined;
  /** What a place among the vectors counts beside one among the words. Default: as much. */
  readonly vectorWeight?: number | undefined;
}

/**
 * One list of two. The score is the weighted sum of 1 / (60 + rank), as a share of what the first of both lists would have. A list that
 * serves alone keeps its order: of words the score is the share of the best one's, of vectors the similarity.
 */
export function fused({ words, vectors, vectorWeight = 1 }: Lists, limit: number): readonly Found[] {
  const found = new Map<string, { id: string; score: number; why: Found["why"] }>();
  const add = (id: string, score: number, why: Found["why"]): void => {
    const earlier = found.get(id);
    found.set(id, { id, score: (earlier?.score ?? 0) + score, why: { ...earlier?.why, ...why } });
  };
  const isAlone = words === undefined || vectors === undefined;
  const share = (rank: number): number => (RANK_OFFSET + 1) / (RANK_OFFSET + rank) / (1 + vectorWeight);
  for (const [at, { id, score }] of (words ?? []).entries()) {
    const rank = at + 1;
    add(id, isAlone ? score / (words?.[0]?.score ?? 1) : share(rank), { words: { rank, score } });
  }
  for (const [at, { id, similarity }] of (vectors ?? []).entries()) {
    const rank = at + 1;
    add(id, isAlone ? similarity : vectorWeight * share(rank), { vectors: { rank, similarity } });
  }
  return [...found.values()].toSorted((a, b) => b.score - a.score || bestRank(a.why) - bestRank(b.why)).slice(0, limit);
}

const bestRank = ({ words, vectors }: Found["why"]): number =>
  Math.min(words?.rank ?? Infinity, vectors?.rank ?? Infinity);
