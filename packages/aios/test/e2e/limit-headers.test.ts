// What clients are told of their own budgets, in their own headers; an upstream's limits are nobody's business.
import { expect, test } from "vitest";
import { openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

const messages = [{ role: "user", content: "hi" }];
const asked = [
  { path: "/v1/messages", body: { model: "m", max_tokens: 50, messages } },
  { path: "/v1/chat/completions", body: { model: "m", max_tokens: 50, messages } },
  { path: "/v1/responses", body: { model: "m", max_output_tokens: 50, input: "hi" } },
  { path: "/v1/syscalls/llm.chat", body: { model: "m", maxTokens: 50, messages } },
];
const limited = /ratelimit/;
const headersOf = (response: Response): Record<string, string> =>
  Object.fromEntries([...response.headers].filter(([name]) => limited.test(name)));

const limits = [
  { resource: "calls" as const, window: "hour" as const, limit: 1_000 },
  { resource: "calls" as const, window: "run" as const, limit: 3 },
  { resource: "tokens" as const, window: "day" as const, limit: 10_000 },
];

const open = () =>
  openDoors({
    script: () => ({
      is: "answer",
      usage: { prompt_tokens: 10, completion_tokens: 5 },
      headers: { "x-ratelimit-limit-requests": "70000", "x-ratelimit-remaining-requests": "69999" },
    }),
  });
const keyWith = async (doors: Doors, wanted: typeof limits) =>
  (await doors.admin.key.create({ scopes: ["llm.*"], limits: wanted })).key;

test.each(asked)(
  "$path tells nothing where nothing limits the caller, whatever the upstream says",
  async ({ path, body }) => {
    await using doors = await open();
    for (const stream of [false, true])
      expect(headersOf(await doors.fetch(path, { body: { ...body, stream } }))).toEqual({});
  },
);

test("OpenAI's doors tell the tightest budget of requests and of tokens, and when it is whole again", async () => {
  for (const { path, body } of asked.slice(1, 3)) {
    await using doors = await open();
    const key = await keyWith(doors, limits);
    expect(headersOf(await doors.fetch(path, { key, body }))).toEqual({
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "2",
      "x-ratelimit-limit-tokens": "10000",
      "x-ratelimit-remaining-tokens": "9985",
      "x-ratelimit-reset-tokens": expect.stringMatching(/^(\d+h)?(\d+m)?\d+s$/),
    });
    // A stream's headers leave before its usage is known: what it may still take is off.
    const streamed = headersOf(await doors.fetch(path, { key, body: { ...body, stream: true } }));
    expect(streamed["x-ratelimit-remaining-requests"]).toBe("1");
    expect(Number(streamed["x-ratelimit-remaining-tokens"])).toBeLessThanOrEqual(9_985 - 50);
    await doors.fetch(path, { key, body });
    const spent = await doors.fetch(path, { key, body });
    expect([spent.ok, headersOf(spent)["x-ratelimit-remaining-requests"]]).toEqual([false, "0"]);
  }
});

test("Anthropic's door tells them in its own names, with the time as RFC 3339", async () => {
  await using doors = await open();
  const key = await keyWith(doors, limits);
  const { path, body } = asked[0]!;
  const told = headersOf(await doors.fetch(path, { key, body }));
  expect(told).toEqual({
    "anthropic-ratelimit-requests-limit": "3",
    "anthropic-ratelimit-requests-remaining": "2",
    "anthropic-ratelimit-tokens-limit": "10000",
    "anthropic-ratelimit-tokens-remaining": "9985",
    "anthropic-ratelimit-tokens-reset": expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00Z$/),
  });
  expect(Date.parse(told["anthropic-ratelimit-tokens-reset"] ?? "")).toBeGreaterThan(Date.now());
});
