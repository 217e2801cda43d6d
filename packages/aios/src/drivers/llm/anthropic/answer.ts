import {
  cacheWrites,
  parseExactly,
  SysError,
  type AssistantMessage,
  type ChatResult,
  type Usage,
} from "@aiosjs/sdk/protocol";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { malformed, quote, readUpstreamError, refusalError, type Place } from "../http/errors.ts";
import type { AnswerReader } from "../http/exchange.ts";
import { dialect } from "./request.ts";

type Block = Record<string, unknown> & { type: string };

interface Wire {
  type?: unknown;
  index?: unknown;
  message?: unknown;
  content_block?: unknown;
  delta?: unknown;
  usage?: unknown;
}

const finishReasons: Readonly<Record<string, ChatResult["finishReason"]>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool-calls",
  refusal: "content-filter",
};
/** Types of errors within a stream, as the statuses that they have outside. */
const statuses: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};
/** Members of a message that the result says in its own form. */
const known = new Set(["id", "type", "role", "model", "content", "stop_reason", "usage"]);

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" && value > 0 ? value : 0);

/**
 * One answer in the making. What the form cannot say (citations, server tools, an order of its own) is in
 * `foreign.members.content`, the whole list of blocks.
 */
export function createAnswer({ model, place }: { model: string; place: Place }): AnswerReader {
  const message: Record<string, unknown> = {};
  const blocks: Block[] = [];
  /** JSON text of a tool's input in pieces, by block. */
  const inputs = new Map<number, string>();
  let usage: Record<string, unknown> | undefined;
  let hasOutput = false;

  const toolIndex = (index: number): number =>
    blocks.slice(0, index).filter((block) => block?.type === "tool_use").length;

  /** Blocks come one after the other; a place far behind the others would be walked up to, one by one. */
  const placeOf = (index: unknown): number => {
    if (Number.isInteger(index) && (index as number) >= 0 && (index as number) <= blocks.length) return index as number;
    throw malformed(place, `sent block ${quote(String(index), place)} behind ${blocks.length} others`);
  };

  const start = (index: number, value: unknown, out: DriverEvent[]): void => {
    const block: Block = { ...record(value), type: textOf(record(value)["type"]) };
    blocks[index] = block;
    if (block.type === "tool_use") {
      hasOutput = true;
      out.push({
        type: "tool-call.delta",
        index: toolIndex(index),
        id: textOf(block["id"]),
        name: textOf(block["name"]),
        arguments: "",
      });
    } else if (block.type === "text") addText(textOf(block["text"]), out);
    else if (block.type === "thinking") addThought(textOf(block["thinking"]), out);
    else hasOutput = true;
  };

  const addText = (text: string, out: DriverEvent[]): void => {
    if (text === "") return;
    hasOutput = true;
    out.push({ type: "text.delta", text });
  };
  const addThought = (text: string, out: DriverEvent[]): void => {
    if (text === "") return;
    hasOutput = true;
    out.push({ type: "reasoning.delta", text });
  };

  const delta = (index: number, value: unknown, out: DriverEvent[]): void => {
    const piece = record(value);
    const block = blocks[index];
    if (block === undefined) throw malformed(place, `sent a piece of block ${index}, which it never began`);
    switch (piece["type"]) {
      case "text_delta":
        block["text"] = textOf(block["text"]) + textOf(piece["text"]);
        return addText(textOf(piece["text"]), out);
      case "thinking_delta":
        block["thinking"] = textOf(block["thinking"]) + textOf(piece["thinking"]);
        return addThought(textOf(piece["thinking"]), out);
      case "signature_delta":
        block["signature"] = textOf(block["signature"]) + textOf(piece["signature"]);
        return;
      case "citations_delta":
        block["citations"] = [...((block["citations"] as unknown[] | null) ?? []), piece["citation"]];
        return;
      case "input_json_delta": {
        const text = textOf(piece["partial_json"]);
        inputs.set(index, (inputs.get(index) ?? "") + text);
        if (block.type === "tool_use" && text !== "")
          out.push({ type: "tool-call.delta", index: toolIndex(index), arguments: text });
      }
    }
  };

  const inputText = (index: number): string => {
    const text = inputs.get(index);
    return text === undefined || text === "" ? JSON.stringify(blocks[index]?.["input"] ?? {}) : text;
  };

  const answer: AnswerReader = {
    takeEvent(data, out) {
      let wire: Wire;
      try {
        wire = JSON.parse(data) as Wire;
      } catch (cause) {
        throw malformed(place, `sent an event that is not JSON: "${quote(data, place, 120)}"`, cause);
      }
      switch (wire.type) {
        case "message_start": {
          const begun = record(wire.message);
          Object.assign(message, begun);
          usage = record(begun["usage"]);
          return "more";
        }
        case "content_block_start":
          start(placeOf(wire.index), wire.content_block, out);
          return "more";
        case "content_block_delta":
          delta(Number(wire.index), wire.delta, out);
          return "more";
        case "message_delta":
          Object.assign(message, record(wire.delta));
          for (const [name, value] of Object.entries(record(wire.usage)))
            if (value !== null) usage = { ...usage, [name]: value };
          return "more";
        case "message_stop":
          return "end";
        case "error":
          throw errorWithin(wire, place, answer.hasOutput);
        default:
          return "more";
      }
    },
    takeBody(json, out) {
      const body = json as Record<string, unknown>;
      if (!Array.isArray(body["content"])) {
        const said = quote(JSON.stringify(body), place, 120);
        throw malformed(place, `sent an answer without content: "${said}"`);
      }
      Object.assign(message, body);
      usage = record(body["usage"]);
      for (const [index, block] of (body["content"] as unknown[]).entries()) {
        start(index, block, out);
        const input = inputText(index);
        if (blocks[index]?.type === "tool_use")
          out.push({ type: "tool-call.delta", index: toolIndex(index), arguments: input });
      }
    },
    get isFinished() {
      return typeof message["stop_reason"] === "string";
    },
    get hasOutput() {
      return hasOutput;
    },
    result() {
      const whole = blocks.filter((block) => block !== undefined);
      const { members, isPlain, said } = assemble(blocks, inputText);
      const reason = textOf(message["stop_reason"]);
      const finishReason = finishReasons[reason] ?? "other";
      const foreign: Record<string, unknown> = {};
      for (const name in message) if (!known.has(name) && message[name] !== null) foreign[name] = message[name];
      // What our words say less exactly.
      if (!["end_turn", "max_tokens", "tool_use", ""].includes(reason)) foreign["stop_reason"] = reason;
      if (!isPlain) foreign["content"] = whole.map((block, index) => withInput(block, inputs.get(index)));
      const result: ChatResult = { message: { role: "assistant", content: said, ...members }, finishReason, model };
      if (typeof message["id"] === "string") result.upstreamId = message["id"];
      if (Object.keys(foreign).length > 0) result.foreign = { dialect, members: foreign };
      return usage === undefined || usage["output_tokens"] === undefined
        ? { type: "result", result }
        : { type: "result", result, usage: readUsage(usage) };
    },
  };
  return answer;
}

