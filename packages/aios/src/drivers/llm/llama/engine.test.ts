import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { openLocalModel, saying } from "../../../../test/local-model.ts";
import { writeRandomModel } from "../../../bench/random-model.ts";
import { createLlamaCore } from "./core.ts";
import type { Library } from "./library.ts";

const endless = ask("Go on.", { maxTokens: 40, stream: true, temperature: 0 });

test("memory that is not there is a wait, not a crash", { timeout: 60_000 }, async () => {
  // 64 KB of state for each token.
  const wide = { layers: 64, dimensions: 256, feedForward: 32, type: "f16" as const };
  await using local = await openLocalModel(wide, { contextTokens: Math.ceil(totalmem() / 2 ** 16), sequences: 2 });
  const failed = chat(local.core, contextOf("tiny"), ask("Hi"));
  const retryAfterMs = expect.any(Number) as number;
  await expect(failed).rejects.toMatchObject({ code: "EAGAIN", retryable: true, retryAfterMs });
});

test("free tokens are those of a sequence that no call has", async () => {
  await using local = await openLocalModel(saying.endless, { contextTokens: 512, sequences: 1 });
  const { core } = local;
  expect(core.freeTokens?.()).toBe(512);
  const running = core.execute("llm.chat", endless, contextOf("tiny"))[Symbol.asyncIterator]();
  await running.next();
  expect(core.freeTokens?.()).toBe(0);
  await expect(chat(core, contextOf("tiny"), ask("Hi"))).rejects.toMatchObject({ code: "EAGAIN" });
  await running.return?.();
  expect(core.freeTokens?.()).toBe(512);
});

test("the call of the better rank is computed first", async () => {
  await using local = await openLocalModel(saying.endless, { sequences: 2, isExact: true });
  const ended: string[] = [];
  const run = async (name: string, rank: number) => {
    await chat(local.core, { ...contextOf("tiny"), pid: asPid(name), rank: () => rank }, endless);
    ended.push(name);
  };
  await local.core.open();
  await Promise.all([run("later", 7), run("sooner", 1)]);
  expect(ended).toEqual(["sooner", "later"]);
});

test("a core that broke loads the model again for the next call", async () => {
  await using local = await openLocalModel(saying.words);
  local.breakAt(1);
  await expect(chat(local.core, contextOf("tiny"), ask("Hi"))).rejects.toMatchObject({ code: "EIO" });
  const { result } = await chat(local.core, contextOf("tiny"), ask("Hi"));
  expect(result.message.content).toBe("Say what you like");
});

test("texts become vectors of length 1, one for each, in order", async () => {
  await using local = await openLocalModel({ isPooled: true });
  const { core } = local;
  expect(core.serves).toEqual(["llm.embed"]);
  const embed = async (input: (string | number[])[]) => {
    for await (const [event] of core.execute("llm.embed", { model: "auto", input }, contextOf("tiny")))
      if (event?.type === "result") return { ...(event.result as { embeddings: number[][] }), usage: event.usage };
    throw new Error("no result");
  };
  const { embeddings, usage } = await embed(["the sea", "the land", "the sea", [1, 2, 3]]);
  expect(embeddings.map((vector) => vector.length)).toEqual([64, 64, 64, 64]);
  for (const vector of embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
  expect(embeddings[0]).toEqual(embeddings[2]);
  expect(embeddings[0]).not.toEqual(embeddings[1]);
  expect(usage).toMatchObject({ outputTokens: 0 });
  expect(usage?.inputTokens).toBeGreaterThan(3);
  expect(() => core.execute("llm.chat", ask("Hi"), contextOf("tiny"))).toThrow("does not serve llm.chat");
});

test("a chat model makes vectors too where it is told to", async () => {
  await using local = await openLocalModel(saying.words, { embeddings: true });
  expect(local.core.serves).toEqual(["llm.chat", "llm.embed"]);
  expect(local.core.models()).toMatchObject([{ id: "tiny", contextTokens: 1024, price: { input: 0, output: 0 } }]);
  const execute = local.core.execute("llm.embed", { model: "auto", input: ["x"] }, contextOf("tiny"));
  for await (const [event] of execute) expect(event).toMatchObject({ type: "result" });
});

test("what is missing is one error that says what to do", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aios-llama-"));
  const at = (name: string) => ({
    name: "local",
    modelPath: join(folder, name),
    snapshotFolder: folder,
    gpu: "off" as const,
  });
  const absent = "node-llama-cpp-that-is-not-there";
  const load = () => import(absent) as Promise<Library>;
  await expect(createLlamaCore({ ...at("x.gguf"), load })).rejects.toMatchObject({
    code: "EINVAL",
    message: "core local is of kind llama and the package node-llama-cpp is not installed",
    hint: expect.stringMatching(/^npm install --omit=optional node-llama-cpp @node-llama-cpp\//) as string,
  });
  await expect(createLlamaCore(at("x.gguf"))).rejects.toThrow(`no model file ${join(folder, "x.gguf")}`);
  writeFileSync(join(folder, "text.gguf"), "this is no model");
  await expect(createLlamaCore(at("text.gguf"))).rejects.toThrow("no usable GGUF");
  writeRandomModel(join(folder, "cut.gguf"));
  truncateSync(join(folder, "cut.gguf"), 100_000);
  await expect(createLlamaCore(at("cut.gguf"))).rejects.toThrow("cut off");
});
