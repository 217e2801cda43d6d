// The official `openai` package, as it comes, against the responses door.
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { openUpstream, type Received, type Reply } from "../upstream.ts";
import { anthropicBackend, backends, type Backend } from "./answering.ts";
import { openDoors, type Doors } from "./open-doors.ts";

type Input = OpenAI.Responses.ResponseInput;

const clientOf = (doors: Pick<Doors, "url" | "key">, apiKey = doors.key): OpenAI =>
  new OpenAI({ baseURL: `${doors.url}/v1`, apiKey, maxRetries: 0 });
const city = z.object({ city: z.string() });
const weather: OpenAI.Responses.FunctionTool = {
  type: "function",
  name: "weather",
  description: "The weather of a city",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};
const question: Input = [{ role: "user", content: "What is the weather in Paris?" }];
const callIn = (response: OpenAI.Responses.Response): OpenAI.Responses.ResponseFunctionToolCall => {
  const call = response.output.find((item) => item.type === "function_call");
  if (call === undefined) throw new Error("no call of a function");
  return call;
};
/** An answer's items as the next request's: the client's types tell the two apart. */
const resent = ({ output }: OpenAI.Responses.Response): Input =>
  output.flatMap((item) => (item.type === "function_call" || item.type === "reasoning" ? [item] : []));

describe.each([...backends, anthropicBackend])("the openai client's responses in front of $name", ({ open }) => {
  let backend: Backend;
  let client: OpenAI;
  let model: string;
  beforeEach(async () => {
    backend = await open();
    ({ model } = backend);
    client = clientOf(backend.doors);
  });
  afterEach(() => backend[Symbol.asyncDispose]());

  test("answers, and says what it cost and by whom it was answered", async () => {
    const { data, response } = await client.responses
      .create({ model, input: "Say something.", instructions: "Be short." })
      .withResponse();
    expect(data.object).toBe("response");
    expect(data.status).toBe("completed");
    expect(data.output_text).toMatch(/\S/);
    expect(data.model).toBe(model);
    expect(data.instructions).toBe("Be short.");
    expect(data.usage?.total_tokens).toBe((data.usage?.input_tokens ?? 0) + (data.usage?.output_tokens ?? 0));
    expect(data.usage?.output_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-aios-call")).toBe(data.id.replace("resp_", ""));
  });

  test("streams numbered events of which the client makes the response that is also kept", async () => {
    const stream = client.responses.stream({ model, input: "Say something." });
    const types: string[] = [];
    const numbers: number[] = [];
    let text = "";
    for await (const event of stream) {
      types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    const final = await stream.finalResponse();
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect([...new Set(types)]).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(text).toMatch(/\S/);
    expect(final.output_text).toBe(text);
    const kept = await client.responses.retrieve(final.id);
    expect(kept.output).toEqual(JSON.parse(JSON.stringify(withoutParsed(final.output))));
    expect(kept).toMatchObject({ id: final.id, status: "completed", usage: final.usage, model: final.model });
  });

  test.each([false, true])(
    "calls a tool and gets its result, all items sent again (streamed: %s)",
    async (isStreamed) => {
      const request = { model, input: question, tools: [weather], tool_choice: "required" as const, store: false };
      const first = isStreamed
        ? await client.responses.stream(request).finalResponse()
        : await client.responses.create(request);
      const call = callIn(first);
      expect(call.name).toBe("weather");
      expect(city.parse(JSON.parse(call.arguments))).toBeTruthy();
      const input: Input = [
        ...question,
        ...resent(first),
        { type: "function_call_output", call_id: call.call_id, output: "mild" },
      ];
      const second = await client.responses.create({ model, input, tools: [weather], store: false });
      expect(second.output_text).toMatch(/\S/);
      await expect(client.responses.retrieve(second.id)).rejects.toThrow(OpenAI.NotFoundError);
    },
  );

  test.each([false, true])("calls a tool and goes on by previous_response_id (streamed: %s)", async (isStreamed) => {
    const request = { model, input: question, tools: [weather], instructions: "Use the tool." };
    const first = isStreamed
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);
    const call = callIn(first);
    const second = await client.responses.create({
      model,
      tools: [weather],
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output: "mild" }],
    });
    expect(second.output_text).toMatch(/\S/);
    expect(second.previous_response_id).toBe(first.id);
    expect(second.instructions).toBeNull();
    const items = await client.responses.inputItems.list(second.id, { order: "asc" });
    expect(items.data.map(({ type }) => type)).toEqual(["message", "function_call", "function_call_output"]);
    const [, made] = items.data;
    expect(made).toMatchObject({ call_id: call.call_id, name: "weather", arguments: call.arguments });
  });

  test("parses structured output, streamed and not", async () => {
    const request = { model, input: "Name a city.", text: { format: zodTextFormat(city, "city") } };
    const whole = await client.responses.parse(request);
    expect(whole.output_parsed?.city).toBeTypeOf("string");
    const streamed = await client.responses.stream(request).finalResponse();
    expect(streamed.output_parsed?.city).toBeTypeOf("string");
  });

  test("an abort mid-stream frees the slot behind it, and the response is told as cancelled", async () => {
    await using endless = await open(true);
    const by = clientOf(endless.doors);
    const stream = await by.responses.create({ model, input: "Go on for ever.", stream: true });
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") ({ id } = event.response);
      if (event.type === "response.output_text.delta") stream.controller.abort();
    }
    await endless.idle();
    await expect.poll(async () => (await by.responses.retrieve(id)).status).toBe("cancelled");
  });

  test("one that is under way is shown, and cancelled by its id", async () => {
    await using endless = await open(true);
    const by = clientOf(endless.doors);
    const stream = await by.responses.create({ model, input: "Go on for ever.", stream: true });
    let id = "";
    const read = async (): Promise<void> => {
      for await (const event of stream) {
        if (event.type === "response.created") ({ id } = event.response);
        if (event.type !== "response.output_text.delta") continue;
        expect((await by.responses.retrieve(id)).status).toBe("in_progress");
        expect((await by.responses.cancel(id)).status).toBe("cancelled");
      }
    };
    await expect(read()).rejects.toThrow(/cancelled/);
    await endless.idle();
    expect((await by.responses.cancel(id)).status).toBe("cancelled");
  });
});

