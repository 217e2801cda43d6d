// What a broken upstream looks like through everything: official client → door → kernel → core, and natively.
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { chunk } from "../upstream.ts";
import type { Reply, Script } from "../upstream.ts";
import { allOf, chatBody, framesOf, json, lanesIdle, openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

const messages = [{ role: "user" as const, content: "hi" }];
const json200 = { "content-type": "application/json" };
const half = 'data: {"choices":[{"index":0,"delta":{"content":"wor';

interface Fault {
  readonly reply: Reply;
  /** How the official client and the native door name it. */
  readonly status: number;
  readonly code: string;
  readonly says: RegExp;
}

const page = "<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>";
const broken = { status: 502, code: "EIO" };

/** Before the first word. */
const early: Readonly<Record<string, Fault>> = {
  "a 500 with its sentence": {
    ...broken,
    reply: { is: "status", status: 500, body: { error: { message: "CUDA out of memory" } } },
    says: /core up answered 500: CUDA out of memory/,
  },
  "a 502 with an HTML page": {
    ...broken,
    reply: { is: "status", status: 502, body: page },
    says: /core up answered 502/,
  },
  "a 504 without a body": {
    ...broken,
    reply: { is: "status", status: 504, body: "" },
    says: /core up answered 504/,
  },
  "a 200 with an HTML page": {
    ...broken,
    reply: { is: "status", status: 200, body: page },
    says: /core up sent text\/html instead of JSON/,
  },
  "a 200 without a body": {
    ...broken,
    reply: { is: "raw", headers: json200, writes: [], end: "end" },
    says: /core up .*empty/,
  },
  "half an SSE line and the end": {
    ...broken,
    reply: { is: "raw", writes: [half], end: "end" },
    says: /core up .*before the answer was complete/,
  },
  "a connection that is reset": { ...broken, reply: { is: "reset" }, says: /core up broke off before it answered/ },
  "no word at all": { ...broken, reply: { is: "silence" }, says: /core up sent nothing in time/ },
  "half a line, then silence": {
    ...broken,
    reply: { is: "raw", writes: [half], end: "hang" },
    says: /core up fell silent/,
  },
  "an account without credit": {
    reply: {
      is: "status",
      status: 429,
      body: { error: { message: "You exceeded your quota", code: "insufficient_quota" } },
    },
    status: 429,
    code: "EDQUOT",
    says: /core up answered 429: You exceeded your quota/,
  },
  "a model it does not have": {
    reply: { is: "status", status: 404, body: { error: { message: "The model `m` does not exist" } } },
    status: 404,
    code: "ENOENT",
    says: /core up does not have model "m"/,
  },
};

/** One sentence for people: no stack, no path of ours, and of a page at most its beginning. */
const expectSentence = (text: string): void => {
  expect(text).not.toMatch(/\n|\bat .+:\d+:\d+|file:\/\/|node_modules/);
  expect(text.length).toBeLessThan(400);
};

const open = (script: Script, more: Parameters<typeof openDoors>[0] = {}): Promise<Doors> =>
  openDoors({ script, timeouts: { headersMs: 150, idleMs: 150 }, limits: { concurrency: 32 }, ...more });

const official = ({ url, key }: Doors, maxRetries = 0): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries });

const failureOf = (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> =>
  call.then(
    () => Promise.reject(new Error("it answered")),
    (failure: InstanceType<typeof OpenAI.APIError>) => failure,
  );

describe("an upstream fault before the first word", () => {
  for (const [name, { reply, status, code, says }] of Object.entries(early)) {
    test(`${name}: its own error in each dialect, streamed or not, and no slot is left`, async () => {
      await using doors = await open(() => reply);
      const body = { model: "up/m", messages };
      const headers = { accept: "text/event-stream" };
      const [problem, events, ...failures] = await Promise.all([
        doors.fetch("/v1/syscalls/llm.chat", { body }).then(json),
        doors.fetch("/v1/syscalls/llm.chat", { body, headers }).then((told) => allOf(framesOf(told))),
        ...[false, true].map((stream) => failureOf(official(doors).chat.completions.create({ ...body, stream }))),
      ]);
      for (const failure of failures) {
        expect(failure).toBeInstanceOf(OpenAI.APIError);
        expect([failure.status, failure.message]).toEqual([status, expect.stringMatching(says)]);
        expectSentence(failure.message);
      }
      expect(problem).toMatchObject({ code, detail: expect.stringMatching(says) as string });
      for (const text of Object.values(problem)) if (typeof text === "string") expectSentence(text);
      expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ type: "syscall.failed", error: { code } });
      await doors.upstream.idle();
      await lanesIdle(doors);
    });
  }
});

