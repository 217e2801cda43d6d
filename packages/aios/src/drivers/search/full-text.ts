import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Best } from "./best.ts";
import { grown } from "./grown.ts";
import type { PassageRows } from "./passages.ts";
import { withSharedParts } from "./shared-parts.ts";
import type { Space } from "./text-rows.ts";
import { WordPlaces } from "./word-places.ts";
import type { Places } from "./word-places.ts";
import { words } from "./words.ts";
import { Zeros } from "./zeros.ts";

/** BM25's own constants (S. Robertson, H. Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009, §3.4). */
const SATURATION = 1.2;
const LENGTH_SHARE = 0.75;
/** A word in the terms counts as so many in the text. */
const TERM_WEIGHT = 3;
/** Of a longer query the rarest words are asked for: a whole message may be one. */
const MAX_QUERY_WORDS = 64;
/** A word in so many texts, and in more than half of them, is left out where rarer ones are asked for. */
const COMMON_TEXTS = 2_000;
/** So many of the rarest words count for a passage where they stand in the text of which it is one. */
const MAX_JOINED = 16;

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
  /**
   * Of each word the better counts of a passage and the text of which it is one, for the passage. And a Chinese word counts
   * once with its parts, which was measured with files alone.
   */
  readonly passages?: PassageRows | undefined;
}

/** A word of the query that stands in a text of the spaces. */
interface Asked {
  readonly word: string;
  /** In each space. */
  readonly places: readonly Places[];
  readonly count: number;
  readonly rarity: number;
}

/**
 * FTS5 holds the words, each with the number of its space before it: a word of another space is another word, and is never
 * met. FTS5's own bm25() would count the rows of all spaces, so that scores told of texts nobody may see; the formula is
 * computed here, from the numbers of the named spaces alone.
 */
