import type { DatabaseSync } from "node:sqlite";
import type { Findable, FindQuery, Found } from "../../kernel/ports.ts";
import type { Embedder } from "./embedder.ts";
import { FullText } from "./full-text.ts";
import { fused } from "./fusion.ts";
import { Makers } from "./makers.ts";
import type { LiveMaker } from "./makers.ts";
import { TextRows } from "./text-rows.ts";
import type { PlacedVector, Vector } from "./vector-index.ts";
import { embeddable, isSame } from "./wire.ts";
import type { Change, IndexState, Made, Maker, Waiting } from "./wire.ts";

/** Each list is so long at least, and four times the hits that are asked for, before the lists are joined. */
const MIN_DEPTH = 50;
const DEPTH_FACTOR = 4;
/** Texts between which a search can come while all are embedded again. */
const REINDEX_BATCH = 64;

type Put = { readonly put: Findable };

/** The index as its thread holds it: the file, and the vectors in memory. Orders come one after the other. */
export class IndexStore {
  readonly #db: DatabaseSync;
  readonly #texts: TextRows;
  readonly #words: FullText;
  readonly #makers: Makers;
  /** Where the look for texts without a vector goes on. */
  #lookedTo = 0;

  private constructor(db: DatabaseSync, makers: Makers) {
    this.#db = db;
    this.#texts = new TextRows(db);
    this.#words = new FullText(db);
    this.#makers = makers;
  }

  static async load(db: DatabaseSync, options: { wanted: Maker; here: readonly Embedder[] }): Promise<IndexStore> {
    const store = new IndexStore(db, await Makers.load(db, options));
    await store.#turnIfDone();
    return store;
  }

