import { canonicalJson, meaningOfForeign, meaningOfRequest, piecesOf } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, DeltaEvent, EmbedArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { LaneTable } from "./lane-table.ts";
import { isModelCall } from "./model-call.ts";
import { promptOf } from "./note-recall.ts";
import type { Cache, CacheSettings, Hash, KernelMetrics } from "./ports.ts";

/** Changes whenever a key or an answer means something else than before. */
const FORMAT = "aios:1";

/**
 * Members beyond our form that change an answer and do nothing else. What is not known here may search the web, keep state or
 * cost money: a request that has it is asked anew every time.
 */
const pureMembers = new Set(
  (
    "logprobs top_logprobs logit_bias top_k min_p repetition_penalty verbosity thinking output_config output_format " +
    "prediction modalities"
  ).split(" "),
);

interface CachedAnswer {
  readonly result: ChatResult | EmbedResult;
  readonly events: readonly DeltaEvent[];
}

interface Options {
  readonly hash: Hash;
  readonly lanes: LaneTable;
}

/**
 * Answers that equal requests of the same tenant get again, where equal requests have equal answers. A store that fails is
 * one that has nothing: no call fails or waits for it longer than its driver allows.
 */
export class ResponseCache {
  readonly #options: Options;
  #store: Cache | undefined;
  #settings: CacheSettings | undefined;
  readonly #hits = new Map<string, number>();
  #counts = { hits: 0, misses: 0, failures: 0 };

  constructor(options: Options) {
    this.#options = options;
  }

  /** Undefined: nothing is looked up or kept. */
  use(store: Cache | undefined, settings: CacheSettings | undefined): void {
    this.#store = store;
    this.#settings = store && settings;
  }

  /** Undefined where each request has to be asked. */
  keyOf({ name, args, process }: CallRecord): string | undefined {
    if (!this.#settings || !isModelCall(name)) return undefined;
    const asked = name === "llm.chat" ? promptOf(args as ChatArgs) : (args as EmbedArgs);
    if (name === "llm.chat" && !isRepeatable(asked as ChatArgs, this.#settings)) return undefined;
    const { model } = asked;
    // What the name means now: an alias that points elsewhere after a refresh finds nothing of before.
    const models = this.#modelsOf(name, model);
    if (!models) return undefined;
    const sha256 = this.#options.hash.sha256(canonicalJson([name, models, meaningOfRequest(asked)]));
    return [FORMAT, ...[process.tenant, model.slice(0, 200)].map(encodeURIComponent), sha256].join(":");
  }

  #modelsOf(name: "llm.chat" | "llm.embed", model: string): readonly string[] | undefined {
    try {
      const names = this.#options.lanes.ofModel(model, name).map((lane) => `${lane.driver.name}/${lane.model}`);
      return [...new Set(names)].toSorted();
    } catch {
      // A name that nobody serves: the way of an uncached call says so in full.
      return undefined;
    }
  }

  /** The answer, and the pieces in which a streamed request gets it. Never rejects. */
  async find(key: string, args: unknown): Promise<CachedAnswer | undefined> {
    let kept: ChatResult | EmbedResult | undefined;
    try {
      const text = await this.#store?.get(key);
      if (text !== undefined) kept = JSON.parse(text) as ChatResult | EmbedResult;
    } catch {
      this.#counts.failures++;
      return undefined;
    }
    if (!kept) {
      this.#counts.misses++;
      return undefined;
    }
    const result = { ...kept, isCached: true };
    this.#counts.hits++;
    this.#hits.set(result.model, (this.#hits.get(result.model) ?? 0) + 1);
    const isStreamed = "message" in result && (args as ChatArgs).stream === true;
    return { result, events: isStreamed ? piecesOf(result) : [] };
  }

  /** Keeps an answer that is whole. Nobody waits for it. */
  keep(key: string, result: unknown): void {
    if (!this.#store || !this.#settings || !isWhole(result as ChatResult | EmbedResult)) return;
    const ttlMs = this.#settings.ttlS * 1_000;
    this.#store.set(key, JSON.stringify(result), { ttlMs }).catch(() => void this.#counts.failures++);
  }

  /** Hits by the model that had answered, since the kernel was started. */
  hitsOf(model: string): number {
    return this.#hits.get(model) ?? 0;
  }

  get counts(): NonNullable<KernelMetrics["cache"]> {
    return { ...this.#counts };
  }
}

/**
 * Whether the same answer would do again. At temperature 0 it is what the model says itself. Where any temperature is
 * allowed, requests with tools still need 0: an agent that goes round in a circle gets out of it only by another answer.
 */
function isRepeatable({ temperature, tools, foreign }: ChatArgs, { anyTemperature }: CacheSettings): boolean {
  if (temperature !== 0 && (!anyTemperature || (tools !== undefined && tools.length > 0))) return false;
  return meaningOfForeign(foreign).every((name) => pureMembers.has(name));
}

/** Cut off, filtered or clamped answers are those of one occasion. */
function isWhole(result: ChatResult | EmbedResult): boolean {
  if (!("message" in result)) return true;
  const { finishReason, isClamped } = result;
  return isClamped !== true && (finishReason === "stop" || finishReason === "tool-calls");
}
