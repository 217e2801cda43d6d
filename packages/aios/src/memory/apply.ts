import type { Note, NoteLink } from "@aiosjs/sdk/protocol";
import type { Evolution } from "./evolution.ts";
import { labelsOfChange, wouldFall } from "./labels.ts";

/** A note evolves again and again; beyond these what came last is left out, and of links the weakest. */
const MOST_KEYWORDS = 24;
const MOST_LINKS = 64;

interface Applied {
  /** The next version of every note that changes, in the order the notes came in. */
  readonly changed: readonly Note[];
  /** Ids of notes whose update was left out, because it would have lowered their labels (`keepsLabels`). */
  readonly heldBack: readonly string[];
}

/**
 * The next versions of the notes that an evolution touches. `notes` are the new note and its neighbours as they stand now;
 * what the evolution says of a note that is no longer among them is left out, and a note that would not change has no new version.
 *
 * Links are kept at both ends with the same strength and reason, where A-MEM writes them at the new note alone: a search may
 * hit either note first and has to reach the other, and what was learnt later explains what was said earlier. A second link
 * between the same two becomes one: the stronger, with its reason. Contexts are replaced; keywords and tags are added, so
 * that a note is still found by the words by which it was found.
 *
 * Labels: what a model decided falls to the join of all it saw (`labelsOfChange`). With `keepsLabels` no note falls: a
 * note that would is only linked, without the model's words, and keeps its context, keywords and tags. A bare link says
 * nothing by itself, and the note at its other end has labels of its own.
 */
export function applyEvolution(
  evolution: Evolution,
  notes: readonly Note[],
  {
    updatedAt,
    source,
    keepsLabels = false,
  }: {
    /** Unix epoch in milliseconds. */
    updatedAt: number;
    /** Who writes the new versions; absent: as it was. */
    source?: Pick<Note["source"], "pid" | "call">;
    keepsLabels?: boolean;
  },
): Applied {
  const present = new Set(notes.map(({ id }) => id));
  const seen = evolution.by === "model" ? [evolution.labels] : [];
  const heldBack: string[] = [];
  const changed = notes.flatMap((note) => {
    const isHeld = keepsLabels && wouldFall(note.labels, seen);
    const update = evolution.updates.find(({ id }) => id === note.id);
    if (isHeld && update) heldBack.push(note.id);
    const links = linksOf(evolution, note.id).filter(({ to }) => present.has(to));
    const next: Note = isHeld
      ? {
          ...note,
          links: mergeLinks(
            note.links,
            links.map((link) => ({ ...link, why: "" })),
          ),
        }
      : {
          ...note,
          context: update?.context ?? note.context,
          keywords: mergeTexts(note.keywords, update?.keywords),
          tags: mergeTexts(note.tags, update?.tags),
          links: mergeLinks(note.links, [...links, ...strengthenedOf(evolution, note)]),
        };
    if (JSON.stringify(next) === JSON.stringify(note)) return [];
    return {
      ...next,
      labels: isHeld ? note.labels : labelsOfChange(note.labels, seen),
      source: { ...note.source, ...source },
      version: note.version + 1,
      updatedAt,
    };
  });
  return { changed, heldBack };
}

/** One link to each note: the strongest, with its own reason or else another's; the strongest first where there are too many. */
export function mergeLinks(links: readonly NoteLink[], more: readonly NoteLink[]): NoteLink[] {
  const byNote = new Map<string, NoteLink>();
  for (const link of [...links, ...more]) {
    const known = byNote.get(link.to);
    const [kept, other] = known && known.strength >= link.strength ? [known, link] : [link, known];
    byNote.set(link.to, { ...kept, why: kept.why || (other?.why ?? "") });
  }
  const merged = [...byNote.values()];
  return merged.length <= MOST_LINKS
    ? merged
    : merged.toSorted((left, right) => right.strength - left.strength).slice(0, MOST_LINKS);
}

/** The new links at the end that `id` is. */
const linksOf = ({ of, links }: Evolution, id: string): NoteLink[] =>
  id === of ? [...links] : links.filter(({ to }) => to === id).map((link) => ({ ...link, to: of }));

/** Only links that still stand: one that somebody took away in the meantime does not come back. */
const strengthenedOf = ({ strengthened }: Evolution, { id, links }: Note): NoteLink[] =>
  strengthened
    .filter(({ from, to }) => from === id || to === id)
    .map(({ from, to, strength }) => ({ to: from === id ? to : from, strength, why: "" }))
    .filter(({ to }) => links.some((link) => link.to === to));

function mergeTexts(texts: readonly string[], more: readonly string[] = []): string[] {
  const known = new Set(texts.map((text) => text.toLowerCase()));
  const added = more.filter((text) => !known.has(text.toLowerCase()) && known.add(text.toLowerCase()));
  return [...texts, ...added.slice(0, Math.max(0, MOST_KEYWORDS - texts.length))];
}
