import type { ChatResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { createAnswer } from "./answer.ts";
import type { WireAnswer, WireMessage } from "./wire.ts";

const place = { core: "up", url: "http://up/v1", model: "m", apiKey: undefined, keyReference: undefined };

function assemble(chunks: readonly WireAnswer[]) {
  const answer = createAnswer({ model: "up/m", idPrefix: "c1", place });
  const deltas: DriverEvent[] = [];
  for (const chunk of chunks) answer.take(chunk, deltas);
  const { result, usage } = answer.result();
  return { deltas, result: result as ChatResult, usage };
}

const delta = (piece: WireMessage): WireAnswer => ({ id: "chatcmpl-1", choices: [{ index: 0, delta: piece }] });
const end = (reason: string): WireAnswer => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const toolPiece = (piece: Record<string, unknown>): WireAnswer => delta({ tool_calls: [piece] });

test.each(["reasoning_content", "reasoning", "thinking"])(
  "reasoning under %s is streamed apart from the text",
  (member) => {
    const { deltas, result } = assemble([delta({ [member]: "hm" }), delta({ content: "yes" }), end("stop")]);
    expect(deltas).toEqual([
      { type: "reasoning.delta", text: "hm" },
      { type: "text.delta", text: "yes" },
    ]);
    expect(result.message).toEqual({ role: "assistant", content: "yes", reasoning: "hm" });
  },
);

test("Mistral's parts are split into reasoning and text", () => {
  const { result } = assemble([
    delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
    delta({ content: [{ type: "text", text: "yes" }] }),
    end("model_length"),
  ]);
  expect(result.message).toMatchObject({ content: "yes", reasoning: "hm" });
  expect(result.finishReason).toBe("length");
});

test("a refusal is streamed and kept", () => {
  const { deltas, result } = assemble([delta({ refusal: "I " }), delta({ refusal: "won't" }), end("stop")]);
  expect(deltas).toHaveLength(2);
  expect(result.message).toEqual({ role: "assistant", content: null, refusal: "I won't" });
});

test("parallel tool calls are told apart by their index, however their pieces interleave", () => {
  const { deltas, result } = assemble([
    toolPiece({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
    toolPiece({ index: 1, id: "b", function: { name: "g", arguments: '{"y"' } }),
    toolPiece({ index: 0, function: { arguments: '{"x":1}' } }),
    toolPiece({ index: 1, id: "", function: { name: null, arguments: ":2}" } }),
    end("tool_calls"),
  ]);
  expect(result.message.toolCalls).toEqual([
    { id: "a", name: "f", arguments: '{"x":1}' },
    { id: "b", name: "g", arguments: '{"y":2}' },
  ]);
  expect(result).toMatchObject({ finishReason: "tool-calls", message: { content: null } });
  expect(deltas).toEqual([
    { type: "tool-call.delta", index: 0, id: "a", name: "f", arguments: "" },
    { type: "tool-call.delta", index: 1, id: "b", name: "g", arguments: '{"y"' },
    { type: "tool-call.delta", index: 0, arguments: '{"x":1}' },
    { type: "tool-call.delta", index: 1, arguments: ":2}" },
  ]);
});

test("without an index, pieces go by their id, else to the last call", () => {
  const { result } = assemble([
    toolPiece({ id: "a", function: { name: "f", arguments: "[" } }),
    toolPiece({ function: { arguments: "]" } }),
    toolPiece({ id: "b", function: { name: "g", arguments: "{" } }),
    toolPiece({ id: "b", function: { arguments: "}" } }),
    end("tool_calls"),
  ]);
  expect(result.message.toolCalls).toEqual([
    { id: "a", name: "f", arguments: "[]" },
    { id: "b", name: "g", arguments: "{}" },
  ]);
});

test("calls that all say index 0 but have ids of their own stay apart", () => {
  const { result } = assemble([
    toolPiece({ index: 0, id: "a", function: { name: "f", arguments: "{}" } }),
    toolPiece({ index: 0, id: "b", function: { name: "g", arguments: "{}" } }),
    end("stop"),
  ]);
  expect(result.message.toolCalls?.map((call) => call.id)).toEqual(["a", "b"]);
  expect(result.finishReason).toBe("tool-calls");
});

test("a call without an id gets one, and arguments that come as an object become their JSON text", () => {
  const { result } = assemble([toolPiece({ index: 0, function: { name: "f", arguments: { x: 1 } } }), end("stop")]);
  expect(result.message.toolCalls).toEqual([{ id: "call_c1_0", name: "f", arguments: '{"x":1}' }]);
});

test("marks on tool calls are kept for clients that must hand them back", () => {
  const { result } = assemble([
    toolPiece({
      index: 0,
      id: "a",
      type: "function",
      function: { name: "f", arguments: "{}" },
      extra_content: { sig: "x" },
    }),
    toolPiece({ index: 1, id: "b", type: "custom", custom: { name: "g", input: "free " } }),
    toolPiece({ index: 1, custom: { input: "text" } }),
    end("tool_calls"),
  ]);
  expect(result.message.toolCalls?.[1]).toEqual({ id: "b", name: "g", arguments: "free text" });
  expect(result.foreign?.members["message"]).toEqual({
    tool_calls: [
      { id: "a", type: "function", function: { name: "f", arguments: "{}" }, extra_content: { sig: "x" } },
      { id: "b", type: "custom", custom: { name: "g", input: "free text" } },
    ],
  });
});

test("members beyond the form are kept: fingerprint, tier, log probabilities over all chunks, annotations", () => {
  const logprob = (token: string) => ({ content: [{ token, logprob: -1 }], refusal: null });
  const { result } = assemble([
    {
      id: "chatcmpl-1",
      system_fingerprint: "fp",
      service_tier: "flex",
      choices: [{ index: 0, delta: { role: "assistant", content: "a" }, logprobs: logprob("a") }],
    },
    { choices: [{ index: 0, delta: { content: "b" }, logprobs: logprob("b") }] },
    { choices: [{ index: 0, delta: { annotations: [1] }, finish_reason: "insufficient_system_resource" }] },
  ]);
  expect(result.upstreamId).toBe("chatcmpl-1");
  expect(result.finishReason).toBe("other");
  expect(result.foreign).toEqual({
    dialect: "openai",
    members: {
      system_fingerprint: "fp",
      service_tier: "flex",
      choice: {
        logprobs: {
          content: [
            { token: "a", logprob: -1 },
            { token: "b", logprob: -1 },
          ],
          refusal: null,
        },
        finish_reason: "insufficient_system_resource",
      },
      message: { annotations: [1] },
    },
  });
});

test.each([
  [
    "OpenAI",
    {
      usage: {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    },
    { inputTokens: 9, cachedInputTokens: 8, cacheWriteInputTokens: 1, outputTokens: 5, reasoningTokens: 3 },
  ],
  [
    "DeepSeek",
    { usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14, prompt_cache_hit_tokens: 4 } },
    { inputTokens: 9, cachedInputTokens: 4, outputTokens: 5 },
  ],
  [
    "xAI, which counts reasoning beside the completion",
    {
      usage: {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 17,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    },
    { outputTokens: 8, reasoningTokens: 3 },
  ],
  [
    "Groq's older streams",
    { x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } },
    { inputTokens: 1, outputTokens: 2 },
  ],
  ["OpenRouter, with its price", { usage: { prompt_tokens: 1, completion_tokens: 2, cost: 0.25 } }, { costUsd: 0.25 }],
])("usage as of %s", (_name, wire: WireAnswer, usage) => {
  expect(assemble([end("stop"), { choices: [], ...wire }]).usage).toMatchObject(usage);
});

test("without usage from the upstream none is made up", () => {
  expect(assemble([delta({ content: "a" }), end("stop")]).usage).toBeUndefined();
});
