import { describeCore } from "../../../../test/conformance/core.ts";
import { openUpstream, type Reply } from "../../../../test/upstream.ts";
import { createOpenAiCore } from "./core.ts";
import type { Situation } from "../../../../test/conformance/core.ts";

const replies: Record<Situation, Reply> = {
  text: { is: "answer", reasoning: ["I ", "think."] },
  "tool-call": { is: "answer", toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Paris"}' }] },
  structured: { is: "answer", pieces: ['{"ci', 'ty":"Lima"}'] },
  endless: { is: "answer", isEndless: true },
  "rate-limited": { is: "status", status: 429, headers: { "retry-after": "1" }, body: { error: { message: "slow" } } },
  "broken-before": { is: "reset" },
  "broken-after": { is: "answer", breakAfterChunks: 3 },
};

describeCore("openai", async (situation) => {
  const upstream = await openUpstream(() => replies[situation]);
  const core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "openai",
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
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
});
