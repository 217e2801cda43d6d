// What Claude writes to its cache is counted, priced and told at each door, whether its frames are forwarded or not.
import { expect, test } from "vitest";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { openUpstream } from "../upstream.ts";
import { openDoors } from "./open-doors.ts";

const price = { input: 4, cachedInput: 1, cacheWrite: 5, cacheWriteHour: 8, output: 20 };
const ofClaude = {
  input_tokens: 5,
  cache_read_input_tokens: 100,
  cache_creation_input_tokens: 20,
  cache_creation: { ephemeral_5m_input_tokens: 13, ephemeral_1h_input_tokens: 7 },
  output_tokens: 9,
};
const messages = [{ role: "user", content: "hi" }];
const doorsOf = [
  { path: "/v1/messages", body: { max_tokens: 50, messages }, says: ofClaude },
  {
    path: "/v1/chat/completions",
    body: { messages, stream_options: { include_usage: true } },
    says: { prompt_tokens: 125, prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 } },
  },
  {
    path: "/v1/responses",
    body: { input: "hi" },
    says: { input_tokens: 125, input_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 } },
  },
  {
    path: "/v1/syscalls/llm.chat",
    body: { messages },
    says: { inputTokens: 125, cachedInputTokens: 100, cacheWriteInputTokens: 20, cacheWriteHourInputTokens: 7 },
  },
];

test.each(doorsOf)("$path tells what was written, streamed and not, and it is priced", async ({ path, body, says }) => {
  await using claude = await openUpstream(() => ({ is: "answer", usage: ofClaude }));
  await using core = createAnthropicCore({
    name: "priced",
    endpoint: 0,
    baseUrl: claude.baseUrl,
    models: [{ id: "c", price }],
  });
  await using doors = await openDoors({ cores: [core] });
  for (const stream of [false, true]) {
    const accept = stream ? "text/event-stream" : "application/json";
    // The native door streams by its header, and takes no member of that name without one.
    const response = await doors.fetch(path, {
      body: { model: "priced/c", ...body, ...(stream ? { stream } : { stream_options: undefined }) },
      headers: { accept },
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const usages = text
      .split("\n")
      .map((line) => (stream ? line.replace(/^data: /, "") : line))
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => usagesOf(JSON.parse(line)));
    expect(Object.assign({}, ...usages)).toMatchObject(says);
  }
  const { total } = await doors.admin.llm.usage({ by: "model", since: 0 });
  expect(total.usage).toMatchObject({ cacheWriteInputTokens: 40, cacheWriteHourInputTokens: 14 });
  expect(total.usage.costUsd).toBeCloseTo((2 * (5 * 4 + 100 * 1 + 13 * 5 + 7 * 8 + 9 * 20)) / 1e6, 12);
});

/** Every usage in it, in order: Anthropic tells it in two pieces. */
function usagesOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === "usage" ? [member ?? {}] : usagesOf(member as unknown),
  );
}
