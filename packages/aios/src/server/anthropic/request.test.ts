import { chatArgsSchema, isSysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Foreign } from "@aiosjs/sdk/protocol";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorTable } from "./error.ts";
import { hintTable } from "./hints.ts";
import { toMessagesRequest } from "./request.ts";
import { ownSignature } from "./signature.ts";

type Json = Record<string, unknown>;

const requestOf = (body: Json, headers: Record<string, string> = {}) =>
  toMessagesRequest(Buffer.from(JSON.stringify(body)), { headers, needsMaxTokens: true });
const argsOf = (body: Json, headers: Record<string, string> = {}): ChatArgs =>
  chatArgsSchema.parse(requestOf({ max_tokens: 5, ...body }, headers).args);
const messagesOf = (...turns: Json[]): ChatArgs["messages"] => argsOf({ messages: turns }).messages;
const hi = { role: "user", content: "hi" };

test("a whole conversation has its place in the form", () => {
  const { messages } = argsOf({
    system: [{ type: "text", text: "Be short.", cache_control: { type: "ephemeral" } }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "what is this?" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
          { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA==" }, title: "a.pdf" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "let me look", signature: "s1" },
          { type: "redacted_thinking", data: "r1" },
          { type: "text", text: "I look." },
          { type: "tool_use", id: "t1", name: "look", input: { at: "it" } },
          { type: "tool_use", id: "t2", name: "smell", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "a cat" }] },
          { type: "tool_result", tool_use_id: "t2", content: "no nose", is_error: true },
          { type: "text", text: "go on" },
        ],
      },
    ],
  });
  expect(messages).toEqual([
    {
      role: "system",
      content: [
        {
          type: "text",
          text: "Be short.",
          foreign: {
            dialect: "anthropic",
            members: { cache_control: { type: "ephemeral" } },
            hints: ["cache_control"],
          },
        },
      ],
    },
    {
      role: "user",
      content: [
        { type: "text", text: "what is this?" },
        { type: "image", url: "data:image/png;base64,AA==" },
        { type: "file", url: "data:application/pdf;base64,AA==", filename: "a.pdf" },
      ],
    },
    {
      role: "assistant",
      content: [{ type: "text", text: "I look." }],
      toolCalls: [
        { id: "t1", name: "look", arguments: '{"at":"it"}' },
        { id: "t2", name: "smell", arguments: "{}" },
      ],
      reasoning: "let me look",
      reasoningBlocks: [
        { dialect: "anthropic", value: { type: "thinking", thinking: "let me look", signature: "s1" } },
        { dialect: "anthropic", value: { type: "redacted_thinking", data: "r1" } },
      ],
    },
    { role: "tool", callId: "t1", content: [{ type: "text", text: "a cat" }] },
    { role: "tool", callId: "t2", content: "no nose", isError: true },
    { role: "user", content: [{ type: "text", text: "go on" }] },
  ]);
});

test("settings have the form's names", () => {
  const tools = [{ type: "custom", name: "look", input_schema: { type: "object" }, strict: true }];
  expect(
    argsOf({
      messages: [hi],
      max_tokens: 77,
      tools,
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      output_config: { format: { type: "json_schema", schema: { type: "object" } }, effort: "high" },
      stop_sequences: ["END"],
      temperature: 0,
      top_p: 0.5,
      stream: true,
    }),
  ).toEqual({
    model: "auto",
    messages: [hi],
    maxTokens: 77,
    tools: [{ name: "look", parameters: { type: "object" }, strict: true }],
    toolChoice: "required",
    parallelToolCalls: false,
    responseFormat: { type: "json-schema", name: "output", strict: true, schema: { type: "object" } },
    reasoningEffort: "high",
    stop: ["END"],
    temperature: 0,
    topP: 0.5,
    stream: true,
  });
  const older = argsOf({ messages: [hi], output_format: { type: "json_schema", schema: {} } });
  expect(older.responseFormat).toMatchObject({ type: "json-schema", schema: {} });
});

