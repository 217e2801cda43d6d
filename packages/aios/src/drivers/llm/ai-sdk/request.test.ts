import type { ChatArgs } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { toCallOptions, type ChatTarget } from "./request.ts";

const chat = (args: Partial<ChatArgs>): ChatArgs => ({
  model: "auto",
  messages: [{ role: "user", content: "Hi" }],
  ...args,
});
const target: ChatTarget = { core: "up", provider: "acme.chat", version: "v4", supportedUrls: {} };
const options = (args: Partial<ChatArgs>, more: Partial<ChatTarget> = {}) =>
  toCallOptions(chat(args), { ...target, ...more }).options as Record<string, unknown>;
const failure = (args: Partial<ChatArgs>, more: Partial<ChatTarget> = {}) => {
  try {
    options(args, more);
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
};
const png = "data:image/png;base64,aGk=";

describe("a call in the AI SDK's words", () => {
  test("says every setting that both forms have, with the value that came", () => {
    const said = {
      maxTokens: 7,
      temperature: 0.5,
      topP: 0.9,
      stop: ["END"],
      seed: 3,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      reasoningEffort: "low",
      responseFormat: { type: "json-schema", name: "city", schema: { type: "object" }, description: "A city" },
      tools: [{ name: "weather", description: "Weather", parameters: { type: "object" }, strict: true }],
      toolChoice: { name: "weather" },
    } as const;
    expect(options(said as unknown as Partial<ChatArgs>)).toEqual({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      maxOutputTokens: 7,
      temperature: 0.5,
      topP: 0.9,
      stopSequences: ["END"],
      seed: 3,
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      reasoning: "low",
      responseFormat: { type: "json", name: "city", schema: { type: "object" }, description: "A city" },
      tools: [
        { type: "function", name: "weather", description: "Weather", inputSchema: { type: "object" }, strict: true },
      ],
      toolChoice: { type: "tool", toolName: "weather" },
    });
  });

  test("says a conversation with thoughts, calls and their answers in its order", () => {
    const { prompt } = options({
      messages: [
        {
          role: "developer",
          content: [
            { type: "text", text: "One." },
            { type: "text", text: "Two." },
          ],
        },
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", url: png },
          ],
        },
        {
          role: "assistant",
          content: "I look.",
          reasoning: "hm",
          reasoningBlocks: [
            { dialect: "ai-sdk:acme.chat", value: { text: "hm", providerOptions: { acme: { sig: "s" } } } },
          ],
          toolCalls: [
            { id: "c1", name: "see", arguments: '{"at":1}' },
            { id: "c2", name: "hear", arguments: "" },
          ],
        },
        { role: "tool", callId: "c1", content: "a cat" },
        { role: "tool", callId: "c2", content: [{ type: "text", text: "silence" }], isError: true },
      ],
    });
    expect(prompt).toEqual([
      { role: "system", content: "One." },
      { role: "system", content: "Two." },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", providerOptions: { acme: { sig: "s" } } },
          { type: "text", text: "I look." },
          { type: "tool-call", toolCallId: "c1", toolName: "see", input: { at: 1 } },
          { type: "tool-call", toolCallId: "c2", toolName: "hear", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "c1", toolName: "see", output: { type: "text", value: "a cat" } },
          { type: "tool-result", toolCallId: "c2", toolName: "hear", output: { type: "error-text", value: "silence" } },
        ],
      },
    ]);
  });

  test("carries what only the provider understands at the call, a message, a part and a tool", () => {
    const foreign = { dialect: "ai-sdk", members: { providerOptions: { acme: { cache: true } } } };
    const said = options({
      messages: [{ role: "user", content: [{ type: "text", text: "Hi", foreign }], foreign }],
      tools: [{ name: "t", foreign }],
      foreign: {
        dialect: "ai-sdk",
        members: { ...foreign.members, topK: 4, tools: [{ type: "provider", id: "a.b" }] },
      },
    });
    const own = { providerOptions: { acme: { cache: true } } };
    expect(said).toMatchObject({
      prompt: [{ content: [{ type: "text", ...own }], ...own }],
      tools: [{ name: "t", ...own }, { id: "a.b" }],
      topK: 4,
      ...own,
    });
  });

  test("leaves another dialect's hints out and names them; what that dialect means is refused", () => {
    const hinted = { dialect: "anthropic", members: { cache_control: {}, metadata: {} }, hints: ["cache_control"] };
    const { leftOut } = toCallOptions(
      chat({ messages: [{ role: "user", content: "Hi", foreign: { ...hinted, members: { cache_control: {} } } }] }),
      target,
    );
    expect(leftOut).toEqual(["cache_control"]);
    expect(failure({ foreign: hinted })).toMatchObject({ code: "EINVAL", hint: expect.stringContaining("metadata") });
  });

  test("another model's thoughts stay out, and it is said so", () => {
    const { options: said, leftOut } = toCallOptions(
      chat({
        messages: [
          { role: "assistant", content: "A", reasoning: "hm", reasoningBlocks: [{ dialect: "anthropic", value: {} }] },
        ],
      }),
      target,
    );
    expect(said).toMatchObject({ prompt: [{ content: [{ type: "text", text: "A" }] }] });
    expect(leftOut).toEqual(["reasoning"]);
  });

  test.each<[string, Partial<ChatArgs>]>([
    ["a name", { messages: [{ role: "user", content: "Hi", name: "ann" }] }],
    ["one call at a time", { tools: [{ name: "t" }], parallelToolCalls: false }],
    ["a tool that is not there", { tools: [{ name: "t" }], toolChoice: { name: "u" } }],
    ["an effort of its own", { reasoningEffort: "enormous" }],
    [
      "an address that the model does not fetch",
      {
        messages: [{ role: "user", content: [{ type: "image", url: "http://10.0.0.1/x.png" }] }],
      },
    ],
    ["an answer to no call", { messages: [{ role: "tool", callId: "c9", content: "x" }] }],
    [
      "arguments that are no JSON",
      {
        messages: [{ role: "assistant", content: null, toolCalls: [{ id: "c", name: "t", arguments: "{oops" }] }],
      },
    ],
    [
      "another dialect's part",
      {
        messages: [{ role: "user", content: [{ type: "foreign", dialect: "openai", value: {} }] }],
      },
    ],
    [
      "a way round the bound of the answer",
      {
        foreign: { dialect: "ai-sdk", members: { providerOptions: { acme: { maxCompletionTokens: 9 } } } },
      },
    ],
    ["an unknown member", { foreign: { dialect: "ai-sdk", members: { headers: {} } } }],
  ])("refuses %s with EINVAL that names the core or the fault", (_what, args) => {
    expect(failure(args)).toMatchObject({ code: "EINVAL" });
  });

  test("an address that the provider fetches itself goes as an address, by its media type", () => {
    const supportedUrls = { "image/*": [/^https:\/\/files\.acme\.test\//] };
    const { prompt } = options(
      { messages: [{ role: "user", content: [{ type: "image", url: "https://files.acme.test/a.webp" }] }] },
      { supportedUrls },
    );
    expect(prompt).toMatchObject([
      {
        content: [
          {
            type: "file",
            mediaType: "image/webp",
            data: { type: "url", url: new URL("https://files.acme.test/a.webp") },
          },
        ],
      },
    ]);
  });
});

