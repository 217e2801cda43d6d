import type { ToolCall } from "@aiosjs/sdk/protocol";
import type { DriverEvent } from "../../../kernel/ports.ts";
import type { WireToolCall } from "./wire.ts";

export interface ToolCallAssembly {
  /** Takes the pieces of one chunk and appends their deltas to `out`. */
  take(pieces: readonly WireToolCall[], out: DriverEvent[]): void;
  result(): ToolCall[];
  /** All calls in the dialect's own form, where one of them says more than ours can (thought signatures, custom tools). */
  foreign(): Record<string, unknown>[] | undefined;
}

interface Assembled extends ToolCall {
  readonly wireId: string | undefined;
  isCustom: boolean;
  more: Record<string, unknown> | undefined;
}

const known = new Set(["index", "id", "type", "function", "custom"]);

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
const nameOf = (piece: WireToolCall): string | undefined => nonEmpty(piece.function?.name ?? piece.custom?.name);

/** Some servers send the arguments as an object instead of as its JSON text. */
function argumentsOf(piece: WireToolCall): string {
  const value = piece.function?.arguments ?? piece.custom?.input;
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/**
 * Puts tool calls together from their pieces. A piece belongs to the call with its `index`; where the index is missing,
 * to the call with its id, else to the last one. An index that comes again with another id is a new call
 * (servers that number every parallel call 0). Calls without an id get one, for the tool's answer must name it.
 */
export function createToolCallAssembly(idPrefix: string): ToolCallAssembly {
  const calls: Assembled[] = [];
  const byIndex = new Map<number, number>();

  const find = (piece: WireToolCall): number => {
    const id = nonEmpty(piece.id);
    if (typeof piece.index === "number") {
      const position = byIndex.get(piece.index);
      if (position === undefined) return -1;
      const wireId = calls[position]?.wireId;
      return id !== undefined && wireId !== undefined && id !== wireId ? -1 : position;
    }
    if (id === undefined) return nameOf(piece) === undefined ? calls.length - 1 : -1;
    return calls.findLastIndex((call) => call.wireId === id);
  };

  const keepMore = (call: Assembled, piece: WireToolCall): void => {
    if (piece.custom) call.isCustom = true;
    for (const member in piece) {
      if (known.has(member)) continue;
      call.more ??= {};
      call.more[member] = piece[member];
    }
  };

  return {
    take(pieces, out) {
      for (const piece of pieces) {
        const text = argumentsOf(piece);
        const position = find(piece);
        const call = calls[position];
        if (call !== undefined) {
          keepMore(call, piece);
          call.arguments += text;
          if (text !== "") out.push({ type: "tool-call.delta", index: position, arguments: text });
          continue;
        }
        const index = calls.length;
        const wireId = nonEmpty(piece.id);
        const id = wireId ?? `call_${idPrefix}_${index}`;
        const name = nameOf(piece) ?? "";
        const begun: Assembled = { id, name, arguments: text, wireId, isCustom: false, more: undefined };
        keepMore(begun, piece);
        calls.push(begun);
        if (typeof piece.index === "number") byIndex.set(piece.index, index);
        out.push({ type: "tool-call.delta", index, id, name, arguments: text });
      }
    },
    result: () => calls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
    foreign() {
      if (calls.every((call) => !call.isCustom && call.more === undefined)) return undefined;
      return calls.map(({ id, name, arguments: text, isCustom, more }) =>
        isCustom
          ? { id, type: "custom", custom: { name, input: text }, ...more }
          : { id, type: "function", function: { name, arguments: text }, ...more },
      );
    },
  };
}
