// The response cache as clients see it, and as a configuration opens it.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createMemoryCache } from "../../src/drivers/cache/memory.ts";
import { hasRedis, openRedisServer } from "../redis-server.ts";
import { temporaryHome } from "../temporary-home.ts";
import { openDoors } from "./open-doors.ts";

const ask = [{ role: "user" as const, content: "Say something." }];

const openCached = () =>
  openDoors({
    cache: createMemoryCache({ clock: realClock, maxBytes: 1_000_000 }),
    settings: { cache: { ttlS: 60, anyTemperature: false } },
  });

describe("a client that asks the same again", () => {
  test("of OpenAI's chat gets the same text, streamed and not, and the answer says where it came from", async () => {
    await using doors = await openCached();
    const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 });
    const request = { model: "m", temperature: 0, messages: ask };
    const first = await client.chat.completions.create(request).withResponse();
    const second = await client.chat.completions.create(request).withResponse();
    expect(first.response.headers.get("x-aios-cached")).toBeNull();
    expect(second.response.headers.get("x-aios-cached")).toBe("true");
    expect(second.data.choices[0]?.message.content).toBe(first.data.choices[0]?.message.content);
    expect(second.data.usage).toMatchObject({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    const third = await client.chat.completions.create({ ...request, stream: true }).withResponse();
    let text = "";
    for await (const chunk of third.data) text += chunk.choices[0]?.delta.content ?? "";
    expect(third.response.headers.get("x-aios-cached")).toBe("true");
    expect(text).toBe(first.data.choices[0]?.message.content);
    expect(doors.upstream.requests).toHaveLength(1);
    const metrics = await (await doors.fetch("/metrics")).text();
    expect(metrics).toContain('aios_cache_lookups_total{outcome="hit"} 2');
  });

  test("of Anthropic's messages gets it too", async () => {
    await using doors = await openCached();
    const client = new Anthropic({ baseURL: doors.url, apiKey: doors.key, maxRetries: 0 });
    const request = { model: "m", max_tokens: 100, temperature: 0, messages: ask };
    const first = await client.messages.create(request);
    const second = await client.messages.create(request).withResponse();
    expect(second.response.headers.get("x-aios-cached")).toBe("true");
    expect(second.data.content).toEqual(first.content);
    const streamed = await client.messages.stream(request).finalMessage();
    expect(streamed.content).toEqual(first.content);
    expect(doors.upstream.requests).toHaveLength(1);
  });
});

describe("a configuration", () => {
  const config = (cache: unknown) =>
    configSchema.parse({
      server: { port: 0 },
      journal: { url: "memory:" },
      llms: { cores: [{ name: "sim", kind: "sim", ttftMs: 0, outputTokens: 5 }], ...(cache ? { cache } : {}) },
    });
  const chat = async (system: Awaited<ReturnType<typeof boot>>) =>
    system.client.llm.chat({ messages: ask, temperature: 0 });

  test("opens a cache in memory, a refresh that leaves it keeps what it holds, and one without it closes it", async () => {
    using home = temporaryHome();
    let current = config({ url: "memory:" });
    await using system = await boot({ home: home.dir, config: current, reload: () => Promise.resolve(current) });
    await chat(system);
    expect((await chat(system)).isCached).toBe(true);
    await system.client.sys.refresh();
    expect((await chat(system)).isCached).toBe(true);
    current = config(undefined);
    await system.client.sys.refresh();
    expect((await chat(system)).isCached).toBeUndefined();
  });

  if (!hasRedis)
    test.skip("opens Redis: redis-server is not installed (apt-get install redis-server)", () => undefined);
  test.runIf(hasRedis)("opens a Redis server that a second kernel shares, and calls go on when it dies", async () => {
    await using server = await openRedisServer();
    const options = { config: config({ url: "env:CACHE_URL" }), env: { CACHE_URL: server.url } };
    using one = temporaryHome();
    using two = temporaryHome();
    await using first = await boot({ home: one.dir, ...options });
    await chat(first);
    await using second = await boot({ home: two.dir, ...options });
    // Both connect in the background; until then each asks its model.
    for (;;) if ((await chat(first)).isCached && (await chat(second)).isCached) break;
    await server.kill();
    expect((await chat(second)).isCached).toBeUndefined();
  });

  test.each([
    "redis://:password@127.0.0.1:6379", // no secret stands in a configuration
    "http://127.0.0.1",
    "memory",
  ])("does not take %s", (url) => {
    expect(configSchema.safeParse({ llms: { cache: { url } } }).success).toBe(false);
  });
});
