import type { CallView } from "@aiosjs/sdk";

/** What a tool call came to, in a few words that need no language: `6 * 7 = 42`, `→ invoice.md`. */
export interface Outcome {
  readonly text: string;
  /** The result alone where it stands for itself. */
  readonly result: string;
  readonly wrote?: string;
}

/** Reads the kernel's one-line summary of a finished `tool.call`; undefined for any other call. */
export function outcomeOf({ name, state, detail, error }: CallView): Outcome | undefined {
  if (name !== "tool.call") return undefined;
  const match = /^tool\.call\((\S+) (\{.*)\)(?: = (".*"))?$/s.exec(detail);
  if (!match) return undefined;
  const [, tool = "", given = "", got = '""'] = match;
  if (state === "failed") return { text: `${tool}: ${error ?? "?"}`, result: error ?? "?" };
  const result = oneLine(jsonText(got));
  const path = member(given, "path");
  if (tool === "file_write" && path !== undefined) return { text: `→ ${path}`, result: `→ ${path}`, wrote: path };
  if (tool === "file_read" && path !== undefined) return { text: `← ${path}`, result: "" };
  const asked = member(given, "expression") ?? member(given, "query");
  return { text: asked === undefined ? result : `${oneLine(asked)} = ${result}`, result };
}

/** How many notes a chat was given, by the kernel's line on it: `llm.chat("…", recalled: n1 0.95, n2 0.71) = …`. */
export function recalledBy({ name, detail }: Pick<CallView, "name" | "detail">): number {
  const match = name === "llm.chat" ? /", recalled: ((?:n[a-z0-9.]+ \d\.\d\d(?:, )?)+)\)/.exec(detail) : null;
  return match?.[1] === undefined ? 0 : match[1].split(", ").length;
}

/** A text member of arguments that may be cut off in the middle. */
function member(json: string, name: string): string | undefined {
  const match = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`).exec(json);
  return match?.[1] === undefined ? undefined : jsonText(match[1]);
}

/** The summary cuts long texts and marks it by an ellipsis, which leaves valid JSON. */
const jsonText = (json: string): string => {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : json;
  } catch {
    return json; // cut off inside of an escape: shown as it is
  }
};

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
