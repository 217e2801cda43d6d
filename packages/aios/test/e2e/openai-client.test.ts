// The official `openai` package, as it comes, against AIOS.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { backends, type Backend } from "./answering.ts";
import { openDoors } from "./open-doors.ts";

const ask = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: "user", content }];
const city = z.object({ city: z.string() });
const weatherTool: OpenAI.ChatCompletionFunctionTool = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const question = "What is the weather in Paris?";

const clientOf = ({ doors }: Backend): OpenAI =>
  new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 0 });

describe.each(backends)("the openai client in front of $name", ({ open }) => {
  let backend: Backend;
  let client: OpenAI;
  let model: string;
  beforeEach(async () => {
    backend = await open();
    ({ model } = backend);
    client = clientOf(backend);
  });
  afterEach(() => backend[Symbol.asyncDispose]());

  test("chats, and is told its process and what it cost", async () => {
    const { data, response } = await client.chat.completions
      .create({ model, messages: ask("Say something.") })
      .withResponse();
    const [choice] = data.choices;
    expect(data.object).toBe("chat.completion");
    expect(choice?.message.content).toMatch(/\S/);
    expect(choice?.finish_reason).toBe("stop");
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(data.usage?.completion_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-aios-pid")).toMatch(/\S/);
    expect(response.headers.get("x-aios-call")).toMatch(/\S/);
  });

  test("streams, and the last chunk tells the usage it asked for", async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: ask("Say something."),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let last: OpenAI.ChatCompletionChunk | undefined;
    const reasons: (string | null | undefined)[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      reasons.push(chunk.choices[0]?.finish_reason);
      last = chunk;
    }
    expect(text).toMatch(/\S/);
    expect(reasons.filter((reason) => typeof reason === "string")).toEqual(["stop"]);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.completion_tokens).toBeGreaterThan(0);
  });

  test("streams without a usage chunk when it did not ask for one", async () => {
    const stream = await client.chat.completions.create({ model, messages: ask("Say something."), stream: true });
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk.usage ?? null).toBeNull();
    }
  });

  test.each([false, true])("calls a tool, hands back its result and gets an answer (streamed: %s)", async (stream) => {
    const first = await client.chat.completions
      .stream({ model, messages: ask(question), tools: [weatherTool], tool_choice: "required" })
      .finalChatCompletion();
    const unstreamed = await client.chat.completions.create({
      model,
      messages: ask(question),
      tools: [weatherTool],
      tool_choice: "required",
    });
    const answer = stream ? first : unstreamed;
    const message = answer.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call?.type !== "function") throw new Error("no call of a function");
    expect(answer.choices[0]?.finish_reason).toBe("tool_calls");
    expect(call.function.name).toBe("weather");
    expect(city.parse(JSON.parse(call.function.arguments))).toBeTruthy();
    const second = await client.chat.completions.create({
      model,
      tools: [weatherTool],
      messages: [...ask(question), message, { role: "tool", tool_call_id: call.id, content: "mild" }],
    });
    expect(second.choices[0]?.message.content).toMatch(/\S/);
    expect(second.choices[0]?.finish_reason).toBe("stop");
  });

  test("runs the official tool loop to its end", async () => {
    const asked: string[] = [];
    const runner = client.chat.completions.runTools({
      model,
      messages: ask(question),
      stream: true,
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "The weather of a city",
            parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
            parse: (text: string) => city.parse(JSON.parse(text)),
            function: (args: z.infer<typeof city>) => {
              asked.push(args.city);
              return "mild";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toMatch(/\S/);
    expect(asked).toHaveLength(1);
  });

  test("parses structured output by a zod schema, streamed and not", async () => {
    const request = { model, messages: ask("Name a city."), response_format: zodResponseFormat(city, "city") };
    const whole = await client.chat.completions.parse(request);
    expect(whole.choices[0]?.message.parsed?.city).toBeTypeOf("string");
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.parsed?.city).toBeTypeOf("string");
  });

  test("lists the models", async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toContain(model.split("/")[1]);
  });

  test("an abort mid-stream frees the slot behind it", async () => {
    await using endless = await open(true);
    const stream = await clientOf(endless).chat.completions.create({
      model,
      messages: ask("Go on for ever."),
      stream: true,
    });
    for await (const chunk of stream) {
      if ((chunk.choices[0]?.delta.content ?? "") !== "") stream.controller.abort();
    }
    await endless.idle();
  });

  test("an abort before the answer frees the slot behind it", async () => {
    await using endless = await open(true);
    const controller = new AbortController();
    const call = clientOf(endless).chat.completions.create(
      { model, messages: ask("Go on for ever.") },
      { signal: controller.signal },
    );
    const failed = expect(call).rejects.toThrow(OpenAI.APIUserAbortError);
    await endless.busy();
    controller.abort();
    await failed;
    await endless.idle();
  });

  test("a client that vanishes mid-stream leaves no slot behind", async () => {
    await using endless = await open(true);
    const request = endless.doors.raw("/v1/chat/completions", { method: "POST" });
    request.on("error", () => undefined);
    request.end(JSON.stringify({ model, stream: true, messages: ask("Go on for ever.") }));
    await new Promise((resolve) => {
      request.on("response", (response) => {
        response.on("error", () => undefined);
        response.once("data", resolve);
      });
    });
    request.destroy();
    await endless.idle();
    expect((await endless.doors.admin.llm.lanes({})).lanes.map((lane) => lane.running)).toEqual([0]);
  });
});

