import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { geminiError, geminiModels, geminiReply } from "../gemini-upstream.ts";
import { openUpstream, type Received, type Reply, type Upstream } from "../upstream.ts";
import { openAios, type Aios } from "./aios.ts";

const timeoutMs = 60_000;

/** An OpenAI-compatible server that calls tools and knows no schema. */
function compatible({ body }: Received): Reply {
  if (body["tools"] !== undefined) {
    return { is: "answer", toolCalls: [{ id: "c1", name: "weather", arguments: '{"city":"Lima"}' }] };
  }
  return { is: "answer", pieces: ["1 ", "2 ", "3"] };
}

/** A Gemini that does all that it is asked for, but for a model whose key is wrong. */
function gemini(request: Received): Reply {
  const { path, body } = request;
  if (path.includes("locked")) {
    return geminiError(400, "INVALID_ARGUMENT", { message: "API key not valid.", reason: "API_KEY_INVALID" });
  }
  if (body["tools"] !== undefined)
    return geminiReply(request, { calls: [{ name: "weather", args: { city: "Lima" } }] });
  const { responseMimeType } = body["generationConfig"] as { responseMimeType?: string };
  return geminiReply(request, { pieces: responseMimeType === undefined ? ["1 2", " 3"] : ['{"city":', '"Lima"}'] });
}

interface Tried {
  model: string;
  ok: boolean;
  text?: string;
  outputTokens?: number;
  streams?: boolean | null;
  tools?: { can: boolean; why: string };
  schema?: { can: boolean; why: string };
  problem: string | null;
  hint: string | null;
}

describe("llm test", { timeout: timeoutMs }, () => {
  let aios: Aios;
  let upstreams: Upstream[];
  const env = { A_KEY: "key-of-test" };
  const tried = async (...args: string[]): Promise<Tried[]> => {
    const { out } = await aios.run(["llm", "test", ...args, "--jsonl"], { env });
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Tried);
  };

  beforeAll(async () => {
    aios = await openAios();
    upstreams = [await openUpstream(compatible), await openUpstream(gemini, { models: geminiModels })];
    const [up, google] = upstreams as [Upstream, Upstream];
    writeFileSync(
      join(aios.home, "config.yaml"),
      `
server: {port: 0}
llms:
  cores:
    - {name: up, kind: compatible, baseUrl: "${up.baseUrl}", models: [m]}
    - {name: gemini, kind: google, baseUrl: "${google.baseUrl}", apiKey: env:A_KEY}
    - {name: vectors, kind: sim, models: [{id: v, serves: [llm.embed]}]}
`,
    );
  }, timeoutMs);
  afterAll(async () => {
    await aios[Symbol.asyncDispose]();
    for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
  }, timeoutMs);

  test("without a kernel the addresses and keys are looked at, and it is said that no model was asked", async () => {
    const { code, out, err } = await aios.run(["llm", "test", "gemini"], { env });
    expect(code, err).toBe(0);
    expect(out).toContain("gemini");
    expect(err).toContain("aios up");
    expect(upstreams.flatMap(({ requests }) => requests)).toEqual([]);
  });

  test("with one a core is asked a question of 16 tokens; --full tries tools and schemas as well", async () => {
    const up = await aios.run(["up", "-d"], { env });
    expect(up.code, up.err).toBe(0);

    const [plain] = await tried("up");
    expect(plain).toMatchObject({ model: "up/m", ok: true, text: "1 2 3", streams: true, outputTokens: 7 });
    const first = await upstreams[0]?.received(1);
    expect(first?.body).toMatchObject({ max_tokens: 16, stream: true });

    const [full] = await tried("gemini", "--full");
    expect(full).toMatchObject({ model: "gemini/gemini-test", ok: true, text: "1 2 3", streams: true });
    expect(full).toMatchObject({ tools: { can: true, why: "" }, schema: { can: true, why: "" } });

    const [half] = await tried("up/m", "--full");
    expect(half).toMatchObject({ tools: { can: true }, schema: { can: false } });
    expect(half?.schema?.why).toContain("JSON");

    const everywhere = await tried("--chat");
    expect(everywhere.map(({ model }) => model)).toEqual(["up/m", "gemini/gemini-test", "vectors/v"]);
    const [vectors] = await tried("vectors");
    expect(vectors).toMatchObject({ model: "vectors/v", ok: true, dimensions: expect.any(Number) });
  });

  test("what is wrong is said with what to do, and the exit code tells", async () => {
    writeFileSync(
      join(aios.home, "config.yaml"),
      `
server: {port: 0}
llms: {cores: [{name: gemini, kind: google, baseUrl: "${upstreams[1]?.baseUrl}", apiKey: env:A_KEY, models: [locked]}]}
`,
    );
    expect((await aios.run(["refresh"], { env })).code).toBe(0);
    const { code, out } = await aios.run(["llm", "test", "gemini"], { env });
    expect(code).toBe(1);
    expect(out).toContain("gemini/locked");
    expect(out).toContain("check env:A_KEY");
    expect(out).not.toContain("key-of-test");
    // Nothing listens there, so it lists no models: that is the trouble, not that none was named.
    writeFileSync(
      join(aios.home, "config.yaml"),
      "server: {port: 0}\nllms: {cores: [{name: gone, kind: compatible, baseUrl: 'http://127.0.0.1:9/v1'}]}\n",
    );
    expect((await aios.run(["refresh"], { env })).code).toBe(0);
    const gone = await aios.run(["llm", "test", "gone"], { env });
    expect([gone.code, gone.out]).toEqual([1, expect.stringContaining("nothing answers for core gone")]);
    const unknown = await aios.run(["llm", "test", "nowhere"], { env });
    expect(unknown.code).toBe(3);
  });

  test("a package that is not installed puts its core down, with the command that installs it", async () => {
    writeFileSync(
      join(aios.home, "config.yaml"),
      'server: {port: 0}\nllms: {cores: [{name: x, kind: ai-sdk, package: "@ai-sdk/not-there", models: [m]}]}\n',
    );
    const { code, err } = await aios.run(["refresh"], { env });
    expect(code).toBe(0);
    expect(err).toContain("✗ down: core x wants the package @ai-sdk/not-there");
    expect(err).toContain(`npm install --prefix ${aios.home} @ai-sdk/not-there`);
  });
});
