import type { NoteLink } from "./dialogue.ts";
import { createTally } from "./retriever.ts";
import type { Hit, Retriever } from "./retriever.ts";

export interface Expansion {
  /** What one step along a link leaves of a score, 0…1. */
  readonly damping: number;
  /** Best hits whose neighbours are looked at; the inner method is asked for as many, whatever k. */
  readonly roots: number;
  /** Steps. */
  readonly depth: number;
}

/** Best mean recall@10 over all kinds and both languages for BM25 on the dev seeds (`bench/mem-links.ts`); held-out had no part. */
const tuned: Expansion = { damping: 0.7, roots: 30, depth: 2 };

/**
 * Any method, and the neighbours of what it found (spreading activation: Collins and Loftus, 1975). Every root gives each note
 * that is d ≤ `depth` links away `damping^d` of its own score, and a note's score is its own and all that it is given:
 * score(n) = s(n) + Σ over roots r ≠ n of damping^d(r, n) · s(r), where s is 1 / √place, places counted from 1, and 0 for what
 * the inner method did not find. So notes win to which many hits lead. Places, not the method's scores: those of a fusion of
 * ranks lie close together where those of BM25 do not; on BM25 both did as well. Links have no direction.
 */
export function expandLinks(
  inner: Retriever,
  links: readonly NoteLink[],
  { damping, roots, depth }: Expansion = tuned,
): Retriever {
  const neighbours = new Map<string, string[]>();
  const connect = (from: string, to: string) => neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
  for (const [left, right] of links) {
    connect(left, right);
    connect(right, left);
  }
  // One call per note decides its links, and the evolution of its neighbours with them (arXiv:2502.12110, section 3.2).
  const tally = createTally(1);
  return {
    name: `${inner.name} + links`,
    add: (notes) => {
      tally.added(notes);
      return inner.add(notes);
    },
    search: async (text, { k, lang }) => {
      const found = await inner.search(text, { k: Math.max(k, roots), lang });
      const own = found.map(({ id }, at) => ({ id, score: 1 / Math.sqrt(at + 1) }));
      const scores = new Map(own.map(({ id, score }) => [id, score]));
      for (const root of own.slice(0, roots)) {
        const seen = new Set([root.id]);
        let edge = [root.id];
        for (let step = 1; step <= depth; step++) {
          edge = [...new Set(edge.flatMap((id) => neighbours.get(id) ?? []))].filter((id) => !seen.has(id));
          for (const id of edge) {
            seen.add(id);
            scores.set(id, (scores.get(id) ?? 0) + damping ** step * root.score);
          }
        }
      }
      const hits = [...scores].map(([id, score]): Hit => ({ id, score }));
      const best = hits.toSorted((left, right) => right.score - left.score).slice(0, k);
      tally.answered(best);
      return best;
    },
    stats: tally.stats,
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
