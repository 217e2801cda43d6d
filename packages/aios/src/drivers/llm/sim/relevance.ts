import type { Tool } from "@aiosjs/sdk/protocol";
import { conceptOf, mentions, wordsOf } from "./lexicon.ts";
import type { Mention } from "./lexicon.ts";
import { arithmeticIn, jsonIn, pathsIn, queriesIn } from "./literals.ts";

/** An offered tool that the task calls for, and where the task mentions it. */
export interface Wanted {
  readonly tool: Tool;
  readonly at: number;
}

/**
 * The tools that a task calls for, in order of mention: those named outright, those of whose name every word is mentioned
 * (in English or Chinese), those of whose name one word and of whose description two more are, and those that take an
 * expression where the task contains one. A tool that takes expressions comes once for each.
 */
export function wantedTools(task: string, tools: readonly Tool[]): Wanted[] {
  const said = [...mentions(spokenIn(task)), ...pathsIn(task).map(({ at }) => ({ concept: "file", at }))];
  const frequency = new Map<string, number>();
  for (const tool of tools) {
    for (const concept of new Set(nameConcepts(tool))) frequency.set(concept, (frequency.get(concept) ?? 0) + 1);
  }
  const sums = arithmeticIn(task);
  const wanted: Wanted[] = [];
  for (const tool of tools) {
    if (takesExpression(tool) && sums.length > 0) {
      for (const { at } of sums) wanted.push({ tool, at });
      continue;
    }
    const at = namedAt(task, tool) ?? mentionedAt(tool, said, frequency);
    if (at !== undefined) wanted.push({ tool, at });
  }
  return wanted.toSorted((left, right) => left.at - right.at);
}

/** How well a tool fits at all, for a caller that insists on one. */
export function bestTool(task: string, tools: readonly Tool[]): Tool | undefined {
  const said = new Set(mentions(task).map(({ concept }) => concept));
  const score = (tool: Tool) =>
    3 * nameConcepts(tool).filter((concept) => said.has(concept)).length +
    descriptionConcepts(tool).filter((concept) => said.has(concept)).length;
  return tools.toSorted((left, right) => score(right) - score(left))[0];
}

const nameConcepts = (tool: Tool): string[] => wordsOf(tool.name).flatMap((word) => conceptOf(word) ?? []);
const descriptionConcepts = (tool: Tool): string[] => [
  ...new Set(mentions(tool.description ?? "").map(({ concept }) => concept)),
];

const takesExpression = (tool: Tool): boolean => {
  const properties = tool.parameters?.["properties"];
  return (
    typeof properties === "object" && properties !== null && "expression" in properties && !/json/i.test(tool.name)
  );
};

/** A name that could not be an everyday word (`file.write`, `get_weather`) counts wherever it stands. */
function namedAt(task: string, { name }: Tool): number | undefined {
  if (!/[^a-z]/i.test(name)) return undefined;
  const at = task.toLowerCase().indexOf(name.toLowerCase());
  return at < 0 ? undefined : at;
}

function mentionedAt(tool: Tool, said: readonly Mention[], frequency: ReadonlyMap<string, number>): number | undefined {
  const named = [...new Set(nameConcepts(tool))];
  if (named.length === 0) return undefined;
  const found = said.filter(({ concept }) => named.includes(concept));
  if (found.length === 0) return undefined;
  const hit = new Set(found.map(({ concept }) => concept));
  if (hit.size < named.length) {
    const described = descriptionConcepts(tool).filter((concept) => !named.includes(concept));
    const also = described.filter((concept) => said.some((mention) => mention.concept === concept));
    if (also.length < 2) return undefined;
  }
  // The rarest word of the name says where: of file.read and file.write, "save" and not "file".
  const rarest = Math.min(...[...hit].map((concept) => frequency.get(concept) ?? 1));
  return Math.min(...found.filter(({ concept }) => (frequency.get(concept) ?? 1) === rarest).map(({ at }) => at));
}

/** Words inside of paths, queries and JSON are not what the task asks for, nor is "at the same time" about time. */
function spokenIn(task: string): string {
  let text = task;
  for (const { at, text: literal } of [...pathsIn(task), ...jsonIn(task), ...queriesIn(task)]) {
    text = text.slice(0, at) + " ".repeat(literal.length) + text.slice(at + literal.length);
  }
  return text.replaceAll(/at the same time/gi, (phrase) => " ".repeat(phrase.length));
}
