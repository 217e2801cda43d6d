import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { ask, chat, contextOf } from "../../../../test/conformance/core.ts";
import { chunk, openUpstream, type Reply, type Script, type Upstream } from "../../../../test/upstream.ts";
import type { DriverEvent } from "../../../kernel/ports.ts";
import type { ListingCore } from "../http/endpoint.ts";
import { createOpenAiCore, type OpenAiCoreOptions } from "./core.ts";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});

const secret = "sk-proj-SECRETSECRET123";

async function start(
  script: Script | Reply,
  more: Partial<OpenAiCoreOptions> = {},
): Promise<{ upstream: Upstream; core: ListingCore }> {
  const upstream = await openUpstream(typeof script === "function" ? script : () => script);
  const core = createOpenAiCore({
    name: "up",
    endpoint: 0,
    kind: "openai",
    baseUrl: upstream.baseUrl,
    apiKey: secret,
    keyReference: "env:UP_KEY",
    models: [{ id: "m" }],
    ...more,
  });
  opened.push(upstream, core);
  return { upstream, core };
}

/** Runs to the failure and gives what came before it. */
async function fail(core: ListingCore, stream = true): Promise<{ failure: SysError; events: DriverEvent[] }> {
  const events: DriverEvent[] = [];
  try {
    for await (const batch of core.execute("llm.chat", ask("hi", { stream }), contextOf("m"))) events.push(...batch);
  } catch (failure) {
    if (isSysError(failure)) return { failure, events };
    throw failure;
  }
  throw new Error("it did not fail");
}

const status = (code: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
  is: "status",
  status: code,
  body,
  headers,
});
const said = (message: string, more: Record<string, unknown> = {}) => ({ error: { message, ...more } });

