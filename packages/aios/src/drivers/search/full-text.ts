import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Best } from "./best.ts";
import type { Space } from "./text-rows.ts";
import { words } from "./words.ts";

/** BM25's own constants (S. Robertson, H. Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009, §3.4). */
const SATURATION = 1.2;
const LENGTH_SHARE = 0.75;
/** A word in the terms counts as so many in the text. */
const TERM_WEIGHT = 3;
/** Of a longer query the rarest words are asked for: a whole message may be one. */
const MAX_QUERY_WORDS = 64;
/** A word in so many texts, and in more than half of them, is left out where rarer ones are asked for. */
const COMMON_TEXTS = 2_000;

export interface WordHit {
  readonly row: number;
  readonly score: number;
}

interface WordQuery {
  readonly text: string;
  readonly spaces: readonly Space[];
  /** Only these rows. */
  readonly rows: { has(row: number): boolean } | undefined;
  readonly limit: number;
}

/**
 * FTS5 holds the words, each with the number of its space before it: a word of another space is another word, and is never
 * met. FTS5's own bm25() would count the rows of all spaces, so that scores told of texts nobody may see; the formula is
 * computed here, from the numbers of the named spaces alone.
 */
export class FullText {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #count: StatementSync;
  readonly #places: StatementSync;
  readonly #allLengths: StatementSync;
  /** By row. */
  #lengths = new Uint32Array(1_024);

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("insert into words (rowid, terms, text) values (?, ?, ?)");
    this.#delete = db.prepare("delete from words where rowid = ?");
    this.#count = db.prepare("select doc from word_rows where term = ?");
    // As one text: a row each would cost three times as much. In order of the rows; those of the terms stand with a minus.
    this.#places = db.prepare(
      "select json_group_array(case col when 'terms' then -doc else doc end) as rows from word_places where term = ?",
    );
    this.#allLengths = db.prepare("select row, length from texts");
    this.reload();
  }

  /** Reads what is kept in memory from the file again: after a transaction that failed. */
  reload(): void {
    for (const { row, length } of this.#allLengths.all()) this.#setLength(Number(row), Number(length));
  }

  /** How many words it has. */
  put(row: number, space: number, { terms, text }: { terms: readonly string[]; text: string }): number {
    const termWords = terms.flatMap(words);
    const textWords = words(text);
    this.#insert.run(row, joined(termWords, space), joined(textWords, space));
    const length = termWords.length + textWords.length;
    this.#setLength(row, length);
    return length;
  }

  remove(row: number): void {
    this.#delete.run(row);
  }

  /** Best first; of equals the one that was put first. */
  search({ text, spaces, rows, limit }: WordQuery): readonly WordHit[] {
    const texts = spaces.reduce((sum, space) => sum + space.texts, 0);
    const meanLength = spaces.reduce((sum, space) => sum + space.length, 0) / texts;
    const scores = new Float64Array(this.#lengths.length);
    for (const { word, count } of this.#asked(text, { spaces, texts })) {
      const rarity = Math.log(1 + (texts - count + 0.5) / (count + 0.5));
      const gain = (row: number, times: number): number => {
        const share = (this.#lengths[row] as number) / meanLength;
        return (rarity * times * (SATURATION + 1)) / (times + SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * share));
      };
      for (const space of spaces) this.#score(key(word, space.number), gain, scores);
    }
    const best = new Best(limit, (a, b) => a - b);
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row] as number;
      if (score > 0 && (rows === undefined || rows.has(row))) best.offer(row, score);
    }
    return best.sorted().map(({ key: row, score }) => ({ row, score }));
  }

  /** How many texts have the rarest of its words that stand in any; undefined: it has no word. */
  rarest(text: string, spaces: readonly Space[]): number | undefined {
    if (words(text).length === 0) return undefined;
    const texts = spaces.reduce((sum, space) => sum + space.texts, 0);
    return this.#asked(text, { spaces, texts })[0]?.count ?? 0;
  }

  /** The query's words that stand in a text of the spaces, rarest first, with the number of texts. */
  #asked(
    text: string,
    { spaces, texts }: { spaces: readonly Space[]; texts: number },
  ): { word: string; count: number }[] {
    const counted = [...new Set(words(text))].map((word) => {
      const counts = spaces.map(({ number }) => Number(this.#count.get(key(word, number))?.["doc"] ?? 0));
      return { word, count: counts.reduce((sum, count) => sum + count, 0) };
    });
    const asked = counted.filter(({ count }) => count > 0).toSorted((a, b) => a.count - b.count);
    const isCommon = ({ count }: { count: number }): boolean => count > COMMON_TEXTS && count > texts / 2;
    const rare = asked.filter((word) => !isCommon(word));
    return (rare.length > 0 ? rare : asked).slice(0, MAX_QUERY_WORDS);
  }

  /** Adds what a word gains to the score of each row in which it stands, as often as it does. */
  #score(keyed: string, gain: (row: number, times: number) => number, scores: Float64Array): void {
    const places = JSON.parse(String(this.#places.get(keyed)?.["rows"])) as number[];
    let times = 0;
    for (let at = 0; at < places.length; at++) {
      const place = places[at] as number;
      const row = Math.abs(place);
      times += place < 0 ? TERM_WEIGHT : 1;
      if (row === Math.abs(places[at + 1] ?? 0)) continue;
      scores[row] = (scores[row] as number) + gain(row, times);
      times = 0;
    }
  }

  #setLength(row: number, length: number): void {
    if (row >= this.#lengths.length) {
      const grown = new Uint32Array(2 * row);
      grown.set(this.#lengths);
      this.#lengths = grown;
    }
    this.#lengths[row] = length;
  }
}

const key = (word: string, space: number): string => `${space}:${word}`;
const joined = (found: readonly string[], space: number): string => found.map((word) => key(word, space)).join(" ");
