import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test, vi } from "vitest";
import { ask, chat, contextOf } from "../test/conformance/core.ts";
import { openHubServer } from "../test/hub-server.ts";
import { writeOnnxModel } from "../test/onnx-model.ts";
import type { OnnxModel } from "../test/onnx-model.ts";
import { temporaryHome } from "../test/temporary-home.ts";
import { makeTransformersCore } from "./boot-transformers.ts";
import { configSchema } from "./config/schema.ts";
import { probeCore } from "./core-probe.ts";
import { findLibrary } from "./drivers/llm/transformers/library.ts";
import { pull } from "./model-pull.ts";

// Each time a thread loads the library: half a second, and several where all tests run at once.
vi.setConfig({ testTimeout: 60_000 });

const configured = (more: object) =>
  configSchema.parse({ llms: { cores: [{ name: "small", kind: "transformers", threads: 1, ...more }] } }).llms
    .cores[0]!;
const words: OnnxModel = {
  is: "chat",
  words: ["Say", " what"],
  follows: { "<|reply|>": "Say", Say: " what", " what": "</s>" },
};

test("a configured folder is found in the home, and answers", async () => {
  using home = temporaryHome();
  writeOnnxModel(home.file("words"), words);
  const core = configured({ modelPath: "./words" });
  await using made = await makeTransformersCore(core, { models: undefined, home: home.dir, env: {} });
  expect(made.models()).toMatchObject([{ id: "words", serves: ["llm.chat"], price: { input: 0, output: 0 } }]);
  expect((await chat(made, contextOf("words"), ask("Hi"))).result.message.content).toBe("Say what");
});

test("weights that were pulled from the hub answer, those beside their graph too; the model is called as its repository", async () => {
  using home = temporaryHome();
  writeOnnxModel(home.file("words"), { ...words, isSplit: true });
  const names = readdirSync(home.file("words"), { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(home.file("words"), name)).isFile());
  const read = (name: string) => [name.replaceAll("\\", "/"), readFileSync(join(home.file("words"), name))] as const;
  await using hub = await openHubServer({ "acme/Words-ONNX": { files: Object.fromEntries(files.map(read)) } });
  const env = { HF_HOME: home.file("hf"), HF_ENDPOINT: hub.endpoint };
  const core = configured({ modelPath: "hf:acme/Words-ONNX" });
  const place = { models: undefined, home: home.dir, env };
  await expect(makeTransformersCore(core, place)).rejects.toMatchObject({
    hint: "aios llm pull hf:acme/Words-ONNX --onnx",
  });
  const pulled: string[] = [];
  for await (const event of pull("hf:acme/Words-ONNX", { env, signal: new AbortController().signal }))
    if (event.is === "pulled") pulled.push(...event.pulled.files.map(({ name }) => name));
  expect(pulled).toContain("onnx/model.onnx_data");
  await using made = await makeTransformersCore(core, place);
  const [{ id } = { id: "" }] = made.models();
  expect(id).toBe("Words-ONNX");
  expect((await chat(made, contextOf(id), ask("Hi"))).result.message.content).toBe("Say what");
});

test("a look at it loads no weights, and says what is missing", async () => {
  using home = temporaryHome();
  writeOnnxModel(home.file("words"), words);
  const look = async (more: object) => {
    const at = { env: {}, home: home.dir, signal: new AbortController().signal };
    const [{ problem, models } = {}] = await probeCore(configured(more), at);
    return problem?.message ?? models;
  };
  expect(await look({ modelPath: "words" })).toEqual(["words"]);
  expect(await look({})).toBe("core small names no model");
  expect(await look({ modelPath: "other" })).toContain("has no config.json");
  expect(await look({ modelPath: "words", dtype: "q4" })).toContain("has no weights of dtype q4");
  expect(await look({ modelPath: "words", gpu: "metal" })).toContain("onnxruntime has no metal");
});

test("a graph that is damaged is told by the first call, and the next one tries again", async () => {
  using home = temporaryHome();
  writeOnnxModel(home.file("words"), words);
  const graph = join(home.file("words"), "onnx", "model.onnx");
  const bytes = readFileSync(graph);
  writeFileSync(graph, bytes.subarray(0, 1000));
  const core = configured({ modelPath: "words" });
  await using made = await makeTransformersCore(core, { models: undefined, home: home.dir, env: {} });
  await expect(chat(made, contextOf("words"), ask("Hi"))).rejects.toMatchObject({
    code: "EINVAL",
    message: expect.stringContaining("core small: the model cannot be loaded"),
  });
  writeFileSync(graph, bytes);
  expect((await chat(made, contextOf("words"), ask("Hi"))).result.message.content).toBe("Say what");
});

test("without the package the error is the command that installs it", () => {
  using home = temporaryHome();
  const own = pathToFileURL(home.file("x.js")).href;
  expect(() => findLibrary({ core: "small", home: home.dir, own })).toThrow(
    expect.objectContaining({ code: "EINVAL", hint: "npm install --ignore-scripts @huggingface/transformers" }),
  );
});