describe("what goes out", () => {
  test("the key is in one header, configured headers beside it", async () => {
    const { upstream, core } = await start({ is: "answer" }, { headers: { "x-team": "a" } });
    await chat(core, contextOf("m"), ask("hi"));
    const [request] = upstream.requests;
    expect(request?.path).toBe("/v1/chat/completions");
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${secret}`, "x-team": "a" });
    expect(request?.body).toEqual({ model: "m", messages: [{ role: "user", content: "hi" }] });
  });

  test("calls run side by side: nothing queues behind a slow one", async () => {
    const gate = Promise.withResolvers<void>();
    const { upstream, core } = await start({ is: "answer", after: gate.promise });
    const calls = Array.from({ length: 100 }, () => chat(core, contextOf("m"), ask("hi", { stream: true })));
    await upstream.received(100);
    expect(upstream.open).toBe(100);
    gate.resolve();
    const outcomes = await Promise.all(calls);
    expect(outcomes.every(({ result }) => result.message.content === "Hello, world.")).toBe(true);
  });

  test("a failed call is sent once: repeating is the kernel's", async () => {
    const { upstream, core } = await start({ is: "reset" });
    await fail(core);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("what comes in", () => {
  test("one socket read is one batch, however many events it holds", async () => {
    const answer = chunk({ content: "a" }) + chunk({ content: "b" }) + chunk({ content: "c" });
    const { core } = await start({
      is: "raw",
      writes: [answer, `${chunk({}, { finishReason: "stop" })}data: [DONE]\n\n`],
      end: "end",
    });
    const { batches } = await chat(core, contextOf("m"), ask("hi", { stream: true }));
    expect(batches[0]?.slice(0, 3).map((event) => event.type)).toEqual(["text.delta", "text.delta", "text.delta"]);
  });

  test("an answer cut into single bytes is the same answer", async () => {
    const bytes = Buffer.from(
      `${chunk({ content: "héllo 你好 🙂" })}${chunk({}, { finishReason: "stop" })}data: [DONE]\n\n`,
    );
    const { core } = await start({ is: "raw", writes: [...bytes].map((byte) => Buffer.from([byte])), end: "end" });
    const { result } = await chat(core, contextOf("m"), ask("hi", { stream: true }));
    expect(result.message.content).toBe("héllo 你好 🙂");
  });

  test("the result comes with [DONE], even when the upstream keeps the connection open", async () => {
    const whole = `${chunk({ content: "a" })}${chunk({}, { finishReason: "stop" })}data: [DONE]\n\n`;
    const { core } = await start({ is: "raw", writes: [whole], end: "hang" });
    const { result } = await chat(core, contextOf("m"), ask("hi", { stream: true }));
    expect(result.finishReason).toBe("stop");
  });

  test("an upstream that leaves out [DONE] has answered once it gave a finish reason", async () => {
    const { core } = await start({
      is: "raw",
      writes: [chunk({ content: "a" }, { finishReason: "stop" })],
      end: "end",
    });
    expect((await chat(core, contextOf("m"), ask("hi", { stream: true }))).result.message.content).toBe("a");
  });

  test("an upstream that streams although it was not asked to, or does not although it was, is understood", async () => {
    const streamed = `${chunk({ content: "a" })}${chunk({}, { finishReason: "stop" })}data: [DONE]\n\n`;
    const unasked = await start({ is: "raw", writes: [streamed], end: "end" });
    expect((await chat(unasked.core, contextOf("m"), ask("hi"))).result.message.content).toBe("a");
    const json = { id: "x", choices: [{ message: { role: "assistant", content: "b" }, finish_reason: "stop" }] };
    const unstreamed = await start(status(200, json));
    const { events, result } = await chat(unstreamed.core, contextOf("m"), ask("hi", { stream: true }));
    expect(result.message.content).toBe("b");
    expect(events.map((event) => event.type)).toEqual(["text.delta", "result"]);
  });

  test("where the limits stand is told before the answer", async () => {
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1s",
    };
    const { core } = await start({ is: "answer", headers });
    const { events } = await chat(core, contextOf("m"), ask("hi", { stream: true }));
    expect(events[0]).toEqual({
      type: "limits",
      limits: [{ bucket: "requests", perMinute: 60, remaining: 59, resetMs: 1_000 }],
    });
  });

  test("log probabilities and fingerprint come with the result", async () => {
    const { core } = await start({ is: "answer" });
    const { result } = await chat(core, contextOf("m"), ask("hi"));
    expect(result.foreign).toEqual({ dialect: "openai", members: { system_fingerprint: "fp_1" } });
    expect(result.upstreamId).toBe("chatcmpl-1");
  });
});

describe("refusals", () => {
  test.each([429, 503, 529])("%i is EAGAIN, after the limits that came with it", async (code) => {
    const headers = {
      "retry-after-ms": "250",
      "x-ratelimit-limit-requests": "300",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "200ms",
    };
    const { core } = await start(status(code, said("Rate limit reached"), headers));
    const { failure, events } = await fail(core);
    expect(failure).toMatchObject({ code: "EAGAIN", retryable: true, retryAfterMs: 250 });
    expect(failure.message).toBe(`core up answered ${code}: Rate limit reached`);
    expect(events).toEqual([
      { type: "limits", limits: [{ bucket: "requests", perMinute: 300, remaining: 0, resetMs: 200 }] },
    ]);
  });

  test.each([
    [429, said("You exceeded your quota", { code: "insufficient_quota", type: "insufficient_quota" })],
    [402, said("Insufficient Balance")],
  ])("%i without credit is EDQUOT and is not repeated", async (code, body) => {
    const { core } = await start(status(code, body));
    const { failure } = await fail(core);
    expect(failure).toMatchObject({ code: "EDQUOT", retryable: false });
    expect(failure.hint).toContain("env:UP_KEY");
  });

  test.each([401, 403])(
    "%i names where the key comes from and never the key, even if the upstream prints it",
    async (code) => {
      const { core } = await start(status(code, said(`Incorrect API key provided: ${secret} (sk-proj-****T123)`)));
      const { failure } = await fail(core);
      expect(failure).toMatchObject({ code: "EIO", retryable: false, hint: "check env:UP_KEY" });
      expect(failure.message).toContain(`core up answered ${code}`);
      expect(`${failure.message}${failure.hint}${String(failure.cause)}`).not.toMatch(/SECRET|T123/);
    },
  );

  test("an unknown model is ENOENT, a wrong address is ENOENT with another hint", async () => {
    const model = await start(status(404, said("The model `m` does not exist", { code: "model_not_found" })));
    expect((await fail(model.core)).failure).toMatchObject({
      code: "ENOENT",
      hint: '"aios llm ls" lists what is there',
    });
    const address = await start(status(404, "<html>404 page not found</html>"));
    const { failure } = await fail(address.core);
    expect(failure.code).toBe("ENOENT");
    expect(failure.hint).toContain("baseUrl");
    expect(failure.message).not.toContain("<html>");
  });

  test.each([
    [400, said("temperature must be below 2"), "temperature must be below 2"],
    [422, { detail: [{ loc: ["body", "top_k"], msg: "Extra inputs are not permitted" }] }, "body.top_k: Extra inputs"],
    [400, [{ error: { code: 400, message: "Invalid JSON payload" } }], "Invalid JSON payload"],
    [400, { error: "model is required" }, "model is required"],
    [400, { object: "error", message: "Unrecognized input" }, "Unrecognized input"],
  ])("%i is EINVAL with the upstream's own sentence", async (code, body, sentence) => {
    const { core } = await start(status(code, body));
    const { failure } = await fail(core);
    expect(failure).toMatchObject({ code: "EINVAL", retryable: false });
    expect(failure.message).toContain(sentence);
  });

  test.each([500, 502, 504, 524])(
    "%i with an HTML page is a retryable EIO that repeats nothing of the page",
    async (code) => {
      const { core } = await start(status(code, "<html><body>Bad gateway</body></html>"));
      expect((await fail(core)).failure).toMatchObject({
        code: "EIO",
        retryable: true,
        message: `core up answered ${code}`,
      });
    },
  );

  test("a redirect says where to point the core", async () => {
    const { core } = await start(status(308, {}, { location: "https://elsewhere.example/v1" }));
    const { failure } = await fail(core);
    expect(failure).toMatchObject({ code: "EIO", retryable: false });
    expect(failure.hint).toContain("https://elsewhere.example/v1");
  });

  test("an error inside a stream that began well is what its code says, as long as nothing was output", async () => {
    const error = `data: ${JSON.stringify(said("Rate limited upstream", { code: 429 }))}\n\n`;
    const early = await start({ is: "raw", writes: [": processing\n\n", error], end: "end" });
    expect((await fail(early.core)).failure).toMatchObject({ code: "EAGAIN", retryable: true });
    const late = await start({ is: "raw", writes: [chunk({ content: "a" }), error], end: "end" });
    const { failure, events } = await fail(late.core);
    expect(failure).toMatchObject({ code: "EIO" });
    expect(failure.message).toContain("Rate limited upstream");
    expect(events).toEqual([{ type: "text.delta", text: "a" }]);
  });
});

describe("broken upstreams", () => {
  test.each<[string, Reply, RegExp]>([
    ["a reset", { is: "reset" }, /broke off before it answered/],
    ["HTML with 200", status(200, "<html>hello</html>"), /sent text\/html instead of JSON: "<html>hello/],
    [
      "nothing with 200",
      { is: "raw", headers: { "content-type": "application/json" }, writes: [], end: "end" },
      /empty body/,
    ],
    [
      "half a line and the end",
      { is: "raw", writes: [chunk({ content: "a" }), 'data: {"cho'], end: "end" },
      /before the answer was complete, in the middle of "data: {"cho"/,
    ],
    [
      "an end without a reason",
      { is: "raw", writes: [chunk({ content: "a" })], end: "end" },
      /before the answer was complete/,
    ],
    ["an empty stream", { is: "raw", writes: [], end: "end" }, /before the answer was complete/],
    ["only [DONE]", { is: "raw", writes: ["data: [DONE]\n\n"], end: "end" }, /without an answer/],
    [
      "an event that is not JSON",
      { is: "raw", writes: ["data: <oops>\n\n"], end: "end" },
      /an event that is not JSON: "<oops>"/,
    ],
    ["no choices", status(200, { id: "x" }), /an answer without choices/],
    [
      "a reset in the middle",
      { is: "raw", writes: [chunk({ content: "a" })], end: "reset" },
      /broke off after \d+ bytes/,
    ],
  ])("%s is a retryable EIO that says so", async (_name, reply, words) => {
    const { core } = await start(reply);
    const { failure, events } = await fail(core);
    expect(failure).toMatchObject({ code: "EIO", retryable: true });
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain("core up");
    expect(events.every((event) => event.type === "text.delta")).toBe(true);
  });

  test("an upstream that never answers is given up after headersMs, one that falls silent after idleMs", async () => {
    const mute = await start({ is: "silence" }, { timeouts: { headersMs: 50 } });
    expect((await fail(mute.core)).failure).toMatchObject({ code: "EIO", message: "core up sent nothing in time" });
    await mute.upstream.idle();
    const silent = await start({ is: "answer", isEndless: true }, { timeouts: { idleMs: 50 } });
    const { failure, events } = await fail(silent.core);
    expect(failure.message).toMatch(/fell silent after \d+ bytes/);
    expect(events.length).toBeGreaterThan(0);
    await silent.upstream.idle();
  });

  test("a port where nobody listens is a retryable ENODEV", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { core } = await start({ is: "answer" }, { baseUrl: `http://127.0.0.1:${port}/v1` });
    const { failure } = await fail(core);
    expect(failure).toMatchObject({ code: "ENODEV", retryable: true });
    expect(failure.message).toContain(`http://127.0.0.1:${port}/v1/chat/completions (ECONNREFUSED)`);
  });
});

