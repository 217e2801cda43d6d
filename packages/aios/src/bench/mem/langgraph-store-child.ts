// The in-memory store of LangGraph.js, given the vectors of our own default embedder: nothing is loaded from a network.
import { createRequire } from "node:module";
import { join } from "node:path";
import { hashedEmbedder } from "../../drivers/search/hashed-embedder.ts";
import { serveParent } from "../child.ts";
import type { Hit } from "./retriever.ts";

export type LangGraphStoreRequest =
  /** Where @langchain/langgraph is installed; what was in the store before is gone. */
  | { readonly does: "open"; readonly folder: string }
  | { readonly does: "add"; readonly notes: readonly { readonly id: string; readonly text: string }[] }
  | { readonly does: "search"; readonly text: string; readonly k: number };

/** As much of its interface as is used here. */
interface Store {
  batch(operations: readonly { namespace: string[]; key: string; value: object }[]): Promise<unknown>;
  search(namespace: string[], options: { query: string; limit: number }): Promise<{ key: string; score?: number }[]>;
}
interface LangGraph {
  readonly InMemoryStore: new (options: {
    index: { dims: number; fields: string[]; embeddings: Record<string, unknown> };
  }) => Store;
}

async function embed(texts: readonly string[]): Promise<Float32Array[]> {
  const vectors = await hashedEmbedder.embed(texts);
  return vectors.map((vector) => {
    if (!("indices" in vector)) return vector;
    const dense = new Float32Array(hashedEmbedder.dimension);
    for (const [at, index] of vector.indices.entries()) dense[index] = vector.values[at] ?? 0;
    return dense;
  });
}

function openStore(folder: string): Store {
  const { InMemoryStore } = createRequire(join(folder, "package.json"))("@langchain/langgraph") as LangGraph;
  const embeddings = { embedDocuments: embed, embedQuery: async (text: string) => (await embed([text]))[0] };
  return new InMemoryStore({ index: { dims: hashedEmbedder.dimension, fields: ["text"], embeddings } });
}

const namespace = ["notes"];
let store: Store | undefined;

serveParent<LangGraphStoreRequest, Hit[]>(async (request) => {
  if (request.does === "open") store = openStore(request.folder);
  if (store === undefined) throw new Error("no store is open");
  if (request.does === "add")
    await store.batch(request.notes.map(({ id, text }) => ({ namespace, key: id, value: { text } })));
  if (request.does !== "search") return [];
  const found = await store.search(namespace, { query: request.text, limit: request.k });
  return found.map(({ key, score = 0 }) => ({ id: key, score }));
});
