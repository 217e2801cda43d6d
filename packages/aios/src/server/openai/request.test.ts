import { chatArgsSchema, isSysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { quirksOf } from "../../drivers/llm/openai/quirks.ts";
import { toBody } from "../../drivers/llm/openai/request.ts";
import { toChatRequest } from "./request.ts";

const hi = { role: "user", content: "hi" };

/** What an upstream of the same dialect gets of a request, and what of it the kernel took. */
function through(body: Record<string, unknown>): Record<string, unknown> {
  const { args } = toChatRequest(body);
  const parsed = chatArgsSchema.parse(args);
  return toBody(parsed, {
    core: "up",
    model: "m",
    quirks: { ...quirksOf("openai", undefined), reasoningBack: "reasoning_content" },
    isOwn: true,
  });
}

const failure = (body: Record<string, unknown>): { message: string; param: unknown } => {
  try {
    toChatRequest(body);
  } catch (error) {
    if (isSysError(error) && error.code === "EINVAL")
      return { message: error.message, param: (error as { param?: unknown }).param };
    throw error;
  }
  throw new Error("it was taken");
};

test("every member that the form knows reaches an upstream of the dialect as it was said", () => {
  const body = {
    model: "m",
    messages: [
      { role: "system", content: "Be short.", name: "rules" },
      { role: "developer", content: [{ type: "text", text: "And kind." }] },
      {
        role: "user",
        name: "ann",
        content: [
          { type: "text", text: "what is this?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
          { type: "file", file: { file_id: "f1" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        reasoning_content: "let me look",
        refusal: "no",
        tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: '{"at":' } }],
      },
      { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "a cat" }] },
      { role: "assistant", content: "A cat." },
    ],
    tools: [
      {
        type: "function",
        function: { name: "look", description: "Look.", parameters: { type: "object" }, strict: true },
      },
      { type: "function", function: { name: "smell" } },
    ],
    tool_choice: { type: "function", function: { name: "look" } },
    parallel_tool_calls: false,
    response_format: {
      type: "json_schema",
      json_schema: { name: "animal", description: "An animal.", schema: { type: "object" }, strict: true },
    },
    max_completion_tokens: 77,
    temperature: 0,
    top_p: 0.5,
    stop: ["\n", "END"],
    seed: -3,
    frequency_penalty: -1,
    presence_penalty: 2,
    reasoning_effort: "minimal",
  };
  expect(through(body)).toEqual(body);
});

test("members that the form does not know reach an upstream of the dialect as they are", () => {
  const body = {
    model: "m",
    messages: [hi],
    logit_bias: { "50256": -100 },
    logprobs: true,
    top_logprobs: 5,
    user: "ann",
    metadata: { a: "b" },
    store: true,
    service_tier: "flex",
    prompt_cache_key: "k",
    verbosity: "low",
    top_k: 3,
    chat_template_kwargs: { enable_thinking: false },
  };
  expect(toChatRequest(body).args.foreign).toEqual({
    dialect: "openai",
    members: Object.fromEntries(Object.entries(body).filter(([name]) => name !== "model" && name !== "messages")),
    // Without these an answer of another dialect's core means the same.
    hints: ["user", "metadata", "store", "service_tier", "prompt_cache_key", "verbosity"],
  });
  expect(through(body)).toEqual(body);
});

test("a member that says what happens anyway is a hint; one that asks for more is not", () => {
  const hintsOf = (body: Record<string, unknown>) => toChatRequest({ messages: [hi], ...body }).args.foreign?.hints;
  expect(hintsOf({ logprobs: false, modalities: ["text"], top_logprobs: 0 })).toEqual([
    "logprobs",
    "modalities",
    "top_logprobs",
  ]);
  expect(hintsOf({ logprobs: true, modalities: ["text", "audio"], top_logprobs: 2, audio: {} })).toBeUndefined();
});