describe("a provider that adds thinking to the bound of the answer", () => {
  const bedrock = { provider: "amazon-bedrock" };
  const thinking = (budgetTokens: number): Partial<ChatArgs> => ({
    maxTokens: 1_000,
    foreign: { dialect: "ai-sdk", members: { providerOptions: { bedrock: { reasoningConfig: { budgetTokens } } } } },
  });

  test("gets a bound from which the budget of thinking is taken, so that both together keep it", () => {
    expect(options(thinking(600), bedrock)).toMatchObject({ maxOutputTokens: 400 });
    expect(options(thinking(600))).toMatchObject({ maxOutputTokens: 1_000 });
    expect(failure(thinking(1_000), bedrock)).toMatchObject({ code: "EINVAL" });
  });

  test("is not asked for an effort beside a bound, for nothing would hold it", () => {
    expect(failure({ maxTokens: 1_000, reasoningEffort: "high" }, bedrock)).toMatchObject({ code: "EINVAL" });
    expect(options({ reasoningEffort: "high" }, bedrock)).toMatchObject({ reasoning: "high" });
  });
});

describe("an older version of the specification", () => {
  const messages: ChatArgs["messages"] = [
    { role: "user", content: [{ type: "image", url: png }] },
    { role: "assistant", content: null, toolCalls: [{ id: "c", name: "see", arguments: "{}" }] },
    { role: "tool", callId: "c", content: [{ type: "image", url: png }] },
  ];
  const tools = [{ name: "see", strict: true }];

  test.each([
    ["v3", { type: "image-data", data: "aGk=", mediaType: "image/png" }, { strict: true }],
    ["v2", { type: "media", data: "aGk=", mediaType: "image/png" }, {}],
  ] as const)("%s gets bare files and its own words for a tool's image", (version, media, strictness) => {
    const made = toCallOptions(chat({ messages, tools }), { ...target, version });
    const { prompt, tools: told } = made.options as { prompt: { content: object[] }[]; tools: object[] };
    expect(prompt[0]?.content).toEqual([{ type: "file", mediaType: "image/png", data: "aGk=" }]);
    expect(prompt[2]?.content[0]).toMatchObject({ output: { type: "content", value: [media] } });
    expect(told).toEqual([
      { type: "function", name: "see", inputSchema: { type: "object", properties: {} }, ...strictness },
    ]);
    expect(made.leftOut).toEqual("strict" in strictness ? [] : ["strict"]);
  });

  test("refuses an effort of reasoning, which it does not know", () => {
    expect(failure({ reasoningEffort: "low" }, { version: "v3" })).toMatchObject({ code: "EINVAL" });
  });
});
