// The clients that ask for vectors, as they come, against AIOS.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { OpenAIEmbeddings } from "@langchain/openai";
import { embed, embedMany } from "ai";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realClock } from "../../src/drivers/clock/real.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { createSimCore } from "../../src/drivers/llm/sim/core.ts";
import { tokensOf, vectorOf } from "../embedding-core.ts";
import { openUpstream } from "../upstream.ts";
import type { Reply, Upstream } from "../upstream.ts";
import { errorOf, json, openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

type Input = string | number[];

/** Numbers that are no 32-bit floats exactly, as real upstreams send them. */
const shown = (input: Input): number[] => vectorOf(input).map((value) => value / 7);
const asFloats = (vector: number[]): number[] => [...new Float32Array(vector)];

function embedding({ body }: { body: Record<string, unknown> }): Reply {
  const input = body["input"] as Input[];
  // In no order: a client goes by `index`.
  const data = input.map((item, index) => ({ object: "embedding", index, embedding: shown(item) })).toReversed();
  const tokens = input.reduce<number>((sum, item) => sum + tokensOf(item), 0);
  return {
    is: "status",
    status: 200,
    body: { object: "list", data, model: body["model"], usage: { prompt_tokens: tokens, total_tokens: tokens } },
  };
}

describe("in front of an upstream", () => {
  let doors: Doors;
  let upstream: Upstream;
  let reply: (request: { body: Record<string, unknown> }) => Reply;
  beforeEach(async () => {
    reply = embedding;
    upstream = await openUpstream((request) => reply(request));
    const core = createOpenAiCore({
      name: "vec",
      endpoint: 0,
      kind: "openai",
      baseUrl: upstream.baseUrl,
      models: [{ id: "text-embedding-x" }],
    });
    doors = await openDoors({ cores: [core] });
  });
  afterEach(async () => {
    await doors[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  const client = () => new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 });

  test("the openai client reads the base64 that it asks for by default, and floats when it says so", async () => {
    const request = { model: "text-embedding-x", input: ["one text", "another"] };
    const { data, response } = await client().embeddings.create(request).withResponse();
    expect(data.data.map(({ embedding: vector }) => [...vector])).toEqual(request.input.map(shown).map(asFloats));
    expect(data.data.map(({ index }) => index)).toEqual([0, 1]);
    expect(data.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(data.model).toBe("vec/text-embedding-x");
    expect(response.headers.get("x-aios-call")).toMatch(/\S/);
    const floats = await client().embeddings.create({ ...request, encoding_format: "float" });
    expect(floats.data[0]?.embedding).toEqual(shown("one text"));
  });

  test("one text, token ids, lists of token ids, dimensions and a user reach the upstream", async () => {
    const create = (more: Omit<OpenAI.EmbeddingCreateParams, "model">) =>
      client().embeddings.create({ model: "text-embedding-x", ...more });
    await create({ input: "alone" });
    await create({ input: [1, 2, 3] });
    await create({ input: [[1, 2], [3]], dimensions: 2, user: "someone" });
    expect(upstream.requests.map(({ path, body }) => ({ path, ...body }))).toEqual([
      { path: "/v1/embeddings", model: "text-embedding-x", input: ["alone"] },
      { path: "/v1/embeddings", model: "text-embedding-x", input: [[1, 2, 3]] },
      { path: "/v1/embeddings", model: "text-embedding-x", input: [[1, 2], [3]], dimensions: 2, user: "someone" },
    ]);
  });

  test.each([
    ["@ai-sdk/openai", () => createOpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key })],
    [
      "@ai-sdk/openai-compatible",
      () => createOpenAICompatible({ name: "aios", baseURL: `${doors.url}/v1`, apiKey: doors.key }),
    ],
  ])("embed and embedMany of the AI SDK work with %s", async (_name, provider) => {
    const model = provider().embeddingModel("text-embedding-x");
    const { embedding: vector, usage } = await embed({ model, value: "one text", maxRetries: 0 });
    expect(asFloats(vector)).toEqual(asFloats(shown("one text")));
    expect(usage.tokens).toBe(2);
    const values = Array.from({ length: 150 }, (_, index) => `text ${index}`);
    const many = await embedMany({ model, values, maxRetries: 0 });
    expect(many.embeddings.map(asFloats)).toEqual(values.map(shown).map(asFloats));
  });

  test("LangChain's OpenAIEmbeddings embeds documents and a query", async () => {
    const vectors = new OpenAIEmbeddings({
      model: "text-embedding-x",
      apiKey: doors.key,
      configuration: { baseURL: `${doors.url}/v1` },
      maxRetries: 0,
    });
    const documents = await vectors.embedDocuments(["one text", "another"]);
    expect(documents.map(asFloats)).toEqual(["one text", "another"].map(shown).map(asFloats));
    expect(asFloats(await vectors.embedQuery("a query"))).toEqual(asFloats(shown("a query")));
  });

  test.each([
    ["no input", {}, "input"],
    ["an empty list", { input: [] }, "input"],
    ["a list of something else", { input: ["a", { b: 1 }] }, "input[1]"],
    ["half a token", { input: [1.5] }, "input[0]"],
    ["an unknown encoding", { input: "a", encoding_format: "hex" }, "encoding_format"],
    ["no dimension at all", { input: "a", dimensions: 0 }, "dimensions"],
  ])("%s is refused with the member that is wrong", async (_what, body, param) => {
    const response = await doors.fetch("/v1/embeddings", { body: { model: "text-embedding-x", ...body } });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ type: "invalid_request_error", param });
    expect(upstream.requests).toEqual([]);
  });

  test("a model that does not embed, an unknown one, and an upstream's refusal are told in the client's words", async () => {
    const create = (model: string) => client().embeddings.create({ model, input: "a" });
    await expect(create("up/m")).rejects.toThrow(OpenAI.BadRequestError);
    await expect(create("vec/none")).rejects.toThrow(OpenAI.NotFoundError);
    reply = () => ({ is: "status", status: 400, body: { error: { message: "too many texts" } } });
    await expect(create("text-embedding-x")).rejects.toThrow(/too many texts/);
    reply = () => ({ is: "status", status: 200, body: { data: [] } });
    await expect(create("text-embedding-x")).rejects.toThrow(/0 vectors for 1 texts/);
    reply = () => ({ is: "status", status: 200, body: "<html>a proxy" });
    await expect(create("text-embedding-x")).rejects.toThrow(/something else than a list of vectors/);
  });

  test("a client that leaves frees the upstream", async () => {
    reply = () => ({ is: "silence" });
    const controller = new AbortController();
    const call = client().embeddings.create({ model: "text-embedding-x", input: "a" }, { signal: controller.signal });
    const failed = expect(call).rejects.toThrow(OpenAI.APIUserAbortError);
    await upstream.received(1);
    controller.abort();
    await failed;
    await upstream.idle();
  });
});

