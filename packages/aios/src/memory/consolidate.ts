import type { Note } from "@aiosjs/sdk/protocol";
import { likenessAmong } from "./likeness.ts";
import { DISTILLED, worthiestFirst, worthOf } from "./worth.ts";

const DAY_MS = 86_400_000;
/** From here on two notes say much the same. */
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
    maxCandidates = 100,
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
    .slice(0, maxCandidates);
  return [...Map.groupBy(candidates, spaceOf).values()]
    .flatMap((together) => groupsAmong(together, maxNotes))
    .map((group) => ({ group, worth: worthOfGroup(group) }))
    .toSorted((left, right) => right.worth - left.worth)
    .slice(0, maxGroups)
    .map(({ group }) => group);
}

type Group = [Note, ...Note[]];

/** Groups of notes that are in the order of their worth; no note is in two. */
function groupsAmong(notes: readonly Note[], maxNotes: number): Group[] {
  const likenessTo = likenessAmong(notes);
  const taken = new Set<number>();
  const groups: Group[] = [];
  for (const [at, seed] of notes.entries()) {
    if (taken.has(at)) continue;
    const alike = [...likenessTo(at)]
      .filter(([place, likeness]) => likeness >= ALIKE && !taken.has(place))
      // Of those that are as much alike the worthier one comes first.
      .toSorted(([left, like], [right, alsoLike]) => alsoLike - like || left - right)
      .slice(0, maxNotes - 1)
      .map(([place]) => place);
    const isOutstanding = seed.importance >= 0.8 || seed.retrievalCount >= 5;
    if (alike.length === 0 && !isOutstanding) continue;
    for (const place of [at, ...alike]) taken.add(place);
    groups.push([seed, ...alike.map((place) => notes[place]!)]);
  }
  return groups;
}

const spaceOf = ({ namespace, labels }: Note): string =>
  JSON.stringify([namespace, labels.trust, labels.confidentiality]);

const worthOfGroup = (group: Group): number =>
  group.reduce((sum, note) => sum + worthOf(note), 0) / group.length + 0.5 * (1 - 1 / group.length);
