import { connect } from "node:net";
import OpenAI from "openai";
import { request as undici } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Reply } from "../upstream.ts";
import { allOf, chatBody, errorOf, framesOf, json, openDoors, responseOf, textOf } from "./open-doors.ts";
import type { Doors, Json } from "./open-doors.ts";

/** The upstream's reply is what the request's last message says, by name. */
const replies: Record<string, Reply> = {
  hi: { is: "answer" },
  scripts: { is: "answer", pieces: ["世界", "🌍 мир", "é"] },
  endless: { is: "answer", isEndless: true },
  silence: { is: "silence" },
  "later failure": { is: "answer", breakAfterChunks: 3 },
  down: { is: "status", status: 500, body: { error: { message: "boom", type: "server_error" } } },
  html: { is: "status", status: 502, body: "<html>bad gateway</html>" },
  refused: {
    is: "status",
    status: 400,
    body: { error: { message: "bad temperature", type: "invalid_request_error" } },
  },
};
const say = (content: string, more: Json = {}): Json => chatBody({ messages: [{ role: "user", content }], ...more });

let doors: Doors;
beforeAll(async () => {
  doors = await openDoors({
    script: ({ body }) => replies[String(body.messages?.at(-1)?.content)] ?? { is: "answer" },
  });
});
afterAll(() => doors[Symbol.asyncDispose]());

