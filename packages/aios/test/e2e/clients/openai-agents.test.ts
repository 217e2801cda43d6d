// The OpenAI Agents SDK, as it comes, over both of OpenAI's dialects.
import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import { tryClient, type Asked, type ClientUnderTest, type Place } from "./scenario.ts";

const agentOf = ({ model }: Place, { tools = [] }: Asked) =>
  new Agent({
    name: "Explorer",
    instructions: "Be short.",
    model,
    tools: tools.map(({ name, description, input, run }) =>
      tool({ name, description, parameters: input, execute: (given) => run(given) }),
    ),
  });

const by = (useResponses: boolean): ClientUnderTest => {
  const runnerOf = ({ url, key }: Place): Runner =>
    new Runner({
      modelProvider: new OpenAIProvider({ baseURL: `${url}/v1`, apiKey: key, useResponses }),
      // It would tell OpenAI of every run.
      tracingDisabled: true,
    });
  const optionsOf = ({ signal }: Asked) => ({ maxTurns: 5, ...(signal ? { signal } : {}) });
  return {
    async whole(place, asked) {
      const { finalOutput } = await runnerOf(place).run(agentOf(place, asked), asked.prompt, optionsOf(asked));
      return finalOutput ?? "";
    },
    async *pieces(place, asked) {
      const options = { ...optionsOf(asked), stream: true as const };
      const result = await runnerOf(place).run(agentOf(place, asked), asked.prompt, options);
      for await (const piece of result.toTextStream()) yield piece;
      await result.completed;
    },
  };
};

tryClient("agents responses", by(true));
tryClient("agents chat", by(false));
