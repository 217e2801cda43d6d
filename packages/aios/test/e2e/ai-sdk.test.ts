// The AI SDK with its provider for OpenAI-compatible APIs, both as they come, against AIOS.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, stepCountIs, streamObject, streamText, tool, type LanguageModel } from "ai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { backends, type Backend } from "./answering.ts";

const city = z.object({ city: z.string() });

const modelOf = ({ doors, model }: Backend): LanguageModel =>
  createOpenAICompatible({
    name: "aios",
    baseURL: `${doors.url}/v1`,
    apiKey: doors.key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  }).chatModel(model);

describe.each(backends)("the AI SDK in front of $name", ({ open }) => {
  let backend: Backend;
  let model: LanguageModel;
  beforeEach(async () => {
    backend = await open();
    model = modelOf(backend);
  });
  afterEach(() => backend[Symbol.asyncDispose]());

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

  test("tools run over several steps, streamed and not", async () => {
    const asked: string[] = [];
    const settings = {
      model,
      prompt: "What is the weather in Paris?",
      tools: weather(asked),
      stopWhen: stepCountIs(3),
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

  test("generateObject and streamObject keep to a schema", async () => {
    const request = { model, schema: city, prompt: "Name a city.", maxRetries: 0 };
    const { object } = await generateObject(request);
    expect(object.city).toBeTypeOf("string");
    const streamed = streamObject(request);
    const partial: unknown[] = [];
    for await (const part of streamed.partialObjectStream) partial.push(part);
    expect(await streamed.object).toEqual(partial.at(-1));
    expect((await streamed.object).city).toBeTypeOf("string");
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
