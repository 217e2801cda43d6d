import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isSparse } from "./vector-index.ts";
import type { PlacedVector, Vector } from "./vector-index.ts";
import type { Maker } from "./wire.ts";

export interface HeldMaker extends Maker {
  readonly number: number;
  readonly isServing: boolean;
}

/** How many are read before the index that holds them is given them: between two pages a search can come. */
const PAGE = 64;

/** The vectors in the file, by who made them. Its methods write inside the caller's transaction. */
export class VectorRows {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #page: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#put = db.prepare("insert or replace into vectors (row, embedder, indices, numbers) values (?, ?, ?, ?)");
    this.#remove = db.prepare("delete from vectors where row = ?");
    this.#page = db.prepare(`
      select texts.row, texts.id, spaces.name as space, vectors.indices, vectors.numbers
      from texts
      join vectors on vectors.row = texts.row and vectors.embedder = ?
      join spaces on spaces.number = texts.space
      where texts.row > ? order by texts.row limit ${PAGE}`);
  }

  put(row: number, maker: number, vector: Vector): void {
    if (isSparse(vector)) this.#put.run(row, maker, bytes(vector.indices), bytes(vector.values));
    else this.#put.run(row, maker, null, bytes(vector));
  }

  /** Those of all makers. */
  remove(row: number): void {
    this.#remove.run(row);
  }

  /** The maker makes no vector of this text. */
  refuse(row: number, maker: number): void {
    this.#put.run(row, maker, null, new Uint8Array(0));
  }

  *pages(maker: number): Generator<{ readonly placed: readonly PlacedVector[]; readonly refused: readonly string[] }> {
    for (let after = 0; ;) {
      const rows = this.#page.all(maker, after);
      if (rows.length === 0) return;
      const placed: PlacedVector[] = [];
      const refused: string[] = [];
      for (const { id, space, indices, numbers } of rows) {
        const values = numbers as Uint8Array;
        // A text without words has an empty vector, too: a sparse one.
        if (indices === null && values.length === 0) refused.push(String(id));
        else
          placed.push({
            id: String(id),
            space: String(space),
            vector: vectorOf(indices as Uint8Array | null, values),
          });
      }
      yield { placed, refused };
      after = Number(rows.at(-1)?.["row"]);
    }
  }

  makers(): readonly HeldMaker[] {
    const rows = this.#db.prepare("select number, name, dimension, is_serving from embedders order by number").all();
    return rows.map((row) => ({
      number: Number(row["number"]),
      name: String(row["name"]),
      dimension: Number(row["dimension"]),
      isServing: Number(row["is_serving"]) === 1,
    }));
  }

  addMaker({ name, dimension }: Maker, isServing: boolean): HeldMaker {
    const insert = this.#db.prepare(
      "insert into embedders (name, dimension, is_serving) values (?, ?, ?) returning number",
    );
    return { name, dimension, isServing, number: Number(insert.get(name, dimension, isServing ? 1 : 0)?.["number"]) };
  }

  serve(maker: number): void {
    this.#db.prepare("update embedders set is_serving = (number = ?)").run(maker);
  }

  removeMaker(maker: number): void {
    this.#db.prepare("delete from vectors where embedder = ?").run(maker);
    this.#db.prepare("delete from embedders where number = ?").run(maker);
  }
}

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

function vectorOf(indices: Uint8Array | null, numbers: Uint8Array): Vector {
  const values = new Float32Array(aligned(numbers));
  return indices === null ? values : { indices: new Uint32Array(aligned(indices)), values };
}

/** What SQLite gives may lie anywhere in a larger buffer. */
const aligned = (given: Uint8Array): ArrayBuffer => given.slice().buffer as ArrayBuffer;
