// The official `openai` package, as it comes. More of it: ../openai-client.test.ts, ../responses-client.test.ts.
import OpenAI from "openai";
import { tryClient, type Asked, type Place } from "./scenario.ts";

const clientOf = ({ url, key }: Place): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

const runnable = ({ tools = [] }: Asked) =>
  tools.map(({ name, description, schema, run }) => ({
    type: "function" as const,
    function: {
      name,
      description,
      parameters: schema,
      parse: (text: string) => JSON.parse(text) as object,
      function: run,
    },
  }));

tryClient("openai chat", {
  async whole({ model, ...place }, asked) {
    const { completions } = clientOf({ model, ...place }).chat;
    const messages = [{ role: "user" as const, content: asked.prompt }];
    const options = asked.signal ? { signal: asked.signal } : {};
    if (asked.tools) {
      const runner = completions.runTools({ model, messages, tools: runnable(asked) }, options);
      return (await runner.finalContent()) ?? "";
    }
    const { choices } = await completions.create({ model, messages }, options);
    return choices[0]?.message.content ?? "";
  },
  async *pieces({ model, ...place }, asked) {
    const { completions } = clientOf({ model, ...place }).chat;
    const messages = [{ role: "user" as const, content: asked.prompt }];
    const options = asked.signal ? { signal: asked.signal } : {};
    const stream = asked.tools
      ? completions.runTools({ model, messages, stream: true, tools: runnable(asked) }, options)
      : await completions.create({ model, messages, stream: true }, options);
    for await (const { choices } of stream) yield choices[0]?.delta.content ?? "";
  },
});

type Item = OpenAI.Responses.ResponseInputItem;

const offered = ({ tools }: Asked) =>
  tools
    ? {
        tools: tools.map(({ name, description, schema }) => ({
          type: "function" as const,
          name,
          description,
          parameters: schema,
          strict: true,
        })),
      }
    : {};

/** What the tools say to the calls of a response; empty when it calls none. */
const outputsOf = ({ output }: OpenAI.Responses.Response, { tools = [] }: Asked): Item[] =>
  output.flatMap((item) => {
    if (item.type !== "function_call") return [];
    const result = tools.find(({ name }) => name === item.name)?.run(JSON.parse(item.arguments)) ?? "no such tool";
    return [{ type: "function_call_output", call_id: item.call_id, output: result }];
  });

tryClient("openai responses", {
  async whole({ model, ...place }, asked) {
    const { responses } = clientOf({ model, ...place });
    let input: Item[] = [{ role: "user", content: asked.prompt }];
    let previous: string | undefined;
    for (;;) {
      const response = await responses.create(
        { model, input, ...offered(asked), ...(previous === undefined ? {} : { previous_response_id: previous }) },
        asked.signal ? { signal: asked.signal } : {},
      );
      input = outputsOf(response, asked);
      if (input.length === 0) return response.output_text;
      previous = response.id;
    }
  },
  // Not stored: each step sends the whole conversation again.
  async *pieces({ model, ...place }, asked) {
    const { responses } = clientOf({ model, ...place });
    const input: Item[] = [{ role: "user", content: asked.prompt }];
    for (;;) {
      const stream = responses.stream(
        { model, input, store: false, ...offered(asked) },
        asked.signal ? { signal: asked.signal } : {},
      );
      for await (const event of stream) if (event.type === "response.output_text.delta") yield event.delta;
      const response = await stream.finalResponse();
      const outputs = outputsOf(response, asked);
      if (outputs.length === 0) return;
      input.push(...(response.output as Item[]), ...outputs);
    }
  },
});
