import { createHash } from "node:crypto";
import { FaultError } from "../sql/fault.ts";
import { openChromaIndex } from "./chroma.ts";
import { openQdrantIndex } from "./qdrant.ts";
import { openSqliteVecIndex } from "./sqlite-vec.ts";
import { openUsearchIndex } from "./usearch.ts";
import type { VectorIndex } from "./vector-index.ts";
import type { OpenVectorIndex, VectorPlace } from "./vector-place.ts";
import type { Maker } from "./wire.ts";

/** Plain data: the thread is told it at its start. */
export interface Elsewhere extends Omit<VectorPlace, "collection" | "dimension"> {
  readonly kind: "chroma" | "qdrant" | "sqlite-vec" | "usearch" | "plugin";
  /** Of this home alone; every collection's name begins with it. */
  readonly prefix: string;
}

const openers: Readonly<Record<Elsewhere["kind"], OpenVectorIndex>> = {
  chroma: openChromaIndex,
  qdrant: openQdrantIndex,
  "sqlite-vec": openSqliteVecIndex,
  usearch: openUsearchIndex,
  plugin: openPlugin,
};

/** What its user calls it, and how it is opened for one embedder's vectors. */
export function vectorsElsewhere(
  { kind, prefix, ...place }: Elsewhere,
  { name, dimension }: Maker,
): { name: string; open: () => Promise<VectorIndex> } {
  const own = createHash("sha256").update(`${name}\0${dimension}`).digest("hex").slice(0, 12);
  return {
    name: place.url === "" ? kind : `${kind} at ${place.url}`,
    open: () => openers[kind]({ ...place, collection: `${prefix}-${own}`, dimension }),
  };
}

/** Somebody's own: a module that exports `openVectorIndex`. */
async function openPlugin(place: VectorPlace): Promise<VectorIndex> {
  const { openVectorIndex } = (await import(place.module)) as { openVectorIndex?: OpenVectorIndex };
  if (typeof openVectorIndex === "function") return openVectorIndex(place);
  const message = `${place.module} exports no function openVectorIndex`;
  throw new FaultError({ kind: "refused", message, hint: "see docs/how-to/memory-index.md" });
}
