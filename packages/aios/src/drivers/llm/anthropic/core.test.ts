import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import type { Situation } from "../../../../test/conformance/core.ts";
import { openUpstream, type Reply, type Script } from "../../../../test/upstream.ts";
import type { DriverContext, DriverEvent } from "../../../kernel/ports.ts";
import { createAnthropicCore } from "./core.ts";

const replies: Record<Situation, Reply> = {
  text: { is: "answer", reasoning: ["I ", "think."] },
  "tool-call": { is: "answer", toolCalls: [{ id: "toolu_1", name: "weather", arguments: '{"city":"Paris"}' }] },
  structured: { is: "answer", pieces: ['{"ci', 'ty":"Lima"}'] },
  endless: { is: "answer", isEndless: true },
  "rate-limited": {
    is: "status",
    status: 429,
    headers: { "retry-after": "1" },
    body: { type: "error", error: { type: "rate_limit_error", message: "slow" } },
  },
  "broken-before": { is: "reset" },
  "broken-after": { is: "answer", breakAfterChunks: 3 },
};

async function open(script: Script) {
  const upstream = await openUpstream(script);
  const core = createAnthropicCore({
    name: "claude",
    endpoint: 0,
    baseUrl: upstream.baseUrl,
    apiKey: "sk-ant-secret",
    keyReference: "env:ANTHROPIC_API_KEY",
    models: [{ id: "m" }],
  });
  return {
    core,
    upstream,
    async [Symbol.asyncDispose]() {
      // The upstream first: closing the core waits for its running calls.
      await upstream[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
    },
  };
}

describeCore("anthropic", async (situation) => {
  const opened = await open(() => replies[situation]);
  return {
    core: opened.core,
    model: "m",
    arrived: () => opened.upstream.requests.length,
    idle: () => opened.upstream.idle(),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
});

test("the key goes into its header, and the version of the protocol with it", async () => {
  await using opened = await open(() => ({ is: "answer" }));
  await chat(opened.core, contextOf("m"), ask("Hi"));
  const [request] = opened.upstream.requests;
  expect(request?.headers).toMatchObject({ "x-api-key": "sk-ant-secret", "anthropic-version": "2023-06-01" });
  expect(request?.path).toBe("/v1/messages");
});

const sent = async (args: ChatArgs): Promise<{ body: Record<string, unknown>; events: readonly DriverEvent[] }> => {
  await using opened = await open(() => ({ is: "answer" }));
  const { events } = await chat(opened.core, contextOf("m"), args);
  return { body: opened.upstream.requests[0]?.body ?? {}, events };
};

test("a conversation with tools, images and thoughts is told in this dialect's words, value by value", async () => {
  const thought = { type: "thinking", thinking: "hm", signature: "s" };
  const messages: Message[] = [
    { role: "system", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "image", url: "data:image/png;base64,AAAA" },
        { type: "file", url: "https://x.test/a.pdf", filename: "a.pdf" },
      ],
    },
    {
      role: "assistant",
      content: "I look.",
      reasoning: "hm",
      reasoningBlocks: [{ dialect: "anthropic", value: thought }],
      toolCalls: [
        { id: "t1", name: "look", arguments: '{"at":1}' },
        { id: "t2", name: "rest", arguments: "" },
      ],
    },
    { role: "tool", callId: "t1", content: "a cat" },
    { role: "tool", callId: "t2", content: "no", isError: true },
    { role: "user", content: "And?" },
  ];
  const tool = { name: "look", description: "Looks", parameters: { type: "object" } };
  const { body } = await sent({
    model: "auto",
    messages,
    tools: [tool],
    toolChoice: "required",
    parallelToolCalls: false,
    maxTokens: 50,
    stop: ["END"],
    temperature: 0.5,
    reasoningEffort: "low",
  });
  expect(body).toEqual({
    model: "m",
    max_tokens: 50,
    system: "Be brief.",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          { type: "document", source: { type: "url", url: "https://x.test/a.pdf" }, title: "a.pdf" },
        ],
      },
      {
        role: "assistant",
        content: [
          thought,
          { type: "text", text: "I look." },
          { type: "tool_use", id: "t1", name: "look", input: { at: 1 } },
          { type: "tool_use", id: "t2", name: "rest", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: "a cat" },
          { type: "tool_result", tool_use_id: "t2", content: "no", is_error: true },
        ],
      },
      { role: "user", content: "And?" },
    ],
    temperature: 0.5,
    stop_sequences: ["END"],
    tools: [{ name: "look", description: "Looks", input_schema: { type: "object" } }],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    output_config: { effort: "low" },
  });
});

