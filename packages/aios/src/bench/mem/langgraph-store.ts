import { startChild } from "../child.ts";
import type { LangGraphStoreRequest } from "./langgraph-store-child.ts";
import type { Method } from "./methods.ts";
import { createTally, indexed } from "./retriever.ts";
import type { Hit } from "./retriever.ts";

/**
 * A peer: cosine search of LangGraph.js's `InMemoryStore` in a process of its own. It brings no embedder; it is given ours (hashed
 * words and pieces of words), whose query vectors our own index weighs by how rare a word is and this store cannot.
 *
 * @param folder where @langchain/langgraph is installed
 */
export const langGraphStore = (folder: string): Method => ({
  name: "LangGraph InMemoryStore (our hashed vectors, no model)",
  open: () => {
    const child = startChild<LangGraphStoreRequest, Hit[]>("mem/langgraph-store-child");
    const opened = child.ask({ does: "open", folder });
    // Whoever adds hears of it; nobody else waits.
    opened.catch(() => undefined);
    const tally = createTally();
    return {
      name: "LangGraph InMemoryStore",
      add: async (notes) => {
        await opened;
        await child.ask({ does: "add", notes: notes.map((note) => ({ id: note.id, text: indexed(note) })) });
        tally.added(notes);
      },
      search: async (text, { k }) => {
        await opened;
        const hits = await child.ask({ does: "search", text, k });
        tally.answered(hits);
        return hits;
      },
      stats: tally.stats,
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  },
});
