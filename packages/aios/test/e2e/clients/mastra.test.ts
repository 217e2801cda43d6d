// Mastra's Agent, as it comes, with a model by address and key. (It takes models of the AI SDK too: ./ai-sdk.test.ts.)
import { Agent } from "@mastra/core/agent";
import type { MastraModelConfig } from "@mastra/core/llm";
import { createTool } from "@mastra/core/tools";
import { tryClient, type Asked, type ClientUnderTest, type Place } from "./scenario.ts";

const by = (modelOf: (place: Place) => MastraModelConfig): ClientUnderTest => {
  const agentOf = (place: Place, { tools = [] }: Asked) =>
    new Agent({
      id: "explorer",
      name: "Explorer",
      instructions: "Be short.",
      model: modelOf(place),
      maxRetries: 0,
      tools: Object.fromEntries(
        tools.map(({ name, description, input, run }) => [
          name,
          createTool({ id: name, description, inputSchema: input, execute: async (given: unknown) => run(given) }),
        ]),
      ),
    });
  const optionsOf = ({ signal }: Asked) => ({ maxSteps: 5, ...(signal ? { abortSignal: signal } : {}) });
  return {
    async whole(place, asked) {
      const { text } = await agentOf(place, asked).generate(asked.prompt, optionsOf(asked));
      return text;
    },
    async *pieces(place, asked) {
      const { textStream } = await agentOf(place, asked).stream(asked.prompt, optionsOf(asked));
      for await (const piece of textStream) yield piece;
    },
  };
};

const addressed = (api: "chat" | "responses") =>
  by(({ url, key, model }) => ({ id: `aios/${model}`, url: `${url}/v1`, apiKey: key, api }));

tryClient("mastra chat", addressed("chat"));
tryClient("mastra responses", addressed("responses"));
