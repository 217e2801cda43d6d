import { resolve } from "node:path";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { Findable, FindQuery, Found, IndexStatus, SearchIndex } from "../../kernel/ports.ts";
import { SqlThread } from "../sql/thread.ts";
import { refuseTexts, refuseQuery } from "./checks.ts";
import type { Embedder } from "./embedder.ts";
import type { Replaced } from "./index-file.ts";
import type { WorkerData } from "./index-worker.ts";
import { OutsideEmbedders } from "./outside-embedders.ts";
import { embeddable, isSame } from "./wire.ts";
import type { Change, IndexState, Made, Maker, Order, Told, Waiting } from "./wire.ts";

/** Texts and characters that go to the thread at once: posting them takes well under a millisecond. */
const BATCH_TEXTS = 64;
const BATCH_CHARS = 256 * 1_024;

/** What a kernel would write down. */
export type IndexNotice =
  /** The index began empty: everything is to be put again. */
  | { readonly is: "replaced"; readonly replaced: Replaced }
  /** Texts are found by their words alone until the next put or start, when their vectors are tried again. */
  | { readonly is: "not-embedded"; readonly cause: unknown };

export interface SearchIndexOptions {
  /** The file; folders above it are made. Default: in memory, gone when it is closed. */
  readonly path?: string;
  /** Default: hashed words and pieces of words, made in the index's own thread. */
  readonly embedder?: Embedder;
  /** Embedders of before: while their vectors are replaced they embed queries, so that the old vectors serve. */
  readonly former?: readonly Embedder[];
  readonly tell?: (notice: IndexNotice) => void;
}

/**
 * Full text (FTS5, BM25) and vectors (exact) in a file of their own and a thread of their own. A put resolves when its texts are
 * found, and survives kill -9 from then on. Where the file holds vectors of another embedder they are replaced in the background;
 * a crash in the middle goes on where it was.
 * @throws SysError ENOSPC, EIO or EBUSY when the file cannot be opened for writing. A file that is damaged or not an index is
 * moved aside and told, never an error.
 */
export async function openSearchIndex(options: SearchIndexOptions = {}): Promise<SearchIndex> {
  const { path, embedder, former = [], tell = () => {} } = options;
  const data: WorkerData = {
    path: path === undefined ? undefined : resolve(path),
    wanted: embedder && { name: embedder.name, dimension: embedder.dimension },
  };
  const module = import.meta.url.endsWith(".ts") ? "./index-worker.ts" : "./index-worker.js";
  const file = new URL(module, import.meta.url);
  const thread = await SqlThread.start<Order>({ file, name: "search-index", data });
  const embedders = new OutsideEmbedders(embedder === undefined ? former : [embedder, ...former]);
  const index = new ThreadIndex(thread, { embedders, tell });
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
  readonly #embedders: OutsideEmbedders;
  readonly #tell: (notice: IndexNotice) => void;
  #pending: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #reindexing: Promise<void> | undefined;
  /** Whose vectors are searched, as the thread last told. */
  #serving: Maker = { name: "", dimension: 0 };
  #wanted: Maker = this.#serving;
  /** Texts lack the wanted vector. */
  #isBehind = false;
  #isClosed = false;

  constructor(
    thread: SqlThread<Order>,
    { embedders, tell }: { embedders: OutsideEmbedders; tell: (notice: IndexNotice) => void },
  ) {
    this.#thread = thread;
    this.#embedders = embedders;
    this.#tell = tell;
  }

  async begin(): Promise<void> {
    const { wanted, done, texts } = await this.#ask<IndexState>({ type: "state" });
    this.#wanted = wanted;
    this.#isBehind = done < texts;
    this.#catchUp();
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
    const { spaces, text, limit, terms, filters, by } = query;
    const plain = { spaces, text, limit, ...(terms && { terms }), ...(filters && { filters }), ...(by && { by }) };
    for (;;) {
      const serving = this.#serving;
      const made = by === "words" ? undefined : await this.#embedQuery(text, by === "vectors");
      const found = await this.#ask<readonly Found[]>({ type: "search", query: plain, made });
      // Else another embedder's vectors serve since, to which this query's cannot be compared.
      if (by === "words" || isSame(serving, this.#serving) || !this.#embedders.has(this.#serving)) return found;
    }
  }

  async versions(after: string | undefined, limit: number): Promise<readonly { id: string; version: number }[]> {
    this.#refuseClosed();
    return this.#ask({ type: "versions", after, limit });
  }

  async status(): Promise<IndexStatus> {
    this.#refuseClosed();
    const { texts, serving, wanted, done } = await this.#ask<IndexState>({ type: "state" });
    const reindexing = isSame(serving, wanted) && done >= texts ? null : { done, of: texts };
    return { texts, embedder: wanted.name, dimension: wanted.dimension, reindexing };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    this.#embedders.stop();
    await this.#reindexing;
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
        await this.#write(group.flatMap(({ changes }) => changes));
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

  async #write(changes: readonly Change[]): Promise<void> {
    const texts = changes.flatMap((change) => ("put" in change ? [embeddable(change.put)] : []));
    const made: Made[] = [];
    const failures: unknown[] = [];
    const makers = isSame(this.#wanted, this.#serving) ? [this.#wanted] : [this.#wanted, this.#serving];
    for (const maker of makers) {
      if (texts.length === 0 || !this.#embedders.has(maker)) continue;
      try {
        made.push(await this.#embedders.embed(maker, texts));
      } catch (cause) {
        failures.push(cause);
      }
    }
    await this.#ask({ type: "write", changes, made });
    for (const cause of failures) {
      this.#isBehind = true;
      this.#tell({ is: "not-embedded", cause });
    }
  }

  async #embedQuery(text: string, isNeeded: boolean): Promise<Made | undefined> {
    if (!this.#embedders.has(this.#serving)) return undefined;
    try {
      return await this.#embedders.embed(this.#serving, [text]);
    } catch (cause) {
      if (!isNeeded) return undefined;
      const message = `${this.#serving.name} could not embed the query`;
      throw isSysError(cause) ? cause : new SysError("EIO", message, { cause, hint: "search by words meanwhile" });
    }
  }

  /** In the background: gives the wanted vectors to texts that lack them. */
  #catchUp(): void {
    if (!this.#isBehind || this.#isClosed) return;
    this.#reindexing ??= this.#reindex().finally(() => {
      this.#reindexing = undefined;
    });
  }

  async #reindex(): Promise<void> {
    try {
      while (!this.#isClosed) {
        const texts = await this.#ask<readonly Waiting[]>({ type: "next" });
        if (texts.length === 0) {
          this.#isBehind = false;
          return;
        }
        if (!this.#embedders.has(this.#wanted)) continue;
        const given = texts.map(({ text }) => text);
        const made = await this.#embedders.embed(this.#wanted, given);
        await this.#ask({ type: "embedded", texts, made });
      }
    } catch (cause) {
      if (!this.#isClosed) this.#tell({ is: "not-embedded", cause });
    }
  }

  async #ask<T>(order: Order): Promise<T> {
    const { value, serving, replaced } = await this.#thread.ask<Told<T>>(order);
    this.#serving = serving;
    if (replaced !== undefined) this.#tell({ is: "replaced", replaced });
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
