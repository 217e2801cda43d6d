import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { ask, chat, contextOf } from "../test/conformance/core.ts";
import { openHubServer } from "../test/hub-server.ts";
import { saying } from "../test/local-model.ts";
import { temporaryHome } from "../test/temporary-home.ts";
import { writeRandomModel } from "./bench/random-model.ts";
import { makeLlamaCore } from "./boot-llama.ts";
import { configSchema } from "./config/schema.ts";
import { probeCore } from "./core-probe.ts";
import { pull } from "./model-pull.ts";

// Each time llama.cpp starts: half a second, and several where all tests run at once.
vi.setConfig({ testTimeout: 60_000 });

const configured = (more: object) =>
  configSchema.parse({ llms: { cores: [{ name: "local", kind: "llama", gpu: "off", threads: 1, ...more }] } }).llms
    .cores[0]!;

test("a configured model file is found in the home, and answers", async () => {
  using home = temporaryHome();
  writeRandomModel(home.file("small.gguf"), saying.words);
  const core = configured({ modelPath: "./small.gguf", contextTokens: 512 });
  await using made = await makeLlamaCore(core, { models: undefined, home: home.dir, env: {} });
  expect(made.models()).toMatchObject([{ id: "small", contextTokens: 512 }]);
  const { result } = await chat(made, contextOf("small"), ask("Hi"));
  expect(result).toMatchObject({ model: "local/small", message: { content: "Say what you like" } });
});

test("a look at it loads no weights, and says what is missing", async () => {
  using home = temporaryHome({ "text.gguf": "no model" });
  const look = async (more: object) => {
    const at = { env: {}, home: home.dir, signal: new AbortController().signal };
    const [{ problem, models } = {}] = await probeCore(configured(more), at);
    return problem?.message ?? models;
  };
  writeRandomModel(home.file("small.gguf"));
  expect(await look({ modelPath: "small.gguf" })).toEqual(["small"]);
  expect(await look({})).toBe("core local names no model file");
  expect(await look({ modelPath: "other.gguf" })).toBe(`core local: no model file ${home.file("other.gguf")}`);
  expect(await look({ modelPath: "text.gguf" })).toContain("is no usable GGUF file");
});

test("a file that was pulled from the hub is a model; one that was not names the command", async () => {
  using home = temporaryHome();
  writeRandomModel(home.file("m-Q8_0.gguf"), saying.words);
  await using hub = await openHubServer({
    "acme/m": { files: { "m-Q8_0.gguf": readFileSync(home.file("m-Q8_0.gguf")) } },
  });
  const env = { HF_HOME: home.file("hf"), HF_ENDPOINT: hub.endpoint };
  const core = configured({ modelPath: "hf:acme/m", contextTokens: 512 });
  const place = { models: undefined, home: home.dir, env };
  await expect(makeLlamaCore(core, place)).rejects.toMatchObject({ code: "EINVAL", hint: "aios llm pull hf:acme/m" });
  for await (const { is } of pull("hf:acme/m", { env, signal: new AbortController().signal }))
    expect(is).not.toBe("damaged");
  await using made = await makeLlamaCore(core, place);
  const { result } = await chat(made, contextOf(made.models()[0]!.id), ask("Hi"));
  expect(result).toMatchObject({ model: "local/m-Q8_0", message: { content: "Say what you like" } });
});
