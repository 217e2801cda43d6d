import type { ModelSpec } from "../../../kernel/ports.ts";

const positive = (value: unknown): number | undefined =>
  typeof value === "number" && value > 0 && Number.isFinite(value) ? value : undefined;

/** Names under which embedding models are known; rerankers, which have the same families, are not asked for vectors. */
const embeds = /embed|(^|[/_-])(bge|e5|gte|minilm|labse|voyage|paraphrase)([-_.:]|$)/i;
const reranks = /rerank/i;

/** No list says what a model is for: its name has to, unless the configuration does. */
export const withGuess = (model: ModelSpec): ModelSpec =>
  model.serves === undefined && embeds.test(model.id) && !reranks.test(model.id)
    ? { ...model, serves: ["llm.embed"] }
    : model;

interface WireModel {
  id?: unknown;
  /** OpenRouter. */
  context_length?: unknown;
  /** OpenRouter: US dollars per token, as text. */
  pricing?: { prompt?: unknown; completion?: unknown; input_cache_read?: unknown; input_cache_write?: unknown } | null;
  /** vLLM. */
  max_model_len?: unknown;
  /** Groq. */
  context_window?: unknown;
  /** Mistral. */
  max_context_length?: unknown;
  /** Novita. */
  context_size?: unknown;
  /** llama-server. */
  meta?: { n_ctx_train?: unknown } | null;
}

/** Reads the answer to GET /models; undefined when it is not a list of models. */
export function readModels(json: unknown): ModelSpec[] | undefined {
  // Some servers (Together) answer with the bare list.
  const list = Array.isArray(json) ? json : (json as { data?: unknown } | null)?.data;
  if (!Array.isArray(list)) return undefined;
  const models: ModelSpec[] = [];
  for (const wire of list as readonly (WireModel | null)[]) {
    if (typeof wire?.id !== "string" || wire.id === "") continue;
    const contextTokens =
      positive(wire.context_length) ??
      positive(wire.max_model_len) ??
      positive(wire.context_window) ??
      positive(wire.max_context_length) ??
      positive(wire.context_size) ??
      positive(wire.meta?.n_ctx_train);
    models.push(withGuess({ id: wire.id, contextTokens, price: readPrice(wire.pricing) }));
  }
  return models;
}

function readPrice(pricing: WireModel["pricing"]): ModelSpec["price"] {
  const perMillion = (text: unknown): number | undefined => {
    const perToken = typeof text === "string" && text !== "" ? Number(text) : Number.NaN;
    return perToken >= 0 ? perToken * 1e6 : undefined;
  };
  const input = perMillion(pricing?.prompt);
  const output = perMillion(pricing?.completion);
  if (input === undefined || output === undefined) return undefined;
  return {
    input,
    output,
    cachedInput: perMillion(pricing?.input_cache_read),
    cacheWrite: perMillion(pricing?.input_cache_write),
  };
}
