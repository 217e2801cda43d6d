// The AI SDK with four of its models, as they come. More of it: ../ai-sdk.test.ts, ../ai-sdk-responses.test.ts.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool, type LanguageModel, type ToolSet } from "ai";
import { tryClient, type Asked, type ClientUnderTest, type Place } from "./scenario.ts";

const toolsOf = ({ tools = [] }: Asked): ToolSet =>
  Object.fromEntries(
    tools.map(({ name, description, input, run }) => [
      name,
      tool({ description, inputSchema: input, execute: (given) => run(given) }),
    ]),
  );

const by = (modelOf: (place: Place) => LanguageModel): ClientUnderTest => {
  const settingsOf = (place: Place, asked: Asked) => ({
    model: modelOf(place),
    prompt: asked.prompt,
    maxRetries: 0,
    maxOutputTokens: 32_000,
    ...(asked.tools ? { tools: toolsOf(asked), stopWhen: stepCountIs(5) } : {}),
    ...(asked.signal ? { abortSignal: asked.signal } : {}),
  });
  return {
    whole: async (place, asked) => (await generateText(settingsOf(place, asked))).text,
    async *pieces(place, asked) {
      const { fullStream } = streamText({ ...settingsOf(place, asked), onError: () => undefined });
      for await (const part of fullStream) {
        if (part.type === "text-delta") yield part.text;
        if (part.type === "error") throw part.error;
      }
    },
  };
};

tryClient(
  "ai openai chat",
  by(({ url, key, model }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat(model)),
);
tryClient(
  "ai openai responses",
  by(({ url, key, model }) => createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).responses(model)),
);
tryClient(
  "ai compatible",
  by(({ url, key, model }) =>
    createOpenAICompatible({ name: "aios", baseURL: `${url}/v1`, apiKey: key }).chatModel(model),
  ),
);
tryClient(
  "ai anthropic",
  by(({ url, key, model }) => createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model)),
);
