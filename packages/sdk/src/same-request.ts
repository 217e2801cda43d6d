import type { ChatArgs, ChatResult, EmbedArgs, Foreign, Message } from "./syscalls/llm.ts";
import type { DeltaEvent } from "./events.ts";

/**
 * What a model request says, whatever model is asked: requests with equal meanings (`canonicalJson`) may have each other's
 * answers. Left out is what changes no answer: how it is handed out, marks for caches, user ids, notes of a door, whether it is
 * remembered. What was recalled is no part of what was asked.
 */
export function meaningOfRequest(args: ChatArgs | EmbedArgs): Record<string, unknown> {
  const { model: _name, stream: _how, callSite: _place, door: _note, ...rest } = args as ChatArgs;
  const { remember: _kept, recalled: _found, recall, ...said } = rest as typeof rest & { recalled?: unknown };
  return withoutHints(recall === undefined || recall === false ? said : { ...said, recall });
}

/** Members of a dialect that mean something: all but its hints. */
export const meaningOfForeign = (foreign: Foreign | undefined): string[] =>
  Object.keys(foreign?.members ?? {}).filter((name) => !foreign?.hints?.includes(name));

/**
 * Hints that change no answer of any core. Most hints do change the answers of the core whose dialect they are in: how much to
 * say, how long to think.
 */
const idleHints = new Set(
  (
    "user safety_identifier metadata client_metadata store service_tier speed cache_control prompt_cache_key " +
    "prompt_cache_options prompt_cache_retention prompt_cache_breakpoint stream_options eager_input_streaming " +
    "diagnostics billing_policy fallback_credit_token access_programs"
  ).split(" "),
);

/** At the objects that the form has; a member called `foreign` of a tool's own schema is that schema's. */
function withoutHints({ messages, tools, ...request }: Partial<ChatArgs>): Record<string, unknown> {
  const said = meant(request);
  if (messages) said["messages"] = messages.map(meantOfMessage);
  if (tools) said["tools"] = tools.map(meant);
  return said;
}

function meantOfMessage(message: Message): Record<string, unknown> {
  const said = meant(message);
  if (Array.isArray(message.content)) said["content"] = message.content.map(meant);
  if (message.role === "assistant" && message.toolCalls) said["toolCalls"] = message.toolCalls.map(meant);
  return said;
}

function meant(value: object): Record<string, unknown> {
  const { foreign, ...members } = value as { foreign?: Foreign | undefined };
  const said: Record<string, unknown> = members;
  const isIdle = (name: string): boolean => foreign?.hints?.includes(name) === true && idleHints.has(name);
  const beyond = Object.entries(foreign?.members ?? {}).filter(([name]) => !isIdle(name));
  if (foreign && beyond.length > 0) said["foreign"] = [foreign.dialect, Object.fromEntries(beyond)];
  return said;
}

const textOf = (content: ChatResult["message"]["content"]): string =>
  content === null || typeof content === "string" ? (content ?? "") : content.map(({ text }) => text).join("");

/** An answer that is there as a whole, as the pieces in which a streamed request gets it. */
export function piecesOf({ message }: ChatResult): DeltaEvent[] {
  const text = textOf(message.content);
  return [
    ...(message.reasoning ? [{ type: "reasoning.delta" as const, text: message.reasoning }] : []),
    ...(text ? [{ type: "text.delta" as const, text }] : []),
    ...(message.refusal ? [{ type: "refusal.delta" as const, text: message.refusal }] : []),
    ...(message.toolCalls ?? []).map(({ id, name, arguments: given }, index) => ({
      type: "tool-call.delta" as const,
      index,
      id,
      name,
      arguments: given,
    })),
  ];
}
