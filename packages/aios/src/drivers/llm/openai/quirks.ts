import type { RateLimitFamily } from "../http/rate-limits.ts";

/** How one upstream differs from OpenAI's chat completions. A configured core may override every member. */
export interface Quirks {
  /** Default base URL; undefined where there is none (a gateway or server of the user's own). */
  readonly baseUrl: string | undefined;
  /** The variable in which people keep its key; undefined where no key is needed. */
  readonly keyName: string | undefined;
  readonly maxTokens: "max_tokens" | "max_completion_tokens";
  /** `ask`: `stream_options.include_usage`; `always`: usage comes unasked and asking is refused. */
  readonly streamUsage: "ask" | "always";
  /** Under which name an earlier answer's reasoning goes back in; undefined: it is left out. */
  readonly reasoningBack: "reasoning_content" | "reasoning" | undefined;
  /** How "call some tool" is spelled, and whether one tool can be named (else the others are withheld and it is required). */
  readonly toolChoice: { readonly required: "required" | "any"; readonly canName: boolean };
  /** The richest `response_format` that it honours. */
  readonly responseFormat: "schema" | "json" | "none";
  readonly seed: "seed" | "random_seed";
  /** Whether it knows the role `developer`; else such messages go as `system`. */
  readonly hasDeveloperRole: boolean;
  /** Members that it answers with 400 or 422; `messages.name` stands for a message's name. Asking for one is EINVAL here. */
  readonly refuses: readonly string[];
  readonly rateLimits: RateLimitFamily;
  /** Serves models that its list does not name. */
  readonly isOpenEnded: boolean;
  /** Has POST /responses too; a request made there and not to be stored goes on as it stands. */
  readonly hasResponses: boolean;
}

/** What a compatible server most likely takes: the older member names, which OpenAI's successors still accept. */
const compatible: Quirks = {
  baseUrl: undefined,
  keyName: undefined,
  // A server that knows only the old name would ignore the new one, and a budget would not hold.
  maxTokens: "max_tokens",
  streamUsage: "ask",
  reasoningBack: undefined,
  toolChoice: { required: "required", canName: true },
  responseFormat: "schema",
  seed: "seed",
  hasDeveloperRole: false,
  refuses: [],
  rateLimits: "perMinute",
  isOpenEnded: false,
  hasResponses: false,
};