test("a tool's name on its result is a hint, as LangChain says it; on a user's message it is a name", () => {
  const messages = [
    { role: "user", content: "hi", name: "Ann" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c1", content: "done", name: "f", weight: 1 },
  ];
  const { args } = toChatRequest({ model: "m", messages });
  expect(args.messages[0]).toEqual(messages[0]);
  expect(args.messages[2]?.foreign).toEqual({ dialect: "openai", members: { name: "f", weight: 1 }, hints: ["name"] });
  expect(through({ model: "m", messages })).toEqual({ model: "m", messages });
});

test("marks stay with the part, the tool and the call that they were made on", () => {
  const mark = { cache_control: { type: "ephemeral" } };
  const foreign = { dialect: "openai", members: mark, hints: ["cache_control"] };
  const document = { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } };
  const body = {
    model: "m",
    messages: [
      { role: "system", content: [{ type: "text", text: "Be short.", ...mark }] },
      { role: "user", content: [{ ...document, ...mark }, document] },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" }, ...mark }],
      },
    ],
    tools: [{ type: "function", function: { name: "f", tag: 1 }, ...mark }],
    stream_options: { include_usage: true, include_obfuscation: false },
  };
  const { args, includesUsage } = toChatRequest(body);
  const file = { type: "file", url: document.file.file_data, filename: "a.pdf" };
  expect(args.messages).toEqual([
    { role: "system", content: [{ type: "text", text: "Be short.", foreign }] },
    { role: "user", content: [{ ...file, foreign }, file] },
    { role: "assistant", content: null, toolCalls: [{ id: "c1", name: "f", arguments: "{}", foreign }] },
  ]);
  expect(args.tools?.[0]?.foreign).toEqual({
    dialect: "openai",
    members: { ...mark, function: { name: "f", tag: 1 } },
    hints: ["cache_control"],
  });
  expect(includesUsage).toBe(true);
  const { stream_options: options, ...said } = body;
  expect(through(said)).toEqual(said);
  expect(through({ ...said, stream: true, stream_options: options })["stream_options"]).toEqual(options);
});

test("what is said inside messages beyond the form is carried with the message", () => {
  const messages = [
    { role: "system", content: [{ type: "text", text: "Be short.", cache_control: { type: "ephemeral" } }] },
    { role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }], weight: 1 },
    {
      role: "assistant",
      content: [{ type: "refusal", refusal: "no" }],
      reasoning_details: [{ type: "x" }],
      audio: { id: "a1" },
      tool_calls: [
        {
          id: "c1",
          type: "function",
          function: { name: "f", arguments: "{}" },
          extra_content: { google: { thought_signature: "s" } },
        },
        { id: "c2", type: "custom", custom: { name: "g", input: "x = 1" } },
      ],
    },
    { role: "tool", tool_call_id: "c1", name: "f", content: [{ type: "image_url", image_url: { url: "https://x" } }] },
    { role: "tool", tool_call_id: "c2", content: "done" },
  ];
  expect(through({ model: "m", messages })["messages"]).toEqual(messages);
  const [, , assistant] = toChatRequest({ messages }).args.messages;
  expect(assistant).toMatchObject({
    toolCalls: [
      { id: "c1", name: "f" },
      { id: "c2", name: "g", arguments: "x = 1" },
    ],
  });
});

test("tools, choices and formats that are no functions go as they are", () => {
  const body = {
    model: "m",
    messages: [hi],
    tools: [
      { type: "function", function: { name: "f" } },
      { type: "custom", custom: { name: "g" } },
    ],
    tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [] } },
    response_format: { type: "grammar", grammar: "root ::= x" },
  };
  expect(through(body)).toEqual(body);
  expect(toChatRequest(body).args.tools).toEqual([{ name: "f" }]);
});

test("null says the same as leaving out, which is how typed clients send what nobody set", () => {
  const nothing = {
    tools: null,
    tool_choice: null,
    response_format: null,
    max_tokens: null,
    stop: null,
    seed: null,
    n: null,
    stream: null,
    stream_options: null,
    temperature: null,
    user: null,
    functions: null,
    function_call: null,
  };
  const message = {
    role: "assistant",
    content: null,
    refusal: null,
    tool_calls: null,
    audio: null,
    function_call: null,
  };
  expect(toChatRequest({ ...nothing, model: "m", messages: [hi, message] }).args).toEqual({
    model: "m",
    messages: [hi, { role: "assistant", content: null }],
  });
});

test("old and short forms mean what they always meant", () => {
  const { args } = toChatRequest({
    messages: [hi],
    stop: "END",
    max_tokens: 5,
    tools: [],
    n: 1,
    response_format: { type: "json_object" },
  });
  expect(args).toEqual({
    model: "auto",
    messages: [hi],
    stop: ["END"],
    maxTokens: 5,
    responseFormat: { type: "json" },
  });
  expect(toChatRequest({ messages: [hi], max_tokens: 5, max_completion_tokens: 7 }).args.maxTokens).toBe(7);
  expect(toChatRequest({ messages: [hi], response_format: { type: "text" } }).args.responseFormat).toEqual({
    type: "text",
  });
  for (const choice of ["auto", "none", "required"]) {
    const tools = [{ type: "function", function: { name: "look" } }];
    expect(toChatRequest({ messages: [hi], tools, tool_choice: choice }).args.toolChoice).toBe(choice);
  }
});

