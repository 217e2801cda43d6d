import type { Client } from "../client.ts";
import { isSysError, SysError } from "../errors.ts";
import type { Tool, ToolCall } from "../syscalls/llm.ts";
import type { ResultOf } from "../syscalls/table.ts";
import type { LocalTool } from "./define-tool.ts";

/** What came of one tool call. A failure is news for the model, not for the program. */
interface ToolAnswer {
  readonly content: string;
  readonly isError: boolean;
}

/** The tools of one agent, wherever they run. */
export interface Toolset {
  /** As the model is told of them. */
  readonly tools: readonly Tool[];
  /** Names of those whose descriptions are a stranger's words. */
  readonly foreign: ReadonlySet<string>;
  /** @throws only when the signal has aborted. */
  answer(call: ToolCall, by: { client: Client; signal: AbortSignal }): Promise<ToolAnswer>;
}

/**
 * Finds what an agent asked for: local tools as they are, the kernel's by name or pattern (`file_*`, `*`); those that run what
 * a model wrote by name alone.
 * @throws SysError ENOENT for a name that the kernel does not offer, with those it does; EINVAL when two share a name.
 */
export async function openToolset(
  wanted: readonly (string | LocalTool)[],
  client: Client,
  signal: AbortSignal,
): Promise<Toolset> {
  const local = wanted.filter((one) => typeof one === "object");
  const patterns = wanted.filter((one) => typeof one === "string");
  const remote = patterns.length === 0 ? [] : pick(patterns, (await client.tool.list({}, { signal })).tools);
  const tools: Tool[] = [
    ...local.map(({ name, description, parameters }) => ({
      name,
      description,
      parameters: { ...parameters.jsonSchema },
    })),
    ...remote.map(({ name, description, parameters }) => ({ name, description, parameters })),
  ];
  const twice = tools.find(({ name }, index) => tools.findIndex((other) => other.name === name) !== index);
  if (twice) throw new SysError("EINVAL", `two tools have the name ${twice.name}`);

  const run = async (call: ToolCall, by: { client: Client; signal: AbortSignal }): Promise<string> => {
    const { signal } = by;
    const args = parseArguments(call);
    const tool = local.find(({ name }) => name === call.name);
    if (tool) {
      const checked = await tool.parameters.check(args);
      if (checked.is === "unfit") throw new SysError("EINVAL", `wrong arguments: ${checked.why}`);
      return textOf(await tool.run(checked.value as never, { signal }));
    }
    if (!tools.some(({ name }) => name === call.name)) {
      const names = tools.map(({ name }) => name).join(", ");
      throw new SysError("ENOENT", `no tool ${JSON.stringify(call.name)}; there are ${names || "none"}`);
    }
    const { content } = await by.client.tool.call({ name: call.name, arguments: args }, { signal });
    return content;
  };

  return {
    tools,
    foreign: new Set(remote.flatMap(({ name, isForeign }) => (isForeign === true ? [name] : []))),
    async answer(call, by) {
      try {
        return { content: await run(call, by), isError: false };
      } catch (cause) {
        by.signal.throwIfAborted();
        return { content: tell(cause), isError: true };
      }
    },
  };
}

function pick(patterns: readonly string[], offered: ResultOf<"tool.list">["tools"]): ResultOf<"tool.list">["tools"] {
  const picked = new Set<(typeof offered)[number]>();
  for (const pattern of patterns) {
    const matching = offered.filter(
      ({ name, isNamed }) => name === pattern || (isNamed !== true && isMatch(name, pattern)),
    );
    if (matching.length === 0)
      throw new SysError("ENOENT", `the kernel has no tool ${JSON.stringify(pattern)}`, {
        hint: `it has ${offered.map(({ name }) => name).join(", ") || "none"}`,
      });
    for (const tool of matching) picked.add(tool);
  }
  return [...picked];
}

function isMatch(name: string, pattern: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(head)) return false;
  let from = head.length;
  const tail = rest.pop() ?? "";
  for (const part of rest) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return name.length - from >= tail.length && name.endsWith(tail);
}

/** Models write arguments as text, and some write none where there are no parameters. */
function parseArguments({ arguments: text }: ToolCall): Record<string, unknown> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SysError(
      "EINVAL",
      `the arguments are not JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      {
        hint: "Call the tool again with one JSON object.",
      },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SysError("EINVAL", "the arguments are not a JSON object");
  return value as Record<string, unknown>;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "done"));

function tell(cause: unknown): string {
  if (isSysError(cause)) return `${cause.code}: ${cause.message}${cause.hint === undefined ? "" : `. ${cause.hint}`}`;
  return `failed: ${cause instanceof Error ? cause.message : String(cause)}`;
}
