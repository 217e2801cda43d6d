import { cacheWrites } from "@aiosjs/sdk/protocol";
import type { Usage } from "@aiosjs/sdk/protocol";
import type { WireUsage } from "./wire.ts";

const count = (value: unknown): number => (typeof value === "number" && value >= 0 ? value : 0);

/** `prompt_tokens` includes the cached ones; `outputTokens` includes the reasoning, whatever the upstream's habit. */
export function readUsage(wire: WireUsage): Usage {
  const inputTokens = count(wire.prompt_tokens);
  const completion = count(wire.completion_tokens);
  const reasoningTokens = count(wire.completion_tokens_details?.reasoning_tokens);
  // xAI counts reasoning beside the completion, OpenAI inside it: the total tells which.
  const isBeside = reasoningTokens > 0 && count(wire.total_tokens) === inputTokens + completion + reasoningTokens;
  return {
    inputTokens,
    cachedInputTokens: count(wire.prompt_tokens_details?.cached_tokens) || count(wire.prompt_cache_hit_tokens),
    ...cacheWrites(count(wire.prompt_tokens_details?.cache_write_tokens)),
    outputTokens: isBeside ? completion + reasoningTokens : completion,
    reasoningTokens,
    costUsd: count(wire.cost),
    wastedTokens: 0,
  };
}