describe("OpenAI's chat door", () => {
  test("every answer names its process, its call and how long it waited", async () => {
    for (const stream of [false, true]) {
      const response = await doors.fetch("/v1/chat/completions", {
        body: chatBody({ stream }),
        headers: { "session-id": "ann" },
      });
      await response.text();
      const pid = response.headers.get("x-aios-pid");
      expect(pid).toBe(doors.kernel.identify(doors.kernel.authenticate(doors.key), { session: "ann" }));
      expect(response.headers.get("x-aios-call")).toMatch(/^c\w+$/);
      expect(response.headers.get("x-aios-waiting-ms")).toMatch(/^\d+$/);
    }
  });

  test("messages reach a core of the same dialect as their client wrote them, and what AIOS says stands beside them", async () => {
    const messages = '[ {"role" : "user", "content":"h\\u0069 \\"you\\""} ]';
    const text = `{"stream":false, "model":"up/m", "messages": ${messages}, "max_completion_tokens":7}`;
    const response = await doors.fetch("/v1/chat/completions", { body: text });
    expect(response.status).toBe(200);
    const received = doors.upstream.requests.at(-1);
    expect(received?.text).toContain(`"messages": ${messages}`);
    expect(received?.body).toMatchObject({ model: "m", messages: [{ role: "user", content: 'hi "you"' }] });
  });

  test("what goes wrong upstream before the first word keeps its own status, streamed or not", async () => {
    for (const stream of [false, true]) {
      const down = await doors.fetch("/v1/chat/completions", { body: say("down", { stream }) });
      expect([down.status, down.headers.get("x-should-retry")]).toEqual([502, null]);
      expect((await errorOf(down))["type"]).toBe("server_error");
      const html = await doors.fetch("/v1/chat/completions", { body: say("html", { stream }) });
      expect(html.status).toBe(502);
      expect(JSON.stringify(await errorOf(html))).not.toMatch(/<html>.*<html>/);
      const refused = await doors.fetch("/v1/chat/completions", { body: say("refused", { stream }) });
      expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([400, "false"]);
      expect((await errorOf(refused))["message"]).toMatch(/bad temperature/);
    }
  });

  test("what goes wrong after the first word is the stream's last frame", async () => {
    const response = await doors.fetch("/v1/chat/completions", { body: say("later failure", { stream: true }) });
    expect(response.status).toBe(200);
    const frames = await allOf(framesOf(response));
    expect(JSON.parse(frames.at(-1)?.data ?? "")).toMatchObject({
      error: { type: "server_error", code: "upstream_error" },
    });
    expect(frames.some(({ data }) => data === "[DONE]")).toBe(false);
  });

  test("a spent budget is insufficient_quota, which no client retries", async () => {
    const { key, id } = await doors.admin.key.create({
      scopes: ["llm.*"],
      limits: [{ resource: "calls", limit: 1, window: "day" }],
    });
    const first = await doors.fetch("/v1/chat/completions", { key, body: chatBody() });
    expect(first.status).toBe(200);
    await first.text();
    const second = await doors.fetch("/v1/chat/completions", { key, body: chatBody() });
    expect([second.status, second.headers.get("x-should-retry")]).toEqual([429, "false"]);
    expect(await errorOf(second)).toMatchObject({ type: "insufficient_quota", code: "insufficient_quota" });
    const native = await doors.fetch("/v1/syscalls/llm.chat", {
      key,
      body: { messages: [{ role: "user", content: "x" }] },
    });
    expect([native.status, (await json(native))["code"]]).toEqual([402, "EDQUOT"]);
    await doors.admin.key.revoke({ id });
    expect((await doors.fetch("/v1/chat/completions", { key, body: chatBody() })).status).toBe(401);
  });

  test("a stream says in its headers that a budget lowered its length", async () => {
    const { key } = await doors.admin.key.create({
      scopes: ["llm.*"],
      limits: [{ resource: "tokens", limit: 1_000, window: "day" }],
    });
    for (const stream of [true, false]) {
      const response = await doors.fetch("/v1/chat/completions", {
        key,
        body: chatBody({ stream, max_tokens: 5_000 }),
      });
      expect([response.status, response.headers.get("x-aios-clamped")]).toEqual([200, "true"]);
      await response.text();
    }
  });

  test("a vanished client frees its upstream slot, streamed or not, before and after the first word", async () => {
    for (const [content, stream] of [
      ["endless", true],
      ["silence", true],
      ["silence", false],
    ] as const) {
      const seen = doors.upstream.requests.length;
      const left = new AbortController();
      const response = doors.fetch("/v1/chat/completions", { body: say(content, { stream }), signal: left.signal });
      if (content === "endless")
        for await (const frame of framesOf(await response)) if (frame.data?.includes("world")) break;
      const received = await doors.upstream.received(seen + 1);
      left.abort();
      await response.catch(() => undefined);
      await received.closed;
    }
    expect(doors.upstream.open).toBe(0);
  });

  test("text of any script arrives whole, over HTTP/1.1 and over HTTP/1.0, which knows no chunks", async () => {
    const body = JSON.stringify(say("scripts", { stream: true }));
    const read = async (version: string): Promise<string> => {
      const socket = connect(Number(new URL(doors.url).port), "127.0.0.1");
      const head = `authorization: Bearer ${doors.key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
      socket.write(`POST /v1/chat/completions HTTP/${version}\r\nhost: localhost\r\n${head}\r\n\r\n${body}`);
      let text = "";
      for await (const part of socket.setEncoding("utf8")) text += part as string;
      return text.slice(text.indexOf("\r\n\r\n") + 4);
    };
    const plain = await read("1.0");
    expect(plain).toMatch(/^data: .*"role":"assistant"/);
    const contents = [...plain.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content);
    expect(contents).toEqual(["", "世界", "🌍 мир", "é"]);
    expect(await read("1.1")).toMatch(/^[\da-f]+\r\ndata: [\s\S]*\r\n0\r\n\r\n$/);
    const response = await doors.fetch("/v1/chat/completions", { body });
    const frames = (await allOf(framesOf(response))).map(({ data }) => `data: ${data}\n\n`).join("");
    const shape = (text: string): string => text.replaceAll(/chatcmpl-\w+|"created":\d+/g, "");
    expect(shape(frames)).toBe(shape(plain));
  });

  test("models are listed in the shape of who asks", async () => {
    const openai = await json(await doors.fetch("/v1/models"));
    expect(openai).toEqual({
      object: "list",
      data: [
        { id: "m", object: "model", created: 0, owned_by: "up" },
        { id: "auto", object: "model", created: 0, owned_by: "aios" },
      ],
    });
    const headers = { "anthropic-version": "2023-06-01" };
    const anthropic = await json(await doors.fetch("/v1/models", { headers }));
    expect(anthropic).toMatchObject({
      has_more: false,
      first_id: "m",
      last_id: "auto",
      data: [{ type: "model", id: "m" }, {}],
    });
    expect(await json(await doors.fetch("/v1/models/up/m"))).toMatchObject({ id: "up/m", object: "model" });
    expect(await json(await doors.fetch("/v1/models/up%2Fm", { headers }))).toMatchObject({
      id: "up/m",
      type: "model",
    });
  });

  test("each user of one key is a process of its own, named after its client", async () => {
    const client = new OpenAI({ baseURL: `${doors.url}/v1`, apiKey: doors.key });
    const pids: (string | null)[] = [];
    for (const user of ["carl", "dora", "carl"]) {
      const messages = [{ role: "user", content: "hi" }] as const;
      const { response } = await client.chat.completions
        .create({ model: "m", messages: [...messages], user })
        .withResponse();
      pids.push(response.headers.get("x-aios-pid"));
    }
    expect(pids[0]).toBe(pids[2]);
    expect(pids[0]).not.toBe(pids[1]);
    const { processes } = await doors.admin.proc.list({});
    expect(processes.find(({ pid }) => pid === pids[0])).toMatchObject({ name: "OpenAI/JS", kind: "client", done: 2 });
  });

  test("the official client does not send again what a spent budget refused, although 429 would make it", async () => {
    const { key } = await doors.admin.key.create({ scopes: ["llm.*"], limits: [{ resource: "calls", limit: 0 }] });
    let sent = 0;
    const client = new OpenAI({
      baseURL: `${doors.url}/v1`,
      apiKey: key,
      maxRetries: 5,
      fetch: (url, init) => {
        sent++;
        return fetch(url, init);
      },
    });
    const asked = client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hi" }] });
    await expect(asked).rejects.toMatchObject({ constructor: OpenAI.RateLimitError, code: "insufficient_quota" });
    expect(sent).toBe(1);
  });
});

describe("long waits", () => {
  test("an unstreamed answer that takes too long is EAGAIN, which the client may send again, and its slot is freed", async () => {
    await using slow = await openDoors({ maxWaitMs: 30, script: () => ({ is: "silence" }) });
    const headers = { "user-agent": "OpenAI/Python 1.2.3", "x-stainless-runtime": "CPython" };
    const openai = await slow.fetch("/v1/chat/completions", { body: chatBody(), headers });
    expect([openai.status, openai.headers.get("retry-after-ms"), openai.headers.get("x-should-retry")]).toEqual([
      429,
      "1000",
      null,
    ]);
    expect(await errorOf(openai)).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
    await slow.upstream.idle();
    const body = { messages: [{ role: "user", content: "x" }] };
    const native = await slow.fetch("/v1/syscalls/llm.chat", { body, headers });
    expect(native.status).toBe(429);
    const problem = await json(native);
    expect(problem).toMatchObject({ code: "EAGAIN", retryable: true, retryAfterMs: 1_000 });
    // A native call goes on: its client can come back for it.
    const view = await json(await slow.fetch(`/v1/calls/${String(problem["call"])}`));
    expect(view).toMatchObject({ state: "running", name: "llm.chat" });
  });

  test("a client on undici is told that its call is being processed, and waits on", async () => {
    const answered = Promise.withResolvers<void>();
    await using slow = await openDoors({
      maxWaitMs: 20,
      waits: { processingMs: 10 },
      script: () => ({ is: "answer", after: answered.promise }),
    });
    const request = slow.raw("/v1/chat/completions", { method: "POST", headers: { "user-agent": "node" } });
    let told = 0;
    request.on("information", ({ statusCode }: { statusCode: number }) => {
      expect(statusCode).toBe(102);
      if (++told === 4) answered.resolve();
    });
    const response = await responseOf(request.end(JSON.stringify(chatBody())));
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await textOf(response))).toMatchObject({ object: "chat.completion" });
    expect(told).toBeGreaterThanOrEqual(4);
  });

  test("undici itself reads over the 102s", async () => {
    const answered = Promise.withResolvers<void>();
    await using slow = await openDoors({
      waits: { processingMs: 5 },
      script: () => ({ is: "answer", after: answered.promise }),
    });
    let told = 0;
    const { statusCode, body } = await undici(`${slow.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${slow.key}`, "user-agent": "undici" },
      body: JSON.stringify(chatBody()),
      onInfo(info) {
        if (info.statusCode === 102 && ++told === 3) answered.resolve();
      },
    });
    expect([statusCode, told >= 3]).toEqual([200, true]);
    expect(await body.json()).toMatchObject({ object: "chat.completion" });
  });

  test("a stream that waits is opened with comments, and tells a later failure in a frame", async () => {
    await using slow = await openDoors({
      waits: { headersMs: 10, commentMs: 10 },
      script: () => ({ is: "raw", writes: [], end: "hang" }),
      scheduler: { defaultTimeoutMs: 200 },
    });
    const response = await slow.fetch("/v1/chat/completions", { body: chatBody({ stream: true }) });
    expect(response.status).toBe(200);
    const frames = await allOf(framesOf(response));
    expect(frames.filter(({ comment }) => comment === "waiting").length).toBeGreaterThan(1);
    expect(JSON.parse(frames.at(-1)?.data ?? "")).toMatchObject({ error: { code: "timeout" } });
  });

  test("a queue that is full is told with its status and when to come back, even to who wants a stream", async () => {
    await using full = await openDoors({
      limits: { concurrency: 1 },
      scheduler: { queueLimit: 1, tenantQueueLimit: 1 },
      script: () => ({ is: "silence" }),
    });
    const left = new AbortController();
    const waiting: Promise<unknown>[] = [];
    for (let n = 0; n < 2; n++) {
      waiting.push(
        full
          .fetch("/v1/chat/completions", { body: chatBody({ stream: true }), signal: left.signal })
          .catch(() => undefined),
      );
      await full.upstream.received(1);
    }
    // The second one waits in the queue as soon as the kernel has taken it.
    let refused: Response;
    do
      refused = await full.fetch("/v1/chat/completions", {
        body: chatBody({ stream: true }),
        headers: { "x-aios-deadline-ms": "50" },
      });
    while (refused.status === 504);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after-ms"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("x-should-retry")).toBeNull();
    left.abort();
    await Promise.all(waiting);
  });
});
