import { noUsage } from "@aiosjs/sdk/protocol";
import type { ChatResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { toMessage } from "./answer.ts";
import { ownSignature } from "./signature.ts";

const usage = { ...noUsage, inputTokens: 11, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 };
const plain: ChatResult = {
  message: { role: "assistant", content: "It is a cat." },
  finishReason: "stop",
  model: "up/m",
};
const messageOf = (result: Partial<ChatResult>, stop: string[] = []) =>
  toMessage({ ...plain, ...result }, { call: "c1", usage, stop });
const saying = (message: Partial<ChatResult["message"]>, more: Partial<ChatResult> = {}) =>
  messageOf({ ...more, message: { role: "assistant", content: null, ...message } });

test("an answer of another dialect's core has all that Anthropic's has", () => {
  const message = saying(
    {
      content: "It is a cat.",
      reasoning: "Whiskers.",
      toolCalls: [
        { id: "c1", name: "look", arguments: '{"at":"cat"}' },
        { id: "", name: "smell", arguments: "" },
      ],
    },
    { finishReason: "tool-calls" },
  );
  expect(message).toEqual({
    id: "msg_c1",
    type: "message",
    role: "assistant",
    model: "up/m",
    content: [
      { type: "thinking", thinking: "Whiskers.", signature: ownSignature },
      { type: "text", text: "It is a cat." },
      { type: "tool_use", id: "c1", name: "look", input: { at: "cat" } },
      { type: "tool_use", id: "toolu_c1_1", name: "smell", input: {} },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    stop_details: null,
    usage: {
      input_tokens: 7,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 4,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 3 },
    },
  });
});

test("why a model stopped is told in Anthropic's words", () => {
  const reasonOf = (more: Partial<ChatResult>, stop?: string[]) => messageOf(more, stop)["stop_reason"];
  expect(reasonOf({ finishReason: "stop" })).toBe("end_turn");
  expect(reasonOf({ finishReason: "length" })).toBe("max_tokens");
  expect(reasonOf({ finishReason: "tool-calls" })).toBe("tool_use");
  expect(reasonOf({ finishReason: "content-filter" })).toBe("refusal");
  expect(reasonOf({ finishReason: "other" })).toBe("end_turn");
  expect(saying({ refusal: "No." })).toMatchObject({
    content: [{ type: "text", text: "No." }],
    stop_reason: "refusal",
  });
});

test.each(["stop_reason", "matched_stop"])("a stop sequence is named where the upstream names it: %s", (member) => {
  const said = (value: unknown) =>
    messageOf({ foreign: { dialect: "openai", members: { choice: { [member]: value } } } }, ["END"]);
  expect(said("END")).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "END" });
  // a token's id, or a sequence of the upstream's own
  expect(said(128_009)).toMatchObject({ stop_reason: "end_turn", stop_sequence: null });
  expect(said("</s>")).toMatchObject({ stop_reason: "end_turn", stop_sequence: null });
});

test("what an upstream of this dialect said beyond the form is told as it was, another one's is not", () => {
  const content = [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }];
  const members = {
    content,
    stop_reason: "pause_turn",
    context_management: { applied_edits: [] },
    usage: { cache_creation_input_tokens: 5, service_tier: "priority" },
  };
  const blocks = [{ dialect: "anthropic", value: { type: "redacted_thinking", data: "x" } }];
  const message = { role: "assistant" as const, content: "x", reasoning: "y", reasoningBlocks: blocks };
  expect(messageOf({ finishReason: "other", foreign: { dialect: "anthropic", members } })).toMatchObject({
    content,
    stop_reason: "pause_turn",
    context_management: { applied_edits: [] },
    usage: { input_tokens: 2, cache_creation_input_tokens: 5, cache_read_input_tokens: 4, service_tier: "priority" },
  });
  expect(messageOf({ message })["content"]).toEqual([blocks[0]?.value, { type: "text", text: "x" }]);
  const theirs = [{ dialect: "openai", value: { type: "reasoning" } }];
  expect(
    messageOf({ message: { ...message, reasoningBlocks: theirs }, foreign: { dialect: "openai", members } }),
  ).toMatchObject({
    content: [{ type: "thinking", thinking: "y", signature: ownSignature }, { text: "x" }],
    stop_reason: "end_turn",
  });
});

test("arguments that are no JSON are an error, unless the model was cut off in the middle of them", () => {
  const toolCalls = [{ id: "t", name: "look", arguments: '{"at":' }];
  expect(() => saying({ toolCalls }, { finishReason: "tool-calls" })).toThrow(/called look with arguments that are no/);
  expect(saying({ toolCalls }, { finishReason: "length" })).toMatchObject({
    content: [{ type: "tool_use", input: {} }],
    stop_reason: "max_tokens",
  });
});

test("white space beside tool calls is left out, for it could not be said again", () => {
  const toolCalls = [{ id: "t", name: "look", arguments: "{}" }];
  expect(saying({ content: "\n\n", toolCalls })["content"]).toMatchObject([{ type: "tool_use" }]);
  expect(saying({ content: "\n\n" })["content"]).toEqual([{ type: "text", text: "\n\n" }]);
  expect(saying({ content: "" })["content"]).toEqual([]);
});
