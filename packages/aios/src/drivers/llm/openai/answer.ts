import type { AssistantMessage, ChatResult } from "@aiosjs/sdk/protocol";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { malformed, quote, type Place } from "../http/errors.ts";
import { errorWithin, type AnswerReader } from "../http/exchange.ts";
import { createToolCallAssembly, type ToolCallAssembly } from "./tool-calls.ts";
import { readUsage } from "./usage.ts";
import type { WireAnswer, WireChoice, WireMessage, WireUsage } from "./wire.ts";

/** One answer in the making: chunks, or the whole, go in; deltas and in the end one result come out. */
export interface Answer extends AnswerReader {
  /** Takes a chunk or a whole answer and appends its deltas to `out`. */
  take(wire: WireAnswer, out: DriverEvent[]): void;
}

const finishReasons: Readonly<Record<string, ChatResult["finishReason"]>> = {
  stop: "stop",
  length: "length",
  model_length: "length", // Mistral
  tool_calls: "tool-calls",
  content_filter: "content-filter",
};

// Members that the result carries in its own form; every other one goes to `foreign`.
const known = new Set(["id", "object", "created", "model", "choices", "usage", "x_groq", "error"]);
const knownOfChoice = new Set(["index", "delta", "message", "finish_reason", "logprobs", "usage"]);
const knownOfMessage = new Set(["role", "content", "refusal", "tool_calls"]);

/** Servers disagree on the name; whichever comes with text is it. */
const reasoningOf = (piece: WireMessage): unknown =>
  piece["reasoning_content"] ?? piece["reasoning"] ?? piece["thinking"];
const reasoningMembers = new Set(["reasoning_content", "reasoning", "thinking"]);

/**
 * `foreign.members` of the result: unknown members of the answer itself at the top (system_fingerprint, service_tier),
 * those of the choice under `choice` (logprobs), those of the message under `message` (annotations).
 */