test("what Claude Code adds to each request is hints alone; what changes an answer is none", () => {
  const { foreign } = argsOf(
    {
      messages: [hi],
      metadata: { user_id: "u" },
      thinking: { type: "enabled", budget_tokens: 31_999 },
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    },
    { "anthropic-beta": "interleaved-thinking-2025-05-14, context-management-2025-06-27" },
  );
  expect(foreign?.members["betas"]).toEqual(["interleaved-thinking-2025-05-14", "context-management-2025-06-27"]);
  expect(foreign?.hints?.toSorted()).toEqual(Object.keys(foreign?.members ?? {}).toSorted());
  const strict = argsOf({
    messages: [hi],
    top_k: 3,
    container: "c",
    inference_geo: "eu",
    nobody_knows: 1,
    speed: "fast",
  });
  expect(strict.foreign?.hints).toEqual(["speed"]);
});

test("tools that Anthropic runs stand in the whole list and are no hint", () => {
  const tools = [
    { name: "look", input_schema: { type: "object" } },
    { type: "web_search_20250305", name: "web_search" },
  ];
  const args = argsOf({ messages: [hi], tools });
  expect(args.tools).toEqual([{ name: "look", parameters: { type: "object" } }]);
  expect(args.foreign).toEqual({ dialect: "anthropic", members: { tools } });
});

test.each([
  [
    "text behind a tool call",
    [
      { type: "tool_use", id: "t", name: "f", input: {} },
      { type: "text", text: "x" },
    ],
  ],
  [
    "thinking behind text",
    [
      { type: "text", text: "x" },
      { type: "thinking", thinking: "y", signature: "s" },
    ],
  ],
  ["a server tool", [{ type: "server_tool_use", id: "t", name: "web_search", input: {} }]],
])("a turn whose order or blocks the form cannot keep stays whole and is no hint: %s", (_what, content) => {
  const [, message] = messagesOf(hi, { role: "assistant", content });
  expect(message?.foreign).toEqual({ dialect: "anthropic", members: { content } });
});

test("citations of a turn are no hint, tools called by the model itself are", () => {
  const citations = [{ type: "char_location", cited_text: "x" }];
  const [, message] = messagesOf(hi, {
    role: "assistant",
    content: [
      { type: "text", text: "x", citations },
      { type: "tool_use", id: "t", name: "f", input: {}, caller: { type: "direct" } },
      { type: "tool_use", id: "u", name: "f", input: {}, caller: { type: "code_execution_20250825", tool_id: "s" } },
    ],
  });
  expect(message).toMatchObject({ content: [{ foreign: { members: { citations } } }] });
  const { content, toolCalls } = message as Extract<ChatArgs["messages"][number], { role: "assistant" }>;
  expect((content as { foreign: Foreign }[])[0]?.foreign.hints).toBeUndefined();
  expect(toolCalls?.map(({ foreign }) => foreign?.hints)).toEqual([["caller"], undefined]);
});

test("thoughts of other models are read as thoughts and never handed to an upstream as its own", () => {
  const turn = {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "one", signature: ownSignature },
      { type: "text", text: "x" },
      { type: "thinking", thinking: "two", signature: ownSignature },
      { type: "text", text: "y" },
    ],
  };
  const only = { role: "assistant", content: [turn.content[0]] };
  const { args, original } = requestOf({ max_tokens: 1, messages: [hi, turn, only, hi] });
  const cleaned = { max_tokens: 1, messages: [hi, { ...turn, content: [turn.content[1], turn.content[3]] }, hi] };
  expect(original.members).toEqual(cleaned);
  expect(JSON.parse(Buffer.from(original.body).toString())).toEqual(cleaned);
  expect(args.messages[1]).toEqual({
    role: "assistant",
    content: [
      { type: "text", text: "x" },
      { type: "text", text: "y" },
    ],
    reasoning: "one\n\ntwo",
  });
  const mixed = { role: "assistant", content: [...turn.content, { type: "server_tool_use", id: "s" }] };
  expect(JSON.stringify(requestOf({ max_tokens: 1, messages: [hi, mixed] }))).not.toContain(ownSignature);
  const bytes = Buffer.from('{ "max_tokens": 1.0, "messages": [{"role":"user","content":"hi"}] }');
  expect(toMessagesRequest(bytes, { headers: {}, needsMaxTokens: true }).original.body).toBe(bytes);
});

