import { createBm25 } from "./bm25.ts";
import type { Dialogue } from "./dialogue.ts";
import { expandLinks } from "./expand-links.ts";
import type { Expansion } from "./expand-links.ts";
import { faultyLinksOf } from "./links.ts";
import type { AddedNote, Retriever } from "./retriever.ts";

/** One row of the comparison: opened anew, and empty, for each dialogue. */
export interface Method {
  readonly name: string;
  open(dialogue: Dialogue): Retriever;
  /** Whether notes carry what the perfect annotator wrote about them. */
  readonly isEvolved?: boolean;
}

export const bm25: Method = { name: "BM25", open: createBm25 };

/** What a perfect annotator's links are worth on top of a method. Simulated: no model was asked. */
export const withOracleLinks = (method: Method, expansion?: Expansion): Method => ({
  ...method,
  name: `${method.name} + links (simulated annotator)`,
  open: (dialogue) => expandLinks(method.open(dialogue), dialogue.oracleLinks, expansion),
});

/** And those of one that errs: 30 % of its links are missing, and as many lead nowhere. Simulated too. */
export const withFaultyLinks = (method: Method): Method => ({
  ...method,
  name: `${method.name} + faulty links (30 % missed, 30 % wrong)`,
  open: (dialogue) => expandLinks(method.open(dialogue), faultyLinksOf(dialogue, { missed: 0.3, wrong: 0.3 })),
});

/** And what its evolution of older notes adds. Simulated: no model was asked. */
export const withOracleEvolution = (method: Method): Method => ({
  ...method,
  name: `${method.name} + evolution`,
  isEvolved: true,
});

/** The dialogue's notes as the method is given them, once all has been said. */
export function notesFor({ notes, oracleEvolutions }: Dialogue, { isEvolved = false }: Method): AddedNote[] {
  const contexts = new Map(isEvolved ? oracleEvolutions.map(({ note, context }) => [note, context]) : []);
  return notes.map((note) => ({ ...note, context: contexts.get(note.id) ?? "" }));
}
