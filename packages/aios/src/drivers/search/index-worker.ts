// The thread of a search index: it alone holds the file and the vectors.
import { parentPort, workerData } from "node:worker_threads";
import type { DatabaseSync } from "node:sqlite";
import { toFault } from "../sql/fault.ts";
import type { Answer } from "../sql/thread.ts";
import { hashedEmbedder } from "./hashed-embedder.ts";
import { openIndexFile, replaceIndexFile } from "./index-file.ts";
import type { OpenedIndexFile, Replaced } from "./index-file.ts";
import { IndexStore } from "./store.ts";
import type { Order, Told, Wanted } from "./wire.ts";

/** What the thread is started with. */
export interface WorkerData {
  /** Undefined: in memory. */
  readonly path: string | undefined;
  /** Whose vectors all texts are to have; undefined: those that the thread makes itself. */
  readonly wanted: Wanted | undefined;
}

const { path, wanted = hashedEmbedder } = workerData as WorkerData;
let opened: { readonly db: DatabaseSync; readonly store: IndexStore } | undefined;
/** Not told yet. */
let replaced: Replaced | undefined;

async function load(open: () => OpenedIndexFile): Promise<IndexStore> {
  const file = open();
  replaced = file.replaced ?? replaced;
  try {
    const store = await IndexStore.load(file.db, { wanted, here: [hashedEmbedder] });
    opened = { db: file.db, store };
    return store;
  } catch (cause) {
    file.db.close();
    throw cause;
  }
}

function close(): void {
  opened?.db.close();
  opened = undefined;
}

/** Whatever the file holds can be put again: once it shows damage an empty one takes its place, and the order is tried again. */
async function withStore<T>(work: (store: IndexStore) => T | Promise<T>): Promise<T> {
  try {
    return await work(opened?.store ?? (await load(() => openIndexFile(path))));
  } catch (cause) {
    if (path === undefined) throw cause;
    const { kind } = toFault(cause, path);
    // After an I/O error the connection's view of the file is not to be trusted.
    if (kind === "failed" || kind === "damaged" || kind === "read-only") close();
    if (kind !== "damaged") throw cause;
    return await work(await load(() => replaceIndexFile(path)));
  }
}

function answer(order: Order | { readonly type: "close" }): unknown {
  switch (order.type) {
    case "write":
      return withStore((store) => store.write(order.changes));
    case "search":
      return withStore((store) => store.search(order.query));
    case "versions":
      return withStore((store) => store.versions(order.after, order.limit));
    case "state":
      return withStore((store) => store.state());
    case "step":
      return withStore((store) => store.step());
    case "waiting":
      return withStore((store) => store.waiting(order.limit));
    case "embedded":
      return withStore((store) => store.embedded(order.texts, order.vectors));
    case "close":
      return close();
  }
}

async function serve(id: number, work: () => unknown): Promise<void> {
  try {
    const value = await work();
    const { name, dimension = 0 } = opened?.store.serving ?? wanted;
    reply({ id, value: { value, serving: { name, dimension }, replaced } satisfies Told<unknown> });
    // Nobody reads the answer to the start.
    if (id !== 0) replaced = undefined;
  } catch (cause) {
    reply({ id, fault: toFault(cause, path ?? "the search index") });
  }
}

const reply = (message: Answer): void => parentPort?.postMessage(message);

/** One order at a time: between the steps of one no other changes the store. */
let last = serve(0, () => withStore(() => undefined));
parentPort?.on("message", ({ id, order }: { id: number; order: Order }) => {
  last = last.then(() => serve(id, () => answer(order)));
});