test("null says the same as leaving out", () => {
  const nothing = {
    system: null,
    tools: null,
    tool_choice: null,
    stop_sequences: null,
    output_config: null,
    top_p: null,
  };
  const text = { type: "text", text: "x", citations: null, cache_control: null };
  expect(argsOf({ ...nothing, thinking: null, stream: null, messages: [{ role: "user", content: [text] }] })).toEqual({
    model: "auto",
    maxTokens: 5,
    messages: [{ role: "user", content: [{ type: "text", text: "x" }] }],
  });
});

test("a request that is only counted names no limit", () => {
  const { args } = toMessagesRequest(Buffer.from(JSON.stringify({ messages: [hi] })), {
    headers: {},
    needsMaxTokens: false,
  });
  expect(args).toEqual({ model: "auto", messages: [hi] });
});

test.each([
  [{ messages: [hi] }, "max_tokens: Field required"],
  [{ max_tokens: 1 }, "messages: Field required"],
  [{ max_tokens: 0, messages: [hi] }, "max_tokens: Input should be greater than or equal to 1"],
  [{ max_tokens: 1, messages: [] }, "messages: at least one message is required"],
  [{ max_tokens: 1, messages: [{ role: "user" }] }, "messages.0.content: Field required"],
  [
    { max_tokens: 1, messages: [{ role: "robot", content: "x" }] },
    'messages.0.role: expected user, assistant or system, got "robot"',
  ],
  [{ max_tokens: 1, messages: [{ ...hi, id: "m1" }] }, "messages.0.id: Extra inputs are not permitted"],
  [
    { max_tokens: 1, messages: [{ role: "user", content: [{ type: "text" }] }] },
    "messages.0.content.0.text: expected a string, got nothing",
  ],
  [
    { max_tokens: 1, messages: [{ role: "user", content: [{ type: "tool_result", content: "x" }] }] },
    "messages.0.content.0.tool_use_id: expected a string, got nothing",
  ],
  [{ max_tokens: 1, messages: [hi], temperature: "hot" }, "temperature: expected a number, got a string"],
  [{ max_tokens: 1, messages: [hi], tools: [{ name: "f" }] }, "tools.0.input_schema: expected an object, got nothing"],
  [
    { max_tokens: 1, messages: [hi], tool_choice: { type: "some" } },
    'tool_choice.type: expected auto, any, tool or none, got "some"',
  ],
])("a wrong request names the member: %j", (body, message) => {
  const taken = (): unknown => requestOf(body as Json);
  expect(taken).toThrow(message);
  try {
    taken();
  } catch (error) {
    expect(isSysError(error) && error.code).toBe("EINVAL");
  }
});

test("the page on dialects lists these hints and these errors, and no others", () => {
  const page = readFileSync(new URL("../../../../../docs/reference/dialects.md", import.meta.url), "utf8");
  const section = page.slice(page.indexOf("\n## Anthropic"));
  const own = section.slice(0, section.indexOf("\n## ", 5) < 0 ? undefined : section.indexOf("\n## ", 5));
  const rowsOf = (title: string): string[] =>
    (own.split(`### ${title}\n`)[1]?.split("\n### ")[0] ?? "")
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .slice(2);
  expect(rowsOf("Hints")).toEqual(
    Object.entries(hintTable).map(([name, { why, only }]) => {
      const value = only === undefined ? "" : `, only as \`${JSON.stringify(only)}\``;
      return `| \`${name}\`${value} | ${why} |`;
    }),
  );
  expect(rowsOf("Errors")).toEqual(
    Object.entries(errorTable).map(([code, { status, type }]) => `| ${code} | ${status} | \`${type}\` |`),
  );
});
