import type { ChatResult, Usage } from "@aiosjs/sdk/protocol";

/** Our finish reasons in OpenAI's words; `other` is told by the upstream's own word where it gave one. */
export function finishReason(result: ChatResult): string {
  switch (result.finishReason) {
    case "stop":
    case "length":
      return result.finishReason;
    case "tool-calls":
      return "tool_calls";
    case "content-filter":
      return "content_filter";
    case "other":
      return "stop";
  }
}

export const wireUsage = (usage: Usage): Record<string, unknown> => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: {
    cached_tokens: usage.cachedInputTokens,
    ...(usage.cacheWriteInputTokens === undefined ? {} : { cache_write_tokens: usage.cacheWriteInputTokens }),
  },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
});

type Members = Record<string, unknown>;

/**
 * What an upstream of this dialect said beyond the form, by the object that it stood in: the answer, its choice,
 * its message. An upstream of another dialect said nothing that fits here.
 */
export function foreignOf(result: ChatResult): { answer: Members; choice: Members; message: Members } {
  if (result.foreign?.dialect !== "openai") return { answer: {}, choice: {}, message: {} };
  const { choice = {}, message = {}, ...answer } = result.foreign.members;
  return { answer, choice: choice as Members, message: message as Members };
}

const contentOf = (content: ChatResult["message"]["content"]): string | null =>
  content === null || typeof content === "string" ? content : content.map(({ text }) => text).join("");

/** The message of an answer as OpenAI's clients read it. */
export function wireMessage({ message }: ChatResult): Members {
  return {
    role: "assistant",
    content: contentOf(message.content),
    refusal: message.refusal ?? null,
    ...(message.reasoning === undefined ? {} : { reasoning_content: message.reasoning }),
    ...(message.toolCalls === undefined || message.toolCalls.length === 0
      ? {}
      : {
          tool_calls: message.toolCalls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
  };
}

/** The body of an answer that was not streamed. */
export function toAnswer(result: ChatResult, about: { id: string; created: number; usage: Usage }): Members {
  const foreign = foreignOf(result);
  return {
    id: about.id,
    object: "chat.completion",
    created: about.created,
    model: result.model,
    choices: [
      {
        index: 0,
        message: { ...wireMessage(result), ...foreign.message },
        logprobs: null,
        finish_reason: finishReason(result),
        ...foreign.choice,
      },
    ],
    usage: wireUsage(about.usage),
    ...foreign.answer,
  };
}
