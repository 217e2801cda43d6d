import type { ChatResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { openUpstream, type Script } from "../../../../test/upstream.ts";
import { createOpenAiCore } from "./core.ts";

const reasoning = {
  id: "rs_1",
  type: "reasoning",
  summary: [{ type: "summary_text", text: "hm" }],
  encrypted_content: "gAAA",
};
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "Hello, world.", annotations: [] }],
};
const call = {
  id: "fc_1",
  type: "function_call",
  call_id: "call_1",
  name: "look",
  arguments: '{"at":1}',
  status: "completed",
};
const usage = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 2 },
};
const response = { id: "resp_1", object: "response", status: "completed", output: [reasoning, message, call], usage };

const events = [
  { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
  { type: "response.output_item.added", output_index: 0, item: { ...reasoning, summary: [] } },
  { type: "response.reasoning_summary_text.delta", output_index: 0, delta: "hm" },
  { type: "response.output_item.added", output_index: 1, item: { ...message, content: [] } },
  { type: "response.output_text.delta", output_index: 1, delta: "Hello, " },
  { type: "response.output_text.delta", output_index: 1, delta: "world." },
  { type: "response.output_item.added", output_index: 2, item: { ...call, arguments: "" } },
  { type: "response.function_call_arguments.delta", output_index: 2, delta: '{"at"' },
  { type: "response.function_call_arguments.delta", output_index: 2, delta: ":1}" },
  { type: "response.completed", response },
];
const frame = (each: { type: string }): string => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`;

async function open(script: Script) {
  const upstream = await openUpstream(script);
  const core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "openai",
    // An address of our own is not taken for OpenAI itself.
    quirks: { hasResponses: true },
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
  });
  return {
    core,
    upstream,
    async [Symbol.asyncDispose]() {
      await upstream[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
    },
  };
}

const contextFor = (text: string) => ({
  ...contextOf("m"),
  original: {
    dialect: "openai-responses",
    body: Buffer.from(text),
    members: JSON.parse(text) as Record<string, unknown>,
  },
});
const expected: Partial<ChatResult> = {
  finishReason: "tool-calls",
  upstreamId: "resp_1",
  message: {
    role: "assistant",
    content: "Hello, world.",
    reasoning: "hm",
    reasoningBlocks: [{ dialect: "openai-responses", value: reasoning }],
    toolCalls: [{ id: "call_1", name: "look", arguments: '{"at":1}' }],
  },
};
const cost = { inputTokens: 12, cachedInputTokens: 4, cacheWriteInputTokens: 3, outputTokens: 7, reasoningTokens: 2 };

test("a response that nobody stores goes up and comes down in its own bytes, and is read on the way", async () => {
  const frames = events.map(frame);
  await using opened = await open(() => ({ is: "raw", writes: frames, end: "end" }));
  const text = '{"model":"up/m", "store":false,"stream":true, "max_output_tokens": 90, "input": "h\\u0069"}';
  const told = await chat(opened.core, contextFor(text), ask("hi", { stream: true, maxTokens: 50 }));
  expect(opened.upstream.requests[0]).toMatchObject({
    path: "/v1/responses",
    text: text.replace("up/m", "m").replace("90", "50"),
  });
  const bytes = told.events.flatMap((event) => (event.type === "frames" ? [event.bytes] : []));
  expect(Buffer.concat(bytes).toString()).toBe(frames.join(""));
  expect(told.result).toMatchObject(expected);
  expect(told.usage).toMatchObject(cost);
  expect(told.events.filter(({ type }) => type.endsWith(".delta"))).toEqual([
    { type: "reasoning.delta", text: "hm" },
    { type: "text.delta", text: "Hello, " },
    { type: "text.delta", text: "world." },
    { type: "tool-call.delta", index: 0, id: "call_1", name: "look", arguments: "" },
    { type: "tool-call.delta", index: 0, arguments: '{"at"' },
    { type: "tool-call.delta", index: 0, arguments: ":1}" },
  ]);
});

test("one in one piece, too", async () => {
  await using opened = await open(() => ({ is: "status", status: 200, body: response }));
  const {
    result,
    usage: spent,
    events: told,
  } = await chat(opened.core, contextFor('{"store":false,"input":"hi"}'), ask("hi"));
  expect(result).toMatchObject(expected);
  expect(spent).toMatchObject(cost);
  const [body] = told.flatMap((event) => (event.type === "frames" ? [event.bytes] : []));
  expect(JSON.parse(Buffer.from(body ?? []).toString())).toEqual(response);
});

test("one that is to be stored is asked as a chat: its id must be ours", async () => {
  await using opened = await open(() => ({ is: "answer" }));
  await chat(opened.core, contextFor('{"input":"hi"}'), ask("hi"));
  expect(opened.upstream.requests[0]?.path).toBe("/v1/chat/completions");
});

test("a failed response is an error, and one that failed for want of room is asked again", async () => {
  const failed = (code: string) =>
    frame({ type: "response.failed", response: { status: "failed", error: { code, message: "no" } } } as {
      type: string;
    });
  for (const [code, errno] of [
    ["rate_limit_exceeded", "EAGAIN"],
    ["invalid_prompt", "EIO"],
  ] as const) {
    await using opened = await open(() => ({ is: "raw", writes: [failed(code)], end: "end" }));
    const context = contextFor('{"store":false,"stream":true,"input":"hi"}');
    await expect(chat(opened.core, context, ask("hi", { stream: true }))).rejects.toMatchObject({ code: errno });
  }
});

test("of one that is to be stored, the chat is told what both dialects say alike, and the rest is left out", async () => {
  await using opened = await open(() => ({ is: "answer" }));
  const members = { prompt_cache_key: "k", "text.verbosity": "low" };
  const foreign = { dialect: "openai-responses", members, hints: Object.keys(members) };
  const { events: told } = await chat(opened.core, contextFor('{"input":"hi"}'), ask("hi", { foreign }));
  expect(opened.upstream.requests[0]?.body).toMatchObject({ prompt_cache_key: "k" });
  expect(told[0]).toEqual({ type: "request.adapted", leftOut: ["text.verbosity"] });
});
