// What the kernel's notes are found and described with. A composition beside boot.ts.
import { openSearchIndex } from "./drivers/search/search-index.ts";
import type { NoteTools } from "./kernel/memory.ts";
import { extractDescription } from "./memory/extract.ts";

/** The index is a file of its own, `path`, opened by whoever needs it first; undefined: in memory. Disposing closes it. */
export function createNoteTools(path: string | undefined): NoteTools & AsyncDisposable {
  const opened = new AsyncDisposableStack();
  return {
    openIndex: async () => opened.use(await openSearchIndex(path === undefined ? {} : { path })),
    extract: extractDescription,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
