// LangChain's models of OpenAI and of Anthropic, as they come.
import { ChatAnthropic } from "@langchain/anthropic";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { HumanMessage, type AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { tryClient, type Asked, type ClientUnderTest, type Place } from "./scenario.ts";

const toolsOf = ({ tools = [] }: Asked) =>
  tools.map(({ name, description, input, run }) => tool((given) => run(given), { name, description, schema: input }));

const by = (modelOf: (place: Place) => BaseChatModel): ClientUnderTest => {
  /** LangChain's own loop is another package; this is what its documentation writes by hand. */
  async function* steps(place: Place, asked: Asked, isStreamed: boolean): AsyncGenerator<string> {
    const tools = toolsOf(asked);
    const model = modelOf(place);
    const bound = tools.length > 0 && model.bindTools ? model.bindTools(tools) : model;
    const options = asked.signal ? { signal: asked.signal } : {};
    const messages: BaseMessage[] = [new HumanMessage(asked.prompt)];
    for (;;) {
      let answer: AIMessageChunk | undefined;
      if (isStreamed) {
        for await (const chunk of await bound.stream(messages, options)) {
          yield chunk.text;
          answer = answer === undefined ? chunk : answer.concat(chunk);
        }
      } else {
        answer = await bound.invoke(messages, options);
        yield answer.text;
      }
      if (answer === undefined) throw new Error("no answer");
      messages.push(answer);
      if ((answer.tool_calls ?? []).length === 0) return;
      for (const call of answer.tool_calls ?? []) {
        const called = tools.find(({ name }) => name === call.name);
        if (called === undefined) throw new Error(`no tool ${call.name}`);
        messages.push((await called.invoke({ ...call, type: "tool_call" })) as BaseMessage);
      }
    }
  }
  return {
    async whole(place, asked) {
      let text = "";
      for await (const piece of steps(place, asked, false)) text += piece;
      return text;
    },
    pieces: (place, asked) => steps(place, asked, true),
  };
};

const openai = (useResponsesApi: boolean) =>
  by(
    ({ url, key, model }) =>
      new ChatOpenAI({
        model,
        apiKey: key,
        maxRetries: 0,
        useResponsesApi,
        configuration: { baseURL: `${url}/v1` },
      }),
  );

tryClient("langchain chat", openai(false));
tryClient("langchain responses", openai(true));
tryClient(
  "langchain anthropic",
  by(
    ({ url, key, model }) =>
      new ChatAnthropic({ model, apiKey: key, maxRetries: 0, maxTokens: 20_000, anthropicApiUrl: url }),
  ),
);