describe("the openai client is told what went wrong in its own words", () => {
  const impatient = (doors: { url: string; key: string }, apiKey = doors.key) =>
    new OpenAI({ baseURL: `${doors.url}/v1`, apiKey, maxRetries: 2 });

  test("a wrong key is an AuthenticationError, an unknown model a NotFoundError, a wrong member a BadRequestError", async () => {
    await using doors = await openDoors({ settings: { aliases: {} } });
    const client = impatient(doors);
    const chat = (more: Record<string, unknown>, by = client) =>
      by.chat.completions.create({ model: "up/m", messages: ask("hi"), ...more });
    await expect(chat({}, impatient(doors, "sk-wrong"))).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(chat({ model: "gpt-9" })).rejects.toThrow(OpenAI.NotFoundError);
    await expect(chat({ temperature: "hot" })).rejects.toThrow(OpenAI.BadRequestError);
    expect(doors.upstream.requests).toHaveLength(0);
  });

  test("what the upstream finds wrong is a BadRequestError with its sentence, sent once", async () => {
    await using doors = await openDoors({
      script: () => ({ is: "status", status: 400, body: { error: { message: "messages: too many images" } } }),
    });
    const call = impatient(doors).chat.completions.create({ model: "up/m", messages: ask("hi") });
    const failure = await call.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect((failure as Error).message).toContain("messages: too many images");
    expect(doors.upstream.requests).toHaveLength(1);
  });

  test("an upstream that refuses its key is no AuthenticationError, names the core and is not repeated", async () => {
    await using doors = await openDoors({
      script: () => ({ is: "status", status: 401, body: { error: { message: "no such key" } } }),
    });
    const call = impatient(doors).chat.completions.create({ model: "up/m", messages: ask("hi") });
    await expect(call).rejects.toMatchObject({ status: 502, message: expect.stringContaining("core up") as string });
    expect(doors.upstream.requests).toHaveLength(1);
  });

  test("a stream that breaks off throws instead of ending", async () => {
    await using doors = await openDoors({ script: () => ({ is: "answer", breakAfterChunks: 3 }) });
    const read = async () => {
      const stream = await impatient(doors).chat.completions.create({
        model: "up/m",
        messages: ask("hi"),
        stream: true,
      });
      let text = "";
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      return text;
    };
    await expect(read()).rejects.toThrow();
  });
});
