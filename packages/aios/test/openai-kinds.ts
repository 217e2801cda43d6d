// Simulations of the servers that speak OpenAI's chat completions, each with what sets it apart: what it refuses, how it
// names and where it puts things. Written from their documentation and public issues (sources in
// src/drivers/llm/openai/quirks.ts), not recorded.
import type { OpenAiKind } from "../src/drivers/llm/openai/quirks.ts";
import type { Situation } from "./conformance/core.ts";
import type { Received, Reply } from "./upstream.ts";

interface Wire {
  /** Members of a request that it answers with an error. */
  readonly refuses: readonly string[];
  /** The status of that refusal. */
  readonly status: 400 | 422;
  /** What `tool_choice` may be beside the words that all know. */
  readonly toolChoice: "by-name" | "words" | "any";
  /** Under which name thoughts come; `parts`: as a list in `content`. */
  readonly reasoning: "reasoning_content" | "reasoning" | "parts";
  /** Where the usage comes in a stream: in a chunk of its own when asked, with the finish reason unasked, or in x_groq. */
  readonly usage: "asked" | "always" | "x_groq";
  readonly counts: Readonly<Record<string, unknown>>;
  /** Whether pieces of tool calls have an index. */
  readonly hasIndex: boolean;
  /** Lines between the events. */
  readonly comment: string;
  readonly headers: Readonly<Record<string, string>>;
}

const counts = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };

const plain: Wire = {
  refuses: [],
  status: 400,
  toolChoice: "by-name",
  reasoning: "reasoning_content",
  usage: "asked",
  counts,
  hasIndex: true,
  comment: "",
  headers: {},
};

const wires: Readonly<Record<OpenAiKind, Wire>> = {
  compatible: plain,
  openai: {
    ...plain,
    // What its reasoning models say to the older name.
    refuses: ["max_tokens"],
    counts: {
      ...counts,
      completion_tokens_details: { reasoning_tokens: 2 },
      prompt_tokens_details: { cached_tokens: 4 },
    },
    headers: {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1s",
    },
  },
  deepseek: {
    ...plain,
    refuses: ["seed"],
    counts: { ...counts, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 8 },
  },
  groq: {
    ...plain,
    refuses: ["logprobs", "top_logprobs", "logit_bias"],
    reasoning: "reasoning",
    usage: "x_groq",
    headers: {
      "x-ratelimit-limit-tokens": "6000",
      "x-ratelimit-remaining-tokens": "5980",
      "x-ratelimit-reset-tokens": "200ms",
    },
  },
  vllm: { ...plain, reasoning: "reasoning" },
  novita: plain,
  huggingface: plain,
  // It sends calls whole, and numbers them.
  ollama: { ...plain, reasoning: "reasoning", usage: "always" },
  // Reasoning is counted beside the completion.
  xai: { ...plain, counts: { ...counts, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 } } },
  mistral: {
    ...plain,
    refuses: ["stream_options", "max_completion_tokens", "seed", "user", "logprobs"],
    status: 422,
    toolChoice: "any",
    reasoning: "parts",
    usage: "always",
    headers: { "x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "59" },
  },
  openrouter: {
    ...plain,
    reasoning: "reasoning",
    counts: { ...counts, cost: 0.0001 },
    comment: ": OPENROUTER PROCESSING\n\n",
  },
  litellm: plain,
  "lm-studio": { ...plain, toolChoice: "words", usage: "always" },
  "llama-server": { ...plain, toolChoice: "words", usage: "always", hasIndex: false },
  sglang: plain,
};

const call = { id: "call_1", name: "weather", arguments: '{"city":"Paris"}' };
const piecesOf: Partial<Record<Situation, readonly string[]>> = {
  structured: ['{"ci', 'ty":"Lima"}'],
  "tool-call": [],
};

