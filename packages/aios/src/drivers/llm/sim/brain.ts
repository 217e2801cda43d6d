import type { ChatArgs, Message, Tool, ToolCall } from "@aiosjs/sdk/protocol";
import { instanceOf } from "./arguments.ts";
import type { JsonSchema } from "./arguments.ts";
import { isMostlyHan } from "./lexicon.ts";
import { draws, textHash } from "./prng.ts";
import type { Draws } from "./prng.ts";
import { cutToTokens, prose } from "./prose.ts";
import { bestTool, wantedTools } from "./relevance.ts";
import type { Wanted } from "./relevance.ts";
import { createSituation, shortened } from "./texts.ts";
import type { ToolResult } from "./texts.ts";
import { countTokens } from "./tokens.ts";

export interface Thought {
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

/** Longer tasks are read in part: the brain stands in for a model, it need not read a book. */
const maxTaskLength = 8_000;

/**
 * A rule-based stand-in for a model. It calls the tools that the task asks for, one step each (all at once where the task
 * says so), writes their results down where it must, and ends with prose that cites them. No learning, no chance beyond
 * the seed: the same prompt gives the same thought.
 */
export function think(
  args: ChatArgs,
  prompt: { seed: number; hash: string; outputTokens: number; outputSigma: number },
): Thought {
  const key = (purpose: string) => draws(prompt.seed, prompt.hash, purpose);
  const turn = readTurn(args.messages);
  const toolCalls = nextCalls(args, turn, { hash: prompt.hash, draws: key("arguments") });
  const isReasoning = args.reasoningEffort !== undefined && args.reasoningEffort !== "none";
  const reasoning = isReasoning ? `(simulated) ${prose(turn.task, key("reasoning"), 24)}` : "";
  if (toolCalls.length > 0) return { reasoning, text: "", toolCalls };
  const form = args.responseFormat;
  if (form !== undefined && form.type !== "text") {
    const schema: JsonSchema = form.type === "json-schema" && form.schema !== undefined ? form.schema : anyAnswer;
    const about = form.type === "json-schema" ? `${form.name} ${form.description ?? ""}` : "";
    const situation = createSituation({ ...turn, purpose: "answer", at: 0, about, draws: key("answer") });
    return { reasoning, text: JSON.stringify(instanceOf(schema, situation)), toolCalls };
  }
  const length = Math.max(4, Math.round(key("length").lognormal(prompt.outputTokens, prompt.outputSigma)));
  // Sentences are made in order, so that what is cut off anyway need not be made.
  const text = answer(turn, key("prose"), Math.min(length, (args.maxTokens ?? Infinity) + 1));
  // Whole sentences; cut only where a length was asked for exactly.
  return {
    reasoning,
    text: prompt.outputSigma === 0 && turn.results.length === 0 ? cutToTokens(text, length) : text,
    toolCalls,
  };
}

const anyAnswer: JsonSchema = { type: "object", properties: { answer: { type: "string" } }, required: ["answer"] };

/** What has happened since the user last spoke. */
interface Turn {
  readonly task: string;
  readonly called: readonly string[];
  readonly results: readonly ToolResult[];
}

function readTurn(messages: readonly Message[]): Turn {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const asked = messages[last] ?? messages[0];
  const names = new Map<string, string>();
  const results: ToolResult[] = [];
  for (const message of messages.slice(last + 1)) {
    if (message.role === "assistant") for (const call of message.toolCalls ?? []) names.set(call.id, call.name);
    if (message.role === "tool") {
      const content = textOf(message);
      results.push({ name: names.get(message.callId) ?? "a tool", content, isError: isErrorText(content) });
    }
  }
  return {
    task: asked === undefined ? "" : askedIn(textOf(asked)).slice(0, maxTaskLength),
    called: [...names.values()],
    results,
  };
}

/** What stands behind notes in a message: those are data, and no tasks. A message of notes alone is what is asked about. */
function askedIn(text: string): string {
  const asked = text.slice(text.lastIndexOf(NOTES_END) + NOTES_END.length);
  return text.includes(NOTES_END) && asked.trim() !== "" ? asked : text;
}
const NOTES_END = "\n</note>";

export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("\n");
}

/** Tools tell of a failure in words; these are the usual first ones. */
const isErrorText = (text: string) =>
  /^\s*(?:\{\s*"(?:error|code)"\s*:|\[?(?:error|failed|failure|exception|traceback|cannot|错误|失败)\b|E[A-Z]{3,10}\b)/i.test(
    text,
  ) && !/^\s*(?:even|each|every|exactly|either|end)\b/i.test(text);

function nextCalls(args: ChatArgs, turn: Turn, prompt: { hash: string; draws: Draws }): ToolCall[] {
  const { tools = [], toolChoice = "auto" } = args;
  if (tools.length === 0 || toolChoice === "none") return [];
  const wanted = openSteps(turn, tools);
  let chosen: Wanted[];
  if (typeof toolChoice === "object") {
    const tool = tools.find(({ name }) => name === toolChoice.name);
    chosen = tool === undefined ? [] : [wanted.find((step) => step.tool === tool) ?? { tool, at: 0 }];
  } else {
    const areTogether = args.parallelToolCalls !== false && asksForAllAtOnce(turn.task) && turn.called.length === 0;
    chosen = areTogether ? wanted : wanted.slice(0, 1);
    if (chosen.length === 0 && toolChoice === "required") {
      const tool = bestTool(turn.task, tools);
      chosen = tool === undefined ? [] : [{ tool, at: 0 }];
    }
  }
  return chosen.map(({ tool, at }, index) => {
    const situation = createSituation({
      purpose: "arguments",
      task: turn.task,
      results: turn.results,
      at,
      about: `${tool.name} ${tool.description ?? ""}`,
      draws: prompt.draws,
    });
    const made = instanceOf(tool.parameters ?? { type: "object" }, situation);
    const id = `call_${textHash(`${prompt.hash} ${turn.called.length + index}`)}`;
    return { id, name: tool.name, arguments: JSON.stringify(made) };
  });
}

/** The steps that the task calls for, without those that were taken: each call of a tool stands for one of its steps. */
function openSteps(turn: Turn, tools: readonly Tool[]): Wanted[] {
  const taken = new Map<string, number>();
  for (const name of turn.called) taken.set(name, (taken.get(name) ?? 0) + 1);
  return wantedTools(turn.task, tools).filter(({ tool }) => {
    const left = taken.get(tool.name) ?? 0;
    if (left > 0) taken.set(tool.name, left - 1);
    return left === 0;
  });
}

const asksForAllAtOnce = (task: string) =>
  /\b(?:at the same time|at once|in parallel|simultaneously|concurrently|both|together)\b|同时|并行|一起/i.test(task);

function answer({ task, results }: Turn, stream: Draws, tokens: number): string {
  const isHan = isMostlyHan(task);
  const cited = results.map(({ name, content, isError }) => {
    const quoted = shortened(content, 300);
    if (isHan) return isError ? `${name} 失败：${quoted}。` : `${name} 返回：${quoted}。`;
    return isError ? `${name} failed: ${quoted}.` : `${name} returned: ${quoted}.`;
  });
  const head = ["(simulated)", ...cited].join(" ");
  const missing = tokens - countTokens(head);
  if (missing <= 0) return head;
  return `${head} ${prose(task, stream, missing)}`;
}
