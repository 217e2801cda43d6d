import type { ToolCall } from "@aiosjs/sdk/protocol";
import type { DriverEvent } from "../../../kernel/ports.ts";
import type { WireToolCall } from "./wire.ts";

export interface ToolCallAssembly {
  /** Takes the pieces of one chunk and appends their deltas to `out`. */
  take(pieces: readonly WireToolCall[], out: DriverEvent[]): void;
  result(): ToolCall[];
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** Some servers send the arguments as an object instead of as its JSON text. */
const argumentsText = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

/**
 * Puts tool calls together from their pieces. A piece belongs to the call with its `index`; where the index is missing,
 * to the call with its id, else to the last one. An index that comes again with another id is a new call
 * (servers that number every parallel call 0). Calls without an id get one, for the tool's answer must name it.
 */
export function createToolCallAssembly(idPrefix: string): ToolCallAssembly {
  const calls: { id: string; name: string; arguments: string; wireId: string | undefined }[] = [];
  const byIndex = new Map<number, number>();

  const find = (piece: WireToolCall): number => {
    const id = nonEmpty(piece.id);
    if (typeof piece.index === "number") {
      const position = byIndex.get(piece.index);
      if (position === undefined) return -1;
      const known = calls[position]?.wireId;
      return id !== undefined && known !== undefined && id !== known ? -1 : position;
    }
    if (id === undefined)
      return nonEmpty(piece.function?.name ?? piece.custom?.name) === undefined ? calls.length - 1 : -1;
    return calls.findLastIndex((call) => call.wireId === id);
  };

  return {
    take(pieces, out) {
      for (const piece of pieces) {
        const text = argumentsText(piece.function?.arguments ?? piece.custom?.input);
        const position = find(piece);
        const call = calls[position];
        if (call !== undefined) {
          call.arguments += text;
          if (text !== "") out.push({ type: "tool-call.delta", index: position, arguments: text });
          continue;
        }
        const index = calls.length;
        const wireId = nonEmpty(piece.id);
        const id = wireId ?? `call_${idPrefix}_${index}`;
        const name = nonEmpty(piece.function?.name ?? piece.custom?.name) ?? "";
        calls.push({ id, name, arguments: text, wireId });
        if (typeof piece.index === "number") byIndex.set(piece.index, index);
        out.push({ type: "tool-call.delta", index, id, name, arguments: text });
      }
    },
    result: () => calls.map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
  };
}