describe("an upstream fault after the first word", () => {
  const word = chunk({ role: "assistant", content: "Hello" });
  const late: Readonly<Record<string, { reply: Reply; says: RegExp }>> = {
    "half an SSE line and the end": {
      reply: { is: "raw", writes: [word, half], end: "end" },
      says: /core up .*before the answer was complete/,
    },
    "a connection that is reset": {
      reply: { is: "raw", writes: [word], end: "reset" },
      says: /core up broke off after \d+ bytes/,
    },
    silence: { reply: { is: "raw", writes: [word], end: "hang" }, says: /core up fell silent after \d+ bytes/ },
    "an event that is no JSON": {
      reply: { is: "raw", writes: [word, "data: <html>oops</html>\n\n"], end: "end" },
      says: /core up .*not JSON/,
    },
  };
  for (const [name, { reply, says }] of Object.entries(late)) {
    test(`${name}: the stream throws after its word instead of ending, and no slot is left`, async () => {
      await using doors = await open(() => reply);
      const body = { model: "up/m", messages };
      const headers = { accept: "text/event-stream" };
      const native = doors.fetch("/v1/syscalls/llm.chat", { body, headers }).then((one) => allOf(framesOf(one)));
      const stream = await official(doors).chat.completions.create({ model: "up/m", messages, stream: true });
      let text = "";
      const failure = await failureOf(
        (async () => {
          for await (const part of stream) text += part.choices[0]?.delta.content ?? "";
        })(),
      );
      expect(text).toBe("Hello");
      expect(failure.message).toMatch(says);
      const told = await native;
      expect(JSON.parse(told.at(-1)?.data ?? "")).toMatchObject({
        type: "syscall.failed",
        error: { code: "EIO", detail: expect.stringMatching(says) as string },
      });
      await doors.upstream.idle();
      await lanesIdle(doors);
    });
  }
});

describe("what passes is not the client's business", () => {
  const limited: Reply = {
    is: "status",
    status: 429,
    headers: { "retry-after-ms": "20" },
    body: { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } },
  };
  const failing: Reply = { is: "status", status: 503, headers: { "retry-after-ms": "20" }, body: page };
  const crash: Reply = { is: "status", status: 500, body: page };

  test.each([
    ["429s", limited],
    ["503s", failing],
    ["a 500", crash],
    ["a reset", { is: "reset" } as const],
  ])("%s: the kernel sends the call again, and a client that never retries gets its answer", async (_name, reply) => {
    await using doors = await open((_request, n) => (n <= 2 ? reply : { is: "answer" }), {
      scheduler: { maxAttempts: 3 },
    });
    const answer = await official(doors).chat.completions.create({ model: "up/m", messages });
    expect(answer.choices[0]?.message.content).toBe("Hello, world.");
    expect(doors.upstream.requests).toHaveLength(3);
    await lanesIdle(doors);
  });

  test("an upstream that refuses for ever: the client is told to come back later, and its call leaves the queue", async () => {
    await using doors = await open(() => ({ ...limited, headers: { "retry-after": "30" } }), { maxWaitMs: 300 });
    const response = await doors.fetch("/v1/chat/completions", {
      body: chatBody({ model: "up/m" }),
      // Of undici it would be told 102 until the end.
      headers: { "user-agent": "python-requests/2.32" },
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    await lanesIdle(doors);
    expect(doors.upstream.open).toBe(0);
  });

  test("a broken core does not hold up the others", async () => {
    await using doors = await open(({ body }) =>
      body.messages?.[0]?.content === "hang" ? { is: "silence" } : { is: "answer" },
    );
    const hanging = failureOf(
      official(doors).chat.completions.create({ model: "up/m", messages: [{ role: "user", content: "hang" }] }),
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => official(doors).chat.completions.create({ model: "up/m", messages })),
    );
    expect(answers).toHaveLength(20);
    expect((await hanging).status).toBe(502);
    await lanesIdle(doors);
  });
});
