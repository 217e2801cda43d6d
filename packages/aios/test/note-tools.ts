// What a kernel finds and describes notes with, in memory: the index is closed behind each test.
import { afterEach } from "vitest";
import { openSearchIndex } from "../src/drivers/search/search-index.ts";
import type { NoteTools } from "../src/kernel/memory.ts";
import type { SearchIndex } from "../src/kernel/ports.ts";
import { extractDescription } from "../src/memory/extract.ts";
import { presentNotes } from "../src/memory/present.ts";

const opened: SearchIndex[] = [];
afterEach(async () => {
  for (const index of opened.splice(0)) await index[Symbol.asyncDispose]();
});

export const noteTools = (): NoteTools => ({
  extract: extractDescription,
  present: presentNotes,
  openIndex: async () => {
    const index = await openSearchIndex();
    opened.push(index);
    return index;
  },
});
