// What the upstream sends, as far as this driver reads it. Nothing here is checked yet: every member is looked at
// before it is used, because compatible servers leave out or rename what they like.

export interface WireUsage {
  prompt_tokens?: unknown;
  completion_tokens?: unknown;
  total_tokens?: unknown;
  prompt_tokens_details?: { cached_tokens?: unknown; cache_write_tokens?: unknown } | null;
  completion_tokens_details?: { reasoning_tokens?: unknown } | null;
  /** DeepSeek. */
  prompt_cache_hit_tokens?: unknown;
  /** OpenRouter: US dollars. */
  cost?: unknown;
}

export interface WireToolCall {
  index?: unknown;
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown } | null;
  /** A custom tool: free text instead of JSON. */
  custom?: { name?: unknown; input?: unknown } | null;
  [member: string]: unknown;
}

/** A message, or a piece of one. */
export interface WireMessage {
  role?: unknown;
  content?: unknown;
  refusal?: unknown;
  tool_calls?: readonly WireToolCall[] | null;
  [member: string]: unknown;
}

export interface WireChoice {
  index?: unknown;
  /** In a stream. */
  delta?: WireMessage | null;
  /** In one piece. */
  message?: WireMessage | null;
  finish_reason?: unknown;
  logprobs?: { content?: unknown; refusal?: unknown } | null;
  /** Moonshot puts it here. */
  usage?: WireUsage | null;
  [member: string]: unknown;
}

/** `chat.completion` and `chat.completion.chunk`. */
export interface WireAnswer {
  id?: unknown;
  choices?: readonly WireChoice[] | null;
  usage?: WireUsage | null;
  /** Older Groq streams. */
  x_groq?: { usage?: WireUsage | null } | null;
  error?: unknown;
  [member: string]: unknown;
}
