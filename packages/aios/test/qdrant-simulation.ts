import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Point {
  readonly id: string;
  readonly vector: readonly number[];
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Condition {
  readonly key?: string;
  readonly match?: { readonly any: readonly unknown[] };
  readonly has_id?: readonly string[];
}

interface Asked {
  readonly vectors?: { readonly size: number; readonly distance: string };
  readonly points?: readonly (Point | string)[];
  readonly filter?: { readonly must: readonly Condition[] };
  readonly query?: readonly number[];
  readonly limit?: number;
  readonly offset?: string;
}

interface Collection {
  readonly size: number;
  readonly points: Map<string, Point>;
  readonly indexed: Set<string>;
}

export interface QdrantSimulation extends AsyncDisposable {
  readonly url: string;
  /** By name. */
  readonly collections: ReadonlyMap<string, Collection>;
  /** What every request was, and with which key. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly key: string | undefined }[];
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Answers as the documentation of Qdrant's REST API (1.1x) says, for the requests that our driver makes, on a free port of
 * 127.0.0.1. A simulation: it was not compared with a running server.
 */
export async function openQdrantSimulation(): Promise<QdrantSimulation> {
  const collections = new Map<string, Collection>();
  const requests: { method: string; path: string; key: string | undefined }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const part of request.setEncoding("utf8")) body += part as string;
      const { method = "", url = "" } = request;
      const path = new URL(url, "http://localhost").pathname;
      requests.push({ method, path, key: request.headers["api-key"] as string | undefined });
      const tell = (status: number, said: object): void => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ time: 0.0001, ...said }));
      };
      try {
        const asked = (body === "" ? {} : JSON.parse(body)) as Asked;
        tell(200, { status: "ok", result: answer(collections, { method, path, asked }) });
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        tell(cause.status, { status: { error: cause.message } });
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collections,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(
  collections: Map<string, Collection>,
  { method, path, asked }: { method: string; path: string; asked: Asked },
): unknown {
  const [, , name = "", ...rest] = path.split("/");
  const verb = `${method} ${rest.join("/")}`;
  const collection = collections.get(name);
  if (verb === "GET exists") return { exists: collection !== undefined };
  if (verb === "PUT ") {
    if (collection !== undefined) throw new Refusal(409, `Wrong input: Collection \`${name}\` already exists!`);
    if (asked.vectors?.distance !== "Cosine") throw new Refusal(400, "not simulated");
    collections.set(name, { size: asked.vectors.size, points: new Map(), indexed: new Set() });
    return true;
  }
  if (collection === undefined) throw new Refusal(404, `Not found: Collection \`${name}\` doesn't exist!`);
  const done = { operation_id: 0, status: "completed" };
  switch (verb) {
    case "DELETE ":
      return collections.delete(name);
    case "PUT index":
      collection.indexed.add((asked as { field_name: string }).field_name);
      return done;
    case "PUT points":
      for (const point of asked.points as readonly Point[]) {
        if (!UUID.test(point.id)) throw new Refusal(400, `value ${point.id} is not a valid point ID`);
        refuseOther(collection, point.vector);
        collection.points.set(point.id, { ...point, vector: normalized(point.vector) });
      }
      return done;
    case "POST points/delete":
      for (const id of asked.points as readonly string[]) collection.points.delete(id);
      return done;
    case "POST points/count":
      return { count: collection.points.size };
    case "POST points/query":
      return { points: query(collection, asked) };
    case "POST points/scroll":
      return scroll(collection, asked);
    default:
      throw new Refusal(404, "not simulated");
  }
}

function query(collection: Collection, { query: vector = [], filter, limit = 10 }: Asked): readonly object[] {
  refuseOther(collection, vector);
  const direction = normalized(vector);
  return [...collection.points.values()]
    .filter((point) => (filter?.must ?? []).every((condition) => passes(point, condition)))
    .map(({ id, payload, vector: held }) => ({ id, version: 0, score: product(direction, held), payload }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit);
}

function scroll(collection: Collection, { limit = 10, offset }: Asked): object {
  const sorted = [...collection.points.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const from = offset === undefined ? sorted : sorted.filter(({ id }) => id >= offset);
  const points = from.slice(0, limit).map(({ id, payload }) => ({ id, payload }));
  return { points, next_page_offset: from[limit]?.id ?? null };
}

function passes({ id, payload }: Point, { key, match, has_id: ids }: Condition): boolean {
  if (ids !== undefined) return ids.includes(id);
  return key !== undefined && (match?.any.includes(payload[key]) ?? false);
}

function refuseOther({ size }: Collection, vector: readonly number[]): void {
  if (vector.length === size) return;
  throw new Refusal(400, `Wrong input: Vector dimension error: expected dim: ${size}, got ${vector.length}`);
}

const product = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

/** What compares by cosine keeps vectors at length 1. */
function normalized(vector: readonly number[]): readonly number[] {
  const length = Math.sqrt(product(vector, vector));
  return length === 0 ? vector : vector.map((value) => Math.fround(value / length));
}
