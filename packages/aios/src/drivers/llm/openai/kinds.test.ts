import { describe, expect, test } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import { kindReply } from "../../../../test/openai-kinds.ts";
import { openUpstream } from "../../../../test/upstream.ts";
import type { Situation } from "../../../../test/conformance/core.ts";
import { createOpenAiCore } from "./core.ts";
import { openAiKinds, quirksOf, type OpenAiKind } from "./quirks.ts";

async function open(kind: OpenAiKind, situation: Situation) {
  const upstream = await openUpstream((request) => kindReply(kind, situation, request));
  const core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind,
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
    // At an address of a test, kind openai would be taken for a compatible server.
    quirks: quirksOf(kind),
  });
  return {
    core,
    model: "m",
    upstream,
    arrived: () => upstream.requests.length,
    idle: () => upstream.idle(),
    async [Symbol.asyncDispose]() {
      // The upstream first: closing the core waits for its running calls.
      await upstream[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
    },
  };
}

for (const kind of openAiKinds) {
  describeCore(kind, (situation) => open(kind, situation), {
    honoursSchemas: quirksOf(kind).responseFormat === "schema",
  });
}

describe.each(openAiKinds)("a server of kind %s", (kind) => {
  test.each([false, true])(
    "takes every setting that the core sends it, and counts alike (streamed: %s)",
    async (stream) => {
      await using opened = await open(kind, "text");
      const settings = { maxTokens: 9, temperature: 0.5, topP: 0.9, stop: ["END"], stream };
      const { result, usage } = await chat(opened.core, contextOf("m"), ask("Hi", settings));
      expect(result.message).toMatchObject({ content: "Hello, world.", reasoning: "I think." });
      expect(usage).toMatchObject({ inputTokens: 12, outputTokens: 7 });
      const { body } = await opened.upstream.received(1);
      expect(body["max_tokens"] ?? body["max_completion_tokens"]).toBe(9);
    },
  );

  test("is told to call one tool in words that it takes", async () => {
    await using opened = await open(kind, "tool-call");
    const tools = [{ name: "weather" }, { name: "other" }];
    const { result } = await chat(opened.core, contextOf("m"), ask("Hi", { tools, toolChoice: { name: "weather" } }));
    expect(result.message.toolCalls).toMatchObject([{ name: "weather" }]);
  });
});
