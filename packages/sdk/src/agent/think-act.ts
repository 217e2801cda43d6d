import type { Client, Outcome } from "../client.ts";
import { fromProblem, SysError } from "../errors.ts";
import { shapeOf } from "../schema.ts";
import type { JsonSchema, Shape, StandardSchemaV1 } from "../schema.ts";
import type { AssistantMessage, ChatResult, Message } from "../syscalls/llm.ts";
import type { ArgsOf } from "../syscalls/table.ts";
import { addUsage, noUsage } from "../usage.ts";
import type { Usage } from "../usage.ts";
import { isContextOverflow } from "./context-limit.ts";
import { ContextUpkeep } from "./context-upkeep.ts";
import type { RecordedCompaction } from "./context-upkeep.ts";
import { Conversation } from "./conversation.ts";
import type { LocalTool } from "./define-tool.ts";
import type { ContextLimits } from "./fit-context.ts";
import { messageText } from "./message-text.ts";
import { planTools } from "./plan-tools.ts";
import { openToolset } from "./toolset.ts";
import type { Toolset } from "./toolset.ts";

export interface AgentOptions<Output = string> {
  /** Names the agent in errors and traces. */
  readonly name: string;
  /** What the model is told first. */
  readonly instructions: string;
  /** Local tools, and the kernel's by name or pattern (`calculator`, `file_*`). */
  readonly tools?: readonly (string | LocalTool)[];
  /** `plan`: the tools are chosen from the task alone, before anything is read, and the kernel allows no others. Default: free. */
  readonly mode?: "plan" | undefined;
  /** What the answer must be: any Standard Schema or a JSON Schema. Without it the answer is text. */
  readonly output?: StandardSchemaV1<unknown, Output> | JsonSchema;
  /** `core/model`, a model, an alias. Default: the kernel chooses (`auto`). */
  readonly model?: string;
  /** Model calls at most. Default 20. */
  readonly maxSteps?: number;
  readonly temperature?: number;
  /** Output tokens of one model call at most. */
  readonly maxTokens?: number;
  /** How long the conversation may get, and what is done then. Default: what the model takes, and `summary`. */
  readonly context?: Partial<Omit<ContextLimits, "isAssumed">>;
  /** What it is reminded of, and whether its task and answer are kept. Default: neither. */
  readonly memory?: Pick<ArgsOf<"llm.chat">, "recall" | "remember"> | undefined;
}

export interface AgentResult<Output = string> {
  readonly output: Output;
  /** The last answer as the model wrote it. */
  readonly text: string;
  /** The whole conversation, with what compactions kept from the model later. */
  readonly messages: readonly Message[];
  /** Model calls made. */
  readonly steps: number;
  readonly usage: Usage;
  /** `core/model` that gave the last answer. */
  readonly model: string;
  /** A simulation answered, at least once. */
  readonly isSimulated: boolean;
  /** The answer was cut off by a token limit. */
  readonly isTruncated: boolean;
}

/** What an agent does, as it does it. `step` counts model calls from 1. The last event is `agent.completed`. */
export type AgentEvent<Output = string> =
  | { type: "text.delta"; step: number; text: string }
  | { type: "reasoning.delta"; step: number; text: string }
  /** `arguments` as the model wrote them: JSON text, perhaps malformed. */
  | { type: "tool.called"; step: number; id: string; name: string; arguments: string }
  | { type: "tool.answered"; step: number; id: string; name: string; content: string; isError: boolean }
  /** The answer did not fit the schema; the model is asked once more. */
  | { type: "answer.rejected"; step: number; why: string }
  /** The conversation had become too long for the model: what its oldest part became. Comes before the step's own events. */
  | ({ type: "context.compacted"; step: number } & RecordedCompaction)
  | { type: "agent.completed"; result: AgentResult<Output> };

