import { countTokens } from "../../drivers/llm/sim/tokens.ts";
import type { DialogueNote, Lang } from "./dialogue.ts";

/** A note as it is given to a method. */
export interface AddedNote extends DialogueNote {
  /** What an annotator wrote about it; empty: nobody did. */
  readonly context: string;
}

export interface Hit {
  readonly id: string;
  /** Comparable within one answer only; greater is better. */
  readonly score: number;
}

/** What every method is measured by. It sees the notes and the question's text, neither facts, evidence nor kinds. */
export interface Retriever extends AsyncDisposable {
  readonly name: string;
  add(notes: readonly AddedNote[]): Promise<void>;
  /** Best first, `k` at most; fewer where it believes that nothing more belongs to the question. */
  search(text: string, options: { readonly k: number; readonly lang: Lang }): Promise<readonly Hit[]>;
  /** Mean over what was asked so far. */
  stats(): RetrieverStats;
}

export interface RetrieverStats {
  /** Of the notes returned, as a model would read them (bytes / 4). */
  readonly tokensPerQuery: number;
  /** What a real annotator would take; 0 where there is none. */
  readonly modelCallsPerAdd: number;
}

/** Counts what the notes returned would cost a model to read. */
export function createTally(modelCallsPerAdd = 0) {
  const costs = new Map<string, number>();
  let [queries, tokens] = [0, 0];
  return {
    added: (notes: readonly AddedNote[]) => {
      for (const note of notes) costs.set(note.id, countTokens(indexed(note)));
    },
    answered: (hits: readonly Hit[]) => {
      queries++;
      for (const { id } of hits) tokens += costs.get(id) ?? 0;
    },
    stats: (): RetrieverStats => ({ tokensPerQuery: queries === 0 ? 0 : tokens / queries, modelCallsPerAdd }),
  };
}

/** A note as every method indexes and reads it: who said it, what, and what was written about it. The date is not in it. */
export const indexed = ({ speaker, text, context }: AddedNote): string =>
  `${speaker}: ${text}${context === "" ? "" : ` (${context})`}`;
