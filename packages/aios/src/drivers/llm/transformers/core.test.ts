import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { ask, chat, contextOf, describeCore } from "../../../../test/conformance/core.ts";
import { openOnnxCore } from "../../../../test/onnx-core.ts";
import { byteVector, contextTokens } from "../../../../test/onnx-model.ts";
import type { OnnxModel } from "../../../../test/onnx-model.ts";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { startModelChild } from "./child.ts";

// Each time a process loads the library: half a second, and several where all tests run at once.
vi.setConfig({ testTimeout: 60_000 });

const words: OnnxModel = {
  is: "chat",
  words: ["Say", " what", " you", " like"],
  follows: { "<|reply|>": "Say", Say: " what", " what": " you", " you": " like", " like": "</s>" },
};
const endless: OnnxModel = {
  is: "chat",
  words: ["on", " and", " on"],
  follows: { "<|reply|>": "on", on: " and", " and": " on", " on": " and" },
};

describeCore(
  "transformers",
  async (situation) => {
    const isEndless = ["endless", "broken-after", "rate-limited"].includes(situation);
    const opened = await openOnnxCore(isEndless ? endless : words);
    const { core } = opened;
    const leaving = new AbortController();
    if (situation === "broken-before") opened.breakAfter(1);
    if (situation === "broken-after") opened.breakAfter(6);
    if (situation === "rate-limited") {
      const other = core
        .execute("llm.chat", ask("Go on.", { stream: true }), contextOf("tiny"))
        [Symbol.asyncIterator]();
      await other.next();
      leaving.signal.addEventListener("abort", () => void other.return?.());
    }
    return {
      core,
      model: "tiny",
      arrived: () => opened.orders(),
      idle: () => vi.waitFor(() => expect(core.pending).toBe(0)),
      async [Symbol.asyncDispose]() {
        leaving.abort();
        await opened[Symbol.asyncDispose]();
      },
    };
  },
  { callsTools: false, honoursSchemas: false },
);

test("an answer is cut at maxTokens and says so, and its figures are exact", async () => {
  await using opened = await openOnnxCore(endless);
  const args = ask("Go on.", { maxTokens: 7 });
  const { result, usage } = await chat(opened.core, contextOf("tiny"), args);
  expect(result).toMatchObject({ finishReason: "length", message: { content: "on and on and on and on" } });
  // <|turn|>user: Go on.</s><|reply|>, a token for each byte and each mark.
  expect(usage).toMatchObject({ inputTokens: 3 + "user: Go on.".length, outputTokens: 7 });
  const counted = await opened.core.count?.(args, { model: "tiny", signal: new AbortController().signal });
  expect(counted).toBe(usage?.inputTokens);
});

test("an answer ends before a stop text, wherever tokens begin and end", async () => {
  await using opened = await openOnnxCore(words);
  const args = ask("Hi", { stop: ["at yo"], stream: true });
  const { result, events } = await chat(opened.core, contextOf("tiny"), args);
  expect(result).toMatchObject({ finishReason: "stop", message: { content: "Say wh" } });
  expect(events.map((event) => (event.type === "text.delta" ? event.text : "")).join("")).toBe("Say wh");
});

test("a prompt that is longer than the context is E2BIG, and an answer ends where the context does", async () => {
  await using opened = await openOnnxCore(endless);
  const tooLong = chat(opened.core, contextOf("tiny"), ask("x".repeat(contextTokens)));
  await expect(tooLong).rejects.toMatchObject({ code: "E2BIG" });
  const { result, usage } = await chat(opened.core, contextOf("tiny"), ask("x".repeat(contextTokens - 20)));
  expect(result.finishReason).toBe("length");
  expect((usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)).toBe(contextTokens);
});

test("the model's process sees no secret, and ends with the kernel that it computes for", async () => {
  vi.stubEnv("ONNX_TEST_TOKEN", "secret");
  const child = startModelChild();
  vi.unstubAllEnvs();
  const gone = once(child, "exit");
  child.send({ is: "load", setup: { library: "/nowhere" } });
  expect(await once(child, "message")).toMatchObject([{ is: "unusable" }, undefined]);
  if (process.platform === "linux") {
    const told = readFileSync(`/proc/${child.pid}/environ`, "utf8");
    expect(told).toContain("PATH=");
    expect(told).not.toContain("ONNX_TEST_TOKEN");
  }
  child.disconnect();
  expect(await gone).toEqual([null, "SIGKILL"]);
});

test("the kernel's thread goes on while the model computes", async () => {
  await using opened = await openOnnxCore(endless);
  await opened.core.open();
  let turns = 0;
  const controller = new AbortController();
  const count = (): void => {
    turns++;
    if (!controller.signal.aborted) setImmediate(count);
  };
  count();
  await chat(opened.core, contextOf("tiny"), ask("Go on.", { maxTokens: 200 }));
  controller.abort();
  // A loop that waited for tokens would have turned about once for each.
  expect(turns).toBeGreaterThan(2_000);
});

