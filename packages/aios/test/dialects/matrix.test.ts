// Every member of a request × every door × every kind of core behind it × whole or streamed: it arrives as it was said, or is
// refused by name, or is named in x-aios-left-out. The members are those that the official clients declare.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { quirksOf } from "../../src/drivers/llm/openai/quirks.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { openDoors, type Doors } from "../e2e/open-doors.ts";
import { openUpstream, type Upstream } from "../upstream.ts";
import { anthropicSamples } from "./anthropic-samples.ts";
import { faultOf, type Sample, type Target, type Wire } from "./cell.ts";
import { chatSamples } from "./chat-samples.ts";
import { responding } from "./responding.ts";
import { responsesSamples } from "./responses-samples.ts";
import { membersOf } from "./sdk-members.ts";

const samples: Readonly<Record<Wire, readonly Sample[]>> = {
  chat: chatSamples,
  responses: responsesSamples,
  anthropic: anthropicSamples,
};

const declared: readonly { wire: Wire; packageName: string; file: string; name: string }[] = [
  {
    wire: "chat",
    packageName: "openai",
    file: "resources/chat/completions/completions.d.ts",
    name: "ChatCompletionCreateParamsBase",
  },
  {
    wire: "responses",
    packageName: "openai",
    file: "resources/responses/responses.d.ts",
    name: "ResponseCreateParamsBase",
  },
  {
    wire: "anthropic",
    packageName: "@anthropic-ai/sdk",
    file: "resources/messages/messages.d.ts",
    name: "MessageCreateParamsBase",
  },
  {
    wire: "anthropic",
    packageName: "@anthropic-ai/sdk",
    file: "resources/beta/messages/messages.d.ts",
    name: "MessageCreateParamsBase",
  },
];

test.each(declared)(
  "$packageName declares no member of $name ($file) that has no sample",
  ({ wire, packageName, file, name }) => {
    const members = membersOf(packageName, file, name);
    expect(members.length).toBeGreaterThan(15);
    const known = new Set(samples[wire].map(({ member }) => member));
    expect(members.filter((member) => !known.has(member))).toEqual([]);
  },
);

let upstream: Upstream;
let doors: Doors;
beforeAll(async () => {
  upstream = await openUpstream(responding);
  const common = { endpoint: 0, baseUrl: upstream.baseUrl, models: [{ id: "m" }] };
  const quirks = { ...quirksOf("openai"), baseUrl: undefined };
  doors = await openDoors({
    cores: [
      createOpenAiCore({ ...common, name: "chat", kind: "openai", quirks: { ...quirks, hasResponses: false } }),
      createOpenAiCore({ ...common, name: "responses", kind: "openai", quirks }),
      createAnthropicCore({ ...common, name: "anthropic" }),
      createSimCore({ clock: realClock, models: [{ id: "m" }], fixed: { latencyMs: 0, tokenMs: 0 } }),
    ],
  });
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const targets: Readonly<Record<Wire, readonly Target[]>> = {
  chat: ["chat", "anthropic", "sim"],
  responses: ["responses", "chat", "anthropic", "sim"],
  anthropic: ["anthropic", "chat", "sim"],
};
const cells = (["chat", "responses", "anthropic"] as const).flatMap((door) =>
  targets[door].flatMap((target) => [false, true].map((isStreamed) => ({ door, target, isStreamed }))),
);

describe.each(cells)("the $door door to a core of $target, streamed: $isStreamed", (asked) => {
  test("drops no member silently and changes none", async () => {
    const faults: string[] = [];
    for (const sample of samples[asked.door]) {
      const fault = await faultOf(sample, asked, { doors, upstream });
      if (fault !== undefined) faults.push(`${sample.member} ${JSON.stringify(sample.value)}: ${fault.slice(0, 400)}`);
    }
    expect(faults).toEqual([]);
  });

  test("takes null for nothing", async () => {
    const needed = new Set(["model", "messages", "max_tokens", "input"]);
    const names = new Set(samples[asked.door].map(({ member }) => member));
    const faults: string[] = [];
    for (const member of names) {
      if (needed.has(member)) continue;
      const fault = await faultOf({ member, value: null, isDoors: true }, asked, { doors, upstream });
      if (fault !== undefined) faults.push(`${member}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });
});
