import type { ChatArgs, ChatResult, Problem, Usage } from "@aiosjs/sdk/protocol";
import { sentence } from "../dialect.ts";
import type { Members } from "../openai/fields.ts";
import { outputItems, responseId, statusOf } from "./output.ts";
import type { Item } from "./output.ts";
import { dialect } from "./tables.ts";
import type { KnownTools } from "./tools.ts";

/** A request as its response tells it again, beside what the form says. */
export interface Echo {
  /** Members as they were said. */
  readonly members: Members;
  readonly known: KnownTools;
  /** The first message is `instructions`. */
  readonly hasInstructions: boolean;
  /** Tools that were offered in items, of this response and of those before it. */
  readonly added: readonly unknown[];
}

/** What the journal keeps of it with the call: `door` of the arguments. */
export const toDoor = ({ members, known, hasInstructions, added }: Echo): NonNullable<ChatArgs["door"]> => ({
  dialect,
  members: { said: members, known, hasInstructions, ...(added.length === 0 ? {} : { added }) },
});

/** @returns undefined for a chat that came through another door, or was not to be stored. */
export function echoOf({ door }: Pick<ChatArgs, "door">): Echo | undefined {
  if (door?.dialect !== dialect) return undefined;
  const {
    said,
    known,
    hasInstructions,
    added = [],
  } = door.members as {
    said: Members;
    known: KnownTools;
    hasInstructions: boolean;
    added?: readonly unknown[];
  };
  return { members: said, known, hasInstructions, added };
}

/** How a response stands. */
export type Standing =
  | { readonly is: "queued" | "in_progress" }
  | {
      readonly is: "done";
      readonly result: ChatResult;
      readonly usage: Usage;
      readonly endedAtMs: number;
      readonly output?: readonly Item[];
    }
  | { readonly is: "failed"; readonly problem: Problem; readonly output?: readonly Item[] };

export interface ResponseOf {
  readonly call: string;
  readonly createdAtMs: number;
  readonly args: ChatArgs;
  readonly echo: Echo;
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);

const wireUsage = (usage: Usage): Members => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: {
    cached_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteInputTokens ?? 0,
  },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.inputTokens + usage.outputTokens,
});

/** OpenAI's Response object, whole in every state. */
export function toResponse(about: ResponseOf, standing: Standing): Members {
  const { call, createdAtMs, args, echo } = about;
  const { members } = echo;
  return {
    id: responseId(call),
    object: "response",
    created_at: seconds(createdAtMs),
    background: false,
    ...stateOf(standing, about),
    instructions: echo.hasInstructions ? (args.messages[0]?.content ?? null) : null,
    max_output_tokens: args.maxTokens ?? null,
    max_tool_calls: members["max_tool_calls"] ?? null,
    metadata: members["metadata"] ?? {},
    parallel_tool_calls: args.parallelToolCalls ?? true,
    previous_response_id: members["previous_response_id"] ?? null,
    prompt_cache_key: members["prompt_cache_key"] ?? null,
    reasoning: { effort: null, summary: null, ...(members["reasoning"] as Members | undefined) },
    safety_identifier: members["safety_identifier"] ?? null,
    service_tier: members["service_tier"] ?? "default",
    store: members["store"] ?? true,
    temperature: args.temperature ?? 1,
    text: { format: { type: "text" }, ...(members["text"] as Members | undefined) },
    tool_choice: members["tool_choice"] ?? "auto",
    tools: toolsOf(args, echo.known),
    top_logprobs: 0,
    top_p: args.topP ?? 1,
    truncation: members["truncation"] ?? "disabled",
    user: members["user"] ?? null,
  };
}

function stateOf(standing: Standing, { call, args, echo }: ResponseOf): Members {
  const none = {
    completed_at: null,
    error: null,
    incomplete_details: null,
    model: args.model,
    output: [],
    usage: null,
  };
  switch (standing.is) {
    case "queued":
    case "in_progress":
      return { ...none, status: standing.is };
    case "done": {
      const { result, usage, endedAtMs } = standing;
      const status = statusOf(result.finishReason);
      const output = standing.output ?? outputItems(result, { call, known: echo.known });
      const reason = result.finishReason === "length" ? "max_output_tokens" : "content_filter";
      return {
        ...none,
        status,
        completed_at: status === "completed" ? seconds(endedAtMs) : null,
        incomplete_details: status === "completed" ? null : { reason },
        model: result.model,
        output,
        usage: wireUsage(usage),
      };
    }
    case "failed": {
      const { problem, output = [] } = standing;
      if (problem.code === "ECANCELED") return { ...none, status: "cancelled", output };
      return { ...none, status: "failed", error: { code: codeOf(problem), message: sentence(problem) }, output };
    }
  }
}

/** Agents read these to know whether to try again. */
function codeOf({ code }: Problem): string {
  if (code === "EAGAIN") return "rate_limit_exceeded";
  if (code === "EDQUOT") return "insufficient_quota";
  if (code === "E2BIG") return "context_length_exceeded";
  return code === "EINVAL" ? "invalid_prompt" : "server_error";
}

function toolsOf({ tools = [] }: ChatArgs, known: KnownTools): Item[] {
  return tools.map(({ name, description = null, parameters = null, strict = null, foreign }) => {
    const tool = Object.hasOwn(known, name) ? known[name] : undefined;
    const namespace = tool?.namespace === undefined ? {} : { namespace: tool.namespace };
    const common = { name: tool?.name ?? name, description, ...namespace };
    return tool?.type === "custom"
      ? { type: "custom", ...common, format: { type: "text" }, ...foreign?.members }
      : { type: "function", ...common, parameters, strict, ...foreign?.members };
  });
}
