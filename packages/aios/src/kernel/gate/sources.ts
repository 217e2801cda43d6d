import type { Parts } from "../parts.ts";
import type { Process } from "../process.ts";
import { recordedCalls } from "../recorded-calls.ts";
import type { ArgumentOrigin, GateQuestion } from "./verdict.ts";

export type SourceParts = Pick<Parts, "journal" | "outbox">;

/** Of a longer value its beginning is looked for. */
const MAX_NEEDLE = 200;
const SHORTEST = 3;

/** The calls in whose results the values stood that nobody vouches for: the first of each. Read when a person is asked, and seldom. */
export async function sourcesOf(
  process: Process,
  origins: readonly ArgumentOrigin[],
  parts: SourceParts,
): Promise<GateQuestion["sources"]> {
  const wanted = new Map(
    origins.flatMap(({ path, value, isMet }) =>
      isMet || value.length < SHORTEST ? [] : [[path, inJson(value.slice(0, MAX_NEEDLE))]],
    ),
  );
  const sources: { path: string; call: string; name: string }[] = [];
  if (wanted.size === 0) return sources;
  for await (const { call, name, state, request, result } of recordedCalls(parts, process)) {
    if (state !== "done" || name === "llm.chat") continue;
    const text = JSON.stringify(result) ?? "";
    for (const [path, needle] of wanted)
      if (text.includes(needle)) {
        wanted.delete(path);
        sources.push({ path, call, name: name === "tool.call" ? (request as { name: string }).name : name });
      }
    if (wanted.size === 0) break;
  }
  return sources;
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
