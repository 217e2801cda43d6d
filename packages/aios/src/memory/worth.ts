import type { Note } from "@aiosjs/sdk/protocol";

/** The reason of the link between a note and the long-term one that was made of it; such a note is not distilled again. */
export const DISTILLED = "distilled";

/** How much a note is worth to keep, 0 to 1: how important it was said to be, and how often it was of use. */
export const worthOf = ({ importance, retrievalCount }: Note): number =>
  0.6 * importance + 0.4 * (1 - 1 / (1 + retrievalCount));

/** Among equals the newest, then by id: an order that does not depend on where they stood. */
export const worthiestFirst = (left: Note, right: Note): number =>
  worthOf(right) - worthOf(left) || right.createdAt - left.createdAt || (left.id < right.id ? -1 : 1);
