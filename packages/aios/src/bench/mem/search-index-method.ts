import { openSearchIndex } from "../../drivers/search/search-index.ts";
import type { FindQuery } from "../../kernel/ports.ts";
import type { Method } from "./methods.ts";
import { createTally, indexed } from "./retriever.ts";

type By = NonNullable<FindQuery["by"]>;

const names = {
  words: "our full text",
  vectors: "hashed vectors",
  hybrid: "hybrid",
} as const satisfies Record<By, string>;

/** Our own index with its default embedder, in memory, as the notes of one space: by its words, its vectors or both. */
export const searchIndex = (by: By): Method => ({
  name: names[by],
  open: () => {
    const opened = openSearchIndex();
    const tally = createTally();
    return {
      name: names[by],
      add: async (notes) => {
        const index = await opened;
        await index.put(
          notes.map((note) => ({
            id: note.id,
            space: "notes",
            version: 1,
            text: indexed(note),
            terms: [],
            facets: { atMs: note.atMs },
          })),
        );
        tally.added(notes);
      },
      search: async (text, { k }) => {
        const index = await opened;
        const hits = await index.search({ spaces: ["notes"], text, limit: k, by });
        tally.answered(hits);
        return hits;
      },
      stats: tally.stats,
      [Symbol.asyncDispose]: async () => (await opened)[Symbol.asyncDispose](),
    };
  },
});
