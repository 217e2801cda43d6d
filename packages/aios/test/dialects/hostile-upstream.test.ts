// An upstream that answers what no sound one does: every door gets one clear outcome, soon, and nothing of the key.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createAnthropicCore } from "../../src/drivers/llm/anthropic/core.ts";
import { createOpenAiCore } from "../../src/drivers/llm/openai/core.ts";
import { lanesIdle, openDoors } from "../e2e/open-doors.ts";
import { chunk, openUpstream, type Reply, type Script } from "../upstream.ts";

const event = (type: string, members: string): string => `event: ${type}\ndata: {"type":"${type}",${members}}\n\n`;
const start = event("message_start", '"message":{"id":"m","type":"message","content":[],"usage":{"input_tokens":1}}');
const end =
  event("message_delta", '"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}') +
  event("message_stop", '"x":1');
const stream = (...writes: (string | Buffer)[]): Reply => ({ is: "raw", writes, end: "end" });
const body = (text: string | Buffer, headers: Record<string, string> = {}): Reply => ({
  is: "raw",
  headers: { "content-type": "application/json", ...headers },
  writes: [text],
  end: "end",
});
const deep = "[".repeat(50_000) + "]".repeat(50_000);
const key = "zz-very-secret-0123456789";

interface Fault {
  readonly what: string;
  /** By what the upstream speaks, and whether it was asked to stream. Absent: it answers well. */
  readonly replies: Partial<Readonly<Record<"openai" | "openai stream" | "anthropic" | "anthropic stream", Reply>>>;
  /** What the client reads in each case that is no answer. */
  readonly says: RegExp;
}

const faults: readonly Fault[] = [
  {
    what: "members nested without end",
    replies: {
      openai: body(`{"zz":${deep},"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}]}`),
      "openai stream": stream(`data: {"zz":${deep},"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n`),
      anthropic: body(`{"content":[{"type":"zz","x":${deep}}],"stop_reason":"end_turn","usage":{"output_tokens":1}}`),
      "anthropic stream": stream(
        start,
        event("content_block_start", `"index":0,"content_block":{"type":"zz","x":${deep}}`),
        end,
      ),
    },
    says: /nested deeper than 256 levels/,
  },
  {
    what: "a block three thousand million places behind the first",
    replies: {
      "anthropic stream": stream(
        start,
        event("content_block_start", '"index":3000000000,"content_block":{"type":"tool_use","id":"x","name":"f"}'),
        end,
      ),
    },
    says: /sent block 3000000000 behind 0 others/,
  },
  {
    what: "a block before the first",
    replies: {
      "anthropic stream": stream(
        start,
        event("content_block_start", '"index":-1,"content_block":{"type":"text"}'),
        end,
      ),
    },
    says: /sent block -1 behind 0 others/,
  },
  {
    what: "a compressed answer that nobody asked for",
    replies: {
      openai: body(gzipSync("{}"), { "content-encoding": "gzip" }),
      anthropic: body(gzipSync("{}"), { "content-encoding": "gzip" }),
    },
    says: /instead of JSON/,
  },
  {
    what: "its key, cut in two by the end of a quotation",
    replies: {
      openai: body(`${"x".repeat(105)}${key}`),
      anthropic: body(`${" ".repeat(400)}${"x".repeat(100)}${key}${"y".repeat(2000)}`),
      "openai stream": stream(`data: ${"x".repeat(105)}${key}\n\n`),
      "anthropic stream": stream(`data: ${"x".repeat(105)}${key}\n\n`),
    },
    says: /not JSON|instead of JSON/,
  },
];

const doorPaths = { chat: "/v1/chat/completions", responses: "/v1/responses", anthropic: "/v1/messages" } as const;
const asked = { chat: { messages: [{ role: "user", content: "hi" }] }, responses: { input: "hi" } };
const bodies = { ...asked, anthropic: { ...asked.chat, max_tokens: 64 } };

const replying =
  ({ replies }: Fault): Script =>
  ({ path, body: { stream: isStreamed } }) =>
    replies[`${path.startsWith("/v1/messages") ? "anthropic" : "openai"}${isStreamed === true ? " stream" : ""}`] ?? {
      is: "answer",
    };

describe.each(faults)("an upstream that sends $what", (fault) => {
  test("fails the call in words that say so, at each door", async () => {
    await using upstream = await openUpstream(replying(fault));
    const common = {
      endpoint: 0,
      baseUrl: upstream.baseUrl,
      models: [{ id: "m" }],
      apiKey: key,
      keyReference: "env:KEY",
    };
    await using openai = createOpenAiCore({ ...common, name: "openai", kind: "compatible" });
    await using anthropic = createAnthropicCore({ ...common, name: "anthropic" });
    await using doors = await openDoors({ cores: [openai, anthropic] });
    for (const core of ["openai", "anthropic"] as const)
      for (const door of ["chat", "responses", "anthropic"] as const)
        for (const isStreamed of [false, true]) {
          const meets = fault.replies[`${core}${isStreamed ? " stream" : ""}`];
          if (meets === undefined) continue;
          const response = await doors.fetch(doorPaths[door], {
            body: { ...bodies[door], model: `${core}/m`, ...(isStreamed ? { stream: true } : {}) },
          });
          const text = await response.text();
          const where = `${core} ${door} ${isStreamed}`;
          expect(text, where).toMatch(fault.says);
          for (let from = 0; from + 8 <= key.length; from++)
            expect(text, where).not.toContain(key.slice(from, from + 8));
        }
    await lanesIdle(doors);
  });
});

