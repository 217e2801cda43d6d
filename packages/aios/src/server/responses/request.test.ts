import { chatArgsSchema, isSysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { inputItems } from "./input-items.ts";
import { outputItems } from "./output.ts";
import { toResponseRequest } from "./request.ts";
import { memberTable, toolTable } from "./tables.ts";
import { toResponse } from "./response.ts";

const read = (body: Record<string, unknown>): ChatArgs => {
  const { args } = toResponseRequest({ model: "m", ...body });
  chatArgsSchema.parse(args);
  return args;
};
const messagesOf = (...input: unknown[]): unknown => read({ input }).messages;

const failure = (body: Record<string, unknown>): { message: string; param: unknown } => {
  try {
    toResponseRequest(body);
  } catch (error) {
    if (isSysError(error) && error.code === "EINVAL")
      return { message: error.message, param: (error as { param?: unknown }).param };
    throw error;
  }
  throw new Error("it was taken");
};

test("every setting has its place in the form", () => {
  const { door, ...args } = read({
    instructions: "Be short.",
    input: "hi",
    stream: true,
    max_output_tokens: 7,
    temperature: 0,
    top_p: 0.5,
    parallel_tool_calls: false,
    reasoning: { effort: "low", summary: "auto" },
    text: {
      format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true, description: "d" },
    },
    tools: [{ type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: false }],
    tool_choice: { type: "function", name: "f" },
    truncation: "disabled",
    background: false,
    metadata: { a: "b" },
    include: ["reasoning.encrypted_content"],
  });
  expect(args).toEqual({
    model: "m",
    messages: [
      { role: "system", content: "Be short." },
      { role: "user", content: "hi" },
    ],
    stream: true,
    maxTokens: 7,
    temperature: 0,
    topP: 0.5,
    parallelToolCalls: false,
    reasoningEffort: "low",
    responseFormat: { type: "json-schema", name: "n", schema: { type: "object" }, strict: true, description: "d" },
    tools: [{ name: "f", description: "d", parameters: { type: "object" }, strict: false }],
    toolChoice: { name: "f" },
  });
  expect(door?.dialect).toBe("openai-responses");
});

test("what is not to be stored leaves nothing of the door's on record", () => {
  expect(read({ input: "hi", store: false })).toEqual({ model: "m", messages: [{ role: "user", content: "hi" }] });
});

test("reasoning, text and calls of a turn are one message, and results are messages of their own", () => {
  expect(
    messagesOf(
      { role: "user", content: [{ type: "input_text", text: "hi" }] },
      { type: "reasoning", id: "r", summary: [{ type: "summary_text", text: "so" }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "one", annotations: [] }], id: "x" },
      { type: "reasoning", id: "r2", summary: [], content: [{ type: "reasoning_text", text: "then" }] },
      { type: "function_call", call_id: "a", name: "f", arguments: "{", status: "completed" },
      { type: "function_call", call_id: "b", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "a", output: "A" },
      { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "B" }] },
      { role: "assistant", content: "two" },
      { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
      { role: "developer", content: "go on" },
    ),
  ).toEqual([
    { role: "user", content: "hi" },
    {
      role: "assistant",
      content: "one",
      reasoning: "so\n\nthen",
      toolCalls: [
        { id: "a", name: "f", arguments: "{" },
        { id: "b", name: "f", arguments: "{}" },
      ],
    },
    { role: "tool", callId: "a", content: "A" },
    { role: "tool", callId: "b", content: "B" },
    { role: "assistant", content: "two" },
    { role: "assistant", content: null, refusal: "no" },
    { role: "developer", content: "go on" },
  ]);
});

