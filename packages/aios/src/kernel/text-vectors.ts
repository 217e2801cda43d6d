import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { EmbedResult, SysEvent } from "@aiosjs/sdk/protocol";
import { asSysError } from "./driver-error.ts";
import { embedTexts } from "./embedding.ts";
import type { AskModel } from "./embedding.ts";
import type { Clock, FindQuery, Found, SearchIndex, Unembedded } from "./ports.ts";
import type { Timer, Timers } from "./timers.ts";

/** Texts of one call, and their characters: some thousand tokens, which a small model on a slow machine reads in seconds. */
const BATCH_TEXTS = 64;
const BATCH_CHARS = 16_384;
/** Pauses after failures: the first, and the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** Who searches waits so long for the query's vector; words are there at once. */
const QUERY_DEADLINE_MS = 5_000;
/** So long no search waits again for a model that has just failed one. */
const QUERY_PAUSE_MS = 30_000;

/** The model whose vectors texts are found by. */
export interface TextEmbedder {
  /** core/model */
  readonly model: string;
  /** Numbers of a vector, where the model can shorten them. Default: as it makes them. */
  readonly dimension?: number | undefined;
}

interface EmbedRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number | undefined;
}

/** Makes an `llm.embed` for the kernel itself, behind everybody's calls, at the expense of this tenant. */
export type EmbedFor = (tenant: string, request: EmbedRequest) => AsyncIterable<readonly SysEvent[]>;
/** Makes one for who searches, at its expense. @throws SysError as it failed */
export type EmbedNested = (request: EmbedRequest, quality: { deadlineMs: number }) => Promise<unknown>;

interface TextVectorsOptions {
  readonly embedder: TextEmbedder | undefined;
  readonly index: () => Promise<SearchIndex>;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * Has a model make the vectors of an index, of notes or of files: of texts in the background, in batches, with pauses while it
 * fails; of queries as they come. Nothing waits for it: until a text has its vector, words find it.
 */
export class TextVectors {
  readonly #options: TextVectorsOptions;
  #embedFor: EmbedFor | undefined;
  #isRunning = false;
  #isWoken = false;
  #failures = 0;
  #retry: Timer | undefined;
  #trouble: SysError | undefined;
  #progress: { readonly done: number; readonly of: number } | undefined;
  /** Vectors of another length than before, at the last attempt: twice, and the model is another one. */
  #otherDimension: number | undefined;
  /** Tenants that cannot pay, and until when nothing is asked for them. */
  readonly #spent = new Map<string, { untilMs: number; cause: SysError }>();
  #queries: { untilMs: number; cause: SysError } | undefined;

  constructor(options: TextVectorsOptions) {
    this.#options = options;
  }

  /** From here on there is somebody to ask. */
  open(embedFor: EmbedFor): void {
    this.#embedFor = embedFor;
  }

  /** Why texts wait for their vectors; undefined: they do not, or only for their turn. */
  get trouble(): string | undefined {
    return this.#trouble?.message;
  }

  /** How many texts have their vectors, of how many, as the last look was; undefined: none waits. */
  get progress(): { readonly done: number; readonly of: number } | undefined {
    return this.#progress;
  }

