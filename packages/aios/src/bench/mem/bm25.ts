import { DatabaseSync } from "node:sqlite";
import { createTally, indexed } from "./retriever.ts";
import type { Hit, Retriever } from "./retriever.ts";
import { wordsOf } from "./words.ts";

/**
 * BM25 of SQLite's FTS5 with its own constants (k1 = 1.2, b = 0.75) in memory: a note that holds any word of the question is
 * found. Words are those of Intl.Segmenter; English ones are cut to their stems by FTS5's Porter stemmer, which makes this
 * baseline a little stronger on what was tuned on.
 */
export function createBm25(): Retriever {
  const db = new DatabaseSync(":memory:");
  db.exec("create virtual table notes using fts5(id unindexed, words, tokenize = 'porter unicode61')");
  const insert = db.prepare("insert into notes (id, words) values (?, ?)");
  const select = db.prepare(
    "select id, -bm25(notes) as score from notes where notes match ? order by score desc, rowid limit ?",
  );
  const tally = createTally();
  return {
    name: "BM25",
    add: async (notes) => {
      for (const note of notes) insert.run(note.id, wordsOf(indexed(note), note.lang).join(" "));
      tally.added(notes);
    },
    search: async (text, { k, lang }) => {
      const words = [...new Set(wordsOf(text, lang))].map((word) => `"${word.replaceAll('"', "")}"`);
      const hits = words.length === 0 ? [] : (select.all(words.join(" OR "), k) as unknown as Hit[]);
      tally.answered(hits);
      return hits;
    },
    stats: tally.stats,
    [Symbol.asyncDispose]: async () => db.close(),
  };
}