export class FullText {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #places: WordPlaces;
  readonly #allLengths: StatementSync;
  /** By row. */
  #lengths = new Uint32Array(1_024);
  /** Behind the last row. */
  #end = 0;
  readonly #scores = new Zeros();
  readonly #gains = new Zeros();
  readonly #joined = new Zeros();

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("insert into words (rowid, terms, text) values (?, ?, ?)");
    this.#delete = db.prepare("delete from words where rowid = ?");
    // As one text: a row each would cost three times as much. In order of the rows; those of the terms stand with a minus.
    const places = db.prepare(
      "select json_group_array(case col when 'terms' then -doc else doc end) as rows from word_places where term = ?",
    );
    this.#places = new WordPlaces((keyed) => timesOf(JSON.parse(String(places.get(keyed)?.["rows"])) as number[]));
    this.#allLengths = db.prepare("select row, length from texts");
    this.reload();
  }

  /** Reads what is kept in memory from the file again: after a transaction that failed. */
  reload(): void {
    this.#places.clear();
    for (const { row, length } of this.#allLengths.all()) this.#setLength(Number(row), Number(length));
  }

  /** How many words it has. */
  put(row: number, space: number, { terms, text }: { terms: readonly string[]; text: string }): number {
    const termWords = terms.flatMap(words);
    const textWords = words(text);
    this.#insert.run(row, joined(termWords, space), joined(textWords, space));
    const times = new Map<string, number>();
    for (const [found, weight] of [
      [termWords, TERM_WEIGHT],
      [textWords, 1],
    ] as const)
      for (const word of found) times.set(key(word, space), (times.get(key(word, space)) ?? 0) + weight);
    this.#places.put(row, times);
    const length = termWords.length + textWords.length;
    this.#setLength(row, length);
    return length;
  }

  remove(row: number): void {
    this.#delete.run(row);
    this.#places.removed(row);
  }

  /** Best first; of equals the one that was put first. */
  search({ text, spaces, rows, limit, passages }: WordQuery): readonly WordHit[] {
    const perLength =
      (SATURATION * LENGTH_SHARE * textsOf(spaces)) / spaces.reduce((sum, { length }) => sum + length, 0);
    const lengths = this.#lengths;
    const scores = this.#scores.take(this.#end);
    const gains = this.#gains.take(this.#end);
    const isWhole = passages?.isWhole;
    const asked = this.#asked(text, spaces);
    /** What rows gain by words in the texts of which they are passages. */
    const joined = passages && this.#joined.take(this.#end);
    for (const [at, { rarity, places }] of (passages ? withSharedParts(asked) : asked).entries()) {
      const most = rarity * (SATURATION + 1);
      let isInWhole = 0;
      for (const { rows: rowOf, times: timesOfRow, length } of places)
        for (let place = 0; place < length; place++) {
          const row = rowOf[place] as number;
          const times = timesOfRow[place] as number;
          const norm = SATURATION * (1 - LENGTH_SHARE) + perLength * (lengths[row] as number);
          const gain = (most * times) / (times + norm);
          scores[row] = (scores[row] as number) + gain;
          gains[row] = gain;
          if (isWhole) isInWhole |= isWhole[row] as number;
        }
      if (joined && isInWhole === 1 && at < MAX_JOINED) addMore(joined, gains, passages);
      for (const { rows: rowOf, length } of places)
        for (let place = 0; place < length; place++) gains[rowOf[place] as number] = 0;
    }
    // What has none of the words itself is found by what it is a passage of, if at all.
    if (joined)
      for (let row = 0; row < scores.length; row++)
        if (scores[row] !== 0) scores[row] = (scores[row] as number) + (joined[row] as number);
    return best(scores, { rows, limit });
  }

  /**
   * The texts that have most of its words, by their rarity: the score is their share of what all the words that stand in
   * any text come to, and `least` at least.
   */
  covering({ text, spaces, rows, limit }: WordQuery, least: number): readonly WordHit[] {
    const asked = this.#asked(text, spaces);
    const all = asked.reduce((sum, { rarity }) => sum + rarity, 0);
    const scores = this.#scores.take(this.#end);
    for (const { rarity, places } of asked)
      for (const { rows: at, length } of places)
        for (let place = 0; place < length; place++) {
          const row = at[place] as number;
          scores[row] = (scores[row] as number) + rarity / all;
        }
    return best(scores, { rows, limit, least });
  }

  /** How many texts have the rarest of its words that stand in any; undefined: it has no word. */
  rarest(text: string, spaces: readonly Space[]): number | undefined {
    return words(text).length === 0 ? undefined : (this.#asked(text, spaces)[0]?.count ?? 0);
  }

  /** The query's words that stand in a text of the spaces, rarest first. */
  #asked(text: string, spaces: readonly Space[]): Asked[] {
    const texts = textsOf(spaces);
    const counted = [...new Set(words(text))].map((word) => {
      const places = spaces.map(({ number }) => this.#places.of(key(word, number)));
      const count = places.reduce((sum, { length }) => sum + length, 0);
      return { word, places, count, rarity: Math.log(1 + (texts - count + 0.5) / (count + 0.5)) };
    });
    const asked = counted.filter(({ count }) => count > 0).toSorted((a, b) => a.count - b.count);
    const rare = asked.filter(({ count }) => count <= COMMON_TEXTS || count <= texts / 2);
    return (rare.length > 0 ? rare : asked).slice(0, MAX_QUERY_WORDS);
  }

  #setLength(row: number, length: number): void {
    if (row >= this.#lengths.length) this.#lengths = grown(this.#lengths, 2 * row);
    this.#lengths[row] = length;
    this.#end = Math.max(this.#end, row + 1);
  }
}

/** To each passage what the text of which it is one gains more than the passage itself. */
function addMore(joined: Float64Array, gains: Float64Array, { wholeOf }: PassageRows): void {
  for (let row = 0; row < gains.length; row++) {
    const more = (gains[wholeOf[row] as number] as number) - (gains[row] as number);
    if (more > 0) joined[row] = (joined[row] as number) + more;
  }
}

function best(
  scores: Float64Array,
  { rows, limit, least = 0 }: Pick<WordQuery, "rows" | "limit"> & { readonly least?: number },
): readonly WordHit[] {
  const found = new Best(limit, (a, b) => a - b);
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] as number;
    if (score <= 0 || score < least || score < found.bar) continue;
    if (rows === undefined || rows.has(row)) found.offer(row, score);
  }
  return found.sorted().map(({ key: row, score }) => ({ row, score }));
}

const textsOf = (spaces: readonly Space[]): number => spaces.reduce((sum, { texts }) => sum + texts, 0);

/** How often each row is named. */
function* timesOf(places: readonly number[]): Generator<readonly [row: number, times: number]> {
  let times = 0;
  for (let at = 0; at < places.length; at++) {
    const row = Math.abs(places[at] as number);
    times += (places[at] as number) < 0 ? TERM_WEIGHT : 1;
    if (row === Math.abs(places[at + 1] ?? 0)) continue;
    yield [row, times];
    times = 0;
  }
}

const key = (word: string, space: number): string => `${space}:${word}`;
const joined = (found: readonly string[], space: number): string => found.map((word) => key(word, space)).join(" ");
