import type { Note } from "@aiosjs/sdk/protocol";
import { bounds } from "./bounds.ts";
import { clip, oneLine } from "./text.ts";
import { termsOf } from "./words.ts";
import { DISTILLED, worthiestFirst, worthOf } from "./worth.ts";

const DAY_MS = 86_400_000;
/** Of the notes' different words, how many must be the same in both. */
const ALIKE = 0.25;

/**
 * Which working and episodic notes are to become long-term ones: groups of notes that say much the same or are linked, each
 * to be distilled into one, and single notes of great importance or use. The best groups come first: those whose notes are
 * worth most and repeat each other most. Notes younger than `minAgeMs`, pinned ones, and those that were distilled already
 * stay as they are. A group is of one namespace and one label, so that nothing leaks or falls by being put together.
 *
 * Pure, and bounded: of more than `maxCandidates` notes the less worthy ones wait for the next time.
 */
export function notesToDistil(
  notes: readonly Note[],
  {
    nowMs,
    minAgeMs = DAY_MS,
    maxGroups = 4,
    maxNotes = 12,
    maxCandidates = 200,
  }: {
    nowMs: number;
    /** Since a note was made; default: one day. */
    minAgeMs?: number;
    maxGroups?: number;
    /** Of one group. */
    maxNotes?: number;
    maxCandidates?: number;
  },
): Group[] {
  const candidates = notes
    .filter(
      ({ tier, isPinned, createdAt, links }) =>
        tier !== "long-term" &&
        !isPinned &&
        nowMs - createdAt >= minAgeMs &&
        !links.some(({ why }) => why === DISTILLED),
    )
    .toSorted(worthiestFirst)
    .slice(0, maxCandidates)
    .map((note) => ({ note, terms: wordsOf(note) }));
  const taken = new Set<string>();
  const groups: Group[] = [];
  for (const seed of candidates) {
    if (taken.has(seed.note.id)) continue;
    const alike = candidates
      .filter(({ note }) => note !== seed.note && !taken.has(note.id) && belongTogether(note, seed.note))
      .map((other) => ({ note: other.note, likeness: likenessOf(seed, other) }))
      .filter(({ likeness }) => likeness >= ALIKE)
      .toSorted((left, right) => right.likeness - left.likeness)
      .slice(0, maxNotes - 1)
      .map(({ note }) => note);
    const isOutstanding = seed.note.importance >= 0.8 || seed.note.retrievalCount >= 5;
    if (alike.length === 0 && !isOutstanding) continue;
    for (const { id } of [seed.note, ...alike]) taken.add(id);
    groups.push([seed.note, ...alike]);
  }
  return groups
    .map((group) => ({ group, worth: worthOfGroup(group) }))
    .toSorted((left, right) => right.worth - left.worth)
    .slice(0, maxGroups)
    .map(({ group }) => group);
}

type Group = [Note, ...Note[]];

interface Candidate {
  readonly note: Note;
  readonly terms: ReadonlySet<string>;
}

const wordsOf = ({ content, context, keywords, tags }: Note): ReadonlySet<string> =>
  termsOf([...keywords, ...tags, oneLine(context, bounds.context), clip(content, 500)]);

const belongTogether = (left: Note, right: Note): boolean =>
  left.namespace === right.namespace &&
  left.labels.trust === right.labels.trust &&
  left.labels.confidentiality === right.labels.confidentiality;

/** 0 to 1: the strength of a link between them, or how many of their words are the same, whichever is more. */
function likenessOf(left: Candidate, right: Candidate): number {
  const shared = left.terms.intersection(right.terms).size;
  const words = shared === 0 ? 0 : shared / (left.terms.size + right.terms.size - shared);
  const links = [
    ...left.note.links.filter(({ to }) => to === right.note.id),
    ...right.note.links.filter(({ to }) => to === left.note.id),
  ].map(({ strength }) => strength);
  return Math.max(words, 0, ...links.map((strength) => strength / 2));
}

const worthOfGroup = (group: Group): number =>
  group.reduce((sum, note) => sum + worthOf(note), 0) / group.length + 0.5 * (1 - 1 / group.length);
