// Every fault of an upstream × streamed or not × every door × both dialects of cores: one clear outcome for the client,
// every reservation settled, every slot given back.
import { expect, test } from "vitest";
import { chunk } from "../upstream.ts";
import type { Reply, Script } from "../upstream.ts";
import { lanesIdle, openDoors } from "./open-doors.ts";
import type { Doors } from "./open-doors.ts";

type Dialect = "openai" | "anthropic";
type Outcome = "answer" | "error";

interface Asked {
  readonly dialect: Dialect;
  readonly stream: boolean;
}

interface Fault {
  readonly name: string;
  /** What the n-th request (from 1) of a call meets. */
  readonly reply: (asked: Asked, n: number) => Reply;
  readonly outcome: Outcome;
  /** The client gives up after so long. */
  readonly deadlineMs?: number;
}

const event = (json: { type: string; [member: string]: unknown }): string =>
  `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;
const begun = event({
  type: "message_start",
  message: { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage: { input_tokens: 9 } },
});
const block = event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
const word = event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } });
const ended = [
  event({ type: "content_block_stop", index: 0 }),
  event({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 3 },
  }),
];
const stop = event({ type: "message_stop" });

/** Pieces of a streamed answer: its first words, its last chunk (once or twice), its end. */
const pieces = (dialect: Dialect) =>
  dialect === "openai"
    ? { head: [chunk({ content: "Hello" })], last: chunk({}, { finishReason: "stop" }), end: "data: [DONE]\n\n" }
    : { head: [begun, block, word], last: ended.join(""), end: stop };

/** A JSON body that is cut in its middle, for a client that wants no stream. */
const cut: Reply = {
  is: "raw",
  headers: { "content-type": "application/json" },
  writes: ['{"id":"x","choi'],
  end: "end",
};

const refusal = (status: number, headers: Record<string, string> = {}): Reply => ({
  is: "status",
  status,
  headers,
  body: { type: "error", error: { type: "overloaded_error", message: "busy" } },
});
const once =
  (fault: Reply) =>
  (_asked: Asked, n: number): Reply =>
    n === 1 ? fault : { is: "answer" };
const soon = { "retry-after-ms": "20" };

const faults: readonly Fault[] = [
  { name: "429 with retry-after, once", reply: once(refusal(429, soon)), outcome: "answer" },
  { name: "429 without headers, once", reply: once(refusal(429)), outcome: "answer" },
  { name: "429 for ever", reply: () => refusal(429, soon), outcome: "error", deadlineMs: 300 },
  { name: "529, once", reply: once(refusal(529, soon)), outcome: "answer" },
  { name: "503, once", reply: once(refusal(503, soon)), outcome: "answer" },
  { name: "a reset before the first byte, once", reply: once({ is: "reset" }), outcome: "answer" },
  { name: "a reset before the first byte, always", reply: () => ({ is: "reset" }), outcome: "error" },
  { name: "a reset at token 2", reply: () => ({ is: "answer", breakAfterChunks: 3 }), outcome: "error" },
  { name: "a stall after the first words", reply: () => ({ is: "answer", isEndless: true }), outcome: "error" },
  {
    name: "a malformed chunk",
    reply: ({ dialect, stream }) =>
      stream ? { is: "raw", writes: [...pieces(dialect).head, 'data: {"choices":[{"ind\n\n'], end: "end" } : cut,
    outcome: "error",
  },
  {
    name: "a stream that ends in the middle",
    reply: ({ dialect, stream }) => (stream ? { is: "raw", writes: pieces(dialect).head, end: "end" } : cut),
    outcome: "error",
  },
  {
    name: "a page of HTML instead of an answer",
    reply: () => ({ is: "status", status: 200, body: "<html>" }),
    outcome: "error",
  },
  {
    name: "the last chunk twice",
    reply({ dialect, stream }) {
      const { head, last, end } = pieces(dialect);
      return stream ? { is: "raw", writes: [...head, last, last, end], end: "end" } : { is: "answer" };
    },
    outcome: "answer",
  },
  { name: "no usage", reply: () => ({ is: "answer", usage: null }), outcome: "answer" },
];

interface Door {
  readonly name: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  body(model: string, stream: boolean): unknown;
  /** In a stream: what ends a good one, and a failed one. */
  readonly ends: Readonly<Record<Outcome, RegExp>>;
  /** Of a body in one piece: the answer, and the error's own words. */
  readonly bodies: Readonly<Record<Outcome, (json: Record<string, unknown>) => unknown>>;
}

const messages = [{ role: "user", content: "hi" }];
const errorMessage = (json: Record<string, unknown>): unknown =>
  (json["error"] as { message?: unknown } | undefined)?.message;

const doors: readonly Door[] = [
  {
    name: "chat completions",
    path: "/v1/chat/completions",
    body: (model, stream) => ({ model, stream, messages }),
    ends: { answer: /data: \[DONE\]\n\n/g, error: /data: \{"error":/g },
    bodies: { answer: ({ choices }) => choices, error: errorMessage },
  },
  {
    name: "responses",
    path: "/v1/responses",
    body: (model, stream) => ({ model, stream, input: "hi" }),
    ends: { answer: /"type":"response\.completed"/g, error: /"type":"response\.failed"/g },
    bodies: { answer: ({ output }) => output, error: errorMessage },
  },
  {
    name: "messages",
    path: "/v1/messages",
    headers: { "anthropic-version": "2023-06-01" },
    body: (model, stream) => ({ model, stream, max_tokens: 50, messages }),
    ends: { answer: /event: message_stop\n/g, error: /event: error\n/g },
    bodies: { answer: ({ content }) => content, error: errorMessage },
  },
  {
    name: "native",
    path: "/v1/syscalls/llm.chat",
    body: (model, stream) => ({ model, messages, ...(stream ? { stream } : {}) }),
    ends: { answer: /"type":"syscall\.completed"/g, error: /"type":"syscall\.failed"/g },
    bodies: { answer: ({ result }) => result, error: ({ detail }) => detail },
  },
];

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** How it ended for the client. Throws where that is not clear. */
async function ask(opened: Doors, door: Door, asked: Asked & { deadlineMs: number | undefined }): Promise<Outcome> {
  const model = asked.dialect === "openai" ? "up/m" : "claude/m";
  const response = await opened.fetch(door.path, {
    body: door.body(model, asked.stream),
    headers: {
      ...door.headers,
      ...(asked.stream && door.name === "native" ? { accept: "text/event-stream" } : {}),
      ...(asked.deadlineMs === undefined ? {} : { "x-aios-deadline-ms": String(asked.deadlineMs) }),
    },
  });
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const found = { answer: count(text, door.ends.answer), error: count(text, door.ends.error) };
    expect(found.answer + found.error, text).toBe(1);
    expect(response.status).toBe(200);
    return found.error === 1 ? "error" : "answer";
  }
  const json = JSON.parse(text) as Record<string, unknown>;
  const outcome = response.status === 200 ? "answer" : "error";
  expect(door.bodies[outcome](json), text).toBeTruthy();
  if (outcome === "error") expect(response.status, text).toBeGreaterThanOrEqual(400);
  return outcome;
}

/** One call of a case, on a kernel of its own; what it leaves behind is looked at. */
async function run(fault: Fault, { door, dialect, stream, name }: Case): Promise<Outcome> {
  let attempts = 0;
  const script: Script = () => fault.reply({ dialect, stream }, ++attempts);
  await using opened = await openDoors({
    script,
    speaksAnthropic: true,
    timeouts: { headersMs: 1_000, idleMs: 500 },
    limits: { concurrency: 1 },
    scheduler: { maxAttempts: 2 },
    settings: { budgets: { local: [{ resource: "tokens", window: "run", limit: 100_000 }] } },
  });
  const outcome = await ask(opened, door, { dialect, stream, deadlineMs: fault.deadlineMs });
  await opened.upstream.idle();
  await lanesIdle(opened);
  const { accounts } = await opened.admin.budget.show({});
  const tokens = accounts.filter(({ resource }) => resource === "tokens");
  expect(tokens, name).toMatchObject([{ reserved: 0 }]);
  if (outcome === "answer") expect(tokens[0]?.used, name).toBeGreaterThan(0);
  return outcome;
}

interface Case extends Asked {
  readonly door: Door;
  readonly name: string;
}

const cases: readonly Case[] = doors.flatMap((door) =>
  (["openai", "anthropic"] as const).flatMap((dialect) =>
    [true, false].map((stream) => ({
      door,
      dialect,
      stream,
      name: `${door.name}, ${dialect}, ${stream ? "streamed" : "whole"}`,
    })),
  ),
);

test.each(faults)(
  "$name: one clear outcome at every door, streamed or not, whatever the core speaks",
  async (fault) => {
    const outcomes = await Promise.all(cases.map(async (each) => [each.name, await run(fault, each)] as const));
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(cases.map(({ name }) => [name, fault.outcome])));
  },
  60_000,
);
