import type { Note } from "@aiosjs/sdk/protocol";
import { bounds } from "./bounds.ts";
import { clip, oneLine } from "./text.ts";
import { termsOf } from "./words.ts";

/**
 * How alike one of the notes is to others, by their places: 0 to 1, how many of their words are the same, or half the strength
 * of a link between them, whichever is more. Who is not told is not alike at all.
 */
export function likenessAmong(notes: readonly Note[]): (at: number) => Map<number, number> {
  const terms = notes.map(wordsOf);
  const holders = new Map<string, number[]>();
  for (const [at, words] of terms.entries())
    for (const word of words) {
      const known = holders.get(word);
      if (known) known.push(at);
      else holders.set(word, [at]);
    }
  const places = new Map(notes.map(({ id }, at) => [id, at]));
  const linked = notes.map(() => new Map<number, number>());
  for (const [at, { links }] of notes.entries())
    for (const { to, strength } of links) {
      const other = places.get(to);
      if (other === undefined || other === at) continue;
      linked[at]!.set(other, Math.max(strength / 2, linked[at]!.get(other) ?? 0));
      linked[other]!.set(at, Math.max(strength / 2, linked[other]!.get(at) ?? 0));
    }
  return (at) => {
    const own = terms[at]!;
    const shared = new Map<number, number>();
    for (const word of own) for (const other of holders.get(word)!) shared.set(other, (shared.get(other) ?? 0) + 1);
    shared.delete(at);
    const likeness = new Map(linked[at]);
    for (const [other, count] of shared)
      likeness.set(other, Math.max(count / (own.size + terms[other]!.size - count), likeness.get(other) ?? 0));
    return likeness;
  };
}

const wordsOf = ({ content, context, keywords, tags }: Note): ReadonlySet<string> =>
  termsOf([...keywords, ...tags, oneLine(context, bounds.context), clip(content, 200)]);
