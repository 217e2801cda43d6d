import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Entity {
  readonly id: string;
  readonly space: string;
  readonly vector: readonly number[];
}

interface Asked {
  readonly collectionName: string;
  readonly dimension?: number;
  readonly data?: readonly unknown[];
  readonly filter?: string;
  readonly limit?: number;
}

interface Collection {
  readonly dimension: number;
  readonly entities: Map<string, Entity>;
}

/**
 * Answers as the documentation of Milvus' REST API (v2) says, for the requests of the module in docs/how-to/memory-index.md, on
 * a free port of 127.0.0.1. A simulation: it was not compared with a running server.
 */
export async function openMilvusSimulation(): Promise<{ readonly url: string } & AsyncDisposable> {
  const collections = new Map<string, Collection>();
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const part of request.setEncoding("utf8")) body += part as string;
      const verb = (request.url ?? "").replace("/v2/vectordb/", "");
      const said = answer(collections, verb, JSON.parse(body) as Asked);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(typeof said === "string" ? { code: 1100, message: said } : { code: 0, data: said }));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A text is the message of a refusal, which comes with status 200. */
function answer(collections: Map<string, Collection>, verb: string, asked: Asked): object | string {
  const { collectionName: name, data = [], filter = "", limit = 100 } = asked;
  if (!/^[A-Za-z_]\w*$/.test(name)) return `Invalid collection name: ${name}`;
  const collection = collections.get(name);
  if (verb === "collections/has") return { has: collection !== undefined };
  if (verb === "collections/create") {
    collections.set(name, { dimension: asked.dimension ?? 0, entities: new Map() });
    return {};
  }
  if (collection === undefined) return `can't find collection[database=default][collection=${name}]`;
  const { entities, dimension } = collection;
  const passing = [...entities.values()].filter((entity) => passes(entity, filter));
  switch (verb) {
    case "collections/drop":
      collections.delete(name);
      return {};
    case "entities/upsert":
      if ((data as Entity[]).some(({ vector }) => vector.length !== dimension)) return "the dim does not match";
      for (const entity of data as Entity[]) entities.set(entity.id, entity);
      return { upsertCount: data.length };
    case "entities/delete":
      for (const { id } of passing) entities.delete(id);
      return {};
    case "entities/query":
      return [{ "count(*)": passing.length }];
    case "entities/search": {
      const [query = []] = data as number[][];
      const near = passing.map(({ id, vector }) => ({ id, distance: cosine(query, vector) }));
      return near.toSorted((a, b) => b.distance - a.distance).slice(0, limit);
    }
    default:
      return `not simulated: ${verb}`;
  }
}

/** `id in [...] and space in [...]`. */
const passes = (entity: Entity, filter: string): boolean =>
  [...filter.matchAll(/(id|space) in (\[.*?\])(?= and |$)/g)].every(([, field, list]) =>
    (JSON.parse(list ?? "[]") as string[]).includes(entity[field as "id" | "space"]),
  );

function cosine(one: readonly number[], other: readonly number[]): number {
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  const lengths = Math.sqrt(product(one, one) * product(other, other));
  return lengths === 0 ? 0 : product(one, other) / lengths;
}
