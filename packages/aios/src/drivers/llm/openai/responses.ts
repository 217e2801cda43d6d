import {
  cacheWrites,
  SysError,
  type AssistantMessage,
  type ChatArgs,
  type ChatResult,
  type Usage,
} from "@aiosjs/sdk/protocol";
import type { DriverEvent, OriginalRequest } from "../../../kernel/ports.ts";
import { malformed, quote, readUpstreamError, refusalError, type Place } from "../http/errors.ts";
import type { AnswerReader } from "../http/exchange.ts";

export const responsesDialect = "openai-responses";

/**
 * Whether a request goes on as it stands to an upstream that has /responses. One that is to be stored is told in our own
 * words, for its id must be found here again; what an upstream keeps, it keeps for all tenants of its key alike.
 */
export const isPassedOn = (original: OriginalRequest | undefined): original is OriginalRequest =>
  original?.dialect === responsesDialect && original.members["store"] === false;

/** The client's own members with the kernel's decisions in them. */
export const toResponsesBody = (
  args: ChatArgs,
  { members }: OriginalRequest,
  model: string,
): Record<string, unknown> => ({
  ...members,
  model,
  ...(args.maxTokens === undefined ? {} : { max_output_tokens: args.maxTokens }),
});

type Item = Record<string, unknown>;