const quirksTable = {
  compatible,

  // platform.openai.com/docs/api-reference/chat: max_tokens is deprecated and refused by the reasoning models.
  openai: {
    ...compatible,
    baseUrl: "https://api.openai.com/v1",
    keyName: "OPENAI_API_KEY",
    maxTokens: "max_completion_tokens",
    hasDeveloperRole: true,
    hasResponses: true,
  },

  // Its AI SDK package sends stream_options, max_tokens and json_object only, and reports seed as unsupported.
  // reasoning_content in earlier messages was 400 for deepseek-reasoner and is wanted beside tool calls since V3.2;
  // it is left out here: not verified against the live service. No rate-limit headers are documented.
  deepseek: {
    ...compatible,
    baseUrl: "https://api.deepseek.com/v1",
    keyName: "DEEPSEEK_API_KEY",
    responseFormat: "json",
    refuses: ["seed"],
  },

  // console.groq.com/docs/openai: these four are answered 400, and n must be 1. Reasoning comes as `reasoning`.
  groq: {
    ...compatible,
    baseUrl: "https://api.groq.com/openai/v1",
    keyName: "GROQ_API_KEY",
    maxTokens: "max_completion_tokens",
    refuses: ["logprobs", "top_logprobs", "logit_bias", "messages.name"],
    rateLimits: "tokensOnly",
  },

  // vllm/entrypoints/openai/chat_completion/protocol.py takes both token names; reasoning is `reasoning`
  // (`reasoning_content` in older versions). Default port 8000; a key only with --api-key.
  vllm: { ...compatible, baseUrl: "http://127.0.0.1:8000/v1", keyName: "VLLM_API_KEY", reasoningBack: "reasoning" },

  // novita.ai/docs: create-chat-completion lists stream_options, json_schema, seed, logprobs. tool_choice is not
  // listed there: not verified. Its older base URL is https://api.novita.ai/v3/openai.
  novita: { ...compatible, baseUrl: "https://api.novita.ai/openai/v1", keyName: "NOVITA_API_KEY" },

  // huggingface.js tasks/chat-completion: stream_options, json_schema, tool_choice by name; max_tokens. What a model
  // honours depends on the provider behind the router. `model:provider` names are not in its list.
  huggingface: {
    ...compatible,
    baseUrl: "https://router.huggingface.co/v1",
    keyName: "HF_TOKEN",
    isOpenEnded: true,
  },

  // docs.ollama.com/api/openai-compatibility and openai/openai.go: max_tokens only, json_schema, stream_options,
  // `reasoning` in both directions. Unknown members are ignored there; whether tool_choice is among them depends on
  // the version, so a named tool is made the only one.
  ollama: {
    ...compatible,
    baseUrl: "http://127.0.0.1:11434/v1",
    reasoningBack: "reasoning",
    toolChoice: { required: "required", canName: false },
  },

  // docs.x.ai: max_tokens is deprecated; stop and the penalties are refused by reasoning models only, so they are sent.
  xai: {
    ...compatible,
    baseUrl: "https://api.x.ai/v1",
    keyName: "XAI_API_KEY",
    // docs.x.ai/docs/api-reference: POST /v1/responses, store included.
    hasResponses: true,
    maxTokens: "max_completion_tokens",
  },

  // Its API refuses every unknown member (422 extra_forbidden); seen in public issues: stream_options,
  // max_completion_tokens, reasoning_content and `name` in messages. Usage comes in the last chunk unasked.
  // "any" is its word for required; its AI SDK package withholds the other tools instead of naming one.
  mistral: {
    ...compatible,
    baseUrl: "https://api.mistral.ai/v1",
    keyName: "MISTRAL_API_KEY",
    streamUsage: "always",
    toolChoice: { required: "any", canName: false },
    seed: "random_seed",
    refuses: ["logit_bias", "logprobs", "top_logprobs", "user", "store", "service_tier", "messages.name"],
    rateLimits: "mistral",
  },

  // openrouter.ai/docs: normalises the schema over its providers; `reasoning` in both directions, usage.cost in dollars.
  // What a model honours depends on the provider behind it.
  openrouter: {
    ...compatible,
    baseUrl: "https://openrouter.ai/api/v1",
    keyName: "OPENROUTER_API_KEY",
    reasoningBack: "reasoning",
    isOpenEnded: true,
  },

  // docs.litellm.ai: OpenAI's schema; x-ratelimit-remaining-* pass through or are the virtual key's; a member that
  // the model behind does not take is 400 unless drop_params is set. reasoning_content for every provider.
  litellm: {
    ...compatible,
    baseUrl: "http://127.0.0.1:4000/v1",
    keyName: "LITELLM_API_KEY",
    reasoningBack: "reasoning_content",
    isOpenEnded: true,
  },

  // lmstudio-bug-tracker#670: tool_choice as an object is 400 ("Supported string values: none, auto, required").
  // response_format: json_schema only, by its structured-output page; json_object was not tried.
  "lm-studio": {
    ...compatible,
    baseUrl: "http://127.0.0.1:1234/v1",
    toolChoice: { required: "required", canName: false },
  },

  // tools/server: max_tokens and max_completion_tokens are aliases of n_predict; stream_options.include_usage;
  // reasoning_content; tool_choice as an object silently becomes "auto" (langchain-llama-cpp).
  "llama-server": {
    ...compatible,
    baseUrl: "http://127.0.0.1:8080/v1",
    keyName: "LLAMA_API_KEY",
    reasoningBack: "reasoning_content",
    toolChoice: { required: "required", canName: false },
  },
  // docs.sglang.io: "fully implements the OpenAI API"; default port 30000, reasoning_content, a key only with --api-key.
  // tool_choice by name wants its xgrammar backend: not verified.
  sglang: {
    ...compatible,
    baseUrl: "http://127.0.0.1:30000/v1",
    keyName: "SGLANG_API_KEY",
    reasoningBack: "reasoning_content",
  },
} as const satisfies Record<string, Quirks>;

/** The values of a core's `kind` that this driver serves. */
export type OpenAiKind = keyof typeof quirksTable;

export const openAiKinds = Object.keys(quirksTable) as readonly OpenAiKind[];
export const isOpenAiKind = (kind: string): kind is OpenAiKind => Object.hasOwn(quirksTable, kind);

const isOpenAiHost = (baseUrl: string): boolean => {
  const host = URL.parse(baseUrl)?.hostname ?? "";
  return host.endsWith(".openai.com") || host.endsWith(".openai.azure.com");
};

/** `kind: openai` at another host than OpenAI's means "compatible with it": what the many compatible servers take is sent. */
export function quirksOf(kind: OpenAiKind, baseUrl?: string): Quirks {
  return kind === "openai" && baseUrl !== undefined && !isOpenAiHost(baseUrl) ? compatible : quirksTable[kind];
}