/** `parsed` is the client's own addition. */
const withoutParsed = (output: readonly object[]): unknown =>
  JSON.parse(JSON.stringify(output), (name, value: unknown) => (name === "parsed" ? undefined : value));

describe("what a model's answer is to the responses client", () => {
  const answered = async (
    reply: Reply,
    more: { tools?: OpenAI.Responses.Tool[] } = {},
  ): Promise<{ whole: OpenAI.Responses.Response; streamed: OpenAI.Responses.Response; sent: Received }> => {
    await using doors = await openDoors({ script: () => reply });
    const client = clientOf(doors);
    const request = { model: "up/m", input: "hi", ...more };
    const whole = await client.responses.create(request);
    const streamed = await client.responses.stream(request).finalResponse();
    return { whole, streamed, sent: await doors.upstream.received(1) };
  };
  const types = ({ output }: OpenAI.Responses.Response): string[] => output.map(({ type }) => type);

  test("reasoning is an item before the text, with its summary", async () => {
    const { whole, streamed } = await answered({ is: "answer", reasoning: ["let me ", "see"], pieces: ["42"] });
    for (const response of [whole, streamed]) {
      expect(types(response)).toEqual(["reasoning", "message"]);
      expect(response.output[0]).toMatchObject({ summary: [{ type: "summary_text", text: "let me see" }] });
      expect(response.output_text).toBe("42");
    }
  });

  test("calls at once are items of their own, each with its arguments", async () => {
    const toolCalls = [
      { id: "a", name: "weather", arguments: '{"city":"Rome"}' },
      { id: "b", name: "weather", arguments: '{"city":"Oslo"}' },
    ];
    const { whole, streamed } = await answered({ is: "answer", pieces: ["Both."], toolCalls }, { tools: [weather] });
    for (const response of [whole, streamed]) {
      expect(types(response)).toEqual(["message", "function_call", "function_call"]);
      expect(response.output.slice(1)).toMatchObject(
        toolCalls.map(({ id, ...call }) => ({ ...call, call_id: id, status: "completed" })),
      );
    }
  });

  test("a custom tool is a function of one text to the model, and a custom call to the client", async () => {
    const patch = '*** Begin Patch\n+a "quote"\n*** End Patch';
    const { whole, streamed, sent } = await answered(
      { is: "answer", toolCalls: [{ id: "a", name: "apply_patch", arguments: JSON.stringify({ input: patch }) }] },
      {
        tools: [
          {
            type: "custom",
            name: "apply_patch",
            description: "Edits files.",
            format: { type: "grammar", syntax: "lark", definition: "start: /.+/" },
          },
        ],
      },
    );
    expect(sent.body["tools"]).toMatchObject([
      { type: "function", function: { name: "apply_patch", description: "Edits files." } },
    ]);
    expect(JSON.stringify(sent.body["tools"])).toContain("start: /.+/");
    for (const response of [whole, streamed])
      expect(response.output).toMatchObject([
        { type: "custom_tool_call", call_id: "a", name: "apply_patch", input: patch },
      ]);
  });

  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ])("an answer that ends by %s is incomplete", async (finishReason, reason) => {
    const { whole, streamed } = await answered({ is: "answer", finishReason });
    for (const response of [whole, streamed]) {
      expect(response.status).toBe("incomplete");
      expect(response.incomplete_details).toEqual({ reason });
      expect(response.output[0]).toMatchObject({ status: "incomplete" });
    }
  });
});