test("images and files by their address are parts of the form; those by their id only OpenAI has", () => {
  const url = "data:application/pdf;base64,AA==";
  const byId = { type: "input_image", file_id: "f1", detail: "auto" };
  const content = [
    { type: "input_text", text: "see" },
    { type: "input_image", image_url: "https://x/a.png", detail: "low" },
    { type: "input_file", file_data: url, filename: "a.pdf", detail: "high" },
    { type: "input_file", file_url: "https://x/a.pdf" },
    byId,
    { type: "input_file", file_id: "f2" },
  ];
  const detail = { dialect: "openai-responses", members: { detail: "high" }, hints: ["detail"] };
  const parts = [
    { type: "text", text: "see" },
    { type: "image", url: "https://x/a.png", detail: "low" },
    { type: "file", url, filename: "a.pdf", foreign: detail },
    { type: "file", url: "https://x/a.pdf" },
    { type: "foreign", dialect: "openai-responses", value: byId },
    { type: "foreign", dialect: "openai-responses", value: { type: "input_file", file_id: "f2" } },
  ];
  expect(messagesOf({ role: "user", content })).toEqual([{ role: "user", content: parts }]);
  expect(messagesOf({ type: "function_call_output", call_id: "a", output: content })).toEqual([
    { role: "tool", callId: "a", content: parts },
  ]);
});

test("a custom tool is a function of one text, and its calls and results keep to that", () => {
  const format = { type: "grammar", syntax: "lark", definition: "start: X" };
  const args = read({
    input: [
      { type: "custom_tool_call", call_id: "a", name: "patch", input: "*** a" },
      { type: "custom_tool_call_output", call_id: "a", output: "ok" },
    ],
    tools: [{ type: "custom", name: "patch", description: "d", format }],
    tool_choice: { type: "custom", name: "patch" },
  });
  expect(args.messages).toEqual([
    { role: "assistant", content: null, toolCalls: [{ id: "a", name: "patch", arguments: '{"input":"*** a"}' }] },
    { role: "tool", callId: "a", content: "ok" },
  ]);
  expect(args.tools).toMatchObject([
    {
      name: "patch",
      description: "d",
      parameters: { required: ["input"] },
      foreign: { dialect: "openai-responses", members: { format }, hints: ["format"] },
    },
  ]);
  expect(args.toolChoice).toEqual({ name: "patch" });
});

test("tools of a namespace are called by both names, and told to the client as they were", () => {
  const body = {
    input: "hi",
    tools: [
      { type: "namespace", name: "crm", description: "d", tools: [{ type: "function", name: "find", parameters: {} }] },
    ],
  };
  const { args, echo } = toResponseRequest(body);
  expect(args.tools).toEqual([{ name: "crm__find", parameters: {} }]);
  const message = {
    role: "assistant" as const,
    content: null,
    toolCalls: [{ id: "a", name: "crm__find", arguments: "{}" }],
  };
  const [item] = outputItems({ message, finishReason: "tool-calls" }, { call: "c1", known: echo.known });
  expect(item).toMatchObject({ type: "function_call", call_id: "a", name: "find", namespace: "crm" });
  expect(read({ input: [item] }).messages).toEqual([message]);
});

test("of allowed tools the others are withheld", () => {
  const tools = ["f", "g", "h"].map((name) => ({ type: "function", name }));
  const allowed = [
    { type: "function", name: "g" },
    { type: "function", name: "h" },
  ];
  const { tools: offered, toolChoice } = read({
    input: "hi",
    tools,
    tool_choice: { type: "allowed_tools", mode: "required", tools: allowed },
  });
  expect([offered?.map(({ name }) => name), toolChoice]).toEqual([["g", "h"], "required"]);
});

test("blocks that another upstream signed come back whole through encrypted_content, and a damaged one leaves the words", () => {
  const reasoningBlocks = [
    { dialect: "anthropic", value: { type: "thinking", thinking: "hm", signature: "s" } },
    { dialect: "anthropic", value: { type: "redacted_thinking", data: "d" } },
  ];
  const message = { role: "assistant" as const, content: "42", reasoning: "hm", reasoningBlocks };
  const items = outputItems({ message, finishReason: "stop" }, { call: "c1", known: {} });
  expect(read({ input: items }).messages).toEqual([message]);
  const [reasoning, ...rest] = items;
  const cut = { ...reasoning, encrypted_content: String(reasoning?.["encrypted_content"]).slice(0, 20) };
  expect(read({ input: [cut, ...rest] }).messages).toEqual([{ role: "assistant", content: "42", reasoning: "hm" }]);
});