  get serving(): Maker {
    return plain(this.#makers.serving);
  }

  async state(): Promise<IndexState> {
    const { serving, wanted } = this.#makers;
    const [texts, done] = [this.#texts.count(), await wanted.index.count()];
    return { texts, done, serving: plain(serving), wanted: plain(wanted) };
  }

  /** All changes or none. */
  async write(changes: readonly Change[], made: readonly Made[]): Promise<void> {
    const puts = changes.filter((change): change is Put => "put" in change);
    const texts = puts.map(({ put }) => embeddable(put));
    const vectors = new Map<LiveMaker, readonly Vector[]>();
    for (const maker of this.#makers.all()) {
      const given = made.find((one) => isSame(one, maker))?.vectors ?? [];
      vectors.set(maker, maker.embedder === undefined ? given : await maker.embedder.embed(texts));
    }
    /** What each id is in the end; undefined: gone. */
    const outcomes = new Map<string, Put | undefined>();
    this.#transaction(() => {
      for (const change of changes) {
        if ("remove" in change) {
          this.#remove(change.remove);
          outcomes.set(change.remove, undefined);
        } else if (this.#put(change.put)) outcomes.set(change.put.id, change);
      }
      for (const [id, change] of outcomes) {
        if (change === undefined) continue;
        const row = this.#texts.held(id)?.row as number;
        for (const [maker, list] of vectors) {
          const vector = list[puts.indexOf(change)];
          if (vector !== undefined) this.#makers.rows.put(row, maker.number, vector);
        }
      }
    });
    for (const [maker, list] of vectors) {
      const placed: PlacedVector[] = [];
      for (const [id, change] of outcomes) {
        const vector = change && list[puts.indexOf(change)];
        if (vector !== undefined) placed.push({ id, space: change?.put.space as string, vector });
      }
      await maker.index.remove([...outcomes.keys()]);
      await maker.index.put(placed);
    }
  }

  async search(query: FindQuery, made: Made | undefined): Promise<readonly Found[]> {
    const { text, limit, by = "hybrid" } = query;
    const spaces = this.#texts.spaces(query.spaces);
    if (spaces.length === 0 || limit < 1) return [];
    const depth = Math.max(MIN_DEPTH, DEPTH_FACTOR * limit);
    const rows = this.#texts.narrowed(query, spaces);
    const names = spaces.map(({ name }) => name);
    const words = by === "vectors" ? undefined : this.#words.search({ text, spaces, rows, limit: depth });
    const near = async () => {
      const ids = rows && this.#texts.idsOf(rows);
      return this.#makers.near({ text, made, spaces: names, ids, limit: depth });
    };
    return fused(
      {
        words: words?.map(({ row, score }) => ({ id: this.#texts.idOf(row), score })),
        vectors: by === "words" ? undefined : await near(),
      },
      limit,
    );
  }

  versions(after: string | undefined, limit: number): { id: string; version: number }[] {
    return this.#texts.versions(after, limit);
  }

  /** Embeds the next texts that lack the wanted vector; those that it cannot embed here it returns. None are left: empty. */
  async next(): Promise<readonly Waiting[]> {
    const waiting = this.#waiting();
    const { embedder, name, dimension } = this.#makers.wanted;
    if (waiting.length === 0) await this.#turnIfDone();
    if (embedder === undefined || waiting.length === 0) return waiting;
    const vectors = await embedder.embed(waiting.map(({ text }) => text));
    await this.embedded(waiting, { name, dimension, vectors });
    return waiting;
  }

  /** Takes the vectors of texts that have not changed since, nor had theirs from a put meanwhile. */
  async embedded(texts: readonly Waiting[], made: Made): Promise<void> {
    const { wanted, rows } = this.#makers;
    if (!isSame(made, wanted)) return;
    const placed: PlacedVector[] = [];
    const placeOf = this.#db.prepare(`
      select texts.id, spaces.name as space from texts join spaces on spaces.number = texts.space
      where row = ? and version = ?
        and not exists (select 1 from vectors where vectors.row = texts.row and embedder = ?)`);
    this.#transaction(() => {
      for (const [at, { row, version }] of texts.entries()) {
        const place = placeOf.get(row, version, wanted.number);
        const vector = made.vectors[at];
        if (place === undefined || vector === undefined) continue;
        rows.put(row, wanted.number, vector);
        placed.push({ id: String(place["id"]), space: String(place["space"]), vector });
      }
    });
    await wanted.index.put(placed);
    await this.#turnIfDone();
  }

  async #turnIfDone(): Promise<void> {
    const { texts, done } = await this.state();
    if (done >= texts) await this.#makers.turn(this.#db);
  }

  #put(findable: Findable): boolean {
    const held = this.#texts.held(findable.id);
    if (held !== undefined && held.version > findable.version) return false;
    if (held !== undefined) this.#remove(findable.id);
    const row = held?.row ?? this.#texts.nextRow();
    const space = this.#texts.spaceNumber(findable.space);
    const length = this.#words.put(row, space, findable);
    this.#texts.insert(findable, { row, space, length });
    return true;
  }

  #remove(id: string): void {
    const held = this.#texts.held(id);
    if (held === undefined) return;
    this.#words.remove(held.row);
    this.#makers.rows.remove(held.row);
    this.#texts.remove(held);
  }

  #waiting(): readonly Waiting[] {
    const find = this.#db.prepare(`
      select row, version, text, terms from texts
      where row > ? and not exists (select 1 from vectors where vectors.row = texts.row and embedder = ?)
      order by row limit ${REINDEX_BATCH}`);
    let found = find.all(this.#lookedTo, this.#makers.wanted.number);
    if (found.length === 0 && this.#lookedTo > 0) found = find.all(0, this.#makers.wanted.number);
    this.#lookedTo = Number(found.at(-1)?.["row"] ?? 0);
    return found.map(({ row, version, text, terms }) => ({
      row: Number(row),
      version: Number(version),
      text: embeddable({ text: String(text), terms: JSON.parse(String(terms)) as string[] }),
    }));
  }

  #transaction(write: () => void): void {
    this.#db.exec("begin immediate");
    try {
      write();
      this.#db.exec("commit");
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec("rollback");
      this.#words.reload();
      throw cause;
    }
  }
}

const plain = ({ name, dimension }: Maker): Maker => ({ name, dimension });