const record = (value: unknown): Item => (typeof value === "object" && value !== null ? (value as Item) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const count = (value: unknown): number => (typeof value === "number" && value > 0 ? value : 0);

/** One response in the making: the last event carries it whole, and the pieces before it are deltas. */
export function createResponseReader({ model, place }: { model: string; place: Place }): AnswerReader {
  let response: Item | undefined;
  let hasOutput = false;
  /** Tool calls in order, by the index of their item. */
  const calls = new Map<number, number>();

  const push = (out: DriverEvent[], delta: DriverEvent): void => {
    hasOutput = true;
    out.push(delta);
  };
  const begin = (index: number, item: Item, out: DriverEvent[]): void => {
    if (item["type"] !== "function_call" && item["type"] !== "custom_tool_call") return;
    const at = calls.size;
    calls.set(index, at);
    push(out, {
      type: "tool-call.delta",
      index: at,
      id: textOf(item["call_id"]),
      name: textOf(item["name"]),
      arguments: "",
    });
  };
  const goOn = (index: number, text: string, out: DriverEvent[]): void => {
    const at = calls.get(index);
    if (at !== undefined && text !== "") push(out, { type: "tool-call.delta", index: at, arguments: text });
  };

  const take = (wire: Item, out: DriverEvent[]): "more" | "end" => {
    const delta = textOf(wire["delta"]);
    const index = Number(wire["output_index"]);
    switch (wire["type"]) {
      case "response.output_item.added":
        begin(index, record(wire["item"]), out);
        break;
      case "response.output_text.delta":
        if (delta !== "") push(out, { type: "text.delta", text: delta });
        break;
      case "response.refusal.delta":
        if (delta !== "") push(out, { type: "refusal.delta", text: delta });
        break;
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        if (delta !== "") push(out, { type: "reasoning.delta", text: delta });
        break;
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        goOn(index, delta, out);
        break;
      case "response.completed":
      case "response.incomplete":
        response = record(wire["response"]);
        return "end";
      case "response.failed":
        throw failure(record(record(wire["response"])["error"]));
      case "error":
        throw failure(record(wire["error"] ?? wire));
    }
    return "more";
  };

  const failure = (error: Item): SysError => {
    const said = readUpstreamError({ error });
    const status = { rate_limit_exceeded: 429, server_error: 500, server_overloaded: 503 }[textOf(error["code"])];
    if (status !== undefined && !hasOutput)
      return refusalError(place, { status, headers: {}, error: said, text: "", nowMs: Date.now() });
    const text = quote(said.sentence || said.kind, place);
    return new SysError("EIO", `core ${place.core} reported an error in its answer: ${text}`);
  };

  return {
    takeEvent(data, out) {
      try {
        return take(record(JSON.parse(data)), out);
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause;
        throw malformed(place, `sent an event that is not JSON: "${quote(data, place, 120)}"`, cause);
      }
    },
    takeBody(json, out) {
      const body = json as Item;
      if (!Array.isArray(body["output"])) {
        const said = quote(JSON.stringify(body), place, 120);
        throw malformed(place, `sent a response without output: "${said}"`);
      }
      if (body["status"] === "failed") throw failure(record(body["error"]));
      response = body;
      const { message } = readOutput(body["output"]);
      if (typeof message.content === "string" && message.content !== "")
        push(out, { type: "text.delta", text: message.content });
      for (const [index, call] of (message.toolCalls ?? []).entries())
        push(out, { type: "tool-call.delta", index, id: call.id, name: call.name, arguments: call.arguments });
    },
    get isFinished() {
      return response !== undefined;
    },
    get hasOutput() {
      return hasOutput;
    },
    result() {
      const whole = response ?? {};
      const { message, isPlain } = readOutput(list(whole["output"]));
      const reason = textOf(record(whole["incomplete_details"])["reason"]);
      const finishReason: ChatResult["finishReason"] =
        reason === "max_output_tokens"
          ? "length"
          : reason === "content_filter"
            ? "content-filter"
            : message.toolCalls === undefined
              ? "stop"
              : "tool-calls";
      const result: ChatResult = { message, finishReason, model };
      if (typeof whole["id"] === "string") result.upstreamId = whole["id"];
      if (!isPlain) result.foreign = { dialect: responsesDialect, members: { output: whole["output"] } };
      const usage = whole["usage"];
      return usage ? { type: "result", result, usage: readUsage(record(usage)) } : { type: "result", result };
    },
  };
}

/** The items of an answer in the form's words; not plain where there are others (hosted tools). */
function readOutput(output: readonly unknown[]): { message: AssistantMessage; isPlain: boolean } {
  const message: AssistantMessage = { role: "assistant", content: null };
  const texts: string[] = [];
  const thoughts: string[] = [];
  let isPlain = true;
  for (const each of output) {
    const item = record(each);
    switch (item["type"]) {
      case "message":
        for (const part of list(item["content"]).map(record)) {
          if (part["type"] === "refusal") message.refusal = (message.refusal ?? "") + textOf(part["refusal"]);
          else texts.push(textOf(part["text"]));
          if (list(part["annotations"]).length > 0) isPlain = false;
        }
        break;
      case "reasoning":
        thoughts.push(
          ...[...list(item["summary"]), ...list(item["content"])].map((part) => textOf(record(part)["text"])),
        );
        message.reasoningBlocks = [...(message.reasoningBlocks ?? []), { dialect: responsesDialect, value: item }];
        break;
      case "function_call":
      case "custom_tool_call":
        message.toolCalls = [
          ...(message.toolCalls ?? []),
          {
            id: textOf(item["call_id"]),
            name: textOf(item["name"]),
            // Free text of a custom tool, as our own door says it: a function of one text.
            arguments:
              item["type"] === "function_call"
                ? textOf(item["arguments"])
                : JSON.stringify({ input: textOf(item["input"]) }),
          },
        ];
        break;
      default:
        isPlain = false;
    }
  }
  if (texts.length > 0) message.content = texts.join("");
  if (thoughts.some((thought) => thought !== "")) message.reasoning = thoughts.join("\n\n");
  return { message, isPlain };
}

const readUsage = (wire: Item): Usage => ({
  inputTokens: count(wire["input_tokens"]),
  cachedInputTokens: count(record(wire["input_tokens_details"])["cached_tokens"]),
  ...cacheWrites(count(record(wire["input_tokens_details"])["cache_write_tokens"])),
  outputTokens: count(wire["output_tokens"]),
  reasoningTokens: count(record(wire["output_tokens_details"])["reasoning_tokens"]),
  costUsd: 0,
  wastedTokens: 0,
});