test("what OpenAI encrypted is kept for OpenAI", () => {
  const item = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
  const [message] = read({ input: [item, { role: "assistant", content: "42" }] }).messages;
  expect(message).toEqual({
    role: "assistant",
    content: "42",
    reasoningBlocks: [{ dialect: "openai-responses", value: item }],
  });
  const answer = { message, finishReason: "stop" } as Pick<ChatResult, "message" | "finishReason">;
  expect(outputItems(answer, { call: "c1", known: {} })[0]).toEqual(item);
});

test("the input that is listed reads as the same messages again", () => {
  const tools = [
    { type: "custom", name: "patch" },
    { type: "function", name: "f" },
  ];
  const input = [
    { role: "user", content: [{ type: "input_image", image_url: "https://x/a.png", detail: "low" }] },
    { type: "reasoning", id: "r", summary: [{ type: "summary_text", text: "so" }] },
    { role: "assistant", content: "one" },
    { type: "custom_tool_call", call_id: "a", name: "patch", input: "x" },
    { type: "function_call", call_id: "b", name: "f", arguments: "{}" },
    { type: "custom_tool_call_output", call_id: "a", output: "A" },
    { type: "function_call_output", call_id: "b", output: [{ type: "input_file", file_url: "https://x/a.pdf" }] },
    { role: "system", content: "go on" },
  ];
  const { args, echo } = toResponseRequest({ input, tools, instructions: "Be short." });
  const listed = inputItems(args, { call: "c1", known: echo.known, hasInstructions: true });
  expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
  expect(listed.map(({ type }) => type)).toEqual(input.map(({ type }) => type ?? "message"));
  expect(read({ input: listed, tools, instructions: "Be short." }).messages).toEqual(args.messages);
});

test("a response is told from the journal as it was told at once", () => {
  const body = {
    model: "m",
    input: "hi",
    instructions: "Be short.",
    metadata: { a: "b" },
    previous_response_id: "resp_c0",
    reasoning: { effort: "low" },
    text: { verbosity: "low" },
    tools: [
      {
        type: "custom",
        name: "patch",
        description: null,
        format: { type: "grammar", syntax: "regex", definition: "x" },
      },
      { type: "function", name: "f", description: "d", parameters: {}, strict: true },
    ],
    tool_choice: { type: "function", name: "f" },
  };
  const { args, echo } = toResponseRequest(body);
  const response = toResponse({ call: "c1", createdAtMs: 1_500, args, echo }, { is: "in_progress" });
  expect(response).toMatchObject({
    id: "resp_c1",
    created_at: 1,
    status: "in_progress",
    instructions: "Be short.",
    metadata: { a: "b" },
    previous_response_id: "resp_c0",
    reasoning: { effort: "low", summary: null },
    text: { format: { type: "text" }, verbosity: "low" },
    tools: body.tools,
    tool_choice: body.tool_choice,
  });
});

// ── The tables, row by row ──────────────────────────────────────────────────

const rows = Object.entries(memberTable);

test.each(rows.filter(([, { fate }]) => fate === "refused"))("%s is refused with its reason", (row, { why }) => {
  const [name = "", value] = row.split(": ");
  const body = { input: "hi", [name]: value === undefined ? { id: "x" } : JSON.parse(value) };
  expect(failure(body)).toEqual({ param: name, message: `${name}: ${why}` });
});

test.each(rows.filter(([, { fate }]) => fate === "hint"))("%s is a hint", (row) => {
  const [path = "", value = "low"] = row.split(": ");
  const [name = "", inner] = path.split(".");
  const { foreign } = read({ input: "hi", [name]: inner === undefined ? value : { [inner]: value } });
  expect(foreign).toEqual({ dialect: "openai-responses", members: { [path]: value }, hints: [path] });
});

