import * as bedrock from "@ai-sdk/amazon-bedrock";
import * as google from "@ai-sdk/google";
import * as compatible from "@ai-sdk/openai-compatible";
import { bedrockError, bedrockReply } from "../../../../test/bedrock-upstream.ts";
import { describeCore, type Situation } from "../../../../test/conformance/core.ts";
import { geminiError, geminiReply } from "../../../../test/gemini-upstream.ts";
import { openUpstream, type Reply, type Script } from "../../../../test/upstream.ts";
import { createAiSdkCore, type AiSdkCoreOptions } from "./core.ts";

const city = '{"city":"Lima"}';

const ofGoogle: Record<Situation, Script> = {
  text: (request) => geminiReply(request, { thoughts: ["I ", "think."] }),
  "tool-call": (request) => geminiReply(request, { calls: [{ name: "weather", args: { city: "Paris" } }] }),
  structured: (request) => geminiReply(request, { pieces: [city.slice(0, 4), city.slice(4)] }),
  endless: (request) => geminiReply(request, { isEndless: true }),
  "rate-limited": () => geminiError(429, "RESOURCE_EXHAUSTED", { retryDelay: "1.5s" }),
  "broken-before": () => ({ is: "reset" }),
  "broken-after": (request) => geminiReply(request, { breaksAfter: { chunks: 2, how: "reset" } }),
};

const ofBedrock: Record<Situation, Script> = {
  text: (request) => bedrockReply(request, { thought: { text: "I think.", signature: "sig" } }),
  "tool-call": (request) =>
    bedrockReply(request, { call: { toolUseId: "t1", name: "weather", input: { city: "Paris" } } }),
  // The package asks for JSON by a tool of that name.
  structured: (request) => bedrockReply(request, { call: { toolUseId: "t1", name: "json", input: { city: "Lima" } } }),
  endless: (request) => bedrockReply(request, { isEndless: true }),
  "rate-limited": () => bedrockError(429, "ThrottlingException"),
  "broken-before": () => ({ is: "reset" }),
  "broken-after": (request) => bedrockReply(request, { breaksAfter: { events: 3, how: "reset" } }),
};

const replies: Record<Situation, Reply> = {
  text: { is: "answer", reasoning: ["I ", "think."] },
  "tool-call": { is: "answer", toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Paris"}' }] },
  structured: { is: "answer", pieces: [city.slice(0, 4), city.slice(4)] },
  endless: { is: "answer", isEndless: true },
  "rate-limited": { is: "status", status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow" } } },
  "broken-before": { is: "reset" },
  "broken-after": { is: "answer", breakAfterChunks: 3 },
};

const open =
  (
    script: (situation: Situation) => Script,
    options: Pick<AiSdkCoreOptions, "kind" | "packageName" | "module"> & Partial<AiSdkCoreOptions>,
  ) =>
  async (situation: Situation) => {
    const upstream = await openUpstream(script(situation));
    const core = createAiSdkCore({
      name: "up",
      endpoint: 0,
      apiKey: "the-key",
      baseUrl: upstream.baseUrl,
      models: [{ id: "m" }],
      ...options,
    });
    return {
      core,
      model: "m",
      arrived: () => upstream.requests.length,
      idle: () => upstream.idle(),
      async [Symbol.asyncDispose]() {
        // The upstream first: closing the core waits for its running calls.
        await upstream[Symbol.asyncDispose]();
        await core[Symbol.asyncDispose]();
      },
    };
  };

describeCore(
  "google",
  open((situation) => ofGoogle[situation], { kind: "google", packageName: "@ai-sdk/google", module: google }),
);

describeCore(
  "bedrock",
  open((situation) => ofBedrock[situation], {
    kind: "bedrock",
    packageName: "@ai-sdk/amazon-bedrock",
    module: bedrock,
    options: { region: "eu-central-1" },
  }),
  { tellsWhenToComeBack: false },
);

describeCore(
  "ai-sdk with @ai-sdk/openai-compatible",
  open((situation) => () => replies[situation], {
    kind: "ai-sdk",
    packageName: "@ai-sdk/openai-compatible",
    module: compatible,
    options: { name: "up", includeUsage: true, supportsStructuredOutputs: true },
  }),
);
