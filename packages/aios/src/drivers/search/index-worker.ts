// The thread of a search index: it alone holds the file and the vectors.
import { parentPort, workerData } from "node:worker_threads";
import type { DatabaseSync } from "node:sqlite";
import { toFault } from "../sql/fault.ts";
import type { Answer } from "../sql/thread.ts";
import { vectorsElsewhere } from "./elsewhere.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { hashedEmbedder } from "./hashed-embedder.ts";
import { openIndexFile, replaceIndexFile } from "./index-file.ts";
import type { OpenedIndexFile, Replaced } from "./index-file.ts";
import type { MakersOptions } from "./makers.ts";
import { IndexStore } from "./store.ts";
import type { Order, Told, Wanted } from "./wire.ts";

/** What the thread is started with. */
export interface WorkerData {
  /** Undefined: in memory. */
  readonly path: string | undefined;
  /** Whose vectors all texts are to have; undefined: those that the thread makes itself. */
  readonly wanted: Wanted | undefined;
  /** Where vectors are searched; undefined: here. */
  readonly elsewhere: Elsewhere | undefined;
}

const { path, wanted = hashedEmbedder, elsewhere } = workerData as WorkerData;
const options: MakersOptions = {
  wanted,
  here: [hashedEmbedder],
  elsewhere: elsewhere && ((maker) => ({ ...vectorsElsewhere(elsewhere, maker), inTurn })),
};
let opened: { readonly db: DatabaseSync; readonly store: IndexStore } | undefined;
/** Not told yet. */
let replaced: Replaced | undefined;

async function load(open: () => OpenedIndexFile): Promise<IndexStore> {
  const file = open();
  replaced = file.replaced ?? replaced;
  try {
    const store = await IndexStore.load(file.db, options);
    opened = { db: file.db, store };
    return store;
  } catch (cause) {
    file.db.close();
    throw cause;
  }
}

async function close(): Promise<void> {
  const closing = opened;
  opened = undefined;
  await closing?.store[Symbol.asyncDispose]();
  closing?.db.close();
}

/** Whatever the file holds can be put again: once it shows damage an empty one takes its place, and the order is tried again. */
async function withStore<T>(work: (store: IndexStore) => T | Promise<T>): Promise<T> {
  try {
    return await work(opened?.store ?? (await load(() => openIndexFile(path))));
  } catch (cause) {
    if (path === undefined) throw cause;
    const { kind } = toFault(cause, path);
    // After an I/O error the connection's view of the file is not to be trusted.
    if (kind === "failed" || kind === "damaged" || kind === "read-only") await close();
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
    case "texts":
      return withStore((store) => store.texts(order.ids));
    case "state":
      return withStore((store) => store.state());
    case "step":
      return withStore((store) => store.step());
    case "waiting":
      return withStore((store) => store.waiting(order.after, order.limit));
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
function inTurn(work: () => Promise<void>): Promise<void> {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
}

parentPort?.on("message", ({ id, order }: { id: number; order: Order }) => {
  last = last.then(() => serve(id, () => answer(order)));
});