test("a core that takes several texts gets the calls of several clients as one request", async () => {
  await using upstream = await openUpstream(embedding);
  const core = createOpenAiCore({
    name: "vec",
    endpoint: 0,
    kind: "openai",
    baseUrl: upstream.baseUrl,
    models: [{ id: "text-embedding-x" }],
    // Full with the third: nothing here waits for time to pass.
    batching: { maxSize: 3, maxWaitMs: 60_000 },
  });
  await using doors = await openDoors({ cores: [core] });
  const texts = ["a text", "another text", "a third"];
  const answers = await Promise.all(
    texts.map((input, index) =>
      new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 }).embeddings.create(
        { model: "text-embedding-x", input },
        { headers: { "x-session-id": `s${index}` } },
      ),
    ),
  );
  expect(upstream.requests.map(({ body }) => (body["input"] as string[]).toSorted())).toEqual([texts.toSorted()]);
  expect(answers.map(({ data }) => [...(data[0]?.embedding ?? [])])).toEqual(texts.map(shown).map(asFloats));
  expect(answers.map(({ usage }) => usage.prompt_tokens)).toEqual(texts.map(tokensOf));
});

test("in front of the simulation the answer says that it is one", async () => {
  await using doors = await openDoors({ cores: [createSimCore({ clock: realClock, ttftMs: 0 })] });
  const response = await doors.fetch("/v1/embeddings", { body: { model: "sim", input: "a text", dimensions: 8 } });
  expect(response.headers.get("x-aios-simulated")).toBe("true");
  expect((await json(response))["data"]).toMatchObject([{ index: 0, embedding: expect.any(Array) }]);
});
