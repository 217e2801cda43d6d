// A prompt that is too long, as the official clients are told of it: agents shorten their conversation at these words.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realClock } from "../../../src/drivers/clock/real.ts";
import { createScriptedCore } from "../../scripted-core.ts";
import type { Reply } from "../../upstream.ts";
import { openDoors, type Doors } from "../open-doors.ts";

/** How the upstream says it, by what is asked. */
const wordings: Readonly<Record<string, Reply>> = {
  openai: {
    is: "status",
    status: 400,
    body: {
      error: {
        message: "This model's maximum context length is 100 tokens. However, your messages resulted in 200 tokens.",
        type: "invalid_request_error",
        param: "messages",
        code: "context_length_exceeded",
      },
    },
  },
  anthropic: {
    is: "status",
    status: 400,
    body: {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 200 tokens > 100 maximum" },
    },
  },
  full: { is: "status", status: 413, body: { error: { message: "Request too large for this model" } } },
};

let doors: Doors;
beforeAll(async () => {
  const core = createScriptedCore({ clock: realClock, name: "small", models: [{ id: "s", contextTokens: 100 }] });
  doors = await openDoors({
    speaksAnthropic: true,
    cores: [core],
    script: ({ text }) =>
      Object.entries(wordings).find(([word]) => text.includes(`say ${word}`))?.[1] ?? { is: "answer" },
  });
});
afterAll(() => doors[Symbol.asyncDispose]());

/** By an upstream of either dialect, and by the kernel before it asks one. */
const cases = [
  { who: "an upstream in OpenAI's words", model: "up/m", content: "say openai" },
  { who: "an upstream in Anthropic's words", model: "claude/m", content: "say anthropic" },
  { who: "an upstream by 413", model: "up/m", content: "say full" },
  { who: "the kernel, whose estimate leaves no doubt", model: "small/s", content: "word ".repeat(1_000) },
];

const thrown = async (asked: PromiseLike<unknown>): Promise<{ status?: number; code?: unknown; message: string }> =>
  asked.then(
    () => {
      throw new Error("it was answered");
    },
    (error: unknown) => error as { status?: number; message: string },
  );

const drained = async (stream: PromiseLike<AsyncIterable<unknown>>): Promise<void> => {
  for await (const _ of await stream);
};

describe.each(cases)("a prompt that is too long is told by $who", ({ model, content }) => {
  const messages = [{ role: "user" as const, content }];

  test.each([false, true])("to Anthropic's client as a prompt that is too long (streamed: %s)", async (stream) => {
    const client = new Anthropic({ baseURL: doors.url, apiKey: doors.key, maxRetries: 2 });
    const before = doors.upstream.requests.length;
    const request = { model, max_tokens: 10, messages };
    const error = await thrown(
      stream ? drained(client.messages.create({ ...request, stream })) : client.messages.create(request),
    );
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error" });
    expect(error.message).toContain("prompt is too long");
    // Agents read both numbers where an upstream knows them.
    if (content === "say anthropic") expect(error.message).toContain("prompt is too long: 200 tokens > 100 maximum");
    expect(doors.upstream.requests.length - before).toBe(model === "small/s" ? 0 : 1);
  });

  test.each([false, true])("to OpenAI's as context_length_exceeded (streamed: %s)", async (stream) => {
    const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 2 });
    const error = await thrown(
      stream
        ? drained(client.chat.completions.create({ model, messages, stream }))
        : client.chat.completions.create({ model, messages }),
    );
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded", type: "invalid_request_error" });
    const whole = await thrown(client.responses.create({ model, input: content, store: false }));
    expect(whole).toMatchObject({ status: 400, code: "context_length_exceeded" });
  });

  test("in a stream of a response as response.failed, where Codex looks for it", async () => {
    const body = { model, input: content, stream: true, store: false };
    const response = await doors.fetch("/v1/responses", { body });
    expect(response.status).toBe(200);
    const events = (await response.text())
      .split("\n")
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)) as { type: string; response?: { error?: unknown } });
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.failed",
      "error",
    ]);
    expect(events[2]?.response?.error).toMatchObject({ code: "context_length_exceeded" });
    const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key, maxRetries: 2 });
    const error = await thrown(drained(client.responses.create({ model, input: content, stream: true })));
    expect(error.code).toBe("context_length_exceeded");
  });
});

test("a body with too many bytes is 413 to both, and no prompt", async () => {
  await using narrow = await openDoors({ maxBodyBytes: 1_000 });
  const messages = [{ role: "user" as const, content: "word ".repeat(1_000) }];
  const anthropic = new Anthropic({ baseURL: narrow.url, apiKey: narrow.key, maxRetries: 0 });
  const error = await thrown(anthropic.messages.create({ model: "m", max_tokens: 10, messages }));
  expect(error).toMatchObject({ status: 413, type: "request_too_large" });
  expect(error.message).not.toContain("prompt is too long");
  const openai = new OpenAI({ baseURL: `${narrow.url}/v1`, apiKey: narrow.key, maxRetries: 0 });
  expect(await thrown(openai.chat.completions.create({ model: "m", messages }))).toMatchObject({
    status: 413,
    code: "request_too_large",
  });
});
