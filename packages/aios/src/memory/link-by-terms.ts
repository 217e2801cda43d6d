import type { Note, NoteLink } from "@aiosjs/sdk/protocol";
import type { Neighbour } from "./evolution.ts";
import { clip } from "./text.ts";
import { termsOf } from "./words.ts";

const MAX_LINKS = 5;
/** UTF-16 units of a content that are looked through for the other note's keywords. */
const READ = 2_000;

/**
 * Links without a model: to neighbours that share two keywords or tags with the note, or one and are rather similar, or are
 * very similar. It sees words, not meaning: that one note contradicts or answers another it does not know.
 */
export function linkByTerms(note: Note, neighbours: readonly Neighbour[]): NoteLink[] {
  const own = describedBy(note);
  return neighbours
    .map(({ note: other, similarity }) => {
      const theirs = describedBy(other);
      const shared = [...own.key.intersection(theirs.all).union(theirs.key.intersection(own.all))];
      const overlap = Math.min(1, shared.length / Math.max(1, Math.min(own.key.size, theirs.key.size)));
      const isLinked = shared.length >= 2 || (shared.length === 1 && similarity >= 0.5) || similarity >= 0.8;
      return {
        to: other.id,
        strength: isLinked ? Math.round(50 * (similarity + overlap)) / 100 : 0,
        why: shared.length > 0 ? `shared: ${shared.slice(0, 4).join(", ")}` : "similar",
      };
    })
    .filter(({ strength }) => strength > 0)
    .toSorted((left, right) => right.strength - left.strength)
    .slice(0, MAX_LINKS);
}

function describedBy({ keywords, tags, content }: Note): { key: Set<string>; all: Set<string> } {
  const key = termsOf(keywords).union(new Set(tags.map((tag) => tag.toLowerCase())));
  return { key, all: key.union(termsOf([clip(content, READ)])) };
}