interface Surroundings {
  readonly client: Client;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The think-act loop: the model is asked, the tools it calls run in parallel, their results go back, until it answers.
 * Malformed arguments and failing tools are told to the model. An answer that does not fit `output` is sent back once.
 * Every step is a syscall, so that limits, scheduling and traces apply to each. A conversation that outgrows the model's context
 * is compacted; a request that the model still finds too long is shortened and sent once more.
 * @throws SysError E2BIG when the task alone does not fit `context`, EDQUOT after `maxSteps` model calls, EIO when the repaired answer does not fit either, EPOLICY when the
 * model refuses, ECANCELED when `signal` aborts, and whatever `llm.chat` fails with.
 */
export async function* thinkAct<Output = string>(
  task: string,
  options: AgentOptions<Output>,
  { client, signal = new AbortController().signal }: Surroundings,
): AsyncGenerator<AgentEvent<Output>, void, undefined> {
  const { name, instructions, tools = [], output, maxSteps = 20, mode } = options;
  const shape = output && shapeOf(output, `${name}'s output`);
  throwIfStopped(signal, name);
  const all = await openToolset(tools, client, signal);
  const toolset = mode === "plan" ? await planTools(task, options, { toolset: all, client, signal }) : all;
  const system = shape ? `${instructions}\n\n${formatNote(shape)}` : instructions;
  const conversation = new Conversation({ system, tools: toolset.tools, pinned: [{ role: "user", content: task }] });
  const messages: Message[] = [...conversation.messages];
  const say = (message: Message): void => {
    messages.push(message);
    conversation.add(message);
  };
  const request = requestOf(options, toolset, shape);
  const upkeep = new ContextUpkeep({ conversation, client, signal, request, limits: options.context ?? {} });
  let usage = noUsage;
  let isSimulated = false;
  let isRepaired = false;
  for (let step = 1; step <= maxSteps; step++) {
    const { result, usage: cost } = yield* thinkWithin(conversation, { request, upkeep, client, signal, step });
    usage = addUsage(addUsage(usage, cost), upkeep.takeUsage());
    isSimulated ||= result.isSimulated ?? false;
    const { message, finishReason, model } = result;
    upkeep.answered(model, cost.inputTokens);
    say(message);
    if (message.refusal) throw new SysError("EPOLICY", `${model} refused what ${name} asked: ${message.refusal}`);
    if (message.toolCalls && message.toolCalls.length > 0) {
      for (const answer of yield* act(message.toolCalls, toolset, { client, signal, step })) say(answer);
      throwIfStopped(signal, name);
      continue;
    }
    const text = messageText(message);
    const isTruncated = finishReason === "length";
    const answer = await readAnswer(text, { shape, isTruncated });
    if (answer.is === "fit") {
      const done = { text, messages, steps: step, usage, model, isSimulated, isTruncated };
      return yield { type: "agent.completed", result: { ...done, output: answer.value } };
    }
    if (isRepaired)
      throw new SysError("EIO", `${name}'s answer does not fit its schema, nor did the one before: ${answer.why}`);
    isRepaired = true;
    yield { type: "answer.rejected", step, why: answer.why };
    say({
      role: "user",
      content: `That answer cannot be used: ${answer.why}. Answer again with the corrected JSON only.`,
    });
  }
  throw new SysError("EDQUOT", `${name} used its ${maxSteps} steps (maxSteps) without coming to an answer`, {
    hint: "Raise maxSteps, or give a smaller task.",
  });
}

type Request = Omit<ArgsOf<"llm.chat">, "messages">;

function requestOf(
  options: Omit<AgentOptions, "output">,
  { tools }: Toolset,
  shape: Shape<unknown> | undefined,
): Request {
  const { name, model = "auto", temperature, maxTokens, memory: { recall, remember } = {} } = options;
  return {
    model,
    stream: true,
    callSite: `agent:${name}`,
    ...(tools.length === 0 ? {} : { tools: [...tools] }),
    ...(shape ? { responseFormat: { type: "json-schema", name: "answer", schema: { ...shape.jsonSchema } } } : {}),
    ...(recall === undefined ? {} : { recall }),
    ...(remember === undefined ? {} : { remember }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

interface Step {
  readonly signal: AbortSignal;
  readonly step: number;
}

/** One model call with a conversation that fits. */
async function* thinkWithin(
  conversation: Conversation,
  { request, upkeep, ...step }: Step & { request: Request; upkeep: ContextUpkeep; client: Client },
): AsyncGenerator<AgentEvent<never>, Outcome<ChatResult>, undefined> {
  const tell = (compactions: readonly RecordedCompaction[]) =>
    compactions.map((compaction) => ({ type: "context.compacted" as const, step: step.step, ...compaction }));
  yield* tell(await upkeep.fit());
  try {
    return yield* think({ ...request, messages: conversation.request() }, step);
  } catch (cause) {
    if (!isContextOverflow(cause)) throw cause;
    const shortened = await upkeep.shorten();
    if (shortened.length === 0) throw cause;
    yield* tell(shortened);
  }
  return yield* think({ ...request, messages: conversation.request() }, step);
}

async function* think(
  args: ArgsOf<"llm.chat">,
  { client, signal, step }: Step & { client: Client },
): AsyncGenerator<AgentEvent<never>, Outcome<ChatResult>, undefined> {
  for await (const event of client.llm.chat(args, { signal })) {
    if (event.type === "text.delta" || event.type === "reasoning.delta")
      yield { type: event.type, step, text: event.text };
    if (event.type === "syscall.completed") return { ...event, result: event.result as ChatResult };
    if (event.type === "syscall.failed") throw fromProblem(event.error);
  }
  throw new SysError("EIO", "llm.chat ended without a result");
}

async function* act(
  calls: NonNullable<AssistantMessage["toolCalls"]>,
  toolset: Toolset,
  { client, signal, step }: Step & { client: Client },
): AsyncGenerator<AgentEvent<never>, Message[], undefined> {
  for (const { id, name, arguments: given } of calls) yield { type: "tool.called", step, id, name, arguments: given };
  // What a tool calls is counted by itself: it is the same after a restart, whichever of them is quicker.
  const places = calls.map((call, index) => ({ call, client: client.lane(`${step}.${index}`) }));
  const answers = await Promise.all(
    places.map(async ({ call, client: own }) => ({ call, ...(await toolset.answer(call, { client: own, signal })) })),
  );
  for (const { call, content, isError } of answers)
    yield { type: "tool.answered", step, id: call.id, name: call.name, content, isError };
  return answers.map(({ call, content }) => ({ role: "tool", callId: call.id, content }));
}

/** Not every core enforces a schema; all of them read. */
const formatNote = ({ jsonSchema }: Shape<unknown>): string =>
  `When you are done, answer with one JSON value and nothing else. It must match this JSON Schema:\n${JSON.stringify(jsonSchema)}`;

type Answer<Output> = { is: "fit"; value: Output } | { is: "unfit"; why: string };

async function readAnswer<Output>(
  text: string,
  { shape, isTruncated }: { shape: Shape<Output> | undefined; isTruncated: boolean },
): Promise<Answer<Output>> {
  // Without a schema `Output` is string: the overloads of defineAgent see to that.
  if (!shape) return { is: "fit", value: text as Output };
  let value: unknown;
  try {
    value = JSON.parse(withoutFence(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { is: "unfit", why: isTruncated ? "it was cut off by the token limit" : `it is not JSON (${why})` };
  }
  return shape.check(value);
}

/** Models like to wrap JSON in a Markdown fence. */
const withoutFence = (text: string): string => /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text)?.[1] ?? text;

function throwIfStopped(signal: AbortSignal, name: string): void {
  if (signal.aborted) throw new SysError("ECANCELED", `${name} was stopped`, { cause: signal.reason });
}
