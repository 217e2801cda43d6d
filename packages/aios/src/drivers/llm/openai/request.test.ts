import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { openAiKinds, quirksOf, type OpenAiKind } from "./quirks.ts";
import { toBody } from "./request.ts";

const body = (more: Partial<ChatArgs>, kind: OpenAiKind = "openai") =>
  toBody(
    { model: "auto", messages: [{ role: "user", content: "hi" }], ...more },
    { core: "up", model: "m", quirks: quirksOf(kind) },
  );
const tool = { name: "f", description: "d", parameters: { type: "object" }, strict: true };

test("a whole conversation is said in the dialect", () => {
  const { messages } = body({
    messages: [
      { role: "developer", content: "be brief" },
      {
        role: "user",
        name: "ann",
        content: [
          { type: "text", text: "what is it?" },
          { type: "image", url: "data:,", detail: "low" },
        ],
      },
      { role: "assistant", content: null, toolCalls: [{ id: "a", name: "f", arguments: "{}" }], reasoning: "hm" },
      { role: "tool", callId: "a", content: "42" },
      { role: "assistant", content: "a cat", refusal: null },
    ],
  });
  expect(messages).toEqual([
    { role: "developer", content: "be brief" },
    {
      role: "user",
      name: "ann",
      content: [
        { type: "text", text: "what is it?" },
        { type: "image_url", image_url: { url: "data:,", detail: "low" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "a", content: "42" },
    { role: "assistant", content: "a cat" },
  ]);
});

test("every setting has its member, and what was not asked for is not sent", () => {
  expect(Object.keys(body({})).toSorted()).toEqual(["messages", "model"]);
  expect(
    body({
      stream: true,
      maxTokens: 5,
      temperature: 0,
      topP: 1,
      stop: ["x"],
      seed: 1,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      reasoningEffort: "low",
      tools: [tool],
      toolChoice: { name: "f" },
      parallelToolCalls: false,
      responseFormat: { type: "json-schema", name: "n", schema: { type: "object" }, strict: true },
    }),
  ).toEqual({
    model: "m",
    messages: [{ role: "user", content: "hi" }],
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 5,
    temperature: 0,
    top_p: 1,
    stop: ["x"],
    seed: 1,
    frequency_penalty: 0.1,
    presence_penalty: 0.2,
    reasoning_effort: "low",
    tools: [{ type: "function", function: tool }],
    tool_choice: { type: "function", function: { name: "f" } },
    parallel_tool_calls: false,
    response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
  });
});

test("an output limit reaches every kind under a name it takes", () => {
  for (const kind of openAiKinds) {
    const sent = body({ maxTokens: 5 }, kind);
    expect([sent["max_tokens"], sent["max_completion_tokens"]].filter((value) => value === 5)).toHaveLength(1);
  }
});

test("kind openai at another host is a compatible server and gets the name that all of them take", () => {
  expect(quirksOf("openai", "http://127.0.0.1:8000/v1").maxTokens).toBe("max_tokens");
  expect(quirksOf("openai", "https://api.openai.com/v1").maxTokens).toBe("max_completion_tokens");
  expect(quirksOf("openai", "https://x.openai.azure.com/openai/v1").maxTokens).toBe("max_completion_tokens");
});

test("Mistral is asked in its own words", () => {
  const sent = body({ stream: true, seed: 3, tools: [tool, { name: "g" }], toolChoice: { name: "g" } }, "mistral");
  expect(sent).toMatchObject({ random_seed: 3, tool_choice: "any", tools: [{ function: { name: "g" } }] });
  expect(sent).not.toHaveProperty("stream_options");
  expect(sent).not.toHaveProperty("seed");
});

test.each([
  ["groq", { foreign: { dialect: "openai", members: { logprobs: true } } }, "logprobs"],
  ["mistral", { messages: [{ role: "user", name: "ann", content: "hi" }] }, "name"],
  ["deepseek", { responseFormat: { type: "json-schema", name: "n" } }, "json-schema"],
] as const)("what %s does not take is EINVAL before it is sent", (kind, more, word) => {
  expect(() => body(more as unknown as Partial<ChatArgs>, kind)).toThrowError(
    expect.objectContaining({ code: "EINVAL", message: expect.stringContaining(word) as string }),
  );
});

test("members of the dialect pass as they are, on the request and on messages", () => {
  const members = { logit_bias: { 1: 2 }, service_tier: "flex", stream_options: { include_obfuscation: false } };
  const cached = [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }];
  const sent = body({
    stream: true,
    messages: [{ role: "user", content: "hi", foreign: { dialect: "openai", members: { content: cached } } }],
    foreign: { dialect: "openai", members },
  });
  expect(sent).toMatchObject({
    logit_bias: { 1: 2 },
    service_tier: "flex",
    stream_options: { include_obfuscation: false, include_usage: true },
    messages: [{ role: "user", content: cached }],
  });
});

test("members and parts of another dialect are EINVAL and say which", () => {
  const foreign = { dialect: "anthropic", members: { top_k: 5 } };
  const part = { type: "foreign", dialect: "anthropic", value: {} } as const;
  const refusal = expect.objectContaining({
    code: "EINVAL",
    message: expect.stringContaining("anthropic") as string,
  }) as Error;
  expect(() => body({ foreign })).toThrowError(refusal);
  expect(() => body({ messages: [{ role: "user", content: "hi", foreign }] })).toThrowError(refusal);
  expect(() => body({ messages: [{ role: "user", content: [part] }] })).toThrowError(refusal);
});

test.each(["max_tokens", "max_completion_tokens", "n_predict", "best_of", "model", "stream", "functions"])(
  "a foreign %s cannot get round what the kernel decided",
  (member) => {
    const foreign = { dialect: "openai", members: { [member]: 1_000_000 } };
    expect(() => body({ maxTokens: 5, foreign })).toThrowError(expect.objectContaining({ code: "EINVAL" }) as Error);
  },
);

test("several answers per call are refused, one is the default", () => {
  expect(() => body({ foreign: { dialect: "openai", members: { n: 2 } } })).toThrowError(/one answer/);
  expect(body({ foreign: { dialect: "openai", members: { n: 1 } } })).not.toHaveProperty("n");
});

test("a choice of a tool that is not offered is EINVAL; without tools no choice is sent", () => {
  expect(() => body({ tools: [tool], toolChoice: { name: "g" } })).toThrowError(/not among the tools/);
  expect(body({ tools: [], toolChoice: "auto", parallelToolCalls: true })).toEqual(body({}));
});

/** What another dialect's request is to this one, and what of it was left out. */
const adapted = (more: Partial<ChatArgs>, kind: OpenAiKind = "openai") => {
  const leftOut = new Set<string>();
  const args = { model: "auto", messages: [{ role: "user" as const, content: "hi" }], ...more };
  return { sent: toBody(args, { core: "up", model: "m", quirks: quirksOf(kind) }, leftOut), leftOut: [...leftOut] };
};

test("hints of another dialect are left out wherever they stand, and named; its other members are refused", () => {
  const foreign = (member: string, hints = [member]) => ({ dialect: "anthropic", members: { [member]: 1 }, hints });
  const { sent, leftOut } = adapted({
    foreign: foreign("metadata"),
    messages: [
      { role: "user", content: [{ type: "text", text: "hi", foreign: foreign("cache_control") }] },
      {
        role: "assistant",
        content: null,
        toolCalls: [{ id: "a", name: "f", arguments: "{}", foreign: foreign("caller") }],
        foreign: foreign("phase"),
      },
    ],
    tools: [{ name: "f", foreign: foreign("defer_loading") }],
  });
  expect(sent).toEqual({
    model: "m",
    messages: [
      { role: "user", content: [{ type: "text", text: "hi" }] },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
      },
    ],
    tools: [{ type: "function", function: { name: "f" } }],
  });
  expect(leftOut.toSorted()).toEqual(["cache_control", "caller", "defer_loading", "metadata", "phase"]);
  const refusal = expect.objectContaining({
    code: "EINVAL",
    hint: expect.stringContaining("top_k") as string,
  }) as Error;
  expect(() => adapted({ tools: [{ name: "f", foreign: foreign("top_k", []) }] })).toThrowError(refusal);
  expect(() =>
    adapted({ messages: [{ role: "user", content: [{ type: "text", text: "", foreign: foreign("top_k", []) }] }] }),
  ).toThrowError(refusal);
});

test("a hint that this upstream refuses is left out; what the client meant is refused", () => {
  const foreign = { dialect: "openai", members: { user: "ann", store: true }, hints: ["user", "store"] };
  const { sent, leftOut } = adapted({ foreign }, "mistral");
  expect([sent["user"], sent["store"]]).toEqual([undefined, undefined]);
  expect(leftOut.toSorted()).toEqual(["store", "user"]);
  expect(() => adapted({ foreign: { dialect: "openai", members: { user: "ann" } } }, "mistral")).toThrowError(/user/);
});

test("images and files of a tool's result follow behind all results of the turn", () => {
  const image = { type: "image", url: "data:image/png;base64,AA==" } as const;
  const { sent, leftOut } = adapted({
    messages: [
      { role: "tool", callId: "a", content: [{ type: "text", text: "seen" }, image], isError: false },
      {
        role: "tool",
        callId: "b",
        content: [{ type: "file", url: "data:application/pdf;base64,AA==", filename: "x.pdf" }],
      },
      { role: "user", content: "and?" },
    ],
  });
  expect(sent["messages"]).toEqual([
    { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "seen" }] },
    { role: "tool", tool_call_id: "b", content: "See below." },
    {
      role: "user",
      content: [
        { type: "text", text: "From the result of a:" },
        { type: "image_url", image_url: { url: image.url } },
        { type: "text", text: "From the result of b:" },
        { type: "file", file: { filename: "x.pdf", file_data: "data:application/pdf;base64,AA==" } },
      ],
    },
    { role: "user", content: "and?" },
  ]);
  expect(leftOut).toEqual(["isError"]);
});

test("of thoughts signed for another upstream only the words go on, and only to an upstream that takes them", () => {
  const messages: ChatArgs["messages"] = [
    {
      role: "assistant",
      content: "42",
      reasoning: "hm",
      reasoningBlocks: [{ dialect: "anthropic", value: { type: "thinking", thinking: "hm", signature: "s" } }],
    },
  ];
  expect(adapted({ messages }, "vllm")).toEqual({
    sent: { model: "m", messages: [{ role: "assistant", content: "42", reasoning: "hm" }] },
    leftOut: [],
  });
  expect(adapted({ messages }).leftOut).toEqual(["reasoning"]);
});