export function createAnswer(options: {
  model: string;
  idPrefix: string;
  place: Place;
  /** The client did not ask for the chunk that tells the usage. */
  withholdsUsage?: boolean;
}): Answer {
  const { place } = options;
  let text = "";
  let hasText = false;
  let reasoning = "";
  let refusal: string | undefined;
  let tools: ToolCallAssembly | undefined;
  let finish: string | undefined;
  let upstreamId: string | undefined;
  let usage: WireUsage | undefined;
  const members: Record<string, unknown> = {};
  let ofChoice: Record<string, unknown> | undefined;
  let ofMessage: Record<string, unknown> | undefined;
  let isFirst = true;

  const addText = (piece: string, out: DriverEvent[]): void => {
    hasText = true;
    if (piece === "") return;
    text += piece;
    out.push({ type: "text.delta", text: piece });
  };

  const addReasoning = (piece: string, out: DriverEvent[]): void => {
    if (piece === "") return;
    reasoning += piece;
    out.push({ type: "reasoning.delta", text: piece });
  };

  /** Mistral: a list of text and thinking parts instead of a text. */
  const addParts = (parts: readonly unknown[], out: DriverEvent[]): void => {
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      const { text: piece, thinking } = part as { text?: unknown; thinking?: unknown };
      if (typeof thinking === "string") addReasoning(thinking, out);
      else if (Array.isArray(thinking)) addReasoning(thinking.map(textOf).join(""), out);
      else if (typeof piece === "string") addText(piece, out);
    }
  };

  const addMessage = (piece: WireMessage, out: DriverEvent[]): void => {
    const thought = reasoningOf(piece);
    if (typeof thought === "string") addReasoning(thought, out);
    const { content } = piece;
    if (typeof content === "string") addText(content, out);
    else if (Array.isArray(content)) addParts(content, out);
    if (typeof piece.refusal === "string" && piece.refusal !== "") {
      refusal = (refusal ?? "") + piece.refusal;
      out.push({ type: "refusal.delta", text: piece.refusal });
    }
    if (Array.isArray(piece.tool_calls) && piece.tool_calls.length > 0) {
      tools ??= createToolCallAssembly(options.idPrefix);
      tools.take(piece.tool_calls, out);
    }
  };

  const addLogprobs = (logprobs: NonNullable<WireChoice["logprobs"]>): void => {
    ofChoice ??= {};
    const held = ofChoice["logprobs"] as { content: unknown; refusal: unknown } | undefined;
    if (held === undefined) {
      // Copied: the next chunks are added to them.
      ofChoice["logprobs"] = { ...logprobs, content: copied(logprobs.content), refusal: copied(logprobs.refusal) };
      return;
    }
    held.content = joined(held.content, logprobs.content);
    held.refusal = joined(held.refusal, logprobs.refusal);
  };

  const addForeign = (wire: WireAnswer, choice: WireChoice | undefined, message: WireMessage | undefined): void => {
    copyUnknown(wire, members, known);
    if (choice !== undefined) ofChoice = copyUnknown(choice, ofChoice, knownOfChoice);
    if (message === undefined) return;
    for (const member in message) {
      if (knownOfMessage.has(member) || reasoningMembers.has(member) || message[member] === null) continue;
      ofMessage ??= {};
      ofMessage[member] = message[member];
    }
  };

  const answer: Answer = {
    takeEvent(data, out) {
      if (data === "[DONE]") return "end";
      let wire: WireAnswer;
      try {
        wire = JSON.parse(data) as WireAnswer;
      } catch (cause) {
        throw malformed(place, `sent an event that is not JSON: "${quote(data, place, 120)}"`, cause);
      }
      if (typeof wire !== "object" || wire === null) return "more";
      if (wire.error) throw errorWithin(wire, { place, hasOutput: answer.hasOutput });
      answer.take(wire, out);
      return options.withholdsUsage === true && wire.usage && !wire.choices?.[0] ? "withhold" : "more";
    },
    takeBody(json, out) {
      const wire = json as WireAnswer;
      if (!wire.choices?.[0]) {
        const said = quote(JSON.stringify(wire), place, 120);
        throw malformed(place, `sent an answer without choices: "${said}"`);
      }
      answer.take(wire, out);
    },
    take(wire, out) {
      // A second choice (`n`) is refused before it is asked for.
      const choice = wire.choices?.[0];
      const message = choice?.delta ?? choice?.message ?? undefined;
      if (message !== undefined) addMessage(message, out);
      if (choice?.logprobs) addLogprobs(choice.logprobs);
      if (typeof choice?.finish_reason === "string") finish = choice.finish_reason;
      const spent = wire.usage ?? wire.x_groq?.usage ?? choice?.usage;
      if (spent) usage = spent;
      if (isFirst && typeof wire.id === "string") upstreamId = wire.id;
      // Chunks in the middle repeat these members: reading them once at each end is enough, and per token it costs.
      if (isFirst || message === undefined || finish !== undefined) addForeign(wire, choice, message);
      isFirst = false;
    },
    get isFinished() {
      return finish !== undefined;
    },
    get hasOutput() {
      return text !== "" || reasoning !== "" || refusal !== undefined || tools !== undefined;
    },
    result() {
      const message: AssistantMessage = {
        role: "assistant",
        content: hasText && !(text === "" && tools !== undefined) ? text : null,
      };
      const calls = tools?.result();
      const wireCalls = tools?.foreign();
      if (wireCalls !== undefined) ofMessage = { ...ofMessage, tool_calls: wireCalls };
      if (calls !== undefined) message.toolCalls = calls;
      if (reasoning !== "") message.reasoning = reasoning;
      if (refusal !== undefined) message.refusal = refusal;
      const mapped = finish === undefined ? "other" : (finishReasons[finish] ?? "other");
      if (mapped === "other" && finish !== undefined) ofChoice = { ...ofChoice, finish_reason: finish };
      if (ofChoice !== undefined && Object.keys(ofChoice).length > 0) members["choice"] = ofChoice;
      if (ofMessage !== undefined) members["message"] = ofMessage;
      const result: ChatResult = {
        message,
        // Some servers say "stop" after a tool call; what came decides.
        finishReason: calls !== undefined && mapped === "stop" ? "tool-calls" : mapped,
        model: options.model,
      };
      if (upstreamId !== undefined) result.upstreamId = upstreamId;
      if (Object.keys(members).length > 0) result.foreign = { dialect: "openai", members };
      return usage === undefined ? { type: "result", result } : { type: "result", result, usage: readUsage(usage) };
    },
  };
  return answer;
}

const textOf = (part: unknown): string => {
  const text = (part as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : "";
};

const copied = (list: unknown): unknown => (Array.isArray(list) ? [...(list as unknown[])] : (list ?? null));

/** Adds to the list that is held: a new one for each chunk would make a long answer cost the square of its length. */
function joined(held: unknown, more: unknown): unknown {
  if (!Array.isArray(more)) return held ?? null;
  if (!Array.isArray(held)) return copied(more);
  for (const item of more as unknown[]) (held as unknown[]).push(item);
  return held;
}

function copyUnknown(
  from: Readonly<Record<string, unknown>>,
  into: Record<string, unknown> | undefined,
  skip: ReadonlySet<string>,
): Record<string, unknown> | undefined {
  let target = into;
  for (const member in from) {
    if (skip.has(member) || from[member] === null || from[member] === undefined) continue;
    target ??= {};
    target[member] = from[member];
  }
  return target;
}
