import { isSysError } from "../errors.ts";
import type { SysError } from "../errors.ts";
import type { ResultOf } from "../syscalls/table.ts";

type Models = ResultOf<"llm.models">;

/** Tokens that `model` (`core/model`, a model of one core, an alias) takes, prompt and answer; undefined where nobody knows. */
export function contextTokensOf(model: string, { models, aliases }: Models, depth = 0): number | undefined {
  const named = models.filter(({ id, core }) => id === model || `${core}/${id}` === model);
  const [first] = named;
  if (first) return named.length === 1 ? first.contextTokens : undefined;
  const target: unknown = aliases[model];
  // An alias of several models, or a pattern, says nothing before one has answered. The kernel follows eight steps too.
  return typeof target === "string" && depth < 8 ? contextTokensOf(target, { models, aliases }, depth + 1) : undefined;
}

/**
 * Whether an upstream refused a request because it is too long. Most say so in words only, under a 400: the patterns are those of
 * OpenAI, Anthropic, Gemini, Bedrock, Mistral, Groq, vLLM, SGLang, llama.cpp, Ollama and the simulated core.
 */
export const isContextOverflow = (cause: unknown): cause is SysError =>
  isSysError(cause) && (cause.code === "E2BIG" || (cause.code === "EINVAL" && overflow.test(cause.message)));

const overflow =
  /context[ _-]?(length|window|size|limit)|(maximum|max) context|a context of \d+ tokens|(prompt|input|message)[^.]{0,40} too (long|large)|too many (input )?tokens|(exceed|larger than)[^.]{0,60}(tokens|context)|input token count|reduce the length of the (messages|prompt)/i;