/** What the server of this kind answers in a situation. */
export function kindReply(kind: OpenAiKind, situation: Situation, request: Received): Reply {
  const wire = wires[kind];
  const fault = faultOf(wire, request);
  if (fault !== undefined) {
    return { is: "status", status: wire.status, body: { error: { message: fault, type: "invalid_request_error" } } };
  }
  const { headers } = wire;
  switch (situation) {
    case "rate-limited":
      return { is: "status", status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow down" } } };
    case "broken-before":
      return { is: "reset" };
    case "text":
    case "tool-call":
    case "structured":
    case "endless":
    case "broken-after":
      return request.body.stream === true
        ? { ...streamed(wire, situation, request), headers }
        : { is: "status", status: 200, headers, body: whole(wire, situation) };
  }
}

function faultOf({ refuses, toolChoice }: Wire, { body }: Received): string | undefined {
  const refused = refuses.find((member) => Object.hasOwn(body, member));
  if (refused !== undefined) return `${refused}: extra inputs are not permitted`;
  const choice = body["tool_choice"];
  if (typeof choice === "object" && toolChoice !== "by-name") return "tool_choice: expected none, auto or required";
  if (choice === "required" && toolChoice === "any") return "tool_choice: expected auto, none or any";
  return undefined;
}

const toWire = (index: object, text: string, isFirst: boolean): object => ({
  ...index,
  ...(isFirst ? { id: call.id, type: "function" } : {}),
  function: { ...(isFirst ? { name: call.name } : {}), arguments: text },
});

/** Thoughts in the server's own manner. */
const thought = ({ reasoning }: Wire, text: string): object =>
  reasoning === "parts"
    ? { content: [{ type: "thinking", thinking: [{ type: "text", text }] }] }
    : { [reasoning]: text };

function whole(wire: Wire, situation: Situation): object {
  const pieces = piecesOf[situation] ?? ["Hello", ", ", "world", "."];
  const text = pieces.join("");
  const message = {
    role: "assistant",
    ...thought(wire, "I think."),
    content:
      wire.reasoning === "parts"
        ? [
            { type: "thinking", thinking: [{ type: "text", text: "I think." }] },
            { type: "text", text },
          ]
        : text,
    ...(situation === "tool-call" ? { tool_calls: [toWire({}, call.arguments, true)] } : {}),
  };
  const finishReason = situation === "tool-call" ? "tool_calls" : "stop";
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message, finish_reason: finishReason }],
    usage: wire.counts,
  };
}

function streamed(wire: Wire, situation: Situation, { body }: Received): Extract<Reply, { is: "raw" }> {
  const chunk = (delta: object, more: object = {}, finishReason: string | null = null): string =>
    `data: ${JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta, finish_reason: finishReason }],
      ...more,
    })}\n\n`;
  const index = wire.hasIndex ? { index: 0 } : {};
  const half = Math.ceil(call.arguments.length / 2);
  const writes = [
    wire.comment,
    chunk({ role: "assistant", content: "" }),
    chunk(thought(wire, "I ")),
    chunk(thought(wire, "think.")),
    ...(piecesOf[situation] ?? ["Hello", ", ", "world", "."]).map((text) => chunk({ content: text })),
    ...(situation === "tool-call"
      ? [
          chunk({ tool_calls: [toWire(index, call.arguments.slice(0, half), true)] }),
          chunk({ tool_calls: [toWire(index, call.arguments.slice(half), false)] }),
        ]
      : []),
  ].filter((bytes) => bytes !== "");
  if (situation === "endless") return { is: "raw", writes, end: "hang" };
  if (situation === "broken-after") return { is: "raw", writes, end: "reset" };
  const usage = { usage: wire.counts };
  const last = wire.usage === "always" ? usage : wire.usage === "x_groq" ? { x_groq: { id: "req_1", ...usage } } : {};
  writes.push(chunk({}, last, situation === "tool-call" ? "tool_calls" : "stop"));
  const { include_usage: isAsked } = (body["stream_options"] ?? {}) as { include_usage?: boolean };
  if (wire.usage === "asked" && isAsked === true) {
    writes.push(
      `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [], ...usage })}\n\n`,
    );
  }
  return { is: "raw", writes: [...writes, "data: [DONE]\n\n"], end: "end" };
}
