import { cacheWrites, noUsage, type Usage } from "@aiosjs/sdk/protocol";

const count = (value: unknown): number | undefined => (typeof value === "number" && value >= 0 ? value : undefined);
const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** Usage of versions 3 and 4 (nested) and 2 (flat); undefined where it names no tokens. `outputTokens` includes the reasoning. */
export function readUsage(wire: unknown): Usage | undefined {
  const [input, output] = [member(wire, "inputTokens"), member(wire, "outputTokens")];
  const isFlat = typeof input !== "object" || input === null;
  const inputTokens = count(isFlat ? input : member(input, "total"));
  const said = count(isFlat ? output : member(output, "total"));
  if (inputTokens === undefined && said === undefined) return undefined;
  const reasoningTokens = count(isFlat ? member(wire, "reasoningTokens") : member(output, "reasoning")) ?? 0;
  const cached = count(isFlat ? member(wire, "cachedInputTokens") : member(input, "cacheRead")) ?? 0;
  // In version 2 some providers counted reasoning beside the answer: the total tells which.
  const total = isFlat ? count(member(wire, "totalTokens")) : undefined;
  const isBeside = reasoningTokens > 0 && total === (inputTokens ?? 0) + (said ?? 0) + reasoningTokens;
  return {
    ...noUsage,
    inputTokens: inputTokens ?? 0,
    cachedInputTokens: cached,
    ...cacheWrites(isFlat ? 0 : (count(member(input, "cacheWrite")) ?? 0)),
    outputTokens: isBeside ? (said ?? 0) + reasoningTokens : (said ?? 0),
    reasoningTokens,
  };
}
