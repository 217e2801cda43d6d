import type * as Chroma from "chromadb";
import { FaultError } from "../sql/fault.ts";
import { denseUnit, lastOfEach, ordered, TIES } from "./directions.ts";
import type { HeldVector, Near, NearQuery, PlacedVector, VectorIndex } from "./vector-index.ts";
import type { VectorPlace } from "./vector-place.ts";

/** Below every server's max_batch_size, which is 5,461 where SQLite is built with its defaults. */
const BATCH = 1_000;
/** So many named vectors are fetched and compared here; among more, the nearest are asked for until enough are named ones. */
const FETCHED = 1_000;
/** Candidates of a search; 100 by default, at which one in a hundred neighbours is missed. */
const EF_SEARCH = 200;

/**
 * A collection on a Chroma server, by its official client. HNSW: it may miss one, the more so the more is filtered out.
 * @throws whatever keeps the server from answering
 */
export async function openChromaIndex({
  module,
  url,
  token,
  collection,
  dimension,
  options,
}: VectorPlace): Promise<VectorIndex> {
  const { ChromaClient } = (await import(module)) as typeof Chroma;
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === "https:";
  const client = new ChromaClient({
    ...options,
    host: hostname,
    port: Number(port) || (isSecure ? 443 : 80),
    ssl: isSecure,
    ...(token === undefined ? {} : { headers: { "x-chroma-token": token, authorization: `Bearer ${token}` } }),
  });
  const held = await client.getOrCreateCollection({
    name: collection,
    embeddingFunction: null,
    configuration: { hnsw: { space: "cosine", ef_search: EF_SEARCH } },
  });
  if (held.configuration.hnsw?.space !== "cosine") {
    const message = `the collection ${collection} does not compare by cosine`;
    throw new FaultError({ kind: "refused", message, hint: "delete it: it is made anew" });
  }
  return new ChromaIndex({ client, collection: held, dimension });
}

class ChromaIndex implements VectorIndex {
  readonly driver = "chroma";
  readonly #client: Chroma.ChromaClient;
  readonly #collection: Chroma.Collection;
  readonly #dimension: number;

  constructor(of: { client: Chroma.ChromaClient; collection: Chroma.Collection; dimension: number }) {
    this.#client = of.client;
    this.#collection = of.collection;
    this.#dimension = of.dimension;
  }

  async put(vectors: readonly PlacedVector[]): Promise<void> {
    const placed = lastOfEach(vectors).map((one) => ({ ...one, vector: denseUnit(one.vector, this.#dimension) }));
    for (const batch of batches(placed)) {
      await this.#collection.upsert({
        ids: batch.map(({ id }) => id),
        embeddings: batch.map(({ vector }) => [...vector]),
        metadatas: batch.map(({ space, stamp = "" }) => ({ space, stamp })),
      });
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const batch of batches([...new Set(ids)])) await this.#collection.delete({ ids: [...batch] });
  }

  async nearest({ vector, spaces, ids, limit }: NearQuery): Promise<readonly Near[]> {
    const query = denseUnit(vector, this.#dimension);
    if (limit < 1 || spaces.length === 0 || ids?.size === 0 || query.every((value) => value === 0)) return [];
    if (ids !== undefined && ids.size <= FETCHED) return ordered(await this.#among(query, { spaces, ids }), limit);
    for (let depth = limit + TIES; ; depth *= 4) {
      const found = await this.#query(query, { spaces, depth });
      const named = ids === undefined ? found : found.filter(({ id }) => ids.has(id));
      if (named.length >= limit || found.length < depth) return ordered(named, limit);
    }
  }

  async #query(query: Float32Array, { spaces, depth }: { spaces: readonly string[]; depth: number }): Promise<Near[]> {
    const { ids, distances } = await this.#collection.query({
      queryEmbeddings: [[...query]],
      nResults: depth,
      where: { space: { $in: [...spaces] } },
      include: ["distances"],
    });
    return (ids[0] ?? []).map((id, at) => ({ id, similarity: 1 - (distances[0]?.[at] ?? 1) }));
  }

  /** The server refuses a query with an id that it does not hold; asked for the vectors, it leaves that one out. */
  async #among(
    query: Float32Array,
    { spaces, ids }: { spaces: readonly string[]; ids: ReadonlySet<string> },
  ): Promise<Near[]> {
    const where = { space: { $in: [...spaces] } };
    const found = await this.#collection.get({ ids: [...ids], where, include: ["embeddings"] });
    return found.ids.map((id, at) => {
      const held = found.embeddings[at] ?? [];
      return { id, similarity: query.reduce((sum, value, index) => sum + value * (held[index] ?? 0), 0) };
    });
  }

  async count(): Promise<number> {
    return this.#collection.count();
  }

  async *held(): AsyncGenerator<readonly HeldVector[]> {
    for (let offset = 0; ; offset += BATCH) {
      const { ids, metadatas } = await this.#collection.get({ limit: BATCH, offset, include: ["metadatas"] });
      if (ids.length === 0) return;
      yield ids.map((id, at) => {
        const stamp = metadatas[at]?.["stamp"];
        return { id, stamp: typeof stamp === "string" ? stamp : "" };
      });
    }
  }

  async erase(): Promise<void> {
    await this.#client.deleteCollection({ name: this.#collection.name });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function* batches<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += BATCH) yield list.slice(from, from + BATCH);
}