test("a call after a cancelled one is answered, and so is one after the model's process aborted", async () => {
  await using opened = await openOnnxCore(endless);
  const { core } = opened;
  for await (const batch of core.execute("llm.chat", ask("Go on.", { stream: true }), contextOf("tiny")))
    if (batch.some(({ type }) => type === "text.delta")) break;
  const few = ask("Go on.", { maxTokens: 3 });
  expect((await chat(core, contextOf("tiny"), few)).result.message.content).toBe("on and on");
  await using broken = await openOnnxCore(words);
  broken.breakAfter(2);
  await expect(chat(broken.core, contextOf("tiny"), few)).rejects.toMatchObject({
    code: "EIO",
    retryable: true,
    message: expect.stringContaining("killed by SIGABRT"),
  });
  broken.breakAfter(Infinity);
  expect((await chat(broken.core, contextOf("tiny"), few)).result.message.content).toBe("Say what you");
});

test("what the model cannot be told is refused, and what it is not told is named", async () => {
  await using opened = await openOnnxCore(words);
  const image = { type: "image" as const, url: "data:image/png;base64,AA==" };
  const asked = { model: "auto", messages: [{ role: "user" as const, content: [image] }] };
  await expect(chat(opened.core, contextOf("tiny"), asked)).rejects.toMatchObject({ code: "EINVAL" });
  const { events } = await chat(opened.core, contextOf("tiny"), ask("Hi", { topP: 0.5, frequencyPenalty: 1 }));
  expect(events).toContainEqual({ type: "request.adapted", leftOut: ["topP", "frequencyPenalty"] });
});

test("the same seed draws the same words", async () => {
  await using opened = await openOnnxCore({ ...endless, follows: {} });
  const drawn = async (seed: number): Promise<unknown> =>
    (await chat(opened.core, contextOf("tiny"), ask("Hi", { seed, temperature: 1, maxTokens: 12 }))).result.message
      .content;
  const first = await drawn(7);
  expect(await drawn(7)).toBe(first);
  expect(await drawn(8)).not.toBe(first);
});

async function embedded(core: Parameters<typeof chat>[0], input: (string | number[])[]): Promise<DriverEvent> {
  const events: DriverEvent[] = [];
  for await (const batch of core.execute("llm.embed", { model: "auto", input }, contextOf("tiny")))
    events.push(...batch);
  return events.at(-1)!;
}

test("a text's vector is the mean of its tokens', exactly, and token ids are as good as texts", async () => {
  await using opened = await openOnnxCore({ is: "embed", dimensions: 4 });
  const { core } = opened;
  expect(core.serves).toEqual(["llm.embed"]);
  // Bytes are the first 256 tokens.
  const [a, b] = [...Buffer.from("ab")].map((byte) => byteVector(byte, 4));
  const mean = a!.map((each, column) => (each + b![column]!) / 2);
  const event = await embedded(core, ["ab", [97, 98], "a"]);
  expect(event).toMatchObject({ type: "result", usage: { inputTokens: 5, outputTokens: 0 } });
  const { embeddings } = (event as { result: { embeddings: number[][] } }).result;
  expect(embeddings).toEqual([mean, mean, a]);
});

test("vectors are pooled and normalised as the folder says", async () => {
  await using opened = await openOnnxCore({ is: "embed", dimensions: 4, pooling: "cls", isNormalized: true });
  const { embeddings } = ((await embedded(opened.core, ["ab"])) as { result: { embeddings: number[][] } }).result;
  const first = byteVector(97, 4);
  expect(embeddings[0]).toEqual(first.map((each) => each / Math.hypot(...first)));
});

test("a thought is reasoning, whether the model opens it or its template does", async () => {
  const thinking: OnnxModel = {
    is: "chat",
    words: ["<think>", " two", "</think>", " four"],
    follows: { "<|reply|>": "<think>", "<think>": " two", " two": "</think>", "</think>": " four", " four": "</s>" },
  };
  await using opened = await openOnnxCore(thinking);
  const { result, events } = await chat(opened.core, contextOf("tiny"), ask("2 + 2?", { stream: true }));
  expect(result.message).toEqual({ role: "assistant", content: "four", reasoning: " two" });
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["reasoning.delta", "text.delta", "result"]));
  // The last character of the prompt is its template's "<think>".
  const prompted: OnnxModel = {
    ...thinking,
    prompt: "<think>",
    follows: { ">": " two", " two": "</think>", "</think>": " four", " four": "</s>" },
  };
  await using other = await openOnnxCore(prompted);
  const second = await chat(other.core, contextOf("tiny"), ask("2 + 2?"));
  expect(second.result.message).toEqual({ role: "assistant", content: "four", reasoning: " two" });
});
