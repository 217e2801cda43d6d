import type { ChatResult } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { createAiSdkCore } from "./core.ts";

type Part = Record<string, unknown>;

/** A provider package of one version of the specification: its models answer with what they are given. */
const packageOf = (specificationVersion: string, answer: { parts?: Part[]; whole?: Part }) => ({
  createAcme: () => ({
    languageModel: () => ({
      specificationVersion,
      provider: "acme.chat",
      modelId: "m",
      supportedUrls: {},
      doGenerate: () => Promise.resolve(answer.whole),
      doStream: () => Promise.resolve({ stream: ReadableStream.from(answer.parts ?? []) }),
    }),
  }),
});

const coreOf = (version: string, answer: { parts?: Part[]; whole?: Part }) =>
  createAiSdkCore({ name: "up", endpoint: 0, kind: "ai-sdk", packageName: "acme", module: packageOf(version, answer) });

const said = [
  {
    type: "stream-start",
    warnings: [
      { type: "unsupported", feature: "seed" },
      { type: "other", message: "x" },
    ],
  },
  { type: "response-metadata", id: "r1" },
  { type: "reasoning-start", id: "a" },
  { type: "reasoning-delta", id: "a", delta: "hm" },
  { type: "reasoning-end", id: "a", providerMetadata: { acme: { signature: "s" } } },
  { type: "text-start", id: "b" },
  { type: "text-delta", id: "b", delta: "Hello" },
  { type: "text-end", id: "b" },
  { type: "source", sourceType: "url", id: "s1", url: "https://a.test" },
  { type: "tool-input-start", id: "c1", toolName: "weather" },
  { type: "tool-input-delta", id: "c1", delta: '{"city":' },
  { type: "tool-input-delta", id: "c1", delta: '"Lima"}' },
  { type: "tool-input-end", id: "c1" },
  {
    type: "tool-call",
    toolCallId: "c1",
    toolName: "weather",
    input: '{"city":"Lima"}',
    providerMetadata: { acme: { k: 1 } },
  },
  { type: "tool-call", toolCallId: "c2", toolName: "search", input: "{}", providerExecuted: true },
  { type: "tool-input-start", id: "c3", toolName: "draw", inputEncoding: "text" },
  { type: "tool-input-delta", id: "c3", delta: "a line" },
  { type: "tool-call", toolCallId: "c3", toolName: "draw", input: '"a line"' },
];
const nested = {
  inputTokens: { total: 12, noCache: 8, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 7, text: 5, reasoning: 2 },
};
const flat = { inputTokens: 12, cachedInputTokens: 4, outputTokens: 5, reasoningTokens: 2, totalTokens: 19 };
const ends: Record<string, Part> = {
  v4: { type: "finish", finishReason: { unified: "tool-calls", raw: "TOOL" }, usage: nested },
  v3: { type: "finish", finishReason: { unified: "tool-calls", raw: "TOOL" }, usage: nested },
  // Here the reasoning is counted beside the answer, as the total tells.
  v2: { type: "finish", finishReason: "tool-calls", usage: flat },
};

describe.each(["v4", "v3", "v2"])("a model of specification %s", (version) => {
  test("streams thoughts, text and calls; what only its provider understands stands where it can go back", async () => {
    const core = coreOf(version, { parts: [...said, ends[version] as Part] });
    const { events, result, usage } = await chat(core, contextOf("m"), ask("Hi", { stream: true }));
    expect(events[0]).toEqual({ type: "request.adapted", leftOut: ["seed"] });
    expect(result).toEqual({
      message: {
        role: "assistant",
        content: "Hello",
        reasoning: "hm",
        reasoningBlocks: [
          { dialect: "ai-sdk:acme.chat", value: { text: "hm", providerOptions: { acme: { signature: "s" } } } },
        ],
        toolCalls: [
          {
            id: "c1",
            name: "weather",
            arguments: '{"city":"Lima"}',
            foreign: {
              dialect: "ai-sdk:acme.chat",
              members: { providerOptions: { acme: { k: 1 } } },
              hints: ["providerOptions"],
            },
          },
          { id: "c3", name: "draw", arguments: '"a line"' },
        ],
      },
      finishReason: "tool-calls",
      model: "up/m",
      upstreamId: "r1",
      foreign: { dialect: "ai-sdk:acme.chat", members: { content: [said[8], said[14]] } },
    } satisfies ChatResult);
    expect(usage).toMatchObject({ inputTokens: 12, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 2 });
    // The second specification has no word for what was written to a cache.
    expect(usage?.cacheWriteInputTokens).toBe(version === "v2" ? undefined : 3);
    const pieces = events.filter((event) => event.type === "tool-call.delta" && event.index === 0);
    expect(pieces.map((event) => (event as { arguments: string }).arguments)).toEqual(["", '{"city":', '"Lima"}']);
  });

  test("answers in one piece with the same", async () => {
    const content = [
      { type: "reasoning", text: "hm", providerMetadata: { acme: { signature: "s" } } },
      { type: "text", text: "Hello" },
      { type: "file", mediaType: "image/png", data: new Uint8Array([104, 105]) },
    ];
    const { finishReason, usage: spent } = ends[version] as Part;
    const whole = { content, finishReason, usage: spent, warnings: [], response: { id: "r1" } };
    const { result, usage } = await chat(coreOf(version, { whole }), contextOf("m"), ask("Hi"));
    expect(result.message).toMatchObject({ content: "Hello", reasoning: "hm" });
    expect(result.foreign?.members["content"]).toEqual([{ type: "file", mediaType: "image/png", data: "aGk=" }]);
    expect(usage?.outputTokens).toBe(7);
  });

  test("a stream that ends without saying why is broken off, never a short answer", async () => {
    const run = chat(coreOf(version, { parts: said.slice(0, 7) }), contextOf("m"), ask("Hi", { stream: true }));
    await expect(run).rejects.toMatchObject({ code: "EIO", retryable: true });
  });
});

test.each(["v1", "v5", undefined])("a model of specification %s is refused by name", async (version) => {
  const run = chat(coreOf(version as string, { whole: {} }), contextOf("m"), ask("Hi"));
  await expect(run).rejects.toMatchObject({ code: "EINVAL", message: expect.stringContaining("acme") });
});

test("a package that does not listen to its signal keeps nobody waiting", async () => {
  const module = {
    createAcme: () => ({
      languageModel: () => ({ specificationVersion: "v4", provider: "acme", doGenerate: () => new Promise(() => {}) }),
    }),
  };
  const core = createAiSdkCore({ name: "up", endpoint: 0, kind: "ai-sdk", packageName: "acme", module });
  const controller = new AbortController();
  const run = chat(core, contextOf("m", controller.signal), ask("Hi"));
  controller.abort();
  await expect(run).rejects.toMatchObject({ code: "ECANCELED" });
});
