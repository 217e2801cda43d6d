// What the kernel's notes are found and described with. A composition beside boot.ts.
import { openSearchIndex } from "./drivers/search/search-index.ts";
import type { NoteTools } from "./kernel/memory.ts";
import type { NoteBuilder } from "./kernel/note-building.ts";
import { applyEvolution } from "./memory/apply.ts";
import { describeNote } from "./memory/describe.ts";
import { extractDescription } from "./memory/extract.ts";
import { relate } from "./memory/relate.ts";

/** The index is a file of its own, `path`, opened by whoever needs it first; undefined: in memory. Disposing closes it. */
export function createNoteTools(path: string | undefined): NoteTools & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  return {
    openIndex: async () => opened.use(await openSearchIndex(path === undefined ? {} : { path })),
    extract: extractDescription,
    builder: noteBuilder,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const noteBuilder: NoteBuilder = {
  describe: describeNote,
  relate: async (request, ask) => {
    const evolution = await relate(request, ask);
    const { by, why, links, strengthened, updates } = evolution;
    const ids = [...links.map(({ to }) => to), ...strengthened.flatMap(({ from, to }) => [from, to])];
    return {
      by,
      why,
      touches: [...new Set([...ids, ...updates.map(({ id }) => id)])],
      // One untrusted note must not make all notes near it untrusted: those are linked, and keep their own words.
      apply: (notes, { updatedAt, ...source }) =>
        applyEvolution(evolution, notes, { updatedAt, source, keepsLabels: true }).changed,
    };
  },
};
