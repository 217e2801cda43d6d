// The official `@anthropic-ai/sdk` package, as it comes. More of it: ../anthropic-client.test.ts.
import Anthropic from "@anthropic-ai/sdk";
import { tryClient, type Asked, type Place } from "./scenario.ts";

const clientOf = ({ url, key }: Place): Anthropic => new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });

const requestOf = ({ model }: Place, { prompt }: Asked) => ({
  model,
  max_tokens: 32_000,
  messages: [{ role: "user" as const, content: prompt }],
});

const runnable = ({ tools = [] }: Asked) =>
  tools.map(({ name, description, schema, input, run }) => ({
    type: "custom" as const,
    name,
    description,
    input_schema: schema,
    parse: (given: unknown) => input.parse(given),
    run,
  }));

tryClient("anthropic", {
  async whole(place, asked) {
    const client = clientOf(place);
    const options = { ...(asked.signal ? { signal: asked.signal } : {}), timeout: 60_000 };
    const { content } = asked.tools
      ? await client.beta.messages.toolRunner({ ...requestOf(place, asked), tools: runnable(asked) }, options)
      : await client.messages.create(requestOf(place, asked), options);
    return content.map((block) => (block.type === "text" ? block.text : "")).join("");
  },
  async *pieces(place, asked) {
    const client = clientOf(place);
    const options = asked.signal ? { signal: asked.signal } : {};
    const streams = asked.tools
      ? client.beta.messages.toolRunner({ ...requestOf(place, asked), stream: true, tools: runnable(asked) }, options)
      : [client.messages.stream(requestOf(place, asked), options)];
    for await (const stream of streams)
      for await (const event of stream)
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
  },
});