test("hints of another dialect, a seed and unsigned thoughts are left out, and it says so first", async () => {
  const { body, events } = await sent({
    model: "auto",
    messages: [
      { role: "user", content: "Hi", name: "ann" },
      { role: "assistant", content: "Hello", reasoning: "hm" },
      { role: "user", content: "Go on" },
    ],
    seed: 7,
    foreign: { dialect: "openai", members: { store: true }, hints: ["store"] },
  });
  const [first] = events;
  expect(first).toMatchObject({ type: "request.adapted" });
  expect(first?.type === "request.adapted" && first.leftOut.toSorted()).toEqual([
    "messages.name",
    "reasoning",
    "seed",
    "store",
  ]);
  expect(Object.keys(body).toSorted()).toEqual(["max_tokens", "messages", "model"]);
});

test.each<[string, Partial<ChatArgs>]>([
  ["what another dialect means", { foreign: { dialect: "openai", members: { logprobs: true } } }],
  ["a penalty", { frequencyPenalty: 1 }],
  ["JSON without a schema", { responseFormat: { type: "json" } }],
  [
    "arguments that are no JSON object",
    { messages: [{ role: "assistant", content: null, toolCalls: [{ id: "t", name: "x", arguments: "[" }] }] },
  ],
])("%s is refused before anything is sent", async (_what, more) => {
  await using opened = await open(() => ({ is: "answer" }));
  await expect(chat(opened.core, contextOf("m"), ask("Hi", more))).rejects.toMatchObject({ code: "EINVAL" });
  expect(opened.upstream.requests).toHaveLength(0);
});

const originalOf = (text: string): NonNullable<DriverContext["original"]> => ({
  dialect: "anthropic",
  body: Buffer.from(text),
  members: JSON.parse(text) as Record<string, unknown>,
});

test.each([true, false])(
  "a client's own bytes go up with model and limit alone replaced, and the answer's come back (streamed: %s)",
  async (stream) => {
    await using opened = await open(() => ({ is: "answer", reasoning: ["hm"] }));
    const text = `{ "model":"claude/m", "max_tokens" : 90, "stream": ${stream}, "x_new":[1.0],\n"messages":[{"role":"user", "content":"h\\u0069"}]}`;
    const context = { ...contextOf("m"), original: originalOf(text) };
    const { events, result } = await chat(opened.core, context, ask("hi", { maxTokens: 50, stream }));
    expect(opened.upstream.requests[0]?.text).toBe(text.replace("claude/m", "m").replace("90", "50"));
    const bytes = events.flatMap((event) => (event.type === "frames" ? [event.bytes] : []));
    const answer = Buffer.concat(bytes).toString();
    if (stream) expect(answer).toMatch(/^event: message_start\n[^]*event: ping[^]*event: message_stop\ndata: .*\n\n$/);
    else expect(JSON.parse(answer)).toMatchObject({ id: "msg_1", content: [{ type: "thinking" }, { type: "text" }] });
    expect(result.message).toMatchObject({ content: "Hello, world.", reasoning: "hm" });
  },
);

test("betas of a request become a header, not a member", async () => {
  await using opened = await open(() => ({ is: "answer" }));
  await chat(
    opened.core,
    contextOf("m"),
    ask("Hi", { foreign: { dialect: "anthropic", members: { betas: ["a", "b"] } } }),
  );
  expect(opened.upstream.requests[0]?.headers["anthropic-beta"]).toBe("a,b");
  expect(opened.upstream.requests[0]?.body).not.toHaveProperty("betas");
});

