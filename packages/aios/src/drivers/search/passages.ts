import type { DatabaseSync, StatementSync } from "node:sqlite";
import { grown } from "./grown.ts";

/** By row. */
export interface PassageRows {
  /** The row of the text of which it is a passage; 0: of none. */
  readonly wholeOf: Uint32Array;
  /** 1: it has passages, or had some. */
  readonly isWhole: Uint8Array;
}

/**
 * Of which text each is a passage: of the one whose id is its own without the last line. In memory, from the first question
 * on: it is asked of every text that has a word of one.
 */
export class Passages {
  readonly #all: StatementSync;
  readonly #rowOf: StatementSync;
  readonly #within: StatementSync;
  #rows: PassageRows | undefined;

  constructor(db: DatabaseSync) {
    this.#all = db.prepare("select row, id from texts");
    this.#rowOf = db.prepare("select row from texts where id = ?");
    // char(11) is the character after the end of a line.
    this.#within = db.prepare("select row, id from texts where id > ?1 || char(10) and id < ?1 || char(11)");
  }

  /** True until something is put or removed. */
  rows(): PassageRows {
    return (this.#rows ??= this.#read());
  }

  /** It is there, inside the caller's transaction. */
  put(row: number, id: string): void {
    if (this.#rows === undefined) return;
    this.#set(row, Number(this.#rowOf.get(wholeId(id) ?? "")?.["row"] ?? 0));
    this.#setWithin(id, row);
  }

  /** It is gone, inside the caller's transaction. */
  removed(row: number, id: string): void {
    if (this.#rows === undefined) return;
    this.#set(row, 0);
    this.#setWithin(id, 0);
  }

  clear(): void {
    this.#rows = undefined;
  }

  #read(): PassageRows {
    const rows = new Map<string, number>();
    for (const { row, id } of this.#all.iterate()) rows.set(String(id), Number(row));
    const last = [...rows.values()].reduce((most, row) => Math.max(most, row), 0);
    const room = 2 * last + 1;
    const [wholeOf, isWhole] = [new Uint32Array(room), new Uint8Array(room)];
    for (const [id, row] of rows) {
      const whole = rows.get(wholeId(id) ?? "") ?? 0;
      wholeOf[row] = whole;
      isWhole[whole] = 1;
    }
    return { wholeOf, isWhole };
  }

  #setWithin(id: string, row: number): void {
    for (const passage of this.#within.all(id))
      if (wholeId(String(passage["id"])) === id) this.#set(Number(passage["row"]), row);
  }

  #set(row: number, whole: number): void {
    const held = this.#rows as PassageRows;
    const last = Math.max(row, whole);
    if (last >= held.isWhole.length) {
      const room = 2 * last + 1;
      this.#rows = { wholeOf: grown(held.wholeOf, room), isWhole: grown(held.isWhole, room) };
    }
    const { wholeOf, isWhole } = this.#rows as PassageRows;
    wholeOf[row] = whole;
    isWhole[whole] = 1;
  }
}

const wholeId = (id: string): string | undefined => (id.includes("\n") ? id.slice(0, id.lastIndexOf("\n")) : undefined);
