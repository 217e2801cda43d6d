import { resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Findable, FindQuery, Found, IndexStatus, SearchIndex, Unembedded } from "../../kernel/ports.ts";
import { SqlThread } from "../sql/thread.ts";
import { refuseTexts, refuseQuery } from "./checks.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { hashedEmbedder } from "./hashed-embedder.ts";
import type { Replaced } from "./index-file.ts";
import type { WorkerData } from "./index-worker.ts";
import type { Change, IndexState, Maker, Order, Told } from "./wire.ts";

/** Texts and characters that go to the thread at once: posting them takes well under a millisecond. */
const BATCH_TEXTS = 64;
const BATCH_CHARS = 256 * 1_024;

export interface SearchIndexOptions {
  /** The file; folders above it are made. Default: in memory, gone when it is closed. */
  readonly path?: string;
  /**
   * The model whose vectors all texts are to have; `dimension` undefined: as it makes them. Default: hashed words and pieces of
   * words, made in the index's own thread.
   */
  readonly embedder?: { readonly model: string; readonly dimension?: number | undefined };
  /** Where vectors are searched. Default: in the index's own thread, every one of them. */
  readonly elsewhere?: Elsewhere | undefined;
  /** Told when the index began empty: everything is to be put again. */
  readonly tell?: (replaced: Replaced) => void;
}

/**
 * Full text (FTS5, BM25) and vectors in a file of their own and a thread of their own. A put resolves when its texts are
 * found by their words, and survives kill -9 from then on. Where the file holds vectors of another embedder they are replaced in
 * the background, and so are words that another dictionary has cut; a crash in the middle goes on where it was.
 * @throws SysError ENOSPC, EIO or EBUSY when the file cannot be opened for writing. A file that is damaged or not an index is
 * moved aside and told, never an error.
 */
export async function openSearchIndex(options: SearchIndexOptions = {}): Promise<SearchIndex> {
  const { path, embedder, elsewhere, tell = () => {} } = options;
  const data: WorkerData = {
    path: path === undefined ? undefined : resolve(path),
    wanted: embedder && { name: embedder.model, dimension: embedder.dimension },
    elsewhere,
  };
  const module = import.meta.url.endsWith(".ts") ? "./index-worker.ts" : "./index-worker.js";
  const file = new URL(module, import.meta.url);
  const thread = await SqlThread.start<Order>({ file, name: "search-index", data });
  const index = new ThreadIndex(thread, tell);
  await index.begin();
  return index;
}

interface Pending {
  readonly changes: readonly Change[];
  readonly settled: PromiseWithResolvers<void>;
}

class ThreadIndex implements SearchIndex {
  readonly driver = "sqlite";
  readonly #thread: SqlThread<Order>;
  readonly #tell: (replaced: Replaced) => void;
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #catchingUp: Promise<void> | undefined;
  /** Whose vectors are searched, as the thread last told. */
  #serving: Maker = { name: hashedEmbedder.name, dimension: hashedEmbedder.dimension };
  /** The thread has work to do in the background. */
  #isBehind = false;
  #isClosed = false;

  constructor(thread: SqlThread<Order>, tell: (replaced: Replaced) => void) {
    this.#thread = thread;
    this.#tell = tell;
  }

  async begin(): Promise<void> {
    this.#isBehind = !(await this.#ask<IndexState>({ type: "state" })).isSettled;
    this.#catchUp();
  }

  get asks(): SearchIndex["asks"] {
    const { name, dimension } = this.#serving;
    return name === hashedEmbedder.name ? undefined : { model: name, dimension: dimension || undefined };
  }

  async put(texts: readonly Findable[]): Promise<void> {
    refuseTexts(texts);
    return this.#change(
      texts.map(({ id, space, version, text, terms, facets }) => ({
        put: { id, space, version, text, terms, facets },
      })),
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    return this.#change(ids.map((remove) => ({ remove })));
  }

