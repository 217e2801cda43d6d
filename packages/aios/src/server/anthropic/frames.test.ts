import { noUsage } from "@aiosjs/sdk/protocol";
import type { ChatResult, DeltaEvent } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createAnswer } from "../../drivers/llm/anthropic/answer.ts";
import { createSeededRandom } from "../../drivers/random/seeded.ts";
import { toMessage } from "./answer.ts";
import { createFrameWriter } from "./frames.ts";
import { ownSignature } from "./signature.ts";

type Json = Record<string, unknown>;
const usage = { ...noUsage, inputTokens: 11, cachedInputTokens: 4, outputTokens: 7 };
const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };
const place = { core: "up", url: "http://up", model: "m", apiKey: undefined, keyReference: undefined, api: "x" };

const resultOf = (
  message: Partial<ChatResult["message"]>,
  finishReason: ChatResult["finishReason"] = "stop",
): ChatResult => ({ message: { role: "assistant", content: null, ...message }, finishReason, model: "up/m" });

/** The events of a stream, whose names must be those in their data. */
function parse(frames: string): Json[] {
  expect(frames.endsWith("\n\n")).toBe(true);
  return frames
    .slice(0, -2)
    .split("\n\n")
    .map((frame) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
      const json = JSON.parse(data ?? "") as Json;
      expect(json["type"]).toBe(name);
      return json;
    });
}

function stream(deltas: readonly DeltaEvent[], result: ChatResult): Json[] {
  const frames = createFrameWriter({ call: "c1", stop: [] });
  frames.model = "up/m";
  const told = deltas.map((delta) => frames.delta(delta)).join("");
  return parse(told + frames.completed({ type: "syscall.completed", result, usage, timing }));
}

/** Blocks as a client assembles them, none of which may begin before the one before it has ended. */
function blocksOf(events: readonly Json[]): Json[] {
  const blocks: (Json & { json?: string })[] = [];
  let isOpen = false;
  for (const event of events) {
    const block = blocks.at(-1) ?? {};
    if (event["index"] !== undefined)
      expect(event["index"]).toBe(event["type"] === "content_block_start" ? blocks.length : blocks.length - 1);
    switch (event["type"]) {
      case "content_block_start":
        expect(isOpen).toBe(false);
        isOpen = true;
        blocks.push({ ...(event["content_block"] as Json) });
        break;
      case "content_block_stop":
        expect(isOpen).toBe(true);
        isOpen = false;
        if (block.json !== undefined) block["input"] = JSON.parse(block.json) as unknown;
        delete block.json;
        break;
      case "content_block_delta": {
        expect(isOpen).toBe(true);
        const { type, ...piece } = event["delta"] as Json;
        if (type === "input_json_delta") block.json = (block.json ?? "") + (piece["partial_json"] as string);
        else for (const name in piece) block[name] = ((block[name] as string) ?? "") + (piece[name] as string);
      }
    }
  }
  expect(isOpen).toBe(false);
  return blocks;
}

const kinds = (events: readonly Json[]): unknown[] => events.map(({ type }) => type);
const whole = (result: ChatResult): unknown => toMessage(result, { call: "c1", usage, stop: [] })["content"];

