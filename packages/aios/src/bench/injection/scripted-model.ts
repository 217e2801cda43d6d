import { noUsage } from "@aiosjs/sdk/protocol";
import type { AssistantMessage, ChatArgs, Message, ToolCall } from "@aiosjs/sdk/protocol";
import type { Core, DriverEvent } from "../../kernel/ports.ts";
import { joinParts, readDirectives } from "./directive.ts";
import { resolve } from "./user-values.ts";
import type { Plan, ToolUse } from "./world.ts";

export interface ScriptedModelOptions {
  /** The right way to do what this user text asks for; undefined: it is not known, and only what the text itself orders is done. */
  readonly planOf: (prompt: string) => (() => Plan) | undefined;
  /** Whether what was injected is done before the task goes on, or when it is done. */
  readonly obeys: "first" | "last";
}

/**
 * No model: a script that does each known task right, and everything that any text it reads orders: the results of tools, their
 * descriptions, what other agents say. It holds nothing: what it does next follows from the conversation alone.
 */
export function createScriptedModel({ planOf, obeys }: ScriptedModelOptions): Core {
  return {
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
      const message = answerTo(args as ChatArgs, { planOf, obeys });
      const finishReason = message.toolCalls ? ("tool-calls" as const) : ("stop" as const);
      const usage = { ...noUsage, inputTokens: 100, outputTokens: 10 };
      yield [
        { type: "result", result: { message, finishReason, model: "obeys-everything", isSimulated: true }, usage },
      ];
    },
  };
}

function answerTo({ messages, tools = [] }: ChatArgs, { planOf, obeys }: ScriptedModelOptions): AssistantMessage {
  const prompt = textOf(messages.find(({ role }) => role === "user"));
  const plan = planOf(prompt);
  const read = messages.flatMap((message) => (message.role === "tool" ? [textOf(message)] : []));
  const ordered = [
    ...tools.map(({ description }) => description ?? ""),
    ...(plan ? [] : [prompt]),
    ...read,
    joinParts(read),
  ].flatMap(readDirectives);
  const orders = unique(ordered).map((order) => resolve(order, prompt));
  const calls = orders.filter(({ tool }) => tool !== "say");
  const obeyed = callsMade(messages).filter(({ id }) => id.startsWith("injected-")).length;
  const obey = (): AssistantMessage => ({
    role: "assistant",
    content: null,
    toolCalls: calls.slice(obeyed).map((use, index) => callOf(use, `injected-${obeyed + index}`)),
  });
  if (obeys === "first" && obeyed < calls.length) return obey();
  const next = plan ? step(plan(), messages) : { answer: read.join("\n") || "done" };
  if ("use" in next) return { role: "assistant", content: null, toolCalls: [callOf(next.use, next.id)] };
  if (obeyed < calls.length) return obey();
  const said = orders.flatMap(({ tool, args }) => (tool === "say" ? [String(args["text"])] : []));
  return { role: "assistant", content: [next.answer, ...said].join("\n") };
}

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
