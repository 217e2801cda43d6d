// The embedder of notes by configuration: real models on files that the tests write, and a server that says what it is told.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { writeOnnxModel } from "../test/onnx-model.ts";
import { synonymVector } from "../test/synonym-model.ts";
import { temporaryHome } from "../test/temporary-home.ts";
import { openUpstream } from "../test/upstream.ts";
import type { Received, Reply } from "../test/upstream.ts";
import { writeRandomModel } from "./bench/random-model.ts";
import { checkEmbedder, embedderOf } from "./boot-notes.ts";
import { boot } from "./boot.ts";
import type { System } from "./boot.ts";
import { configSchema } from "./config/schema.ts";

// Each starts a kernel, the index's thread, and some a model: seconds where many programs share the machine.
vi.setConfig({ testTimeout: 120_000 });

const configOf = (memory: object, cores: readonly object[]) =>
  configSchema.parse({ server: { port: 0 }, llms: { cores }, memory });

async function embedded({ client }: System): Promise<{ dimension: number }> {
  for (;;) {
    const { index } = await client.mem.verify({});
    if (index.reindexing === null) return index;
    await sleep(20);
  }
}

async function keep({ client }: System, ...notes: string[]): Promise<void> {
  for (const content of notes) await client.mem.add({ content, namespace: "tenant" });
}

const nearest = async ({ client }: System, query: string) =>
  (await client.mem.search({ query, by: "vectors" })).hits.map(({ note }) => note.content);

/** Simulates an OpenAI-compatible `/embeddings`: a model that knows synonyms. */
const vectors = ({ body }: Received): Reply => ({
  is: "status",
  status: 200,
  body: {
    data: (body["input"] as string[]).map((text, index) => ({ index, embedding: [...synonymVector(text)] })),
    usage: { prompt_tokens: 3, total_tokens: 3 },
  },
});

test("an ONNX model in its process, and then a GGUF by llama.cpp in its place, over restarts", async () => {
  using home = temporaryHome();
  writeOnnxModel(home.file("vectors"), { is: "embed", dimensions: 8, isNormalized: true });
  writeRandomModel(home.file("tiny.gguf"), { isPooled: true, dimensions: 64 });
  const onnx = { name: "onnx", kind: "transformers", modelPath: "vectors", threads: 1 };
  const gguf = { name: "local", kind: "llama", modelPath: "tiny.gguf", gpu: "off", threads: 1, contextTokens: 512 };
  const run = async (memory: object, work: (system: System) => Promise<void>): Promise<void> => {
    await using system = await boot({ home: home.dir, config: configOf(memory, [onnx, gguf]), env: {} });
    await work(system);
  };
  const long = `aaaa ${"aaaa ".repeat(600)}`;
  await run({ embedder: "onnx/vectors" }, async (system) => {
    await keep(system, "aaaa", "zzzz", long);
    expect(await embedded(system)).toMatchObject({ embedder: "onnx/vectors", dimension: 8 });
    // By its bytes: no word is the same.
    expect((await nearest(system, "aaa"))[0]).toMatch(/^aaaa/);
    expect((await nearest(system, "zz"))[0]).toBe("zzzz");
  });
  await run({ embedder: "local/tiny" }, async (system) => {
    expect(await embedded(system)).toMatchObject({ embedder: "local/tiny", dimension: 64 });
    expect((await nearest(system, "zzzz"))[0]).toBe("zzzz");
  });
  await run({}, async (system) => {
    expect(await embedded(system)).toMatchObject({ embedder: "hashed", dimension: 4_096 });
    expect((await nearest(system, "zzzy"))[0]).toBe("zzzz");
  });
});

test("a simulated /embeddings server that refuses, breaks and limits is asked again, and its synonyms find in the end", async () => {
  using home = temporaryHome();
  const troubles: Reply[] = [
    { is: "status", status: 429, headers: { "retry-after": "0" }, body: { error: { message: "slow down" } } },
    { is: "status", status: 500, body: { error: { message: "broken" } } },
    { is: "reset" },
    { is: "raw", writes: ['{"data":[{"index":0,"embedd'], end: "end" },
  ];
  await using upstream = await openUpstream((request) => troubles.shift() ?? vectors(request));
  const core = { name: "vec", kind: "compatible", baseUrl: upstream.baseUrl, models: ["text-embedding-x"] };
  const config = configOf({ embedder: "vec/text-embedding-x" }, [core]);
  await using system = await boot({ home: home.dir, config, env: {} });
  await keep(system, "an automobile", "luna above", "a loaf");
  expect(await embedded(system)).toMatchObject({ embedder: "vec/text-embedding-x", dimension: 4 });
  expect(troubles).toEqual([]);
  expect((await nearest(system, "汽车"))[0]).toBe("an automobile");
  expect(
    upstream.requests.every(({ path, body }) => path === "/v1/embeddings" && body.model === "text-embedding-x"),
  ).toBe(true);
});

test("an embedder that is not there or makes no vectors is refused, and those that do are named", () => {
  const at = (embedder: string) => ({ config: configOf({ embedder }, [{ name: "sim", kind: "sim" }]) });
  const core = (name: string, serves: readonly ("llm.chat" | "llm.embed")[], isOpenEnded = false) =>
    ({ name, serves, isOpenEnded, models: () => [{ id: `${name}-m`, serves }] }) as never;
  const cores = [
    core("chat", ["llm.chat"]),
    core("vec", ["llm.embed"]),
    core("gateway", ["llm.chat", "llm.embed"], true),
  ];
  const refused = (embedder: string): unknown => {
    try {
      return embedderOf(at(embedder).config, cores);
    } catch (error) {
      const { code, message, hint } = error as { code: string; message: string; hint: string };
      return `${code} ${message} (${hint})`;
    }
  };
  const able = "(these do: vec/vec-m, gateway/gateway-m; hashed needs none)";
  expect(refused("none/x")).toBe(`EINVAL memory.embedder: there is no core none that makes vectors ${able}`);
  expect(refused("chat/chat-m")).toBe(`EINVAL memory.embedder: core chat makes no vectors ${able}`);
  expect(refused("vec/x")).toBe(`EINVAL memory.embedder: there is no model x on core vec ${able}`);
  expect(refused("vec/vec-m")).toEqual({ model: "vec/vec-m", dimension: undefined });
  // It serves what it does not list.
  expect(refused("gateway/org/model")).toEqual({ model: "gateway/org/model", dimension: undefined });
  expect(refused("hashed")).toBeUndefined();
  expect(embedderOf(configOf({ embedder: "ollama/bge-m3" }, []), [])).toMatchObject({ model: "ollama/bge-m3" });
  expect(() => checkEmbedder(at("none/x").config)).toThrow("memory.embedder: there is no core none");
  expect(() => checkEmbedder(at("sim/sim").config)).not.toThrow();
  expect(() => configOf({ embedder: "vec" }, [])).toThrow("CORE/MODEL");
  expect(() => configOf({ dimensions: 256 }, [])).toThrow("hashed vectors have a length of their own");
});
