// The AI SDK with OpenAI's own provider, whose default is the responses API, both as they come, against AIOS.
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool, type LanguageModel, type ModelMessage } from "ai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { anthropicBackend, backends, type Backend } from "./answering.ts";
import { openDoors } from "./open-doors.ts";

const city = z.object({ city: z.string() });
const modelOf = ({ doors, model }: Backend): LanguageModel =>
  createOpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key }).responses(model);

const weather = (asked: string[]) => ({
  weather: tool({
    description: "The weather of a city",
    inputSchema: city,
    execute: (input) => {
      asked.push(input.city);
      return "mild";
    },
  }),
});

describe.each([...backends, anthropicBackend])("the AI SDK's responses in front of $name", ({ open }) => {
  let backend: Backend;
  let model: LanguageModel;
  beforeEach(async () => {
    backend = await open();
    model = modelOf(backend);
  });
  afterEach(() => backend[Symbol.asyncDispose]());

  test("generateText answers and tells the usage", async () => {
    const { text, finishReason, usage } = await generateText({ model, prompt: "Say something.", maxRetries: 0 });
    expect(text).toMatch(/\S/);
    expect(finishReason).toBe("stop");
    expect(usage.outputTokens).toBeGreaterThan(0);
  });

  test("streamText streams the same text that it ends with", async () => {
    const result = streamText({ model, prompt: "Say something.", maxRetries: 0 });
    let text = "";
    for await (const part of result.textStream) text += part;
    expect(text).toMatch(/\S/);
    expect(await result.text).toBe(text);
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
  });

  // With `store` earlier items come back as references to what the journal keeps, without it whole.
  test.each([true, false])("tools run over several steps, streamed and not (store: %s)", async (store) => {
    const asked: string[] = [];
    const settings = {
      model,
      prompt: "What is the weather in Paris?",
      tools: weather(asked),
      stopWhen: stepCountIs(3),
      providerOptions: { openai: { store } },
      maxRetries: 0,
    };
    const whole = await generateText(settings);
    expect(whole.steps).toHaveLength(2);
    expect(whole.text).toMatch(/\S/);
    const streamed = streamText(settings);
    await streamed.consumeStream();
    expect(await streamed.steps).toHaveLength(2);
    expect(await streamed.text).toMatch(/\S/);
    expect(asked).toHaveLength(2);
  });

  test("generateObject keeps to a schema", async () => {
    const { object } = await generateObject({ model, schema: city, prompt: "Name a city.", maxRetries: 0 });
    expect(object.city).toBeTypeOf("string");
  });

  test("an abort frees the slot behind it", async () => {
    await using endless = await open(true);
    const controller = new AbortController();
    const result = streamText({
      model: modelOf(endless),
      prompt: "Go on for ever.",
      abortSignal: controller.signal,
      maxRetries: 0,
      onError: () => undefined,
    });
    for await (const part of result.fullStream) {
      if (part.type === "text-delta") controller.abort();
    }
    await endless.idle();
  });
});

test("what a model thought comes back with its answer, by reference, as far as its upstream takes it", async () => {
  await using doors = await openDoors({ script: () => ({ is: "answer", reasoning: ["let me see"], pieces: ["42"] }) });
  const model = createOpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key }).responses("up/m");
  const messages: ModelMessage[] = [{ role: "user", content: "What is it?" }];
  const first = streamText({ model, messages, maxRetries: 0 });
  await first.consumeStream();
  expect(await first.reasoningText).toBe("let me see");
  messages.push(...(await first.responseMessages), { role: "user", content: "Sure?" });
  const { response } = await generateText({ model, messages, maxRetries: 0 });
  // This upstream takes no thoughts back: that they are named as left out shows that they came.
  expect(response.headers?.["x-aios-left-out"]).toBe("reasoning");
  const { body } = await doors.upstream.received(2);
  expect(body.messages).toMatchObject([
    { role: "user", content: "What is it?" },
    { role: "assistant", content: "42" },
    { role: "user", content: "Sure?" },
  ]);
});

test("a stream that breaks off is an error, not an end", async () => {
  await using doors = await openDoors({ script: () => ({ is: "answer", breakAfterChunks: 3 }) });
  const model = createOpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key }).responses("up/m");
  const result = streamText({ model, prompt: "hi", maxRetries: 0, onError: () => undefined });
  const types: string[] = [];
  for await (const part of result.fullStream) types.push(part.type);
  expect(types).toContain("error");
});
