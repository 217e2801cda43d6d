import { asCallId, noUsage } from "@aiosjs/sdk/protocol";
import type { ChatResult, DeltaEvent, SysEvent } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createEventWriter } from "./events.ts";
import { outputItems } from "./output.ts";
import { toResponseRequest } from "./request.ts";

type Event = Record<string, unknown> & { type: string; output_index?: number };

const call = asCallId("c1");

/** All events of an answer, as a client reads them. */
function told(
  deltas: readonly DeltaEvent[],
  result: Partial<ChatResult>,
  body: Record<string, unknown> = {},
): { events: Event[]; shape: string[]; last: Record<string, unknown> } {
  const { args, echo } = toResponseRequest({ model: "m", input: "hi", ...body });
  const writer = createEventWriter({ call, createdAtMs: 0, args, echo });
  const completed: Extract<SysEvent, { type: "syscall.completed" }> = {
    type: "syscall.completed",
    result: { message: { role: "assistant", content: null }, finishReason: "stop", model: "up/m", ...result },
    usage: noUsage,
    timing: { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 },
  };
  const frames = writer.begun() + deltas.map((delta) => writer.delta(delta)).join("") + writer.completed(completed);
  const events = frames
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map((frame) => {
      const [name = "", data = ""] = frame.split("\n");
      const event = JSON.parse(data.slice("data: ".length)) as Event;
      expect(name).toBe(`event: ${event.type}`);
      return event;
    });
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
  const shape = events.map(({ type, output_index: index }) =>
    index === undefined ? type.slice(9) : `${index} ${type.slice(9)}`,
  );
  return { events, shape, last: events.at(-1)?.["response"] as Record<string, unknown> };
}

const text = (piece: string): DeltaEvent => ({ type: "text.delta", text: piece });
const thought = (piece: string): DeltaEvent => ({ type: "reasoning.delta", text: piece });
const called = (index: number, piece: string, id?: string): DeltaEvent => ({
  type: "tool-call.delta",
  index,
  arguments: piece,
  ...(id === undefined ? {} : { id, name: "f" }),
});
const message = (more: Partial<ChatResult["message"]>): Partial<ChatResult> => ({
  message: { role: "assistant", content: null, ...more },
});

test("items begin as they come and end in their order, reasoning with what its upstream signed", () => {
  const reasoningBlocks = [{ dialect: "anthropic", value: { type: "thinking", thinking: "hm", signature: "s" } }];
  const toolCalls = [{ id: "a", name: "f", arguments: "{}" }];
  const result = message({ content: "ok", reasoning: "hm", reasoningBlocks, toolCalls });
  const { shape, last } = told([thought("hm"), text("o"), text("k"), called(0, "", "a"), called(0, "{}")], result);
  expect(shape).toEqual([
    "created",
    "in_progress",
    "0 output_item.added",
    "0 reasoning_summary_part.added",
    "0 reasoning_summary_text.delta",
    "0 reasoning_summary_text.done",
    "0 reasoning_summary_part.done",
    "1 output_item.added",
    "1 content_part.added",
    "1 output_text.delta",
    "1 output_text.delta",
    "2 output_item.added",
    "2 function_call_arguments.delta",
    "0 output_item.done",
    "1 output_text.done",
    "1 content_part.done",
    "1 output_item.done",
    "2 function_call_arguments.done",
    "2 output_item.done",
    "completed",
  ]);
  const { message: said, finishReason } = { finishReason: "stop" as const, ...(result as Pick<ChatResult, "message">) };
  expect(last["output"]).toEqual(outputItems({ message: said, finishReason }, { call, known: {} }));
});

test("without reasoning a text ends where a call begins", () => {
  const { shape } = told(
    [text("ok"), called(0, "{}", "a")],
    message({ content: "ok", toolCalls: [{ id: "a", name: "f", arguments: "{}" }] }),
  );
  expect(shape.indexOf("0 output_item.done")).toBeLessThan(shape.indexOf("1 output_item.added"));
});

test("pieces of calls that come crosswise keep to their own", () => {
  const toolCalls = [
    { id: "a", name: "f", arguments: '{"x":1}' },
    { id: "b", name: "f", arguments: '{"x":2}' },
  ];
  const { last } = told(
    [called(0, '{"x', "a"), called(1, '{"x', "b"), called(0, '":1}'), called(1, '":2}')],
    message({ toolCalls }),
  );
  expect(last["output"]).toMatchObject(toolCalls.map(({ id, ...made }) => ({ ...made, call_id: id })));
});

test("what had no delta is told before the end: a core may answer in one piece", () => {
  const toolCalls = [{ id: "a", name: "f", arguments: "{}" }];
  const result = message({ content: "ok", reasoning: "hm", refusal: "no", toolCalls });
  const { last, events } = told([], result);
  expect(last["output"]).toEqual(
    outputItems({ message: (result as ChatResult).message, finishReason: "stop" }, { call, known: {} }),
  );
  expect(events.filter(({ type }) => type === "response.refusal.delta")).toHaveLength(1);
});

test("text behind a call, and reasoning behind a text, are told whole", () => {
  const { last } = told(
    [thought("a"), text("b"), thought("c"), called(0, "{}", "x"), text("d")],
    message({ content: "bd", reasoning: "ac", toolCalls: [{ id: "x", name: "f", arguments: "{}" }] }),
  );
  expect(last["output"]).toMatchObject([
    { type: "reasoning", summary: [{ text: "a" }, { text: "c" }] },
    { type: "message", content: [{ text: "bd" }] },
    { type: "function_call" },
  ]);
});

test("thoughts that are not shown have an item all the same", () => {
  const reasoningBlocks = [{ dialect: "anthropic", value: { type: "redacted_thinking", data: "d" } }];
  const { last } = told([text("ok")], message({ content: "ok", reasoningBlocks }));
  expect(last["output"]).toMatchObject([
    { type: "message" },
    { type: "reasoning", summary: [], encrypted_content: expect.stringMatching(/^aios:/) as string },
  ]);
});

test("an input that kept to no JSON is the input of a custom tool as it is", () => {
  const tools = [{ type: "custom", name: "f" }];
  const { last, events } = told(
    [called(0, "*** Begin", "a")],
    message({ toolCalls: [{ id: "a", name: "f", arguments: "*** Begin" }] }),
    { tools },
  );
  expect(last["output"]).toMatchObject([{ type: "custom_tool_call", id: "ctc_c1_0", input: "*** Begin" }]);
  expect(events.map(({ type }) => type)).toContain("response.custom_tool_call_input.done");
});

test("a failure tells the items that had ended, and both words for it", () => {
  const { args, echo } = toResponseRequest({ model: "m", input: "hi" });
  const writer = createEventWriter({ call, createdAtMs: 0, args, echo });
  writer.begun();
  writer.delta(text("half"));
  const frames = writer.failed({
    type: "urn:aios:error:EAGAIN",
    title: "busy",
    status: 429,
    code: "EAGAIN",
    detail: "the upstream is full",
    retryable: true,
  });
  const [failed, error] = frames
    .trim()
    .split("\n\n")
    .map((frame) => JSON.parse(frame.split("\n")[1]?.slice(6) ?? "") as Record<string, unknown>);
  const said = { code: "rate_limit_exceeded", message: "the upstream is full" };
  expect(failed).toMatchObject({ type: "response.failed", response: { status: "failed", error: said, output: [] } });
  expect(error).toMatchObject({ type: "error", ...said, error: said });
});
