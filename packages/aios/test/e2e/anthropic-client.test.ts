// The official `@anthropic-ai/sdk` package, as it comes, against AIOS.
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { anthropicBackend, backends, type Backend } from "./answering.ts";
import { openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";
import { chunk } from "../upstream.ts";

type Turn = Anthropic.MessageParam;
const ask = (content: Turn["content"]): Turn[] => [{ role: "user", content }];
const city = z.object({ city: z.string() });
const weatherTool: Anthropic.Tool = {
  name: "weather",
  description: "The weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const question = "What is the weather in Paris?";

const clientOf = (doors: Doors, more: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic =>
  new Anthropic({ baseURL: doors.url, apiKey: doors.key, maxRetries: 0, ...more });
const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe.each([...backends, anthropicBackend])("the anthropic client in front of $name", ({ open }) => {
  let backend: Backend;
  let client: Anthropic;
  let model: string;
  beforeEach(async () => {
    backend = await open();
    ({ model } = backend);
    client = clientOf(backend.doors);
  });
  afterEach(() => backend[Symbol.asyncDispose]());

  test("chats, and is told its process, its call and what it cost", async () => {
    const { data, response, request_id } = await client.messages
      .create({ model, max_tokens: 500, messages: ask("Say something.") })
      .withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn", stop_sequence: null });
    expect(data.id).toMatch(/^msg_/);
    expect(textOf(data)).toMatch(/\S/);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect(data.usage.input_tokens + (data.usage.cache_read_input_tokens ?? 0)).toBeGreaterThan(0);
    expect(response.headers.get("x-aios-pid")).toMatch(/\S/);
    expect(request_id).toBe(response.headers.get("x-aios-call"));
  });

  test("streams: its events, then a final message with the usage", async () => {
    const stream = client.messages.stream({ model, max_tokens: 500, messages: ask("Say something.") });
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect(types.filter((type) => type !== "content_block_delta")).toEqual([
      "message_start",
      "content_block_start",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const message = await stream.finalMessage();
    expect(textOf(message)).toMatch(/\S/);
    expect(message.stop_reason).toBe("end_turn");
    expect(message.usage.output_tokens).toBeGreaterThan(0);
    expect(message.usage.input_tokens).toBeGreaterThan(0);
  });

  test.each([false, true])(
    "calls a tool, hands back its result and gets an answer (streamed: %s)",
    async (isStreamed) => {
      const request = { model, max_tokens: 500, tools: [weatherTool] };
      const turn = (messages: Turn[], more: { tool_choice?: Anthropic.ToolChoice } = {}) =>
        isStreamed
          ? client.messages.stream({ ...request, ...more, messages }).finalMessage()
          : client.messages.create({ ...request, ...more, messages });
      const messages = ask(question);
      const first = await turn(messages, { tool_choice: { type: "any" } });
      const use = first.content.find((block) => block.type === "tool_use");
      if (use === undefined) throw new Error("no call of a tool");
      expect(first.stop_reason).toBe("tool_use");
      expect([use.name, city.safeParse(use.input).success]).toEqual(["weather", true]);
      messages.push({ role: "assistant", content: first.content });
      messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "mild" }] });
      const second = await turn(messages);
      expect(textOf(second)).toMatch(/\S/);
      expect(second.stop_reason).toBe("end_turn");
    },
  );

  test("runs the official tool loop to its end, through the beta door", async () => {
    const asked: unknown[] = [];
    const final = await client.beta.messages.toolRunner({
      model,
      max_tokens: 500,
      messages: [{ role: "user", content: question }],
      max_iterations: 4,
      tools: [
        {
          ...weatherTool,
          type: "custom",
          parse: (input: unknown) => city.parse(input),
          run: (input: z.infer<typeof city>) => {
            asked.push(input);
            return "mild";
          },
        },
      ],
    });
    expect(final.stop_reason).toBe("end_turn");
    expect(asked).toHaveLength(1);
  });

  test("parses structured output by a zod schema, streamed and not", async () => {
    const request = {
      model,
      max_tokens: 500,
      messages: ask("Name a city."),
      output_config: { format: zodOutputFormat(city) },
    };
    expect((await client.messages.parse(request)).parsed_output?.city).toBeTypeOf("string");
    expect((await client.messages.stream(request).finalMessage()).parsed_output?.city).toBeTypeOf("string");
  });

  test("lists the models, and shows one", async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain(model.split("/")[1]);
    expect(await client.models.retrieve(model)).toMatchObject({ id: model, type: "model", lifecycle: "active" });
    await expect(client.models.retrieve("nobody")).rejects.toThrow(Anthropic.NotFoundError);
  });

  test("an abort mid-stream frees the slot behind it", async () => {
    await using endless = await open(true);
    const stream = clientOf(endless.doors).messages.stream({
      model,
      max_tokens: 50_000,
      messages: ask("Go on for ever."),
    });
    stream.on("text", () => stream.abort());
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError);
    await endless.idle();
  });

  test("an abort before the answer frees the slot behind it", async () => {
    await using endless = await open(true);
    const controller = new AbortController();
    const call = clientOf(endless.doors).messages.create(
      { model, max_tokens: 4_000, messages: ask("Go on for ever.") },
      { signal: controller.signal },
    );
    const failed = expect(call).rejects.toThrow(Anthropic.APIUserAbortError);
    await endless.busy();
    controller.abort();
    await failed;
    await endless.idle();
  });
});

