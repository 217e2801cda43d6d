import { DatabaseSync } from "node:sqlite";
import type { Lang } from "./dialogue.ts";
import { createTally, indexed } from "./retriever.ts";
import type { Hit, Retriever } from "./retriever.ts";
import { wordsOf } from "./words.ts";

/** BM25 over texts in memory. */
export interface Bm25 {
  add(row: { readonly id: string; readonly text: string; readonly lang: Lang }): void;
  /** Best first, `k` at most: what holds any word of the text, or where there are terms all of them, their words in order. */
  search(
    text: string,
    options: { readonly k: number; readonly lang: Lang; readonly terms?: readonly string[] },
  ): readonly Hit[];
  close(): void;
}

/**
 * BM25 of SQLite's FTS5 with its own constants (k1 = 1.2, b = 0.75) in memory. Words are those of Intl.Segmenter; English ones
 * are cut to their stems by FTS5's Porter stemmer, which makes this baseline a little stronger on what was tuned on.
 */
export function openBm25(): Bm25 {
  const db = new DatabaseSync(":memory:");
  db.exec("create virtual table notes using fts5(id unindexed, words, tokenize = 'porter unicode61')");
  const insert = db.prepare("insert into notes (id, words) values (?, ?)");
  const select = db.prepare(
    "select id, -bm25(notes) as score from notes where notes match ? order by score desc, rowid limit ?",
  );
  return {
    add: ({ id, text, lang }) => void insert.run(id, wordsOf(text, lang).join(" ")),
    search: (text, { k, lang, terms = [] }) => {
      const quoted = (words: readonly string[]): string => `"${words.join(" ").replaceAll('"', "")}"`;
      const asked =
        terms.length > 0
          ? terms.map((term) => quoted(wordsOf(term, lang))).join(" AND ")
          : [...new Set(wordsOf(text, lang))].map((word) => quoted([word])).join(" OR ");
      return asked === "" ? [] : (select.all(asked, k) as unknown as Hit[]);
    },
    close: () => db.close(),
  };
}

/** A note that holds any word of the question is found. */
export function createBm25(): Retriever {
  const table = openBm25();
  const tally = createTally();
  return {
    name: "BM25",
    add: async (notes) => {
      for (const note of notes) table.add({ id: note.id, text: indexed(note), lang: note.lang });
      tally.added(notes);
    },
    search: async (text, options) => {
      const hits = table.search(text, options);
      tally.answered(hits);
      return hits;
    },
    stats: tally.stats,
    [Symbol.asyncDispose]: async () => table.close(),
  };
}
