import { createHash } from "node:crypto";
import type * as Qdrant from "@qdrant/js-client-rest";
import { denseUnit, lastOfEach, ordered, TIES } from "./directions.ts";
import type { HeldVector, Near, NearQuery, PlacedVector, VectorIndex } from "./vector-index.ts";
import type { VectorPlace } from "./vector-place.ts";

const BATCH = 500;

/**
 * A collection on a Qdrant server, by its official client. HNSW: it may miss one.
 * @throws whatever keeps the server from answering
 */
export async function openQdrantIndex({
  module,
  url,
  token,
  collection,
  dimension,
}: VectorPlace): Promise<VectorIndex> {
  const { QdrantClient } = (await import(module)) as typeof Qdrant;
  const { port, protocol } = new URL(url);
  const client = new QdrantClient({
    url,
    // The client's own default is 6333, also where the address says https.
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    checkCompatibility: false,
    // As a header of our own: with `apiKey` the client writes a warning to the terminal.
    ...(token === undefined ? {} : { headers: { "api-key": token } }),
  });
  const { exists } = await client.collectionExists(collection);
  if (!exists) {
    await client.createCollection(collection, { vectors: { size: dimension, distance: "Cosine" } });
    const field_schema = { type: "keyword", is_tenant: true } as const;
    await client.createPayloadIndex(collection, { field_name: "space", field_schema, wait: true });
  }
  return new QdrantIndex({ client, collection, dimension });
}

class QdrantIndex implements VectorIndex {
  readonly driver = "qdrant";
  readonly #client: Qdrant.QdrantClient;
  readonly #collection: string;
  readonly #dimension: number;

  constructor(of: { client: Qdrant.QdrantClient; collection: string; dimension: number }) {
    this.#client = of.client;
    this.#collection = of.collection;
    this.#dimension = of.dimension;
  }

  async put(vectors: readonly PlacedVector[]): Promise<void> {
    const points = lastOfEach(vectors).map(({ id, space, vector, stamp = "" }) => ({
      id: pointId(id),
      vector: [...denseUnit(vector, this.#dimension)],
      payload: { id, space, stamp },
    }));
    for (let from = 0; from < points.length; from += BATCH) {
      await this.#client.upsert(this.#collection, { wait: true, points: points.slice(from, from + BATCH) });
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    const points = [...new Set(ids)].map(pointId);
    for (let from = 0; from < points.length; from += BATCH) {
      await this.#client.delete(this.#collection, { wait: true, points: points.slice(from, from + BATCH) });
    }
  }

  async nearest({ vector, spaces, ids, limit }: NearQuery): Promise<readonly Near[]> {
    const query = denseUnit(vector, this.#dimension);
    if (limit < 1 || spaces.length === 0 || ids?.size === 0 || query.every((value) => value === 0)) return [];
    const named = ids === undefined ? [] : [{ has_id: [...ids].map(pointId) }];
    const { points } = await this.#client.query(this.#collection, {
      query: [...query],
      limit: limit + TIES,
      filter: { must: [{ key: "space", match: { any: [...spaces] } }, ...named] },
      with_payload: ["id"],
    });
    return ordered(
      points.map(({ payload, score }) => ({ id: String(payload?.["id"]), similarity: score })),
      limit,
    );
  }

  async count(): Promise<number> {
    return (await this.#client.count(this.#collection, { exact: true })).count;
  }

  async *held(): AsyncGenerator<readonly HeldVector[]> {
    type Page = Awaited<ReturnType<Qdrant.QdrantClient["scroll"]>>;
    let offset: Page["next_page_offset"];
    do {
      const page: Page = await this.#client.scroll(this.#collection, {
        limit: BATCH,
        with_payload: ["id", "stamp"],
        with_vector: false,
        ...(offset === undefined || offset === null ? {} : { offset }),
      });
      yield page.points.map(({ payload }) => ({ id: String(payload?.["id"]), stamp: String(payload?.["stamp"]) }));
      offset = page.next_page_offset;
    } while (offset !== undefined && offset !== null);
  }

  async erase(): Promise<void> {
    await this.#client.deleteCollection(this.#collection);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A point's id is a number or a UUID: this one has the first 128 bits of the id's SHA-256. */
function pointId(id: string): string {
  const hex = createHash("sha256").update(id).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
