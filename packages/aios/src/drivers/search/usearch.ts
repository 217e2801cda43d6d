import type * as Usearch from "usearch";
import { denseUnit, lastOfEach, ordered, TIES } from "./directions.ts";
import type { Near, NearQuery, PlacedVector, VectorIndex } from "./vector-index.ts";
import type { VectorPlace } from "./vector-place.ts";

/** Candidates while a vector is added and while one is looked for; more find more and take longer. */
const EXPANSION = 256;
/** One: the kernel's machine has other work, too. */
const THREADS = 1;

/**
 * HNSW in memory by the package usearch, a graph for each space: it may miss one, and a space is never entered from another.
 * Nothing outlives it: all is put again by whoever holds the vectors.
 */
export async function openUsearchIndex({ module, dimension }: VectorPlace): Promise<VectorIndex> {
  return new UsearchIndex((await import(module)) as typeof Usearch, dimension);
}

interface Placed {
  readonly id: string;
  readonly key: bigint;
  readonly space: string;
  readonly vector: Float32Array;
}

interface Graph {
  readonly index: Usearch.Index;
  readonly idOf: Map<bigint, string>;
}

class UsearchIndex implements VectorIndex {
  readonly driver = "usearch";
  readonly #library: typeof Usearch;
  readonly #dimension: number;
  readonly #placed = new Map<string, Placed>();
  readonly #graphs = new Map<string, Graph>();
  #lastKey = 0n;

  constructor(library: typeof Usearch, dimension: number) {
    this.#library = library;
    this.#dimension = dimension;
  }

  async put(vectors: readonly PlacedVector[]): Promise<void> {
    const placed = lastOfEach(vectors).map(({ id, space, vector }) => ({
      id,
      space,
      key: ++this.#lastKey,
      vector: denseUnit(vector, this.#dimension),
    }));
    for (const one of placed) {
      this.#drop(one.id);
      this.#placed.set(one.id, one);
      // A vector without direction is near nothing.
      if (one.vector.every((value) => value === 0)) continue;
      const graph = this.#graph(one.space);
      graph.index.add(one.key, one.vector, THREADS);
      graph.idOf.set(one.key, one.id);
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#drop(id);
  }

  async nearest({ vector, spaces, ids, limit }: NearQuery): Promise<readonly Near[]> {
    const query = denseUnit(vector, this.#dimension);
    if (limit < 1 || query.every((value) => value === 0)) return [];
    const named = new Set(spaces);
    if (ids !== undefined) return ordered([...this.#among(query, { spaces: named, ids })], limit);
    return ordered(
      [...named].flatMap((space) => this.#near(query, { space, depth: limit + TIES })),
      limit,
    );
  }

  async count(): Promise<number> {
    return this.#placed.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#placed.clear();
    this.#graphs.clear();
  }

  #near(query: Float32Array, { space, depth }: { space: string; depth: number }): readonly Near[] {
    const graph = this.#graphs.get(space);
    if (graph === undefined) return [];
    const { keys, distances } = graph.index.search(query, Math.min(depth, graph.idOf.size), THREADS);
    return [...keys].flatMap((key, at) => {
      const id = graph.idOf.get(key);
      return id === undefined ? [] : [{ id, similarity: 1 - (distances[at] ?? 1) }];
    });
  }

  /** A graph cannot be searched for some of its vectors alone: those that are named are all looked at. */
  *#among(
    query: Float32Array,
    { spaces, ids }: { spaces: ReadonlySet<string>; ids: ReadonlySet<string> },
  ): Generator<Near> {
    for (const id of ids) {
      const placed = this.#placed.get(id);
      if (placed === undefined || !spaces.has(placed.space)) continue;
      let similarity = 0;
      for (let at = 0; at < query.length; at++) similarity += (query[at] as number) * (placed.vector[at] as number);
      yield { id, similarity };
    }
  }

  #graph(space: string): Graph {
    let graph = this.#graphs.get(space);
    if (graph === undefined) {
      const { Index, MetricKind, ScalarKind } = this.#library;
      const index = new Index({
        dimensions: this.#dimension,
        metric: MetricKind.Cos,
        quantization: ScalarKind.F32,
        connectivity: 0,
        expansion_add: EXPANSION,
        expansion_search: EXPANSION,
        multi: false,
      });
      graph = { index, idOf: new Map() };
      this.#graphs.set(space, graph);
    }
    return graph;
  }

  #drop(id: string): void {
    const placed = this.#placed.get(id);
    if (placed === undefined) return;
    this.#placed.delete(id);
    const graph = this.#graphs.get(placed.space);
    if (graph === undefined || !graph.idOf.delete(placed.key)) return;
    if (graph.idOf.size === 0) this.#graphs.delete(placed.space);
    else graph.index.remove(placed.key);
  }
}
