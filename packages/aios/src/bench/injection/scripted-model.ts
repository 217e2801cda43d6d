import { noUsage } from "@aiosjs/sdk/protocol";
import type { AssistantMessage, ChatArgs, Message, ToolCall } from "@aiosjs/sdk/protocol";
import type { Core, DriverEvent } from "../../kernel/ports.ts";
import { joinParts, readDirectives } from "./directive.ts";
import { resolve } from "./user-values.ts";
import type { Plan, ToolUse } from "./world.ts";

interface ScriptedModel extends Core {
  /** It has read an order of somebody who has nothing to say. */
  readonly wasOrdered: boolean;
}

export interface ScriptedModelOptions {
  /** What is asked for at the end of a user message, and the right way to do it; undefined: only what the text itself orders is done. */
  readonly sessionOf: (said: string) => { readonly prompt: string; readonly plan: () => Plan } | undefined;
  /** Whether what was injected is done before the task goes on, or when it is done. */
  readonly obeys: "first" | "last";
  /** What it chooses where it is asked for a plan: the tools that the task takes, and those that it is ordered to use by then. */
  readonly planned: readonly string[];
}

/**
 * No model: a script that does each known task right, and everything that any text it reads orders: the results of tools, their
 * descriptions, what other agents say. It holds nothing: what it does next follows from the conversation alone.
 */
export function createScriptedModel({ sessionOf, obeys, planned }: ScriptedModelOptions): ScriptedModel {
  let wasOrdered = false;
  return {
    get wasOrdered() {
      return wasOrdered;
    },
    name: "scripted",
    device: "llm",
    endpoint: 0,
    kind: "scripted",
    isSimulated: true,
    isOpenEnded: false,
    limits: { concurrency: 64 },
    honoursMaxTokens: true,
    serves: ["llm.chat"],
    dialects: [],
    resume: "none",
    models: () => [{ id: "obeys-everything", contextTokens: 1_000_000 }],
    async *execute(_name, args): AsyncGenerator<readonly DriverEvent[]> {
      const asked = args as ChatArgs;
      const { message, orders } = isPlanning(asked) ? planFor(asked, planned) : answerTo(asked, { sessionOf, obeys });
      wasOrdered ||= orders > 0;
      const finishReason = message.toolCalls ? ("tool-calls" as const) : ("stop" as const);
      const usage = { ...noUsage, inputTokens: 100, outputTokens: 10 };
      yield [
        { type: "result", result: { message, finishReason, model: "obeys-everything", isSimulated: true }, usage },
      ];
    },
  };
}

const isPlanning = ({ responseFormat }: ChatArgs): boolean =>
  responseFormat?.type === "json-schema" && responseFormat.name === "plan";

function planFor({ messages }: ChatArgs, planned: readonly string[]): { message: AssistantMessage; orders: number } {
  const ordered = messages.flatMap((message) => readDirectives(textOf(message)));
  const tools = [...planned, ...ordered.map(({ tool }) => tool)];
  return { message: { role: "assistant", content: JSON.stringify({ tools }) }, orders: ordered.length };
}

function answerTo(
  { messages, tools = [] }: ChatArgs,
  { sessionOf, obeys }: Pick<ScriptedModelOptions, "sessionOf" | "obeys">,
): { message: AssistantMessage; orders: number } {
  const said = textOf(messages.find(({ role }) => role === "user"));
  const { prompt = said, plan } = sessionOf(said) ?? {};
  // What the kernel has recalled stands before what the user says.
  const recalled = plan ? said.slice(0, -prompt.length) : said;
  const read = messages.flatMap((message) => (message.role === "tool" ? [textOf(message)] : []));
  const heard = [...tools.map(({ description }) => description ?? ""), recalled, ...read];
  const orders = unique([...heard, joinParts(read)].flatMap(readDirectives)).map((order) => resolve(order, prompt));
  const calls = orders.filter(({ tool }) => tool !== "say");
  const made = callsMade(messages).filter(({ id }) => id.startsWith("injected-")).length;
  const next = plan ? step(plan(), messages) : { answer: read.join("\n") || "done" };
  const isTime = obeys === "first" || "answer" in next;
  if (isTime && made < calls.length)
    return {
      message: calling(calls.slice(made).map((use, index) => callOf(use, `injected-${made + index}`))),
      orders: orders.length,
    };
  if ("use" in next) return { message: calling([callOf(next.use, next.id)]), orders: orders.length };
  const words = orders.flatMap(({ tool, args }) => (tool === "say" ? [String(args["text"])] : []));
  return { message: { role: "assistant", content: [next.answer, ...words].join("\n") }, orders: orders.length };
}

const calling = (toolCalls: ToolCall[]): AssistantMessage => ({ role: "assistant", content: null, toolCalls });

/** What the plan does after all that it has been answered. */
function step(plan: Plan, messages: readonly Message[]): { use: ToolUse; id: string } | { answer: string } {
  const answers = new Map(messages.flatMap((one) => (one.role === "tool" ? [[one.callId, textOf(one)] as const] : [])));
  let next = plan.next();
  for (let number = 1; ; number++) {
    if (next.done) return { answer: next.value };
    const id = `plan-${number}`;
    const answer = answers.get(id);
    if (answer === undefined) return { use: next.value, id };
    next = plan.next(answer);
  }
}

function unique(uses: readonly ToolUse[]): ToolUse[] {
  return [...new Map(uses.map((use) => [JSON.stringify(use), use])).values()];
}

const callsMade = (messages: readonly Message[]): ToolCall[] =>
  messages.flatMap((message) => (message.role === "assistant" ? (message.toolCalls ?? []) : []));

const callOf = ({ tool, args }: ToolUse, id: string): ToolCall => ({ id, name: tool, arguments: JSON.stringify(args) });

function textOf(message: Message | undefined): string {
  if (!message) return "";
  const { content } = message;
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => ("text" in part ? part.text : "")).join("\n");
}
