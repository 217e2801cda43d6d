import { openBm25 } from "../mem/bm25.ts";
import { isWithin, searched } from "./method.ts";
import type { FileMethod } from "./method.ts";

/** Over whole files. The words of a term have to be there in their order. */
export function createBm25Method(): FileMethod {
  const table = openBm25();
  const changedMs = new Map<string, number>();
  return {
    name: "BM25",
    index: async (files) => {
      for (const file of files) {
        table.add({ id: file.path, text: searched(file), lang: file.lang });
        changedMs.set(file.path, file.modifiedMs);
      }
    },
    find: async ({ text, terms, lang, modified }, limit) => {
      const hits = table.search(text, { k: modified === undefined ? limit : changedMs.size, lang, terms });
      return hits
        .filter(({ id }) => isWithin(changedMs.get(id) ?? 0, modified))
        .slice(0, limit)
        .map(({ id }) => id);
    },
    [Symbol.asyncDispose]: async () => table.close(),
  };
}