  /** There may be texts without vectors. */
  wake(): void {
    if (!this.#options.embedder || !this.#embedFor) return;
    this.#isWoken = true;
    if (this.#retry || this.#isRunning) return;
    this.#isRunning = true;
    void this.#run().then(() => {
      this.#isRunning = false;
      if (this.#isWoken) this.wake();
    });
  }

  async #run(): Promise<void> {
    this.#isWoken = false;
    try {
      const index = await this.#options.index();
      this.#progress = (await index.status()).reindexing ?? undefined;
      for (let [after, given] = [0, 0]; ;) {
        const texts = await index.unembedded(after, BATCH_TEXTS);
        if (texts.length === 0 && given === 0) break;
        // Those that changed behind our back come in another round.
        after = texts.at(-1)?.row ?? 0;
        given = texts.length === 0 ? 0 : given + (await this.#embed(texts, index));
      }
      this.#rest();
    } catch (cause) {
      this.#failed(asSysError(cause, "the embedder"));
    }
  }

  /** Returns how many were not passed over because nobody can pay for them now. */
  async #embed(texts: readonly Unembedded[], index: SearchIndex): Promise<number> {
    let given = 0;
    for (const { tenant, batch } of batches(texts)) {
      if ((this.#spent.get(tenant)?.untilMs ?? 0) > this.#options.clock.nowMs()) continue;
      try {
        await this.#embedBatch(tenant, batch, index);
        given += batch.length;
        this.#failures = 0;
        this.#trouble = undefined;
        this.#spent.delete(tenant);
      } catch (cause) {
        if (!isSysError(cause) || cause.code !== "EDQUOT") throw cause;
        const pauseMs = Math.min(Math.max(cause.retryAfterMs ?? 0, 60_000), LONGEST_PAUSE_MS);
        this.#spent.set(tenant, { untilMs: this.#options.clock.nowMs() + pauseMs, cause });
      }
    }
    return given;
  }

  async #embedBatch(tenant: string, batch: readonly Unembedded[], index: SearchIndex): Promise<void> {
    const { model, dimension } = this.#options.embedder as TextEmbedder;
    const ask: AskModel = async (input) => {
      const request = { model, input, ...(dimension === undefined ? {} : { dimensions: dimension }) };
      let last: SysEvent | undefined;
      for await (const events of this.#embedFor?.(tenant, request) ?? []) last = events.at(-1) ?? last;
      if (last?.type === "syscall.completed") return last.result as EmbedResult;
      const {
        code = "EIO",
        detail = "no answer",
        hint,
        retryAfterMs,
      } = last?.type === "syscall.failed" ? last.error : {};
      throw new SysError(code, detail, { hint, retryAfterMs });
    };
    const form = { model, dimension };
    const vectors = await embedTexts(
      batch.map(({ text }) => text),
      { form, ask },
    );
    const length = vectors.find((vector) => vector !== null)?.length;
    const { dimension: before, reindexing } = await index.status();
    this.#progress = reindexing ?? undefined;
    const isOther = length !== undefined && before !== 0 && length !== before;
    if (isOther && this.#otherDimension !== length) {
      this.#otherDimension = length;
      throw new SysError("EIO", `${model} gave vectors of ${length} dimensions, and of ${before} before`, {
        hint: "if it does so again, everything is embedded anew",
      });
    }
    this.#otherDimension = undefined;
    await index.embedded(batch, vectors);
  }

  /** All that can be embedded now is: what nobody can pay for is tried again later. */
  #rest(): void {
    const [next] = [...this.#spent.values()].toSorted((left, right) => left.untilMs - right.untilMs);
    this.#trouble = next?.cause;
    if (next) this.#again(next.untilMs);
    else this.#progress = undefined;
  }

  #failed(cause: SysError): void {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    this.#trouble = cause;
    this.#again(this.#options.clock.nowMs() + Math.max(pauseMs, cause.retryAfterMs ?? 0));
  }

  #again(atMs: number): void {
    this.#retry?.cancel();
    this.#retry = this.#options.timers.at(atMs, () => {
      this.#retry = undefined;
      this.wake();
    });
  }

  /**
   * Asks the index, with the query's vector where a model has to make it. Where it does not answer words are looked for alone,
   * and `why` says so.
   * @throws SysError as the model did, for a search by vectors alone
   */
  async search(query: FindQuery, embed: EmbedNested): Promise<{ found: readonly Found[]; why?: string }> {
    const index = await this.#options.index();
    for (;;) {
      const { asks } = index;
      if (asks === undefined || query.by === "words") return { found: await index.search(query) };
      const made = await this.#queryVector(query, { index, asks, embed });
      const isMade = !isSysError(made);
      if (!isMade && query.by === "vectors") throw made;
      const found = await index.search(
        isMade && made ? { ...query, vector: { model: asks.model, values: made } } : query,
      );
      // Else another model's vectors serve since, to which this query's cannot be compared.
      if (index.asks?.model === asks.model && index.asks.dimension === asks.dimension)
        return { found, ...(isMade ? {} : { why: `only words were looked for: ${made.message}` }) };
    }
  }

  /** Or why there is none; undefined: there is nothing to compare it with. */
  async #queryVector(
    { text, by }: FindQuery,
    { index, asks, embed }: { index: SearchIndex; asks: NonNullable<SearchIndex["asks"]>; embed: EmbedNested },
  ): Promise<Float32Array | SysError | undefined> {
    const { clock, embedder } = this.#options;
    const { model, dimension } = asks;
    if (dimension === undefined) {
      if ((await index.status()).reindexing === null) return undefined;
      return (
        this.#trouble ?? new SysError("EAGAIN", `${model} has made no vector yet`, { retryAfterMs: FIRST_PAUSE_MS })
      );
    }
    if (by !== "vectors" && this.#queries && this.#queries.untilMs > clock.nowMs()) return this.#queries.cause;
    const isShortened = embedder?.model === model && embedder.dimension !== undefined;
    const request = { model, ...(isShortened ? { dimensions: dimension } : {}) };
    try {
      const ask: AskModel = async (input) =>
        (await embed({ ...request, input }, { deadlineMs: QUERY_DEADLINE_MS })) as EmbedResult;
      const [vector] = await embedTexts([text], { form: { model, dimension }, ask });
      this.#queries = undefined;
      return vector ?? new SysError("EINVAL", `${model} makes no vector of this query`);
    } catch (cause) {
      const error = asSysError(cause, model);
      // What is the caller's own fault, or its own budget, says nothing to others.
      if (error.code !== "EDQUOT" && error.code !== "EACCES" && error.code !== "ECANCELED" && error.code !== "E2BIG")
        this.#queries = { untilMs: clock.nowMs() + QUERY_PAUSE_MS, cause: error };
      return error;
    }
  }
}

/** Texts that go to the model together: those of one tenant, who pays for them. */
function* batches(texts: readonly Unembedded[]): Generator<{ tenant: string; batch: readonly Unembedded[] }> {
  for (const [tenant, own] of Map.groupBy(texts, ({ space }) => space.slice(0, space.indexOf("/")))) {
    let batch: Unembedded[] = [];
    let chars = 0;
    for (const text of own) {
      if (batch.length > 0 && chars + text.text.length > BATCH_CHARS) {
        yield { tenant, batch };
        [batch, chars] = [[], 0];
      }
      batch.push(text);
      chars += text.text.length;
    }
    yield { tenant, batch };
  }
}
