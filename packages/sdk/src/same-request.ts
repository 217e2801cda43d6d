import type { ChatArgs, ChatResult, EmbedArgs, Foreign } from "./syscalls/llm.ts";
import type { DeltaEvent } from "./events.ts";

/**
 * What a model request says, whatever model is asked: requests with equal meanings (`canonicalJson`) may have each other's
 * answers. Left out is what changes no answer: how it is handed out, marks for caches, user ids, notes of a door.
 */
export function meaningOfRequest(args: ChatArgs | EmbedArgs): Record<string, unknown> {
  const { model: _name, stream: _how, callSite: _place, door: _note, ...said } = args as ChatArgs;
  return withoutHints(said) as Record<string, unknown>;
}

/** Members of a dialect that mean something: all but its hints. */
export const meaningOfForeign = (foreign: Foreign | undefined): string[] =>
  Object.keys(foreign?.members ?? {}).filter((name) => !foreign?.hints?.includes(name));

function withoutHints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHints);
  if (typeof value !== "object" || value === null) return value;
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (name !== "foreign" || member === undefined) members[name] = withoutHints(member);
    else {
      const foreign = member as Foreign;
      const meant = meaningOfForeign(foreign).map((one) => [one, foreign.members[one]] as const);
      if (meant.length > 0) members[name] = [foreign.dialect, Object.fromEntries(meant)];
    }
  }
  return members;
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