/** A tool's input is told in pieces and kept as an object. */
function withInput(block: Block, text: string | undefined): Block {
  if (text === undefined || text === "") return block;
  try {
    return { ...block, input: parseExactly(text) };
  } catch {
    return block; // cut off by the limit of tokens; the pieces are in the tool call
  }
}

const order: Readonly<Record<string, number>> = { thinking: 0, redacted_thinking: 0, text: 1, tool_use: 2 };

function assemble(
  blocks: readonly Block[],
  inputText: (index: number) => string,
): { said: string | null; members: Partial<AssistantMessage>; isPlain: boolean } {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const reasoningBlocks: NonNullable<AssistantMessage["reasoningBlocks"]> = [];
  const toolCalls: NonNullable<AssistantMessage["toolCalls"]> = [];
  let isPlain = true;
  let reached = 0;
  for (const [index, block] of blocks.entries()) {
    if (block === undefined) continue;
    const place = order[block.type];
    if (place === undefined || place < reached || (block["citations"] ?? null) !== null) isPlain = false;
    reached = Math.max(reached, place ?? 0);
    if (block.type === "text") texts.push(textOf(block["text"]));
    else if (block.type === "tool_use")
      toolCalls.push({ id: textOf(block["id"]), name: textOf(block["name"]), arguments: inputText(index) });
    else if (place === 0) {
      reasoningBlocks.push({ dialect, value: block });
      if (textOf(block["thinking"]) !== "") thoughts.push(textOf(block["thinking"]));
    }
  }
  const members: Partial<AssistantMessage> = {};
  if (toolCalls.length > 0) members.toolCalls = toolCalls;
  if (thoughts.length > 0) members.reasoning = thoughts.join("\n\n");
  if (reasoningBlocks.length > 0) members.reasoningBlocks = reasoningBlocks;
  return { said: texts.length === 0 ? null : texts.join(""), members, isPlain: isPlain && texts.length <= 1 };
}

/** `input_tokens` leaves out what was read from the cache or written to it. */
function readUsage(wire: Record<string, unknown>): Usage {
  const cachedInputTokens = count(wire["cache_read_input_tokens"]);
  const written = count(wire["cache_creation_input_tokens"]);
  return {
    inputTokens: count(wire["input_tokens"]) + cachedInputTokens + written,
    cachedInputTokens,
    ...cacheWrites(written, count(record(wire["cache_creation"])["ephemeral_1h_input_tokens"])),
    outputTokens: count(wire["output_tokens"]),
    reasoningTokens: count(record(wire["output_tokens_details"])["thinking_tokens"]),
    costUsd: 0,
    wastedTokens: 0,
  };
}

function errorWithin(wire: Wire, place: Place, hasOutput: boolean): SysError {
  const error = readUpstreamError(wire);
  const status = statuses[error.kind];
  if (status !== undefined && !hasOutput)
    return refusalError(place, { status, headers: {}, error, text: "", nowMs: Date.now() });
  const said = quote(error.sentence || error.kind, place);
  return new SysError("EIO", `core ${place.core} reported an error in its answer: ${said}`);
}
