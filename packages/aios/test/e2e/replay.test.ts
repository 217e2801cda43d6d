// Answers that were recorded through a kernel, and given again by another one that can reach nobody.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { boot } from "../../src/boot.ts";
import type { System } from "../../src/boot.ts";
import { configSchema } from "../../src/config/schema.ts";
import { temporaryHome } from "../temporary-home.ts";
import { openUpstream } from "../upstream.ts";
import type { Received, Reply } from "../upstream.ts";

const record = "recordings/all.jsonl";
const configOf = (cores: readonly object[]) =>
  configSchema.parse({ server: { port: 0 }, journal: { url: "memory:" }, llms: { cores } });
const replaying = (path: string) => configOf([{ name: "demo", kind: "replay", path }]);
const recordedFrom = (baseUrl: string) =>
  configOf([
    { name: "claude", kind: "anthropic", baseUrl, apiKey: "env:KEY", models: ["c"], record },
    { name: "up", kind: "compatible", baseUrl, apiKey: "env:KEY", models: ["m"], record },
    { name: "vectors", kind: "sim", seed: 1, ttftMs: 0, models: ["v"], record },
  ]);

/** Calls the tool that is offered; fails once where it is asked to. */
function script({ body }: Received, n: number): Reply {
  if (JSON.stringify(body.messages).includes("fail"))
    return { is: "status", status: 400, body: { error: { message: "no" } } };
  if (body.tools)
    return { is: "answer", toolCalls: [{ id: `call_${n}`, name: "weather", arguments: '{"city":"Rome"}' }] };
  return { is: "answer", pieces: [`answer ${n}: `, "é", "\n\ndata: x"], reasoning: ["hm"] };
}

const parameters = { type: "object", properties: { city: { type: "string" } } };
const messages = [{ role: "user", content: "hi" }];
const bodies = (stream: boolean, content: string) => {
  const asked = [{ role: "user", content }];
  return [
    { path: "/v1/messages", body: { max_tokens: 99, messages: asked, stream } },
    {
      path: "/v1/messages",
      body: { max_tokens: 99, messages: asked, stream, tools: [{ name: "weather", input_schema: parameters }] },
    },
    { path: "/v1/chat/completions", body: { messages: asked, stream } },
    {
      path: "/v1/chat/completions",
      body: { messages: asked, stream, tools: [{ type: "function", function: { name: "weather", parameters } }] },
    },
    { path: "/v1/responses", body: { input: content, stream } },
  ];
};

/** What each request was answered, but for what differs between any two calls. */
async function askAll(system: System): Promise<{ texts: string[]; recorded: (string | null)[] }> {
  const texts: string[] = [];
  const recorded: (string | null)[] = [];
  const post = async (path: string, body: object) => {
    const response = await fetch(system.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${system.key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const call = response.headers.get("x-aios-call") ?? "no call";
    const text = (await response.text()).replaceAll(call, "CALL").replaceAll(/\b1[6-9]\d{8}\b/g, "TIME");
    const anyCore = text.replaceAll("core demo (recorded): ", "").replaceAll(/"(claude|up|vectors|demo)\//g, '"CORE/');
    texts.push(`${path} ${response.status} ${anyCore}`);
    if (response.status === 200) recorded.push(response.headers.get("x-aios-recorded"));
  };
  for (const stream of [false, true])
    for (const model of ["c", "m"])
      for (const content of ["hi", "fail"])
        for (const { path, body } of bodies(stream, content)) await post(path, { ...body, model });
  await post("/v1/embeddings", { model: "v", input: ["a", "b"] });
  for (const model of ["c", "m"]) {
    const events: unknown[] = [];
    for await (const event of system.client.llm.chat({ model, messages: messages as never, stream: true }))
      if (event.type.endsWith(".delta")) events.push(event);
      else if (event.type === "syscall.completed") events.push(event.usage.outputTokens);
    texts.push(`native ${JSON.stringify(events)}`);
  }
  return { texts, recorded };
}

test("all doors give again what was recorded at them, streamed or not, tools, failures and embeddings too", async () => {
  using home = temporaryHome();
  const live = await (async () => {
    await using upstream = await openUpstream(script);
    const env = { KEY: "sk-of-nobody-else" };
    await using system = await boot({ home: home.dir, config: recordedFrom(upstream.baseUrl), env });
    return await askAll(system);
  })();
  expect(new Set(live.recorded)).toEqual(new Set([null]));
  await using system = await boot({ home: home.dir, config: replaying(record) });
  const again = await askAll(system);
  expect(again.texts).toEqual(live.texts);
  expect(new Set(again.recorded)).toEqual(new Set(["true"]));
  expect(await readFile(join(home.dir, record), "utf8")).not.toContain("sk-of-nobody-else");
  const { models } = await system.client.llm.models();
  expect(models.map(({ id, kind, isSimulated }) => [id, kind, isSimulated])).toEqual([
    ["c", "replay", false],
    ["m", "replay", false],
    ["v", "replay", false],
  ]);
  expect((await system.client.llm.usage({ by: "model", since: 0 })).total.usage.costUsd).toBe(0);
});

test("a client hears which recorded request is nearest to its own, and a refresh reads what was recorded since", async () => {
  using home = temporaryHome();
  await using upstream = await openUpstream(script);
  const cores = recordedFrom(upstream.baseUrl).llms.cores;
  const env = { KEY: "k" };
  const create = (system: System, content: string) =>
    new OpenAI({ baseURL: `${system.url}/v1`, apiKey: system.key }).chat.completions.create({
      model: "m",
      messages: [{ role: "user", content }],
    });
  {
    await using system = await boot({ home: home.dir, config: configOf(cores), env });
    await create(system, "the first");
  }
  using other = temporaryHome();
  const config = replaying(join(home.dir, record));
  await using replay = await boot({ home: other.dir, config, reload: () => Promise.resolve(config) });
  await expect(create(replay, "the second")).rejects.toThrow(
    /404 .*no recorded answer.*all\.jsonl:1: messages\[0\]\.content is .*the second.*recorded was .*the first/,
  );
  {
    await using system = await boot({ home: home.dir, config: configOf(cores), env });
    await create(system, "the second");
  }
  await replay.client.sys.refresh();
  expect((await create(replay, "the second")).choices[0]?.message.content).toContain("answer 2");
});
