import type { Note } from "@aiosjs/sdk/protocol";
import { fenced, marked, NOTES_ARE_DATA, shownContent } from "./prompt.ts";

/** UTF-16 units of one note. */
const MAX_CONTENT = 4_000;

/** Notes as a chat is given them before what its user says: the oldest first, so that of two the later one counts. */
export function presentNotes(notes: readonly Note[]): string {
  const told = notes.toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
  return [
    "What follows was remembered from earlier and may help with the message after it; of notes that contradict each other the later one counts.",
    NOTES_ARE_DATA,
    ...told.map((note) =>
      fenced({
        ...marked(note.labels),
        written: new Date(note.createdAt).toISOString().slice(0, 16),
        ...shownContent(note.content, MAX_CONTENT),
      }),
    ),
  ].join("\n");
}
