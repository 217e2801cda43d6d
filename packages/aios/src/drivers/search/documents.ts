import type { Found } from "../../kernel/ports.ts";
import { fused } from "./fusion.ts";
import type { Lists } from "./fusion.ts";

/** Of the texts by which a document was found so many are told. */
const MAX_PIECES = 4;

/** The lists joined as lists of documents: each stands where its best text does. */
export function fusedDocuments(
  { words, vectors, ...weight }: Lists,
  { limit, documentOf }: { limit: number; documentOf: (id: string) => string },
): readonly Found[] {
  const pieces = new Map<string, Set<string>>();
  const once = <One extends { readonly id: string }>(list: readonly One[]): One[] => {
    const seen = new Set<string>();
    return list.flatMap((one) => {
      const id = documentOf(one.id);
      pieces.set(id, (pieces.get(id) ?? new Set()).add(one.id));
      if (seen.has(id)) return [];
      seen.add(id);
      return [{ ...one, id }];
    });
  };
  const lists = { words: words && once(words), vectors: vectors && once(vectors), ...weight };
  return fused(lists, limit).map((found) => {
    const own = [...(pieces.get(found.id) ?? [])];
    return { ...found, id: own[0] as string, pieces: own.slice(0, MAX_PIECES) };
  });
}
