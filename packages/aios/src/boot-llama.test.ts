import { expect, test } from "vitest";
import { ask, chat, contextOf } from "../test/conformance/core.ts";
import { saying } from "../test/local-model.ts";
import { temporaryHome } from "../test/temporary-home.ts";
import { writeRandomModel } from "./bench/random-model.ts";
import { makeLlamaCore } from "./boot-llama.ts";
import { configSchema } from "./config/schema.ts";
import { probeCore } from "./core-probe.ts";

const configured = (more: object) =>
  configSchema.parse({ llms: { cores: [{ name: "local", kind: "llama", gpu: "off", threads: 1, ...more }] } }).llms
    .cores[0]!;

test("a configured model file is found in the home, and answers", async () => {
  using home = temporaryHome();
  writeRandomModel(home.file("small.gguf"), saying.words);
  const core = configured({ modelPath: "./small.gguf", contextTokens: 512 });
  await using made = await makeLlamaCore(core, { models: undefined, home: home.dir });
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