test("events come in Anthropic's order: start, thinking, text, tools, why it stopped, stop", () => {
  const events = stream(
    [
      { type: "reasoning.delta", text: "Whis" },
      { type: "reasoning.delta", text: "kers." },
      { type: "text.delta", text: 'It is a "cat".\n' },
      { type: "tool-call.delta", index: 0, id: "t1", name: "look", arguments: "" },
      { type: "tool-call.delta", index: 0, arguments: '{"at":' },
      { type: "tool-call.delta", index: 0, arguments: '"it"}' },
    ],
    resultOf({ content: "x", reasoning: "y", toolCalls: [{ id: "t1", name: "look", arguments: "" }] }, "tool-calls"),
  );
  const piece = (index: number, delta: Json): Json => ({ type: "content_block_delta", index, delta });
  expect(events).toEqual([
    {
      type: "message_start",
      message: {
        id: "msg_c1",
        type: "message",
        role: "assistant",
        model: "up/m",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        stop_details: null,
        usage: { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
    { type: "ping" },
    piece(0, { type: "thinking_delta", thinking: "Whis" }),
    piece(0, { type: "thinking_delta", thinking: "kers." }),
    piece(0, { type: "signature_delta", signature: ownSignature }),
    { type: "content_block_stop", index: 0 },
    { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
    piece(1, { type: "text_delta", text: 'It is a "cat".\n' }),
    { type: "content_block_stop", index: 1 },
    { type: "content_block_start", index: 2, content_block: { type: "tool_use", id: "t1", name: "look", input: {} } },
    piece(2, { type: "input_json_delta", partial_json: '{"at":' }),
    piece(2, { type: "input_json_delta", partial_json: '"it"}' }),
    { type: "content_block_stop", index: 2 },
    {
      type: "message_delta",
      delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: null },
      usage: { input_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 7 },
    },
    { type: "message_stop" },
  ]);
});

test("a core that answers in one piece is streamed all the same", () => {
  const result = resultOf(
    {
      content: "It is a cat.",
      reasoning: "Whiskers.",
      refusal: "No more.",
      toolCalls: [{ id: "t1", name: "look", arguments: '{"at":"it"}' }],
    },
    "tool-calls",
  );
  expect(blocksOf(stream([], result))).toEqual(whole(result));
  const search = { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } };
  const foreign = { dialect: "anthropic", members: { content: [search, { type: "text", text: "y", citations: [1] }] } };
  expect(blocksOf(stream([], { ...result, foreign }))).toEqual(foreign.members.content);
  expect(kinds(stream([], resultOf({})))).toEqual(["message_start", "message_delta", "message_stop"]);
});

test("what was told in deltas is not told again, what was not is", () => {
  const result = resultOf({ content: "It.", refusal: "No.", reasoning: "Hm." });
  const events = stream([{ type: "text.delta", text: "It." }], result);
  expect(blocksOf(events)).toEqual([
    { type: "text", text: "It." },
    { type: "thinking", thinking: "Hm.", signature: ownSignature },
    { type: "text", text: "No." },
  ]);
});

test("whatever the order of deltas, blocks nest, nothing is lost, and the first tool is told as it comes", () => {
  const random = createSeededRandom(3);
  const pick = (n: number): number => Math.floor(random.next() * n);
  for (let n = 0; n < 500; n++) {
    const calls = Array.from({ length: pick(4) }, (_, index) => ({
      id: `t${index}`,
      name: `f${index}`,
      arguments: pick(4) === 0 ? "" : JSON.stringify({ at: "{}]\"'\\".repeat(pick(3)), more: [{ index }] }),
    }));
    const prose = { text: "", thinking: "" };
    const queues: DeltaEvent[][] = calls.map(({ id, name, arguments: json }, index) => {
      const cut = pick(json.length + 1);
      return [
        { type: "tool-call.delta", index, id, name, arguments: json.slice(0, cut) },
        { type: "tool-call.delta", index, arguments: json.slice(cut) },
      ];
    });
    const words = Array.from({ length: pick(4) }, () => ["a", " ", "\n", "b c"][pick(4)] as string);
    queues.push(words.map((text) => ({ type: "text.delta", text })));
    queues.push(Array.from({ length: pick(3) }, () => ({ type: "reasoning.delta", text: "z" })));
    const deltas: DeltaEvent[] = [];
    while (queues.some((queue) => queue.length > 0)) {
      const delta = queues[pick(queues.length)]?.shift();
      if (!delta) continue;
      deltas.push(delta);
      if (delta.type === "text.delta") prose.text += delta.text;
      if (delta.type === "reasoning.delta") prose.thinking += delta.text;
    }
    const blocks = blocksOf(
      stream(deltas, resultOf({ content: prose.text, reasoning: prose.thinking, toolCalls: calls }, "tool-calls")),
    );
    const said = (type: string): string =>
      blocks
        .filter((block) => block["type"] === type)
        .map((block) => block[type])
        .join("");
    const uses = blocks.filter(({ type }) => type === "tool_use");
    expect(uses.toSorted((left, right) => String(left["id"]).localeCompare(String(right["id"])))).toEqual(
      calls.map(({ id, name, arguments: json }) => ({
        type: "tool_use",
        id,
        name,
        input: json === "" ? {} : (JSON.parse(json) as unknown),
      })),
    );
    expect(said("thinking")).toBe(prose.thinking);
    // White space may go where there are tool calls, words may not.
    const [got, meant] = [said("text"), prose.text];
    if (calls.length === 0) expect(got).toBe(meant);
    else expect(got.replaceAll(/\s/g, "")).toBe(meant.replaceAll(/\s/g, ""));
  }
  const frames = createFrameWriter({ call: "c1", stop: [] });
  const first = frames.delta({ type: "tool-call.delta", index: 0, id: "t", name: "f", arguments: '{"a":' });
  expect(first).toContain('"partial_json":"{\\"a\\":"');
  expect(frames.delta({ type: "tool-call.delta", index: 1, id: "u", name: "g", arguments: "{}" })).toBe("");
  expect(frames.delta({ type: "tool-call.delta", index: 0, arguments: "1}" })).toContain('"partial_json":"1}"');
  // Whole: the next one may begin.
  expect(frames.delta({ type: "tool-call.delta", index: 1, arguments: " " })).toContain('"id":"u"');
});

test("a core of this dialect reads from our stream what another core answered", () => {
  const result = resultOf(
    { content: "It is a cat.", toolCalls: [{ id: "t1", name: "look", arguments: '{"at":"it"}' }] },
    "tool-calls",
  );
  const answer = createAnswer({ model: "up/m", place });
  for (const event of stream([{ type: "text.delta", text: "It is a cat." }], result))
    answer.takeEvent(JSON.stringify(event), []);
  expect(answer.result()).toMatchObject({
    result: { ...result, upstreamId: "msg_c1" },
    usage: { inputTokens: 11, cachedInputTokens: 4, outputTokens: 7 },
  });
});

test("arguments that are no JSON end the stream in an error, unless the model was cut off", () => {
  const toolCalls = [{ id: "t1", name: "look", arguments: '{"at":' }];
  const delta: DeltaEvent = { type: "tool-call.delta", index: 0, ...toolCalls[0], arguments: '{"at":' };
  const events = stream([delta], resultOf({ toolCalls }, "tool-calls"));
  expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "api_error" } });
  expect(kinds(events)).not.toContain("message_stop");
  expect(stream([delta], resultOf({ toolCalls }, "length")).at(-2)).toMatchObject({
    delta: { stop_reason: "max_tokens" },
  });
});
