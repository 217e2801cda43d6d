import type { AssistantMessage, ChatResult, ToolCall, Usage } from "@aiosjs/sdk/protocol";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { dialectOf } from "./foreign.ts";
import type { AnswerPart, Generated, Metadata } from "./spec.ts";
import { readUsage } from "./usage.ts";
import { leftOutOf } from "./warnings.ts";

/** One answer in the making: parts of a stream, or the whole, go in; deltas and in the end one result come out. */
export interface Answer {
  /** Takes one part of a stream. The cause of an `error` part is returned, for the caller to make an error of. */
  take(part: AnswerPart, out: DriverEvent[]): { error: unknown } | undefined;
  takeWhole(generated: Generated, out: DriverEvent[]): void;
  /** True once the model said why it stopped. */
  readonly isComplete: boolean;
  /** Characters of the answer so far. */
  readonly length: number;
  result(): Extract<DriverEvent, { type: "result" }>;
}

const finishReasons: Readonly<Record<string, ChatResult["finishReason"]>> = {
  stop: "stop",
  length: "length",
  "content-filter": "content-filter",
  "tool-calls": "tool-calls",
};

interface Thought {
  text: string;
  metadata: Metadata | undefined;
}

interface Call {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  text: string;
  /** Its pieces are no JSON: the whole comes at the end. */
  readonly isText: boolean;
  metadata: Metadata | undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const metadataOf = (part: AnswerPart): Metadata | undefined => {
  const { providerMetadata } = part;
  return typeof providerMetadata === "object" && providerMetadata !== null ? (providerMetadata as Metadata) : undefined;
};

/**
 * `reasoningBlocks` holds each thought with what its provider signed it by; a call's and a text's own marks stand in
 * `foreign` of the call and the message, so that all of it can go back to a core of the same provider. Sources, files
 * and what the provider's own tools did stand in `foreign.members.content` of the result.
 */
export function createAnswer({ model, provider }: { model: string; provider: string }): Answer {
  const dialect = dialectOf(provider);
  let said = "";
  let hasText = false;
  let textMetadata: Metadata | undefined;
  const thoughts: Thought[] = [];
  const openThoughts = new Map<string, Thought>();
  const calls = new Map<string, Call>();
  const others: unknown[] = [];
  let upstreamId: string | undefined;
  let finish: string | undefined;
  let rawFinish: string | undefined;
  let usage: Usage | undefined;
  let members: Metadata | undefined;
  let length = 0;

  const addText = (piece: string, metadata: Metadata | undefined, out: DriverEvent[]): void => {
    hasText = true;
    textMetadata = metadata ?? textMetadata;
    if (piece === "") return;
    said += piece;
    length += piece.length;
    out.push({ type: "text.delta", text: piece });
  };

  const addThought = (thought: Thought, piece: string, out: DriverEvent[]): void => {
    if (piece === "") return;
    thought.text += piece;
    length += piece.length;
    out.push({ type: "reasoning.delta", text: piece });
  };

  const thoughtOf = (part: AnswerPart): Thought => {
    const id = text(part["id"]);
    let thought = openThoughts.get(id);
    if (thought === undefined) {
      thought = { text: "", metadata: undefined };
      openThoughts.set(id, thought);
      thoughts.push(thought);
    }
    thought.metadata = metadataOf(part) ?? thought.metadata;
    return thought;
  };

  const beginCall = (id: string, part: AnswerPart, out: DriverEvent[]): Call => {
    const isText = part["inputEncoding"] === "text";
    const call: Call = {
      index: calls.size,
      id,
      name: text(part["toolName"]),
      text: "",
      isText,
      metadata: metadataOf(part),
    };
    calls.set(id, call);
    out.push({ type: "tool-call.delta", index: call.index, id, name: call.name, arguments: "" });
    return call;
  };

  const addInput = (call: Call, piece: string, out: DriverEvent[]): void => {
    if (piece === "") return;
    call.text += piece;
    length += piece.length;
    out.push({ type: "tool-call.delta", index: call.index, arguments: piece });
  };

  /** The whole call; where its pieces have come, they stand: a reader has them already. */
  const addCall = (part: AnswerPart, out: DriverEvent[]): void => {
    if (part["providerExecuted"] === true) {
      others.push(part);
      return;
    }
    const id = text(part["toolCallId"]);
    const call = calls.get(id) ?? beginCall(id, part, out);
    call.metadata = metadataOf(part) ?? call.metadata;
    if (call.text === "") addInput(call, text(part["input"]), out);
  };

  const end = (reason: unknown, wireUsage: unknown, metadata: Metadata | undefined): void => {
    // Version 2 says the reason itself, later ones say it beside the provider's own word.
    const { unified, raw } = (typeof reason === "object" && reason !== null ? reason : { unified: reason }) as {
      unified?: unknown;
      raw?: unknown;
    };
    finish = typeof unified === "string" ? unified : "other";
    if (typeof raw === "string") rawFinish = raw;
    usage = readUsage(wireUsage);
    members = metadata ?? members;
  };

  const answer: Answer = {
    take(part, out) {
      switch (part.type) {
        case "text-start":
        case "text-end":
          textMetadata = metadataOf(part) ?? textMetadata;
          return undefined;
        case "text-delta":
          addText(text(part["delta"]), metadataOf(part), out);
          return undefined;
        case "reasoning-start":
          thoughtOf(part);
          return undefined;
        case "reasoning-delta":
          addThought(thoughtOf(part), text(part["delta"]), out);
          return undefined;
        case "reasoning-end":
          thoughtOf(part);
          openThoughts.delete(text(part["id"]));
          return undefined;
        case "tool-input-start":
          if (part["providerExecuted"] !== true) beginCall(text(part["id"]), part, out);
          return undefined;
        case "tool-input-delta": {
          const call = calls.get(text(part["id"]));
          if (call !== undefined && !call.isText) addInput(call, text(part["delta"]), out);
          return undefined;
        }
        case "tool-call":
          addCall(part, out);
          return undefined;
        case "stream-start": {
          const leftOut = leftOutOf(part["warnings"]);
          if (leftOut.length > 0) out.push({ type: "request.adapted", leftOut });
          return undefined;
        }
        case "response-metadata":
          if (typeof part["id"] === "string") upstreamId = part["id"];
          return undefined;
        case "finish":
          end(part["finishReason"], part["usage"], metadataOf(part));
          return undefined;
        case "error":
          return { error: part["error"] };
        case "tool-input-end":
        case "ping":
        case "raw":
          return undefined;
        default:
          // Sources, files, results of the provider's own tools, and what later versions bring.
          others.push(part);
          return undefined;
      }
    },
    takeWhole(generated, out) {
      const { content = [], finishReason, usage: spent, warnings, providerMetadata, response } = generated;
      const leftOut = leftOutOf(warnings);
      if (leftOut.length > 0) out.push({ type: "request.adapted", leftOut });
      for (const part of content) {
        if (part.type === "text") addText(text(part["text"]), metadataOf(part), out);
        else if (part.type === "reasoning") {
          const thought: Thought = { text: "", metadata: metadataOf(part) };
          thoughts.push(thought);
          addThought(thought, text(part["text"]), out);
        } else if (part.type === "tool-call") addCall(part, out);
        else others.push(part);
      }
      if (typeof response?.id === "string") upstreamId = response.id;
      end(finishReason, spent, metadataOf({ providerMetadata }));
    },
    get isComplete() {
      // `interrupted`: the provider saw no end; `error`: it failed without a cause. Older ones say neither, but then
      // nothing of the provider's own stands in their end.
      if (finish === undefined || finish === "interrupted" || finish === "error") return false;
      return rawFinish !== undefined || usage !== undefined || (finish !== "other" && finish !== "unknown");
    },
    get length() {
      return length;
    },
    result() {
      const toolCalls = [...calls.values()].map((call): ToolCall => ({
        id: call.id,
        name: call.name,
        arguments: call.text,
        ...(call.metadata === undefined ? {} : { foreign: marks({ providerOptions: call.metadata }) }),
      }));
      const message: AssistantMessage = {
        role: "assistant",
        content: hasText && !(said === "" && toolCalls.length > 0) ? said : null,
      };
      if (toolCalls.length > 0) message.toolCalls = toolCalls;
      const reasoning = thoughts.map((thought) => thought.text).join("");
      if (reasoning !== "") message.reasoning = reasoning;
      if (thoughts.length > 0) {
        message.reasoningBlocks = thoughts.map((thought) => ({
          dialect,
          value: {
            text: thought.text,
            ...(thought.metadata === undefined ? {} : { providerOptions: thought.metadata }),
          },
        }));
      }
      if (textMetadata !== undefined && hasText) message.foreign = marks({ textOptions: textMetadata });
      const mapped = finishReasons[finish ?? ""] ?? "other";
      const beyond: Record<string, unknown> = {};
      if (members !== undefined) beyond["providerMetadata"] = toJson(members);
      if (others.length > 0) beyond["content"] = toJson(others);
      if (mapped === "other" && rawFinish !== undefined) beyond["finishReason"] = rawFinish;
      const result: ChatResult = {
        message,
        // Some say "stop" after a tool call; what came decides.
        finishReason: toolCalls.length > 0 && mapped === "stop" ? "tool-calls" : mapped,
        model,
      };
      if (upstreamId !== undefined) result.upstreamId = upstreamId;
      if (Object.keys(beyond).length > 0) result.foreign = { dialect, members: beyond };
      return usage === undefined ? { type: "result", result } : { type: "result", result, usage };
    },
  };

  /** Marks that mean something to this provider alone; any other does as well without. */
  const marks = (own: Record<string, unknown>) => ({ dialect, members: own, hints: Object.keys(own) });
  return answer;
}

/** Bytes as base64, everything else as JSON has it. */
function toJson(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      inner instanceof Uint8Array ? Buffer.from(inner).toString("base64") : inner,
    ),
  ) as unknown;
}