describe("what only one of the two dialects has, in front of an upstream of OpenAI's", () => {
  const hi = { model: "up/m", max_tokens: 500, messages: ask("hi") };

  test("images and tools' errors reach the upstream in its own words", async () => {
    await using doors = await openDoors();
    await clientOf(doors).messages.create({
      ...hi,
      system: "Be short.",
      messages: [
        ...ask([
          { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          { type: "text", text: "What is it?" },
        ]),
        { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "look", input: { at: "it" } }] },
        ...ask([{ type: "tool_result", tool_use_id: "t1", content: "no eyes", is_error: true }]),
      ],
    });
    const [system, user, assistant, tool] = doors.upstream.requests[0]?.body.messages ?? [];
    expect(system).toEqual({ role: "system", content: "Be short." });
    expect(user?.content).toEqual([
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
      { type: "text", text: "What is it?" },
    ]);
    expect(assistant).toMatchObject({
      tool_calls: [{ id: "t1", function: { name: "look", arguments: '{"at":"it"}' } }],
    });
    expect(tool).toMatchObject({ role: "tool", tool_call_id: "t1" });
    expect(JSON.stringify(tool?.content)).toContain("no eyes");
  });

  test("the thoughts of its model come as thinking, and go back as no one else's", async () => {
    await using doors = await openDoors({ script: () => ({ is: "answer", reasoning: ["Let me ", "see."] }) });
    const client = clientOf(doors);
    const whole = await client.messages.create(hi);
    const streamed = await client.messages.stream(hi).finalMessage();
    for (const { content } of [whole, streamed]) {
      expect(content.map(({ type }) => type)).toEqual(["thinking", "text"]);
      expect(content[0]).toMatchObject({
        thinking: "Let me see.",
        signature: expect.stringMatching(/^aios:/) as string,
      });
    }
    await client.messages.create({
      ...hi,
      messages: [...hi.messages, { role: "assistant", content: streamed.content }, ...ask("so?")],
    });
    expect(doors.upstream.requests.at(-1)?.text).not.toContain("aios:");
  });

  test("calls whose deltas interleave come as blocks one after the other", async () => {
    const piece = (index: number, text: string, name?: string): string =>
      chunk({ tool_calls: [{ index, ...(name ? { id: `c${index}` } : {}), function: { name, arguments: text } }] });
    const writes = [
      chunk({ content: "I look." }),
      piece(0, '{"at"', "look"),
      piece(1, '{"of', "smell"),
      piece(0, ':{"x":0}}'),
      piece(1, '":1}'),
      chunk({}, { finishReason: "tool_calls" }),
      "data: [DONE]\n\n",
    ];
    await using doors = await openDoors({ script: () => ({ is: "raw", writes, end: "end" }) });
    const { content, stop_reason } = await clientOf(doors).messages.stream(hi).finalMessage();
    expect(content).toEqual([
      { type: "text", text: "I look." },
      { type: "tool_use", id: "c0", name: "look", input: { at: { x: 0 } } },
      { type: "tool_use", id: "c1", name: "smell", input: { of: 1 } },
    ]);
    expect(stop_reason).toBe("tool_use");
  });

  test("what an answer means the same without is left out, and told so; anything else is a BadRequestError", async () => {
    await using doors = await openDoors();
    const client = clientOf(doors);
    const { response } = await client.beta.messages
      .create({
        ...hi,
        betas: ["context-management-2025-06-27"],
        system: [{ type: "text", text: "Be short.", cache_control: { type: "ephemeral" } }],
        messages: [{ role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }] }],
        metadata: { user_id: "u1" },
        thinking: { type: "enabled", budget_tokens: 2_000 },
        context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
      })
      .withResponse();
    const left = (response.headers.get("x-aios-left-out") ?? "").split(", ").toSorted();
    expect(left).toEqual(["betas", "cache_control", "context_management", "metadata", "thinking"]);
    expect(doors.upstream.requests[0]?.text).not.toMatch(/cache_control|thinking|metadata|foreign|betas/);

    const wrong = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client.messages.create({ ...hi, ...more });
    await expect(wrong({ tools: [{ type: "web_search_20250305", name: "web_search" }] })).rejects.toThrow(
      Anthropic.BadRequestError,
    );
    await expect(wrong({ top_k: 5 } as object)).rejects.toThrow(/top_k/);
    const use = { type: "tool_use" as const, id: "t", name: "f", input: {} };
    await expect(
      wrong({ messages: [...hi.messages, { role: "assistant", content: [use, { type: "text", text: "x" }] }] }),
    ).rejects.toThrow(Anthropic.BadRequestError);
    expect(doors.upstream.requests).toHaveLength(1);
  });

  test("tokens are counted for the model that would answer, which is not asked", async () => {
    await using doors = await openDoors();
    const { max_tokens: _, ...counted } = hi;
    const few = await clientOf(doors).messages.countTokens(counted);
    const many = await clientOf(doors).messages.countTokens({ ...counted, system: "word ".repeat(400) });
    expect(few.input_tokens).toBeGreaterThan(0);
    expect(many.input_tokens).toBeGreaterThan(few.input_tokens + 300);
    expect(doors.upstream.requests).toHaveLength(0);
  });

  test("each user, and each session, is a process of its own", async () => {
    await using doors = await openDoors();
    const client = clientOf(doors);
    const pidOf = async (user: string, headers: Record<string, string> = {}): Promise<string | null> => {
      const request = { ...hi, metadata: { user_id: user } };
      const { response } = await client.messages.create(request, { headers }).withResponse();
      return response.headers.get("x-aios-pid");
    };
    const [ann, bob] = [await pidOf("ann"), await pidOf("bob")];
    expect(ann).not.toBe(bob);
    expect(await pidOf("ann")).toBe(ann);
    const session = { "x-claude-code-session-id": "s1" };
    expect(await pidOf("ann", session)).toBe(await pidOf("bob", session));
  });

  test("silence is kept alive with pings, which clients pass over", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using doors = await openDoors({
      script: () => ({ is: "answer", after: promise }),
      waits: { headersMs: 5, commentMs: 5 },
    });
    const response = await doors.fetch("/v1/messages", { body: { ...hi, stream: true } });
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.split("event: ping").length > 3) resolve();
    }
    expect(text).toMatch(/^(event: ping\ndata: \{"type": "ping"\}\n\n){3}/);
    expect(text).not.toMatch(/^:/m);
    expect(text.split("event: message_stop")).toHaveLength(2);
    const message = await clientOf(doors).messages.stream(hi).finalMessage();
    expect(textOf(message)).toBe("Hello, world.");
  });
});
