import { grown } from "./grown.ts";

/** In which rows a word stands, and how often in each. */
export interface Places {
  /** The first `length` of them; in no order. */
  readonly rows: Uint32Array;
  readonly times: Uint16Array;
  readonly length: number;
}

interface Kept {
  rows: Uint32Array;
  times: Uint16Array;
  length: number;
  /** By the clock of removals: what was removed later is still in it. */
  asOf: number;
}

/** Six bytes each, so many of them for a word by itself. */
const MAX_KEPT = 8_000_000;
const PER_WORD = 32;
const MAX_TIMES = 65_535;

/** The words that were asked for last, as they stand in the file: reading them from it takes fifty times as long. */
export class WordPlaces {
  readonly #read: (word: string) => Iterable<readonly [row: number, times: number]>;
  /** The one that was asked for longest ago is first. */
  readonly #kept = new Map<string, Kept>();
  #keptCount = 0;
  /** By row, by the clock of removals. */
  #removedAt = new Uint32Array(1_024);
  #removals = 0;

  constructor(read: (word: string) => Iterable<readonly [row: number, times: number]>) {
    this.#read = read;
  }

  of(word: string): Places {
    const kept = this.#kept.get(word);
    this.#forget(word);
    const places = kept === undefined ? this.#fresh(word) : this.#current(kept);
    this.#kept.set(word, places);
    this.#keptCount += PER_WORD + places.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#keptCount <= MAX_KEPT || oldest === word) break;
      this.#forget(oldest);
    }
    return places;
  }

  /** The file has these words in this row now, and had none before. */
  put(row: number, times: ReadonlyMap<string, number>): void {
    for (const [word, count] of times) {
      const kept = this.#kept.get(word);
      if (kept === undefined) continue;
      // The row itself may be one that was removed.
      if (kept.asOf === this.#removals) {
        append(kept, row, count);
        this.#keptCount++;
      } else this.#forget(word);
    }
  }

  removed(row: number): void {
    if (row >= this.#removedAt.length) this.#removedAt = grown(this.#removedAt, 2 * row);
    this.#removedAt[row] = ++this.#removals;
  }

  /** The file is not as it was told. */
  clear(): void {
    this.#kept.clear();
    this.#keptCount = 0;
  }

  #fresh(word: string): Kept {
    const kept = { rows: new Uint32Array(4), times: new Uint16Array(4), length: 0, asOf: this.#removals };
    for (const [row, count] of this.#read(word)) append(kept, row, count);
    return kept;
  }

  /** Without the rows that were removed since. */
  #current(kept: Kept): Kept {
    const { rows, times, asOf } = kept;
    if (asOf === this.#removals) return kept;
    let length = 0;
    for (let at = 0; at < kept.length; at++) {
      const row = rows[at] as number;
      if ((this.#removedAt[row] ?? 0) > asOf) continue;
      rows[length] = row;
      times[length++] = times[at] as number;
    }
    kept.length = length;
    kept.asOf = this.#removals;
    return kept;
  }

  #forget(word: string): void {
    const kept = this.#kept.get(word);
    if (kept === undefined) return;
    this.#keptCount -= PER_WORD + kept.length;
    this.#kept.delete(word);
  }
}

function append(kept: Kept, row: number, count: number): void {
  if (kept.length === kept.rows.length) {
    kept.rows = grown(kept.rows, 2 * kept.length);
    kept.times = grown(kept.times, 2 * kept.length);
  }
  kept.rows[kept.length] = row;
  kept.times[kept.length++] = Math.min(count, MAX_TIMES);
}