test.each(rows.filter(([, { fate }]) => fate === "door"))("%s is done by the door, and no core is told", (name) => {
  const values: Record<string, unknown> = { include: [], store: true };
  expect(read({ input: "hi", [name]: values[name] ?? "x" }).foreign).toBeUndefined();
});

test("a member that is not in the table is carried, and is no hint", () => {
  const { foreign } = read({ input: "hi", top_logprobs: 3, include: ["message.output_text.logprobs"], new_member: 1 });
  expect(foreign).toEqual({
    dialect: "openai-responses",
    members: { top_logprobs: 3, include: ["message.output_text.logprobs"], new_member: 1 },
  });
});

test.each(Object.entries(toolTable).filter(([, { as }]) => as === "refused" || as === "hint"))(
  "a tool of type %s is left out or refused as the table says",
  (type, { as, why }) => {
    const tool = { type, name: "x" };
    if (as === "refused") {
      expect(failure({ input: "hi", tools: [tool] })).toEqual({
        param: "tools[0].type",
        message: `tools[0].type: the tool ${type} ${why}`,
      });
      return;
    }
    const { foreign, tools } = read({ input: "hi", tools: [tool] });
    expect(tools).toBeUndefined();
    expect(foreign).toEqual({
      dialect: "openai-responses",
      members: { [`tools.${type}`]: tool },
      hints: [`tools.${type}`],
    });
  },
);

test.each([
  [{}, "input", "input: expected a text or at least one item"],
  [
    {
      input: [
        { type: "additional_tools", role: "developer", tools: [{ type: "teleport" }] },
        { role: "user", content: "hi" },
      ],
    },
    "input[0].tools[0].type",
    "input[0].tools[0].type: the tool teleport is not known here",
  ],
  [{ input: 4 }, "input", "input: expected an array, got a number"],
  [{ input: [4] }, "input[0]", "input[0]: expected an object, got a number"],
  [
    { input: [{ role: "robot", content: "x" }] },
    "input[0].role",
    'input[0].role: expected user, assistant, system or developer, got "robot"',
  ],
  [
    { input: [{ type: "computer_call" }] },
    "input[0].type",
    'input[0].type: items of type "computer_call" are not read here',
  ],
  [
    { input: [{ type: "function_call", call_id: "a", name: "f" }] },
    "input[0].arguments",
    "input[0].arguments: expected a string, got nothing",
  ],
  [
    { input: [{ role: "user", content: [{ type: "input_file", file_data: "AA==" }] }] },
    "input[0].content[0].file_data",
    "input[0].content[0].file_data: expected a data: address with its media type",
  ],
  [
    { input: [{ role: "system", content: [{ type: "input_image", image_url: "x" }] }] },
    "input[0].content[0]",
    "input[0].content[0]: instructions are text",
  ],
  [{ input: "hi", model: "" }, "model", "model: expected the name of a model"],
  [{ input: "hi", max_output_tokens: 0 }, "max_output_tokens", "max_output_tokens: expected at least 1, got 0"],
  [
    { input: "hi", tool_choice: "some" },
    "tool_choice",
    'tool_choice: expected auto, none, required or a tool, got "some"',
  ],
  [
    { input: "hi", tool_choice: { type: "function", name: "f" } },
    "tool_choice",
    'tool_choice: "f" is not among the tools',
  ],
  [
    { input: "hi", tools: [{ type: "teleport" }] },
    "tools[0].type",
    "tools[0].type: the tool teleport is not known here",
  ],
  [
    {
      input: "hi",
      tools: [
        { type: "function", name: "f" },
        { type: "custom", name: "f" },
      ],
    },
    "tools",
    'tools: two tools are called "f"',
  ],
  [
    { input: "hi", text: { format: { type: "xml" } } },
    "text.format.type",
    'text.format.type: expected text, json_object or json_schema, got "xml"',
  ],
  [{ input: "hi", reasoning: { mode: "pro" } }, "reasoning.mode", "reasoning.mode: is not known here"],
])("a wrong request names the member: %j", (body, param, message) => {
  expect(failure(body)).toEqual({ param, message });
});