test("a signed thought goes back to who signed it, with the call that it led to", async () => {
  await using claude = await openUpstream(({ body }) =>
    body.messages?.length === 1
      ? {
          is: "answer",
          reasoning: ["I shall look."],
          toolCalls: [{ id: "t1", name: "weather", arguments: '{"city":"Oslo"}' }],
        }
      : { is: "answer" },
  );
  await using core = createAnthropicCore({
    name: "claude",
    endpoint: 0,
    baseUrl: claude.baseUrl,
    apiKey: "k",
    models: [{ id: "c" }],
  });
  await using doors = await openDoors({ cores: [core] });
  const client = clientOf(doors);
  const request = { model: "claude/c", tools: [weather], store: false };
  for (const isStreamed of [false, true]) {
    const asked = claude.requests.length;
    const first = isStreamed
      ? await client.responses.stream({ ...request, input: question }).finalResponse()
      : await client.responses.create({ ...request, input: question });
    const result: Input = [{ type: "function_call_output", call_id: callIn(first).call_id, output: "mild" }];
    await client.responses.create({ ...request, input: [...question, ...resent(first), ...result] });
    const { body } = await claude.received(asked + 2);
    expect(body.messages?.[1]?.content).toMatchObject([
      { type: "thinking", thinking: "I shall look.", signature: "sig==" },
      { type: "tool_use", name: "weather", input: { city: "Oslo" } },
    ]);
  }
});

describe("the responses client is told what went wrong in its own words", () => {
  const ask = { model: "up/m", input: "hi" };

  test("a wrong key, an unknown model, a wrong member, a tool that nobody here runs", async () => {
    await using doors = await openDoors({ settings: { aliases: {} } });
    const client = clientOf(doors);
    await expect(clientOf(doors, "sk-wrong").responses.create(ask)).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(client.responses.create({ ...ask, model: "gpt-9" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
    await expect(client.responses.create({ ...ask, background: true })).rejects.toMatchObject({
      status: 400,
      param: "background",
    });
    const tools: OpenAI.Responses.Tool[] = [{ type: "file_search", vector_store_ids: [] }];
    await expect(client.responses.create({ ...ask, tools })).rejects.toMatchObject({
      status: 400,
      param: "tools[0].type",
      message: expect.stringContaining("file_search") as string,
    });
    expect(doors.upstream.requests).toHaveLength(0);
  });

  test.each([false, true])("what the upstream refuses keeps its status (streamed: %s)", async (stream) => {
    await using doors = await openDoors({
      script: () => ({ is: "status", status: 400, body: { error: { message: "messages: too many images" } } }),
    });
    await expect(clientOf(doors).responses.create({ ...ask, stream })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("too many images") as string,
    });
  });

  test("a stream that breaks off ends in response.failed, and throws", async () => {
    await using doors = await openDoors({ script: () => ({ is: "answer", breakAfterChunks: 3 }) });
    const stream = await clientOf(doors).responses.create({ ...ask, stream: true });
    const types: string[] = [];
    const read = async (): Promise<void> => {
      for await (const event of stream) {
        types.push(event.type);
        if (event.type === "response.failed") expect(event.response.error?.code).toBe("server_error");
      }
    };
    await expect(read()).rejects.toThrow();
    expect(types.at(-1)).toBe("response.failed");
  });

  test("what another dialect's core leaves out stands in x-aios-left-out", async () => {
    await using doors = await openDoors();
    const { response } = await clientOf(doors)
      .responses.create({
        ...ask,
        user: "ann",
        text: { verbosity: "low" },
        tools: [weather, { type: "web_search" }],
      })
      .withResponse();
    expect(response.headers.get("x-aios-left-out")?.split(", ").toSorted()).toEqual([
      "text.verbosity",
      "tools.web_search",
      "user",
    ]);
    const { body } = await doors.upstream.received(1);
    expect(Object.keys(body).toSorted()).toEqual(["messages", "model", "tools"]);
    expect(body.tools).toHaveLength(1);
  });
});
