import { parseExactly, SysError } from "@aiosjs/sdk/protocol";
import type { ChatResult, Usage } from "@aiosjs/sdk/protocol";
import { dialect } from "./hints.ts";
import { ownSignature } from "./signature.ts";

export type Members = Record<string, unknown>;

/** What an upstream of this dialect said beyond the form; one of another dialect said nothing that fits here. */
const foreignOf = (result: ChatResult): Members => (result.foreign?.dialect === dialect ? result.foreign.members : {});

/**
 * Why the model stopped, in Anthropic's words. Whether a stop sequence was the reason only some upstreams of OpenAI's dialect
 * tell: vLLM in `stop_reason`, SGLang in `matched_stop`.
 */
export function stopOf(result: ChatResult, asked: readonly string[]): Members {
  const foreign = foreignOf(result);
  if (foreign["stop_reason"] !== undefined)
    return {
      stop_reason: foreign["stop_reason"],
      stop_sequence: foreign["stop_sequence"] ?? null,
      stop_details: foreign["stop_details"] ?? null,
    };
  const choice = result.foreign?.members["choice"] as Members | undefined;
  const matched = choice?.["stop_reason"] ?? choice?.["matched_stop"];
  const sequence = typeof matched === "string" && asked.includes(matched) ? matched : null;
  const reason = sequence !== null && result.finishReason === "stop" ? "stop_sequence" : reasonOf(result);
  return { stop_reason: reason, stop_sequence: reason === "stop_sequence" ? sequence : null, stop_details: null };
}

function reasonOf({ finishReason, message }: ChatResult): string {
  switch (finishReason) {
    case "length":
      return "max_tokens";
    case "tool-calls":
      return "tool_use";
    case "content-filter":
      return "refusal";
    case "stop":
    case "other":
      return typeof message.refusal === "string" ? "refusal" : "end_turn";
  }
}

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);

/** Anthropic counts apart what was read, what came from the cache and what was written to it; we count all of it as read. */
export function wireUsage(usage: Usage, result?: ChatResult): Members {
  const theirs = (result && (foreignOf(result)["usage"] as Members | undefined)) ?? {};
  const written = usage.cacheWriteInputTokens ?? numberOf(theirs["cache_creation_input_tokens"]);
  const forAnHour = usage.cacheWriteHourInputTokens ?? 0;
  return {
    input_tokens: Math.max(0, usage.inputTokens - usage.cachedInputTokens - written),
    cache_creation_input_tokens: written,
    ...(forAnHour > 0
      ? { cache_creation: { ephemeral_5m_input_tokens: written - forAnHour, ephemeral_1h_input_tokens: forAnHour } }
      : {}),
    cache_read_input_tokens: usage.cachedInputTokens,
    output_tokens: usage.outputTokens,
    ...(usage.reasoningTokens > 0 ? { output_tokens_details: { thinking_tokens: usage.reasoningTokens } } : {}),
    ...theirs,
  };
}

/** The id that the client answers with; a core that gave none gets one that no other call has. */
export const toolIdOf = (id: string | undefined, call: string, index: number): string =>
  id === undefined || id === "" ? `toolu_${call}_${index}` : id;

/**
 * A model's JSON as the object that clients get.
 * @throws SysError EIO when it is no JSON, unless the model was cut off in the middle of it: then it is empty, and
 *   `stop_reason` says why, as with Anthropic's own.
 */
export function inputOf(call: { name: string; arguments: string }, finishReason: ChatResult["finishReason"]): unknown {
  if (call.arguments.trim() === "") return {};
  try {
    return parseExactly(call.arguments);
  } catch (cause) {
    if (finishReason === "length") return {};
    throw new SysError("EIO", `the model called ${call.name} with arguments that are no JSON`, {
      cause,
      hint: "send the request again, or name a model that calls tools better",
    });
  }
}

const textsOf = (content: ChatResult["message"]["content"]): string[] => {
  if (content === null) return [];
  return typeof content === "string" ? [content] : content.map(({ text }) => text);
};

/** The blocks of an answer, in the order thinking → text → tool calls unless its upstream told another. */
export function blocksOf(result: ChatResult, call: string): Members[] {
  const { content } = foreignOf(result);
  if (Array.isArray(content)) return content as Members[];
  const { message, finishReason } = result;
  const calls = message.toolCalls ?? [];
  const thoughts = (message.reasoningBlocks ?? [])
    .filter((block) => block.dialect === dialect)
    .map(({ value }): Members => value);
  if (thoughts.length === 0 && message.reasoning !== undefined && message.reasoning !== "")
    thoughts.push({ type: "thinking", thinking: message.reasoning, signature: ownSignature });
  return [
    ...thoughts,
    ...[...textsOf(message.content), message.refusal ?? ""]
      .filter((text) => (calls.length > 0 ? text.trim() !== "" : text !== ""))
      .map((text) => ({ type: "text", text })),
    ...calls.map((one, index) => ({
      type: "tool_use",
      id: toolIdOf(one.id, call, index),
      name: one.name,
      input: inputOf(one, finishReason),
    })),
  ];
}

const answerMembers = new Set(["container", "context_management"]);

/** What else its upstream said of the whole answer. */
export const extrasOf = (result: ChatResult): Members =>
  Object.fromEntries(Object.entries(foreignOf(result)).filter(([name]) => answerMembers.has(name)));

export const messageIdOf = (call: string): string => `msg_${call}`;

/** The body of an answer that was not streamed. @throws SysError as `inputOf` does. */
export const toMessage = (
  result: ChatResult,
  about: { call: string; usage: Usage; stop: readonly string[] },
): Members => ({
  id: messageIdOf(about.call),
  type: "message",
  role: "assistant",
  model: result.model,
  content: blocksOf(result, about.call),
  ...stopOf(result, about.stop),
  usage: wireUsage(about.usage, result),
  ...extrasOf(result),
});
