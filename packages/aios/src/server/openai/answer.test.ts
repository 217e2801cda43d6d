import { noUsage } from "@aiosjs/sdk/protocol";
import type { ChatResult, DeltaEvent, SysEvent } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createAnswer } from "../../drivers/llm/openai/answer.ts";
import type { DriverEvent } from "../../kernel/ports.ts";
import { toAnswer } from "./answer.ts";
import { createChunkWriter } from "./chunks.ts";

const about = { id: "chatcmpl-c1", created: 1_700_000_000 };
const usage = { ...noUsage, inputTokens: 11, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 };
const wireUsage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 3 },
};
const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };

const rich: ChatResult = {
  message: {
    role: "assistant",
    content: "It is a cat.",
    reasoning: "Whiskers.",
    toolCalls: [
      { id: "c1", name: "look", arguments: '{"at":"cat"}' },
      { id: "c2", name: "smell", arguments: "" },
    ],
  },
  finishReason: "tool-calls",
  model: "up/m",
  foreign: {
    dialect: "openai",
    members: {
      system_fingerprint: "fp_1",
      choice: { logprobs: { content: [{ token: "It", logprob: -0.1, bytes: null, top_logprobs: [] }], refusal: null } },
      message: { annotations: [{ type: "url_citation" }] },
    },
  },
};

const completed = (result: ChatResult): Extract<SysEvent, { type: "syscall.completed" }> => ({
  type: "syscall.completed",
  result,
  usage,
  timing,
});

/** The chunks of a stream, and whether it said that it is done. */
function parse(frames: string): { chunks: Record<string, unknown>[]; isDone: boolean } {
  const datas = frames
    .split("\n\n")
    .slice(0, -1)
    .map((frame) => frame.replace(/^data: /, ""));
  const isDone = datas.at(-1) === "[DONE]";
  return {
    isDone,
    chunks: (isDone ? datas.slice(0, -1) : datas).map((text) => JSON.parse(text) as Record<string, unknown>),
  };
}

function stream(deltas: readonly DeltaEvent[], result: ChatResult, includesUsage = false): string {
  const chunks = createChunkWriter({ ...about, includesUsage });
  chunks.model = "up/m";
  return deltas.map((delta) => chunks.delta(delta)).join("") + chunks.completed(completed(result));
}

const place = { core: "up", url: "http://up/v1", model: "m", apiKey: undefined, keyReference: undefined };

/** What the core of the same dialect reads from our stream: the other end of the wire. */
function readBack(frames: string): ChatResult {
  const answer = createAnswer({ model: "up/m", idPrefix: "x", place });
  const out: DriverEvent[] = [];
  for (const chunk of parse(frames).chunks) answer.take(chunk, out);
  return answer.result().result as ChatResult;
}

test("an answer in one piece has all that OpenAI's has, and what its upstream said beyond it", () => {
  expect(toAnswer(rich, { ...about, usage })).toEqual({
    id: "chatcmpl-c1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "up/m",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "It is a cat.",
          refusal: null,
          reasoning_content: "Whiskers.",
          tool_calls: [
            { id: "c1", type: "function", function: { name: "look", arguments: '{"at":"cat"}' } },
            { id: "c2", type: "function", function: { name: "smell", arguments: "" } },
          ],
          annotations: [{ type: "url_citation" }],
        },
        logprobs: { content: [{ token: "It", logprob: -0.1, bytes: null, top_logprobs: [] }], refusal: null },
        finish_reason: "tool_calls",
      },
    ],
    usage: wireUsage,
    system_fingerprint: "fp_1",
  });
});

test("finish reasons are OpenAI's words, and an upstream's own word where it has one", () => {
  const reason = (finishReason: ChatResult["finishReason"], choice?: Record<string, unknown>): unknown => {
    const members = choice ? { foreign: { dialect: "openai", members: { choice } } } : {};
    const answer = toAnswer({ ...rich, ...members, finishReason }, { ...about, usage });
    return (answer["choices"] as { finish_reason: unknown }[])[0]?.finish_reason;
  };
  expect(reason("stop")).toBe("stop");
  expect(reason("length")).toBe("length");
  expect(reason("tool-calls")).toBe("tool_calls");
  expect(reason("content-filter")).toBe("content_filter");
  expect(reason("other")).toBe("stop");
  expect(reason("other", { finish_reason: "eos" })).toBe("eos");
});

test("what an upstream of another dialect said stays out of OpenAI's answer", () => {
  const foreign = { dialect: "anthropic", members: { stop_details: {} } };
  expect(toAnswer({ ...rich, foreign }, { ...about, usage })).not.toHaveProperty("stop_details");
});

test("a stream begins with the role, tells deltas, then why it stopped, and says that it is done", () => {
  const frames = stream(
    [
      { type: "text.delta", text: "It is " },
      { type: "text.delta", text: 'a "cat".\n' },
    ],
    {
      ...rich,
      message: { role: "assistant", content: 'It is a "cat".\n' },
      finishReason: "stop",
      foreign: undefined,
    },
  );
  const { chunks, isDone } = parse(frames);
  expect(isDone).toBe(true);
  const chunk = (delta: object, finish: string | null = null): object => ({
    ...about,
    object: "chat.completion.chunk",
    model: "up/m",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  expect(chunks).toEqual([
    chunk({ role: "assistant", content: "", refusal: null }),
    chunk({ content: "It is " }),
    chunk({ content: 'a "cat".\n' }),
    chunk({}, "stop"),
  ]);
});

test("the usage comes in a chunk of its own, without choices, when it was asked for", () => {
  const { chunks } = parse(stream([{ type: "text.delta", text: "x" }], rich, true));
  expect(chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: wireUsage, model: "up/m" });
  expect(parse(stream([{ type: "text.delta", text: "x" }], rich)).chunks.some((chunk) => "usage" in chunk)).toBe(false);
});

test("a client that reads the stream knows what one who read the whole answer knows", () => {
  const deltas: DeltaEvent[] = [
    { type: "reasoning.delta", text: "Whis" },
    { type: "reasoning.delta", text: "kers." },
    { type: "text.delta", text: "It is a cat." },
    { type: "tool-call.delta", index: 0, id: "c1", name: "look", arguments: "" },
    { type: "tool-call.delta", index: 0, arguments: '{"at":' },
    { type: "tool-call.delta", index: 1, id: "c2", name: "smell", arguments: "" },
    { type: "tool-call.delta", index: 0, arguments: '"cat"}' },
  ];
  expect(readBack(stream(deltas, rich))).toEqual({ ...rich, upstreamId: about.id });
});

test("a core that answers in one piece is streamed all the same", () => {
  expect(readBack(stream([], rich))).toEqual({ ...rich, upstreamId: about.id });
  const refused: ChatResult = {
    message: { role: "assistant", content: null, refusal: "No." },
    finishReason: "stop",
    model: "up/m",
  };
  expect(readBack(stream([], refused)).message.refusal).toBe("No.");
});

test("an answer without a word is still an answer", () => {
  const { chunks } = parse(
    stream([], { message: { role: "assistant", content: null }, finishReason: "stop", model: "up/m" }),
  );
  expect(chunks.map((chunk) => (chunk["choices"] as { delta: object }[])[0]?.delta)).toEqual([
    { role: "assistant", content: "", refusal: null },
    {},
  ]);
});