test("a redirect is not followed: neither the key nor the prompt goes where it points", async () => {
  await using thief = await openUpstream();
  await using upstream = await openUpstream(() => ({
    is: "status",
    status: 307,
    headers: { location: `${thief.baseUrl}/chat/completions?key=${key}&${"x".repeat(5_000)}` },
  }));
  const common = {
    endpoint: 0,
    baseUrl: upstream.baseUrl,
    models: [{ id: "m" }],
    apiKey: key,
    keyReference: "env:KEY",
  };
  await using openai = createOpenAiCore({ ...common, name: "openai", kind: "compatible" });
  await using anthropic = createAnthropicCore({ ...common, name: "anthropic" });
  await using doors = await openDoors({ cores: [openai, anthropic] });
  for (const model of ["openai/m", "anthropic/m"]) {
    const response = await doors.fetch("/v1/chat/completions", { body: { ...bodies.chat, model } });
    const text = await response.text();
    expect([response.status, text.length < 1_000]).toEqual([502, true]);
    expect(text).toContain("it has moved");
    expect(text).not.toContain(key);
  }
  expect(thief.requests.length).toBe(0);
});

test("members called __proto__ in an answer change no object", async () => {
  const poison = '"__proto__":{"polluted":1}';
  await using doors = await openDoors({
    speaksAnthropic: true,
    script: replying({
      what: "",
      says: /x/,
      replies: {
        openai: body(`{${poison},"choices":[{${poison},"message":{${poison},"content":"x"},"finish_reason":"stop"}]}`),
        "openai stream": stream(
          `data: {${poison},"choices":[{${poison},"delta":{${poison},"content":"x"},"finish_reason":"stop"}]}\n\n`,
        ),
        anthropic: body(`{${poison},"content":[{"type":"text","text":"x",${poison}}],"stop_reason":"end_turn"}`),
        "anthropic stream": stream(
          start,
          event("content_block_start", `"index":0,"content_block":{"type":"text","text":"x",${poison}}`),
          event("message_delta", `"delta":{${poison},"stop_reason":"end_turn"},"usage":{${poison},"output_tokens":1}`),
          event("message_stop", poison),
        ),
      },
    }),
  });
  for (const model of ["up/m", "claude/m"])
    for (const door of ["chat", "responses", "anthropic"] as const)
      for (const isStreamed of [false, true]) {
        const response = await doors.fetch(doorPaths[door], { body: { ...bodies[door], model, stream: isStreamed } });
        expect([response.status, (await response.text()).includes("x")]).toEqual([200, true]);
      }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("a line without an end, and a body without one, are broken off", async () => {
  const megabytes = Array.from({ length: 70 }, () => Buffer.alloc(1024 * 1024, 97));
  await using doors = await openDoors({
    script: ({ body: { stream: isStreamed } }) => ({
      is: "raw",
      ...(isStreamed === true ? {} : { headers: { "content-type": "application/json" } }),
      writes: megabytes,
      end: "hang",
    }),
  });
  for (const isStreamed of [false, true]) {
    const response = await doors.fetch("/v1/chat/completions", {
      body: { ...bodies.chat, model: "up/m", stream: isStreamed },
    });
    expect([response.status, await response.text()]).toEqual([
      502,
      expect.stringMatching(isStreamed ? /broken stream/ : /too large an answer/),
    ]);
  }
  await doors.upstream.idle();
  await lanesIdle(doors);
}, 20_000);

test("log probabilities of a long streamed answer arrive all, in order", async () => {
  const tokens = 3_000;
  const one = (index: number): string =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x" }, logprobs: { content: [{ token: `${index}` }], refusal: null } }] })}\n\n`;
  await using doors = await openDoors({
    script: () =>
      stream(Array.from({ length: tokens }, (_, index) => one(index)).join(""), chunk({}, { finishReason: "stop" })),
  });
  const result = await doors.admin.llm.chat({
    model: "up/m",
    messages: [{ role: "user", content: "hi" }],
    foreign: { dialect: "openai", members: { logprobs: true } },
  });
  const choice = result.foreign?.members["choice"] as { logprobs: { content: { token: string }[] } };
  expect(choice.logprobs.content.map(({ token }) => token)).toEqual(
    Array.from({ length: tokens }, (_, index) => `${index}`),
  );
});
