import type { DatabaseSync } from "node:sqlite";
import type { Embedder } from "./embedder.ts";
import { createExactIndex } from "./exact.ts";
import { isSparse } from "./vector-index.ts";
import type { Near, Vector, VectorIndex } from "./vector-index.ts";
import { VectorRows } from "./vector-rows.ts";
import type { HeldMaker } from "./vector-rows.ts";
import { isSame } from "./wire.ts";
import type { Made, Maker } from "./wire.ts";

/** One embedder's vectors, as they are searched. */
export interface LiveMaker extends HeldMaker {
  readonly index: VectorIndex;
  /** Absent: its vectors are made in the kernel's thread. */
  readonly embedder: Embedder | undefined;
}

export interface NearHere {
  readonly text: string;
  /** The query's vector, where it was made in the kernel's thread. */
  readonly made: Made | undefined;
  readonly spaces: readonly string[];
  readonly ids: ReadonlySet<string> | undefined;
  readonly limit: number;
}

/** Whose vectors are searched, and whose are to be: two only while one's are replaced by the other's. */
export class Makers {
  readonly rows: VectorRows;
  serving: LiveMaker;
  wanted: LiveMaker;

  private constructor(rows: VectorRows, { serving, wanted }: { serving: LiveMaker; wanted: LiveMaker }) {
    this.rows = rows;
    this.serving = serving;
    this.wanted = wanted;
  }

  /** Reads all vectors into memory. What an embedder had done before another was wanted is forgotten, unless it is wanted again. */
  static async load(db: DatabaseSync, { wanted, here }: { wanted: Maker; here: readonly Embedder[] }): Promise<Makers> {
    const rows = new VectorRows(db);
    db.exec("begin immediate");
    const held = rows.makers();
    const serving = held.find(({ isServing }) => isServing) ?? rows.addMaker(wanted, true);
    const next = [serving, ...held].find((maker) => isSame(maker, wanted)) ?? rows.addMaker(wanted, false);
    for (const { number } of held) if (number !== serving.number && number !== next.number) rows.removeMaker(number);
    db.exec("commit");
    const live = async (maker: HeldMaker): Promise<LiveMaker> => {
      const index = createExactIndex(maker);
      for (const page of rows.pages(maker.number)) await index.put(page);
      return { ...maker, index, embedder: here.find((embedder) => isSame(embedder, maker)) };
    };
    const first = await live(serving);
    return new Makers(rows, { serving: first, wanted: next === serving ? first : await live(next) });
  }

  all(): readonly LiveMaker[] {
    return this.serving === this.wanted ? [this.serving] : [this.serving, this.wanted];
  }

  async near({ text, made, spaces, ids, limit }: NearHere): Promise<readonly Near[]> {
    const { index, embedder } = this.serving;
    let vector: Vector | undefined;
    if (embedder !== undefined) [vector] = await embedder.embed([text]);
    else if (made !== undefined && isSame(made, this.serving)) [vector] = made.vectors;
    if (vector === undefined) return [];
    if (isSparse(vector) && embedder?.weigh !== undefined && index.frequencies !== undefined) {
      vector = embedder.weigh(vector, await index.frequencies(vector.indices, spaces));
    }
    return index.nearest({ vector, spaces, limit, ...(ids === undefined ? {} : { ids }) });
  }

  /** Searches the wanted one's from now on and forgets the others. */
  async turn(db: DatabaseSync): Promise<void> {
    const { serving, wanted } = this;
    if (serving === wanted) return;
    db.exec("begin immediate");
    this.rows.serve(wanted.number);
    this.rows.removeMaker(serving.number);
    db.exec("commit");
    this.serving = wanted;
    await serving.index[Symbol.asyncDispose]();
  }
}
