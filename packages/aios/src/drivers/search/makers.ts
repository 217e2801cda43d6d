import type { DatabaseSync } from "node:sqlite";
import type { FindQuery } from "../../kernel/ports.ts";
import type { Embedder } from "./embedder.ts";
import { createExactIndex } from "./exact.ts";
import { FollowingIndex } from "./following.ts";
import type { FollowingOptions, Lag } from "./following.ts";
import { isSparse } from "./vector-index.ts";
import type { Near, PlacedVector, Vector, VectorIndex } from "./vector-index.ts";
import { VectorRows } from "./vector-rows.ts";
import type { HeldMaker } from "./vector-rows.ts";
import type { Maker, Wanted } from "./wire.ts";

/** One embedder's vectors, as they are searched. */
export interface LiveMaker extends HeldMaker {
  readonly index: VectorIndex;
  /** Absent: a model makes its vectors, elsewhere. */
  readonly embedder: Embedder | undefined;
  /** Texts of which the model makes no vector. */
  readonly refused: Set<string>;
}

export interface MakersOptions {
  readonly wanted: Wanted;
  /** Those that make their vectors in this thread. */
  readonly here: readonly Embedder[];
  /** Where vectors are searched that are not searched here. Default: all are, every one looked at. */
  readonly elsewhere?: ((maker: Maker) => Pick<FollowingOptions, "name" | "open" | "inTurn">) | undefined;
}

export interface NearHere extends Pick<FindQuery, "text" | "vector" | "spaces" | "limit"> {
  readonly ids: ReadonlySet<string> | undefined;
}

/** Whose vectors are searched, and whose are to be: two only while one's are replaced by the other's. */
export class Makers {
  readonly rows: VectorRows;
  readonly #db: DatabaseSync;
  readonly #here: readonly Embedder[];
  readonly #elsewhere: MakersOptions["elsewhere"];
  serving!: LiveMaker;
  wanted!: LiveMaker;

  private constructor(db: DatabaseSync, { here, elsewhere }: MakersOptions) {
    this.#db = db;
    this.#here = here;
    this.#elsewhere = elsewhere;
    this.rows = new VectorRows(db);
  }

  /** Reads all vectors into memory. What an embedder had done before another was wanted is forgotten, unless it is wanted again. */
  static async load(db: DatabaseSync, options: MakersOptions): Promise<Makers> {
    const makers = new Makers(db, options);
    const { rows } = makers;
    const { name, dimension } = options.wanted;
    const isWanted = (maker: HeldMaker): boolean =>
      maker.name === name && (dimension === undefined || maker.dimension === dimension);
    const fresh = { name, dimension: dimension ?? 0 };
    db.exec("begin immediate");
    const held = rows.makers();
    const serving = held.find(({ isServing }) => isServing) ?? rows.addMaker(fresh, true);
    // Of several dimensions of one model the last one is what it has now.
    const next = held.findLast(isWanted) ?? (isWanted(serving) ? serving : rows.addMaker(fresh, false));
    const forgotten = held.filter(({ number }) => number !== serving.number && number !== next.number);
    for (const { number } of forgotten) rows.removeMaker(number);
    db.exec("commit");
    for (const maker of forgotten) void makers.#eraseElsewhere(maker);
    makers.serving = await makers.#live(serving);
    makers.wanted = next.number === serving.number ? makers.serving : await makers.#live(next);
    return makers;
  }

  all(): readonly LiveMaker[] {
    return this.serving === this.wanted ? [this.serving] : [this.serving, this.wanted];
  }

  async near({ text, vector: made, spaces, ids, limit }: NearHere): Promise<readonly Near[]> {
    const { index, embedder, name, dimension } = this.serving;
    let vector: Vector | undefined;
    if (embedder !== undefined) [vector] = await embedder.embed([text]);
    else if (made?.model === name && made.values.length === dimension) vector = made.values;
    if (vector === undefined) return [];
    if (isSparse(vector) && embedder?.weigh !== undefined && index.frequencies !== undefined) {
      vector = embedder.weigh(vector, await index.frequencies(vector.indices, spaces));
    }
    return index.nearest({ vector, spaces, limit, ...(ids === undefined ? {} : { ids }) });
  }

  /** Texts that have the wanted vector, or can have none. */
  async done(): Promise<number> {
    return (await this.wanted.index.count()) + this.wanted.refused.size;
  }

  /** The wanted model's vectors have this dimension. Where it had another one, or none yet, all are made by it anew. */
  async takeDimension(dimension: number): Promise<void> {
    const { serving, wanted } = this;
    if (wanted.dimension === dimension) return;
    const { name } = wanted;
    const isServing = serving.name === name && serving.dimension === dimension;
    this.#db.exec("begin immediate");
    if (wanted !== serving) this.rows.removeMaker(wanted.number);
    const isFirst = serving.dimension === 0;
    if (isFirst) this.rows.removeMaker(serving.number);
    const next = isServing ? serving : this.rows.addMaker({ name, dimension }, isFirst);
    this.#db.exec("commit");
    this.wanted = isServing ? serving : await this.#live(next);
    if (isFirst) this.serving = this.wanted;
    for (const old of new Set([wanted, serving])) if (old !== this.serving && old !== this.wanted) await erased(old);
  }

  /** Searches the wanted one's from now on and forgets the others. */
  async turn(): Promise<void> {
    const { serving, wanted } = this;
    if (serving === wanted) return;
    this.#db.exec("begin immediate");
    this.rows.serve(wanted.number);
    this.rows.removeMaker(serving.number);
    this.#db.exec("commit");
    this.serving = wanted;
    await erased(serving);
  }

  /** What keeps vectors that are searched elsewhere from being searched as the file has them; undefined: they are here. */
  get lag(): ({ readonly driver: string } & Lag) | undefined {
    const { index } = this.serving;
    return index instanceof FollowingIndex ? { driver: index.driver, ...index.lag } : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { index } of this.all()) await index[Symbol.asyncDispose]();
  }

  async #live(maker: HeldMaker): Promise<LiveMaker> {
    // Of which dimension its vectors are is told by the first one.
    const place = maker.dimension === 0 ? undefined : this.#elsewhere?.(maker);
    const { dimension } = maker;
    const following = place && new FollowingIndex({ ...place, dimension, pages: () => this.#placed(maker) });
    const index = following ?? createExactIndex(maker);
    const refused = new Set<string>();
    for (const page of this.rows.pages(maker.number)) {
      if (following) following.know(page.placed);
      else await index.put(page.placed);
      for (const id of page.refused) refused.add(id);
    }
    following?.begin();
    return { ...maker, index, refused, embedder: this.#here.find(({ name }) => name === maker.name) };
  }

  *#placed({ number }: HeldMaker): Generator<readonly PlacedVector[]> {
    for (const { placed } of this.rows.pages(number)) yield placed;
  }

  /** What is not there now keeps what it has. */
  async #eraseElsewhere(maker: HeldMaker): Promise<void> {
    if (maker.dimension === 0 || this.#elsewhere === undefined) return;
    try {
      await using index = await this.#elsewhere(maker).open();
      await index.erase?.();
    } catch {
      // It may be down or gone for good.
    }
  }
}

async function erased({ index }: LiveMaker): Promise<void> {
  await index.erase?.();
  await index[Symbol.asyncDispose]();
}
