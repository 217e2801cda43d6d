import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openUpstream } from "../../../../test/upstream.ts";
import { createOpenAiCore } from "./core.ts";
import { readModels } from "./models.ts";
import { discoverOllama, ollamaUrl } from "./ollama.ts";

const signal = new AbortController().signal;

test("a list of models tells context lengths and prices where the upstream does", () => {
  const data = [
    { id: "gpt" },
    { id: "router/a", context_length: 128_000, pricing: { prompt: "0.000001", completion: "0.000002" } },
    { id: "vllm", max_model_len: 8192 },
    { id: "groq", context_window: 131_072 },
    { id: "llama", meta: { n_ctx_train: 4096 } },
    { name: "no id" },
    null,
  ];
  expect(readModels({ object: "list", data })).toEqual([
    { id: "gpt" },
    { id: "router/a", contextTokens: 128_000, price: { input: 1, output: 2 } },
    { id: "vllm", contextTokens: 8192 },
    { id: "groq", contextTokens: 131_072 },
    { id: "llama", contextTokens: 4096 },
  ]);
  expect(readModels([{ id: "bare list" }])).toEqual([{ id: "bare list" }]);
  expect(readModels({ error: "no" })).toBeUndefined();
});

test("a core without configured models reads the upstream's list, and until then takes any name", async () => {
  await using upstream = await openUpstream();
  await using core = createOpenAiCore({ name: "up", endpoint: 0, kind: "openai", baseUrl: upstream.baseUrl });
  expect(core.models()).toEqual([]);
  expect(core.isOpenEnded).toBe(true);
  await core.refresh();
  expect(core.models()).toEqual([{ id: "m" }]);
  expect(core.isOpenEnded).toBe(false);
});

test("configured models are the list, and nothing is read", async () => {
  await using core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "openai",
    baseUrl: "http://127.0.0.1:9",
    models: [{ id: "a" }],
  });
  await core.refresh();
  expect(core.models()).toEqual([{ id: "a" }]);
  expect(core.isOpenEnded).toBe(false);
});

test("a list that cannot be read rejects, keeps the old one and is remembered", async () => {
  const upstream = await openUpstream();
  await using core = createOpenAiCore({ name: "up", endpoint: 0, kind: "openai", baseUrl: upstream.baseUrl });
  await core.refresh();
  await upstream[Symbol.asyncDispose]();
  await expect(core.refresh()).rejects.toMatchObject({ code: "ENODEV" });
  expect(core.models()).toEqual([{ id: "m" }]);
  expect(core.refreshError?.code).toBe("ENODEV");
});

test("a core without a usable base URL, or with a password in it, is refused by name", () => {
  const open = (baseUrl?: string) => createOpenAiCore({ name: "up", endpoint: 0, kind: "compatible", baseUrl });
  expect(() => open()).toThrowError(/core up has no usable baseUrl/);
  expect(() => open("ftp://x")).toThrowError(/no usable baseUrl/);
  expect(() => open("http://u:hush@x/v1")).toThrowError(/^(?!.*hush).*password/);
});

test.each([
  ["", "http://127.0.0.1:11434"],
  ["127.0.0.1", "http://127.0.0.1:11434"],
  ["0.0.0.0:8080", "http://127.0.0.1:8080"],
  [":8080", "http://127.0.0.1:8080"],
  ["gpu-box", "http://gpu-box:11434"],
  ["gpu-box:80", "http://gpu-box"],
  ["https://ollama.example/base/", "https://ollama.example/base"],
])("OLLAMA_HOST=%j is %s", (host, url) => {
  expect(ollamaUrl(host)).toBe(url);
});

test("a running Ollama tells its models", async () => {
  const server = createServer((request, response) => {
    const isTags = request.url === "/api/tags";
    response.writeHead(isTags ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isTags ? { models: [{ name: "qwen2.5:7b" }, { name: "llama3" }] } : {}));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await discoverOllama({ host, signal })).toEqual({
      baseUrl: `http://${host}/v1`,
      models: [{ id: "qwen2.5:7b" }, { id: "llama3" }],
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(await discoverOllama({ host, signal })).toBeUndefined();
});

test("something else on Ollama's port is not Ollama", async () => {
  await using upstream = await openUpstream();
  expect(await discoverOllama({ host: upstream.baseUrl.replace(/\/v1$/, ""), signal })).toBeUndefined();
});

test.each(
  (
    "text-embedding-3-small nomic-embed-text:latest BAAI/bge-m3 intfloat/multilingual-e5-large gte-large " +
    "sentence-transformers/all-MiniLM-L6-v2 voyage-3 Qwen/Qwen3-Embedding-0.6B"
  ).split(" "),
)("%s is taken for an embedding model by its name", (id) => {
  expect(readModels({ data: [{ id }] })).toMatchObject([{ id, serves: ["llm.embed"] }]);
});

test.each("gpt-5 BAAI/bge-reranker-v2-m3 llama-3.3-70b gemma-3-e4b qwen2.5:7b".split(" "))(
  "%s is not taken for one",
  (id) => {
    expect(readModels({ data: [{ id }] })?.[0]?.serves).toBeUndefined();
  },
);
