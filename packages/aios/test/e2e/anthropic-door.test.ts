// Anthropic's dialect in front of an upstream that speaks it too, and how its clients are told what went wrong.
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { openUpstream } from "../upstream.ts";
import type { Script, Upstream } from "../upstream.ts";
import { openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

const hi = { model: "up/m", max_tokens: 500, messages: [{ role: "user" as const, content: "hi" }] };
const clientOf = (doors: Doors, more: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic =>
  new Anthropic({ baseURL: doors.url, apiKey: doors.key, ...more });

async function openClaude(script: Script): Promise<{ doors: Doors; claude: Upstream } & AsyncDisposable> {
  const claude = await openUpstream(script);
  const { baseUrl } = claude;
  const core = createAnthropicCore({ name: "claude", endpoint: 0, baseUrl, apiKey: "k", models: [{ id: "c" }] });
  const doors = await openDoors({ cores: [core] });
  return {
    doors,
    claude,
    async [Symbol.asyncDispose]() {
      await doors[Symbol.asyncDispose]();
      await core[Symbol.asyncDispose]();
      await claude[Symbol.asyncDispose]();
    },
  };
}

describe("the same dialect in and out", () => {
  test("the request goes on as it was written, but for the model's name", async () => {
    await using opened = await openClaude(() => ({ is: "answer" }));
    const { doors, claude } = opened;
    const text =
      '{ "max_tokens" : 5e2,\n"model":"claude/c", "x_new": [1.0],"messages":[{"role":"user","content":' +
      '[{"type":"text","text":"\\u00e9","cache_control":{"type":"ephemeral"}}]}], "top_k": 3 }';
    const response = await doors.fetch("/v1/messages?beta=true", {
      body: text,
      headers: { "anthropic-beta": "a-1,b-2" },
    });
    expect(response.status).toBe(200);
    expect(claude.requests[0]?.text).toBe(text.replace('"claude/c"', '"c"'));
    expect(claude.requests[0]?.headers["anthropic-beta"]).toBe("a-1,b-2");
    expect(response.headers.get("x-aios-left-out")).toBeNull();
  });

  test("the answer comes back as it was written, streamed and not", async () => {
    const frames =
      'event: message_start\ndata: {"type":"message_start", "message": {"id":"msg_9","type":"message","role":"assistant",' +
      '"content":[],"model":"c","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\n' +
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"new_block","x":1.0}}\n\n' +
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"pause_turn"},"usage":{"output_tokens":2}}\n\n' +
      'event: message_stop\ndata: {"type":"message_stop"}\n\n';
    const whole =
      '{"id":"msg_9", "type":"message","role":"assistant","model":"c","content":[{"type":"new_block","x":1.0}],' +
      '"stop_reason":"pause_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}';
    await using opened = await openClaude(({ body }) =>
      body.stream === true
        ? { is: "raw", writes: [frames.slice(0, 300), frames.slice(300)], end: "end" }
        : { is: "raw", headers: { "content-type": "application/json" }, writes: [whole], end: "end" },
    );
    const ask = async (stream: boolean) =>
      (await opened.doors.fetch("/v1/messages", { body: { ...hi, model: "claude/c", stream } })).text();
    expect(await ask(true)).toBe(frames);
    expect(await ask(false)).toBe(whole);
  });

  test("thoughts of another model never reach it, thoughts of its own come back to it with their signature", async () => {
    await using opened = await openClaude(() => ({ is: "answer", reasoning: ["Hm."] }));
    const client = clientOf(opened.doors);
    const request = { ...hi, model: "claude/c" };
    const { content } = await client.messages.stream(request).finalMessage();
    const theirs = { type: "thinking" as const, thinking: "elsewhere", signature: "aios:another-model" };
    const again = await client.messages
      .stream({
        ...request,
        messages: [
          ...hi.messages,
          { role: "assistant", content: [theirs, { type: "text", text: "x" }] },
          ...hi.messages,
          { role: "assistant", content },
          ...hi.messages,
        ],
      })
      .finalMessage();
    const sent = opened.claude.requests[1];
    expect(sent?.text).not.toContain("elsewhere");
    expect(sent?.body.messages?.[3]?.content).toEqual(content);
    // The answer is theirs to the letter all the same.
    expect(again.content[0]).toEqual({ type: "thinking", thinking: "Hm.", signature: "sig==" });
  });

  test("tokens are counted by the upstream", async () => {
    await using opened = await openClaude(() => ({ is: "status", status: 200, body: { input_tokens: 1_234 } }));
    const counted = await clientOf(opened.doors).messages.countTokens({ model: "claude/c", messages: hi.messages });
    expect(counted).toEqual({ input_tokens: 1_234 });
    expect(opened.claude.requests[0]?.path).toBe("/v1/messages/count_tokens");
  });
});

