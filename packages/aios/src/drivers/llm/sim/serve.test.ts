import { BadRequestError, NotFoundError, OpenAI, RateLimitError } from "openai";
import type { APIError } from "openai";
import { afterEach, describe, expect, test } from "vitest";
import { noFaults } from "./parameters.ts";
import { serveSim } from "./serve.ts";
import type { SimServer, SimServerOptions } from "./serve.ts";

const quick = { ttftMs: 0, fixed: { latencyMs: 0, tokenMs: 0 } };
const servers: SimServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function open(options: SimServerOptions = {}) {
  const server = await serveSim({ ...quick, ...options });
  servers.push(server);
  const openai = new OpenAI({ baseURL: server.url, apiKey: options.apiKey ?? "none", maxRetries: 0, logLevel: "off" });
  const ask = (content: string) =>
    openai.chat.completions.create({ model: "sim", messages: [{ role: "user", content }] });
  return { server, openai, ask };
}

describe("the official OpenAI client", () => {
  test("chats, and streams the same answer with its usage", async () => {
    const { openai, ask } = await open();
    const whole = await ask("Explain tides.");
    expect(whole.choices[0]?.message.content).toMatch(/^\(simulated\) /);
    const stream = await openai.chat.completions.create({
      model: "sim",
      messages: [{ role: "user", content: "Explain tides." }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(usage).toEqual(whole.usage);
  });

  test("gets tool calls, streamed and whole, and an answer that cites their results", async () => {
    const { openai } = await open();
    const tools = [
      {
        type: "function" as const,
        function: {
          name: "calculator",
          parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
        },
      },
    ];
    const messages = [{ role: "user" as const, content: "Compute 6 * 7." }];
    const first = await openai.chat.completions.create({ model: "sim", messages, tools });
    const [call] = first.choices[0]?.message.tool_calls ?? [];
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    expect(call).toMatchObject({
      type: "function",
      function: { name: "calculator", arguments: '{"expression":"6 * 7"}' },
    });
    const streamed = await openai.chat.completions.stream({ model: "sim", messages, tools }).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({ id: call?.id });
    const done = await openai.chat.completions.create({
      model: "sim",
      messages: [...messages, first.choices[0]!.message, { role: "tool", tool_call_id: call!.id, content: "42" }],
      tools,
    });
    expect(done.choices[0]?.message.content).toContain("calculator returned: 42.");
  });

  test("gets JSON of the schema that it asks for", async () => {
    const { openai } = await open();
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const { choices } = await openai.chat.completions.create({
      model: "sim",
      messages: [{ role: "user", content: "Name a city." }],
      response_format: { type: "json_schema", json_schema: { name: "place", schema } },
    });
    expect(JSON.parse(choices[0]?.message.content ?? "")).toMatchObject({ city: expect.any(String) as string });
  });

  test("understands its refusals: unknown model, wrong body, wrong key, too long a prompt", async () => {
    const { server, openai, ask } = await open({ apiKey: "secret", models: [{ id: "sim", contextTokens: 50 }] });
    await expect(
      openai.chat.completions.create({ model: "gpt-9", messages: [{ role: "user", content: "hi" }] }),
    ).rejects.toThrow(NotFoundError);
    await expect(openai.chat.completions.create({ model: "sim", messages: [] })).rejects.toThrow(BadRequestError);
    await expect(ask("x".repeat(1000))).rejects.toMatchObject({ code: "context_length_exceeded" });
    const stranger = new OpenAI({ baseURL: server.url, apiKey: "guess", maxRetries: 0, logLevel: "off" });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(["sim"]);
  });

  test("is told of the limit by headers before it is refused by it", async () => {
    const { server, openai, ask } = await open({ limits: { requestsPerMinute: 60, burst: 2 } });
    const { response } = await openai.chat.completions
      .create({ model: "sim", messages: [{ role: "user", content: "hi" }] })
      .withResponse();
    expect(response.headers.get("x-ratelimit-limit-requests")).toBe("60");
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    expect(response.headers.get("x-ratelimit-reset-requests")).toMatch(/^0\.9\d\ds$|^1\.000s$/);
    await ask("hi");
    const refusal = await ask("hi").catch((cause: unknown) => cause);
    if (!(refusal instanceof RateLimitError)) throw new Error("not refused");
    expect(refusal.headers.get("retry-after")).toBe("1");
    expect(Number(refusal.headers.get("retry-after-ms"))).toBeGreaterThan(500);
    expect(refusal.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(server.stats()).toMatchObject({ calls: 3, done: 2, refused: 1, failed: 0 });
    expect(server.stats().admittedAtMs).toHaveLength(2);
    const told = (await (await fetch(server.url.replace("/v1", "/stats"))).json()) as object;
    expect(told).toEqual(server.stats());
  });

  test("can be kept in the dark about the limit", async () => {
    const { openai } = await open({ limits: { requestsPerMinute: 60 }, areHeadersSent: false });
    const request = openai.chat.completions.create({ model: "sim", messages: [{ role: "user", content: "hi" }] });
    expect((await request.withResponse()).response.headers.get("x-ratelimit-limit-requests")).toBeNull();
  });

  test.each([
    ["serverError", 500],
    ["tooManyRequests", 429],
  ] as const)("meets the fault %s as its status", async (fault, status) => {
    const { ask } = await open({ faults: { ...noFaults, [fault]: 1 } });
    const cause = await ask("hi").catch((error: unknown) => error);
    expect((cause as APIError).status).toBeGreaterThanOrEqual(status);
  });

  test.each(["disconnect", "malformed"] as const)("meets the fault %s as a broken answer", async (fault) => {
    const { server, openai, ask } = await open({ faults: { ...noFaults, [fault]: 1 } });
    await expect(ask("hi")).rejects.toThrow();
    const read = async () => {
      const messages = [{ role: "user" as const, content: "hi" }];
      for await (const _ of await openai.chat.completions.create({ model: "sim", messages, stream: true }));
    };
    await expect(read()).rejects.toThrow();
    expect(server.stats()).toMatchObject({ done: 0, failed: 2, running: 0 });
  });

  test("that leaves frees its slot", async () => {
    const { server, openai } = await open({
      slots: 1,
      fixed: { latencyMs: 0, tokenMs: 5 },
      outputTokens: 100_000,
      models: [{ id: "sim" }],
    });
    const messages = [{ role: "user" as const, content: "hi" }];
    const stream = await openai.chat.completions.create({ model: "sim", messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    // The only slot is free again: a short call gets through.
    await openai.chat.completions.create({ model: "sim", messages, max_tokens: 1 });
    expect(server.stats()).toMatchObject({ done: 1, failed: 1, running: 0, waiting: 0 });
  });
});
