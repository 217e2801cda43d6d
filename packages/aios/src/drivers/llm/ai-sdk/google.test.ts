import * as google from "@ai-sdk/google";
import type { ChatArgs, EmbedResult } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { geminiEmbedding, geminiModels, geminiReply } from "../../../../test/gemini-upstream.ts";
import { openUpstream, type Script } from "../../../../test/upstream.ts";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { createAiSdkCore } from "./core.ts";
import { readGoogleModels } from "./google-models.ts";

const open = async (script: Script) => {
  const upstream = await openUpstream(script);
  const core = createAiSdkCore({
    name: "gemini",
    endpoint: 0,
    kind: "google",
    packageName: "@ai-sdk/google",
    module: google,
    baseUrl: upstream.baseUrl,
    apiKey: "the-key",
    models: [{ id: "m" }, { id: "e", serves: ["llm.embed"] }],
  });
  return { core, upstream, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
};
async function all(batches: AsyncIterable<readonly DriverEvent[]>): Promise<DriverEvent[]> {
  const events: DriverEvent[] = [];
  for await (const batch of batches) events.push(...batch);
  return events;
}
const weather = { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } };

test("what Gemini signed comes back to it as it was, by the message that the core gave", async () => {
  const call = { name: "weather", args: { city: "Lima" }, thoughtSignature: "c2ln" };
  await using opened = await open((request, n) =>
    geminiReply(request, n === 1 ? { thoughts: ["hm"], calls: [call] } : {}),
  );
  const { core, upstream } = opened;
  const first = ask("Weather in Lima?", { tools: [weather], stream: true });
  const { result } = await chat(core, contextOf("m"), first);
  const [made] = result.message.toolCalls ?? [];
  const second: ChatArgs = {
    ...first,
    messages: [...first.messages, result.message, { role: "tool", callId: made?.id ?? "", content: "rain" }],
  };
  const { events } = await chat(core, contextOf("m"), second);
  expect(events.filter((event) => event.type === "request.adapted")).toEqual([]);
  const { contents } = (await upstream.received(2)).body as unknown as { contents: { parts: object[] }[] };
  expect(contents[1]?.parts).toMatchObject([
    { text: "hm", thought: true },
    { functionCall: { name: "weather", args: { city: "Lima" } }, thoughtSignature: "c2ln" },
  ]);
  expect(contents[2]?.parts).toMatchObject([{ functionResponse: { name: "weather", response: { content: "rain" } } }]);
});

test("the key goes into its header, cached and thinking tokens into the usage", async () => {
  await using opened = await open((request) => geminiReply(request));
  const { usage } = await chat(opened.core, contextOf("m"), ask("Hi", { maxTokens: 9, seed: 3 }));
  const { headers, body, path } = opened.upstream.requests[0] ?? {};
  expect(headers).toMatchObject({ "x-goog-api-key": "the-key" });
  expect(path).toContain("models/m:generateContent");
  expect(body?.["generationConfig"]).toMatchObject({ maxOutputTokens: 9, seed: 3 });
  expect(usage).toMatchObject({ inputTokens: 12, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 2 });
});

test("texts become vectors in their order, in as many requests as the model takes", async () => {
  await using opened = await open((request) => geminiEmbedding(request));
  // 100 is what the package allows at once.
  const input = Array.from({ length: 101 }, (_, index) => "x".repeat(index + 1));
  const last = (await all(opened.core.execute("llm.embed", { model: "auto", input }, contextOf("e")))).at(-1);
  const { embeddings, model } = (last as { result: EmbedResult }).result;
  expect(embeddings).toEqual(input.map((text) => [text.length, 1]));
  expect(model).toBe("gemini/e");
  expect(opened.upstream.requests).toHaveLength(2);
});

test("token ids are refused: the package embeds texts", async () => {
  await using opened = await open((request) => geminiEmbedding(request));
  const run = all(opened.core.execute("llm.embed", { model: "auto", input: [[1, 2]] }, contextOf("e")));
  await expect(run).rejects.toMatchObject({ code: "EINVAL" });
});

test("Google's list tells what each model can be asked for, and how much it reads", () => {
  expect(readGoogleModels(geminiModels)).toEqual([
    { id: "gemini-test", serves: ["llm.chat"], contextTokens: 1_048_576 },
    { id: "embedding-test", serves: ["llm.embed"], contextTokens: 2_048 },
  ]);
  expect(readGoogleModels({ object: "list", data: [] })).toBeUndefined();
});

test.each(["../../v1/files?x=", "models/../../upload", "m#", "m?alt=sse", "%2e%2e/%2e%2e/files", "a\\b", "a b"])(
  "a model called %s is never asked for: packages write the name into an address",
  async (model) => {
    await using opened = await open((request) => geminiReply(request));
    await expect(chat(opened.core, contextOf(model), ask("Hi"))).rejects.toMatchObject({ code: "ENOENT" });
    const vectors = opened.core.execute("llm.embed", { model, input: ["x"] }, contextOf(model));
    await expect(all(vectors)).rejects.toMatchObject({ code: "ENOENT" });
    expect(opened.upstream.requests.length).toBe(0);
  },
);