describe("the anthropic client is told what went wrong in its own words", () => {
  test("a wrong key is an AuthenticationError, an unknown model a NotFoundError, a wrong member a BadRequestError", async () => {
    await using doors = await openDoors({ settings: { aliases: {} } });
    const chat = (more: object, by = clientOf(doors)) => by.messages.create({ ...hi, ...more });
    await expect(chat({}, clientOf(doors, { apiKey: "sk-wrong" }))).rejects.toThrow(Anthropic.AuthenticationError);
    await expect(chat({ model: "claude-9" })).rejects.toThrow(Anthropic.NotFoundError);
    await expect(chat({ max_tokens: undefined })).rejects.toThrow(/max_tokens: Field required/);
    const wrong = await chat({ temperature: "hot" }).then(
      () => undefined,
      (error: unknown) => error as InstanceType<typeof Anthropic.APIError>,
    );
    expect(wrong).toBeInstanceOf(Anthropic.BadRequestError);
    expect(wrong?.type).toBe("invalid_request_error");
    expect(doors.upstream.requests).toHaveLength(0);
  });

  test("a key is taken from x-api-key, and from authorization", async () => {
    await using doors = await openDoors();
    await clientOf(doors, { apiKey: doors.key }).messages.create(hi);
    await clientOf(doors, { apiKey: null, authToken: doors.key }).messages.create(hi);
    const [first, second] = doors.upstream.requests;
    expect([first, second].every((request) => request !== undefined)).toBe(true);
  });

  test("a spent budget is a billing error that is sent once", async () => {
    await using doors = await openDoors();
    const { key } = await doors.admin.key.create({ scopes: ["llm.*"], limits: [{ resource: "calls", limit: 0 }] });
    let sent = 0;
    const counting: typeof fetch = (...request) => {
      sent++;
      return fetch(...request);
    };
    for (const stream of [false, true]) {
      const call = clientOf(doors, { apiKey: key, fetch: counting, maxRetries: 3 }).messages.create({ ...hi, stream });
      await expect(call).rejects.toMatchObject({ status: 402, type: "billing_error" });
    }
    expect(sent).toBe(2);
  });

  test("a full queue is a RateLimitError that says when to come back; the client comes back", async () => {
    await using doors = await openDoors({
      script: (_request, n) => (n === 1 ? { is: "silence" } : { is: "answer" }),
      limits: { concurrency: 1 },
      scheduler: { queueLimit: 1 },
    });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = clientOf(doors).messages.create(hi, { signal: running.signal });
    const gone = [expect(first).rejects.toThrow(Anthropic.APIUserAbortError)];
    await doors.upstream.received(1);
    const second = clientOf(doors).messages.create(hi, { signal: waiting.signal });
    gone.push(expect(second).rejects.toThrow(Anthropic.APIUserAbortError));
    while ((await doors.admin.llm.lanes({})).lanes[0]?.queued !== 1) await new Promise((done) => setImmediate(done));
    const refused = await clientOf(doors, { maxRetries: 0 })
      .messages.create(hi)
      .then(
        () => undefined,
        (error: unknown) => error as InstanceType<typeof Anthropic.APIError>,
      );
    expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
    expect(refused?.type).toBe("rate_limit_error");
    expect(refused?.headers?.get("retry-after-ms")).toMatch(/^\d+$/);
    expect(refused?.requestID).toMatch(/\S/);
    const patient = clientOf(doors, {
      maxRetries: 5,
      async fetch(...request) {
        const response = await fetch(...request);
        if (response.status === 429) for (const one of [waiting, running]) one.abort();
        return response;
      },
    });
    expect((await patient.messages.create(hi)).stop_reason).toBe("end_turn");
    await Promise.all(gone);
  });

  test("what the upstream finds wrong is a BadRequestError with its sentence, sent once; streamed too", async () => {
    await using doors = await openDoors({
      script: () => ({ is: "status", status: 400, body: { error: { message: "messages: too many images" } } }),
    });
    for (const stream of [false, true])
      await expect(clientOf(doors).messages.create({ ...hi, stream })).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining("messages: too many images") as string,
      });
    expect(doors.upstream.requests).toHaveLength(2);
  });

  test("an upstream without a word is overloaded or broken, and names the core", async () => {
    await using doors = await openDoors({ script: () => ({ is: "status", status: 500, body: {} }) });
    await expect(clientOf(doors, { maxRetries: 0 }).messages.create(hi)).rejects.toMatchObject({
      status: 502,
      type: "api_error",
      message: expect.stringContaining("core up") as string,
    });
  });

  test("a stream that breaks off throws an error of the API instead of ending", async () => {
    await using doors = await openDoors({ script: () => ({ is: "answer", breakAfterChunks: 3 }) });
    const stream = clientOf(doors).messages.stream(hi);
    const failure = await stream.finalMessage().then(
      () => undefined,
      (error: unknown) => error as InstanceType<typeof Anthropic.APIError>,
    );
    expect(failure).toBeInstanceOf(Anthropic.APIError);
    expect(failure?.type).toBe("api_error");
  });

  test("a method or a path that is not served is told in the same envelope", async () => {
    await using doors = await openDoors();
    const get = await doors.fetch("/v1/messages");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const batch = await doors.fetch("/v1/messages/batches", { body: {} });
    expect([batch.status, await batch.json()]).toEqual([
      404,
      { type: "error", error: { type: "not_found_error", message: expect.any(String) as string }, request_id: null },
    ]);
  });
});