test("streaming and the usage chunk are the door's business, and the kernel is told that deltas are wanted", () => {
  const plain = toChatRequest({ messages: [hi] });
  expect([plain.isStreamed, plain.includesUsage, plain.args.stream]).toEqual([false, false, undefined]);
  const streamed = toChatRequest({ messages: [hi], stream: true, stream_options: { include_usage: true } });
  expect([streamed.isStreamed, streamed.includesUsage, streamed.args.stream]).toEqual([true, true, true]);
  expect(streamed.args.foreign).toBeUndefined();
});

test.each([
  [{}, "messages", "messages: expected an array, got nothing"],
  [{ messages: [] }, "messages", "messages: expected at least one message"],
  [{ messages: "hi" }, "messages", "messages: expected an array, got a string"],
  [{ messages: [null] }, "messages[0]", "messages[0]: expected an object, got null"],
  [
    { messages: [hi, { role: "user" }] },
    "messages[1].content",
    "messages[1].content: expected a string or an array of parts, got nothing",
  ],
  [
    { messages: [{ role: "user", content: [{ type: "text", text: 1 }] }] },
    "messages[0].content[0].text",
    "messages[0].content[0].text: expected a string, got a number",
  ],
  [
    { messages: [{ role: "user", content: [{ type: "image_url", image_url: "x" }] }] },
    "messages[0].content[0].image_url",
    "messages[0].content[0].image_url: expected an object, got a string",
  ],
  [
    { messages: [{ role: "robot", content: "x" }] },
    "messages[0].role",
    'messages[0].role: expected system, developer, user, assistant or tool, got "robot"',
  ],
  [
    { messages: [{ content: "x" }] },
    "messages[0].role",
    "messages[0].role: expected system, developer, user, assistant or tool, got nothing",
  ],
  [
    { messages: [{ role: "function", name: "f", content: "x" }] },
    "messages[0].role",
    "messages[0].role: function messages are not spoken here",
  ],
  [
    { messages: [{ role: "tool", content: "x" }] },
    "messages[0].tool_call_id",
    "messages[0].tool_call_id: expected a string, got nothing",
  ],
  [
    { messages: [{ role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: {} } }] }] },
    "messages[0].tool_calls[0].function.arguments",
    "messages[0].tool_calls[0].function.arguments: expected a string, got an object",
  ],
  [{ messages: [hi], model: 4 }, "model", "model: expected a string, got a number"],
  [{ messages: [hi], model: "" }, "model", "model: expected the name of a model"],
  [{ messages: [hi], temperature: "hot" }, "temperature", "temperature: expected a number, got a string"],
  [{ messages: [hi], seed: 1.5 }, "seed", "seed: expected a whole number, got 1.5"],
  [{ messages: [hi], max_tokens: 0 }, "max_tokens", "max_tokens: expected at least 1, got 0"],
  [{ messages: [hi], n: 2 }, "n", "n: one answer per request, got 2"],
  [{ messages: [hi], stream: "yes" }, "stream", "stream: expected a boolean, got a string"],
  [
    { messages: [hi], stream_options: { include_usage: 1 } },
    "stream_options.include_usage",
    "stream_options.include_usage: expected a boolean, got a number",
  ],
  [{ messages: [hi], stop: [1] }, "stop[0]", "stop[0]: expected a string, got a number"],
  [
    { messages: [hi], tools: [{ type: "function", function: { name: "" } }] },
    "tools[0].function.name",
    "tools[0].function.name: a tool needs a name",
  ],
  [
    { messages: [hi], tools: [{ function: { name: "f" } }] },
    "tools[0].type",
    "tools[0].type: expected a string, got nothing",
  ],
  [
    { messages: [hi], tools: [{ type: "function", function: { name: "f", parameters: [] } }] },
    "tools[0].function.parameters",
    "tools[0].function.parameters: expected an object, got an array",
  ],
  [
    { messages: [hi], tool_choice: "some" },
    "tool_choice",
    'tool_choice: expected auto, none, required or a tool, got "some"',
  ],
  [
    { messages: [hi], response_format: { type: "json_schema", json_schema: {} } },
    "response_format.json_schema.name",
    "response_format.json_schema.name: expected a string, got nothing",
  ],
  [{ messages: [hi], functions: [] }, "functions", "functions: this deprecated member is not spoken here"],
  [
    { messages: [hi], function_call: "auto" },
    "function_call",
    "function_call: this deprecated member is not spoken here",
  ],
])("a wrong request names the member: %j", (body, param, message) => {
  expect(failure(body)).toEqual({ param, message });
});