test("a key that HTTP cannot carry is refused for good, without printing it", async () => {
  const { core } = await start({ is: "answer" }, { apiKey: "SECRET\nx" });
  const { failure } = await fail(core);
  expect(failure).toMatchObject({ code: "EIO", retryable: false });
  expect(failure.message).not.toContain("SECRET");
});

describe("aborting", () => {
  test("closes the connection of a call that has not been answered yet", async () => {
    const { upstream, core } = await start({ is: "silence" });
    const controller = new AbortController();
    const call = chat(core, contextOf("m", controller.signal), ask("hi"));
    const { closed } = await upstream.received(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "ECANCELED" });
    await closed;
    expect(upstream.open).toBe(0);
  });

  test("with a reason of the kernel's fails with that reason", async () => {
    const { upstream, core } = await start({ is: "silence" });
    const controller = new AbortController();
    const call = chat(core, contextOf("m", controller.signal), ask("hi"));
    await upstream.received(1);
    controller.abort(new SysError("ETIMEDOUT", "too late"));
    await expect(call).rejects.toMatchObject({ code: "ETIMEDOUT", message: "too late" });
  });

  test("leaves no listener on a signal that outlives the call", async () => {
    const { core } = await start({ is: "answer" });
    const { signal } = new AbortController();
    await chat(core, contextOf("m", signal), ask("hi", { stream: true }));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