  async search(query: FindQuery): Promise<readonly Found[]> {
    this.#refuseClosed();
    refuseQuery(query);
    // No more of it than is known: what is posted is copied.
    const { spaces, text, limit, terms, filters, documents, phrases, by, vector } = query;
    const narrowing = { ...(terms && { terms }), ...(filters && { filters }), ...(phrases && { phrases }) };
    const more = { ...(documents && { documents }), ...(by && { by }), ...(vector && { vector }) };
    return this.#ask<readonly Found[]>({ type: "search", query: { spaces, text, limit, ...narrowing, ...more } });
  }

  async unembedded(after: number, limit: number): Promise<readonly Unembedded[]> {
    this.#refuseClosed();
    // What the thread embeds itself nobody else needs to.
    const { wanted, isSettled } = await this.#ask<IndexState>({ type: "state" });
    return isSettled || wanted.name === hashedEmbedder.name ? [] : this.#ask({ type: "waiting", after, limit });
  }

  async embedded(texts: readonly Unembedded[], vectors: readonly (Float32Array | null)[]): Promise<void> {
    this.#refuseClosed();
    return this.#ask({ type: "embedded", texts, vectors });
  }

  async texts(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    this.#refuseClosed();
    return this.#ask({ type: "texts", ids });
  }

  async versions(after: string | undefined, limit: number): Promise<readonly { id: string; version: number }[]> {
    this.#refuseClosed();
    return this.#ask({ type: "versions", after, limit });
  }

  async status(): Promise<IndexStatus> {
    this.#refuseClosed();
    const { texts, wanted, done, isSettled, vectors } = await this.#ask<IndexState>({ type: "state" });
    const { name: embedder, dimension } = wanted;
    const reindexing = isSettled ? null : { done, of: texts };
    return { texts, embedder, dimension, reindexing, ...(vectors && { vectors }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    await this.#catchingUp;
    await this.#thread.stop();
  }

  async #change(changes: readonly Change[]): Promise<void> {
    this.#refuseClosed();
    const settled: Promise<void>[] = [];
    for (const batch of batches(changes)) {
      const pending = { changes: batch, settled: Promise.withResolvers<void>() };
      this.#pending.push(pending);
      settled.push(pending.settled.promise);
    }
    this.#flushing ??= this.#flush();
    const outcomes = await Promise.allSettled(settled);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** One batch at a time: what is changed while one is written goes together in the next. */
  async #flush(): Promise<void> {
    // The changes of this turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#ask({ type: "write", changes: group.flatMap(({ changes }) => changes) });
        for (const { settled } of group) settled.resolve();
      } catch (cause) {
        for (const { settled } of group) settled.reject(cause);
      }
    }
    this.#flushing = undefined;
    this.#catchUp();
  }

  #takeGroup(): readonly Pending[] {
    let size = 1;
    let texts = this.#pending[0]?.changes.length ?? 0;
    for (; size < this.#pending.length; size++) {
      texts += this.#pending[size]?.changes.length ?? 0;
      if (texts > BATCH_TEXTS) break;
    }
    return this.#pending.splice(0, size);
  }

  /** In the background: what the thread has to do by itself. */
  #catchUp(): void {
    if (!this.#isBehind || this.#isClosed) return;
    this.#catchingUp ??= this.#stepOn().finally(() => {
      this.#catchingUp = undefined;
    });
  }

  async #stepOn(): Promise<void> {
    try {
      while (!this.#isClosed && this.#isBehind) this.#isBehind = await this.#ask<boolean>({ type: "step" });
    } catch {
      // A full disk, say: the next put or start tries again, and until then the status says that not all is done.
    }
  }

  async #ask<T>(order: Order): Promise<T> {
    const { value, serving, replaced } = await this.#thread.ask<Told<T>>(order);
    this.#serving = serving;
    if (replaced !== undefined) this.#tell(replaced);
    return value;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new SysError("EIO", "the search index is closed");
  }
}

function* batches(changes: readonly Change[]): Generator<readonly Change[]> {
  let batch: Change[] = [];
  let chars = 0;
  for (const change of changes) {
    batch.push(change);
    chars += "put" in change ? change.put.text.length : 0;
    if (batch.length < BATCH_TEXTS && chars < BATCH_CHARS) continue;
    yield batch;
    batch = [];
    chars = 0;
  }
  if (batch.length > 0) yield batch;
}
