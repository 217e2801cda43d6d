import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type * as SqliteVec from "sqlite-vec";
import { toFault } from "../sql/fault.ts";
import { denseUnit, ordered, TIES } from "./directions.ts";
import type { HeldVector, Near, NearQuery, PlacedVector, VectorIndex } from "./vector-index.ts";
import type { VectorPlace } from "./vector-place.ts";

const PAGE = 1_000;

/**
 * A file of vectors beside the index, compared by the SQLite extension sqlite-vec: every vector of the named spaces is looked
 * at, in place, so that nothing near is missed and little memory is used. A damaged file is made anew.
 * @throws what SQLite has: a file that cannot be written, an extension for another machine
 */
export async function openSqliteVecIndex({ module, collection, folder, dimension }: VectorPlace): Promise<VectorIndex> {
  const { getLoadablePath } = (await import(module)) as typeof SqliteVec;
  const path = folder === undefined ? undefined : join(folder, `${collection}.db`);
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const open = (): SqliteVecIndex => new SqliteVecIndex({ path, extension: getLoadablePath(), dimension });
  try {
    return open();
  } catch (cause) {
    if (path === undefined || toFault(cause, path).kind !== "damaged") throw cause;
    erase(path);
    return open();
  }
}

class SqliteVecIndex implements VectorIndex {
  readonly driver = "sqlite-vec";
  readonly #db: DatabaseSync;
  readonly #path: string | undefined;
  readonly #dimension: number;

  constructor({ path, extension, dimension }: { path: string | undefined; extension: string; dimension: number }) {
    this.#path = path;
    this.#dimension = dimension;
    this.#db = new DatabaseSync(path ?? ":memory:", { allowExtension: true });
    try {
      this.#db.loadExtension(extension);
      this.#db.enableLoadExtension(false);
      // What a power cut takes is put again.
      this.#db.exec("pragma journal_mode = wal; pragma synchronous = normal");
      this.#db.exec(`
        create table if not exists placed (
          id text primary key, space text not null, stamp text not null, vector blob not null
        ) without rowid;
        create index if not exists placed_by_space on placed (space)`);
    } catch (cause) {
      this.#db.close();
      throw cause;
    }
  }

  async put(vectors: readonly PlacedVector[]): Promise<void> {
    const placed = vectors.map((one) => ({ ...one, vector: denseUnit(one.vector, this.#dimension) }));
    const put = this.#db.prepare("insert or replace into placed (id, space, stamp, vector) values (?, ?, ?, ?)");
    this.#transaction(() => {
      for (const { id, space, stamp = "", vector } of placed) put.run(id, space, stamp, bytes(vector));
    });
  }

  async remove(ids: readonly string[]): Promise<void> {
    const remove = this.#db.prepare("delete from placed where id = ?");
    this.#transaction(() => {
      for (const id of ids) remove.run(id);
    });
  }

  async nearest({ vector, spaces, ids, limit }: NearQuery): Promise<readonly Near[]> {
    const query = denseUnit(vector, this.#dimension);
    if (limit < 1 || query.every((value) => value === 0)) return [];
    const named = ids === undefined ? "" : "and id in (select value from json_each(?))";
    // A vector without direction has no cosine: null, which stands last.
    const text = `
      select id, 1 - vec_distance_cosine(vector, ?) as similarity from placed
      where space in (select value from json_each(?)) ${named} order by similarity desc, id limit ?`;
    const narrowing = ids === undefined ? [] : [JSON.stringify([...ids])];
    const rows = this.#db.prepare(text).all(bytes(query), JSON.stringify(spaces), ...narrowing, limit + TIES);
    return ordered(
      rows.map(({ id, similarity }) => ({ id: String(id), similarity: Number(similarity ?? 0) })),
      limit,
    );
  }

  async count(): Promise<number> {
    return Number(this.#db.prepare("select count(*) as count from placed").get()?.["count"]);
  }

  async *held(): AsyncGenerator<readonly HeldVector[]> {
    const page = this.#db.prepare("select id, stamp from placed where id > ? order by id limit ?");
    for (let after = ""; ;) {
      const rows = page.all(after, PAGE).map(({ id, stamp }) => ({ id: String(id), stamp: String(stamp) }));
      if (rows.length === 0) return;
      yield rows;
      after = rows.at(-1)?.id ?? after;
    }
  }

  async erase(): Promise<void> {
    this.#db.close();
    if (this.#path !== undefined) erase(this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #transaction(write: () => void): void {
    this.#db.exec("begin immediate");
    try {
      write();
      this.#db.exec("commit");
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec("rollback");
      throw cause;
    }
  }
}

function erase(path: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