const event = (json: { type: string; [member: string]: unknown }): string =>
  `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
const start = event({ type: "message_start", message: { id: "msg_1", role: "assistant", usage: { input_tokens: 3 } } });

test("an overloaded upstream that says so inside its stream is asked again, one that breaks after output is not", async () => {
  const overloaded = event({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
  const text = [event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "Hi" } })];
  for (const [writes, code] of [
    [[start, overloaded], "EAGAIN"],
    [[start, ...text, overloaded], "EIO"],
  ] as const) {
    await using opened = await open(() => ({ is: "raw", writes, end: "end" }));
    await expect(chat(opened.core, contextOf("m"), ask("Hi", { stream: true }))).rejects.toMatchObject({ code });
  }
});

test("blocks that the form cannot say stand in the result as they came", async () => {
  const content = [
    { type: "text", text: "I search." },
    { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "x" } },
    { type: "text", text: "Found.", citations: [{ type: "web_search_result_location", url: "https://x.test" }] },
  ];
  const body = { id: "msg_2", type: "message", role: "assistant", content, stop_reason: "pause_turn", usage: {} };
  await using opened = await open(() => ({ is: "status", status: 200, body }));
  const { result } = await chat(opened.core, contextOf("m"), ask("Hi"));
  expect(result).toMatchObject({
    message: { content: "I search.Found." },
    finishReason: "other",
    foreign: { dialect: "anthropic", members: { content, stop_reason: "pause_turn" } },
  });
});

test("what was read from the cache or written to it counts as input, and is told apart", async () => {
  await using opened = await open(() => ({
    is: "answer",
    usage: {
      input_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
      cache_creation: { ephemeral_5m_input_tokens: 13, ephemeral_1h_input_tokens: 7 },
      output_tokens: 9,
    },
  }));
  for (const stream of [true, false]) {
    const { usage } = await chat(opened.core, contextOf("m"), ask("Hi", { stream }));
    expect(usage).toMatchObject({
      inputTokens: 125,
      cachedInputTokens: 100,
      cacheWriteInputTokens: 20,
      cacheWriteHourInputTokens: 7,
      outputTokens: 9,
    });
  }
});

test("limits are read from Anthropic's headers, with the reset as an instant", async () => {
  const headers = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": new Date(Date.now() + 1_200).toISOString(),
    "anthropic-ratelimit-input-tokens-limit": "40000",
    "anthropic-ratelimit-input-tokens-remaining": "39000",
    "anthropic-ratelimit-input-tokens-reset": new Date(Date.now() + 1_500).toISOString(),
  };
  await using opened = await open(() => ({ is: "answer", headers }));
  const { events } = await chat(opened.core, contextOf("m"), ask("Hi"));
  const limits = events.flatMap((each) => (each.type === "limits" ? each.limits : []));
  expect(limits).toMatchObject([
    { bucket: "requests", perMinute: 50, remaining: 49 },
    { bucket: "inputTokens", perMinute: 40_000, remaining: 39_000 },
  ]);
  for (const { resetMs } of limits) expect(resetMs).toBeGreaterThan(0);
  for (const { resetMs } of limits) expect(resetMs).toBeLessThan(2_000);
});

test("tokens are counted by the upstream, without what it does not count", async () => {
  await using opened = await open(() => ({ is: "status", status: 200, body: { input_tokens: 14 } }));
  const { signal } = new AbortController();
  await expect(opened.core.count?.(ask("Hi", { maxTokens: 5, temperature: 1 }), { model: "m", signal })).resolves.toBe(
    14,
  );
  expect(opened.upstream.requests[0]).toMatchObject({
    path: "/v1/messages/count_tokens",
    body: { model: "m", messages: [{ role: "user", content: "Hi" }] },
  });
  expect(opened.upstream.requests[0]?.body).not.toHaveProperty("max_tokens");
});
