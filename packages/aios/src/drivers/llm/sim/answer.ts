import type { ChatArgs, ChatResult, DeltaEvent } from "@aiosjs/sdk/protocol";
import type { Thought } from "./brain.ts";
import { tokenOffsets } from "./tokens.ts";

/** A thought as a stream of tokens: reasoning, then text, then tool calls. */
export interface Answer {
  readonly tokens: number;
  readonly reasoningTokens: number;
  readonly finishReason: ChatResult["finishReason"];
  /** What tokens `from` (exclusive) to `to` (inclusive) add. */
  deltas(from: number, to: number): DeltaEvent[];
  message(): ChatResult["message"];
}

interface Segment {
  readonly is: "reasoning" | "text" | "tool";
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly offset: (token: number) => number;
  readonly index: number;
  readonly id: string;
  readonly name: string;
}

/** Cuts a thought at the first stop text and at `maxTokens`. */
export function createAnswer(thought: Thought, args: ChatArgs, maxTokens: number): Answer {
  const segments: Segment[] = [];
  let whole = 0;
  const add = (piece: Pick<Segment, "is" | "text" | "index" | "id" | "name">) => {
    const { count, offset } = tokenOffsets(piece.text);
    // The name of a tool is a token of its own.
    const end = whole + count + (piece.is === "tool" ? 1 : 0);
    segments.push({ ...piece, start: whole, end, offset });
    whole = end;
  };
  const nameless = { index: 0, id: "", name: "" };
  if (thought.reasoning !== "") add({ is: "reasoning", text: thought.reasoning, ...nameless });
  const { text, isStopped } = upToStop(thought.text, args.stop ?? []);
  if (text !== "" || thought.toolCalls.length === 0) add({ is: "text", text, ...nameless });
  if (!isStopped) {
    for (const [index, { id, name, arguments: json }] of thought.toolCalls.entries())
      add({ is: "tool", text: json, index, id, name });
  }
  // At least one: even an empty answer takes the token that ends it.
  const tokens = Math.max(1, Math.min(whole, maxTokens));
  const isCut = whole > tokens;

  const upTo = (segment: Segment, token: number) => {
    const inside = Math.min(token, segment.end) - segment.start - (segment.is === "tool" ? 1 : 0);
    return segment.text.slice(0, segment.offset(inside));
  };

  return {
    tokens,
    reasoningTokens: Math.min(tokens, segments[0]?.is === "reasoning" ? segments[0].end : 0),
    finishReason: isCut ? "length" : segments.some(({ is }) => is === "tool") ? "tool-calls" : "stop",
    deltas: (from, to) => {
      const events: DeltaEvent[] = [];
      for (const segment of segments) {
        if (segment.end <= from || segment.start >= to) continue;
        const piece = upTo(segment, to).slice(from > segment.start ? upTo(segment, from).length : 0);
        if (segment.is === "tool") {
          const { index, id, name } = segment;
          events.push({
            type: "tool-call.delta",
            index,
            ...(from <= segment.start ? { id, name } : {}),
            arguments: piece,
          });
        } else if (piece !== "") {
          events.push({ type: segment.is === "text" ? "text.delta" : "reasoning.delta", text: piece });
        }
      }
      return events;
    },
    message: () => {
      const textOf = (is: Segment["is"]) =>
        segments
          .filter((segment) => segment.is === is && segment.start < tokens)
          .map((segment) => upTo(segment, tokens));
      const toolCalls = segments
        .filter((segment) => segment.is === "tool" && segment.start < tokens)
        .map((segment) => ({ id: segment.id, name: segment.name, arguments: upTo(segment, tokens) }));
      const [content] = textOf("text");
      const [reasoning] = textOf("reasoning");
      return {
        role: "assistant",
        content: content ?? null,
        ...(toolCalls.length > 0 ? { toolCalls } : {}),
        ...(reasoning === undefined ? {} : { reasoning }),
      };
    },
  };
}

function upToStop(text: string, stops: readonly string[]): { text: string; isStopped: boolean } {
  const ends = stops
    .filter((stop) => stop !== "")
    .map((stop) => text.indexOf(stop))
    .filter((at) => at >= 0);
  return ends.length === 0 ? { text, isStopped: false } : { text: text.slice(0, Math.min(...ends)), isStopped: true };
}
