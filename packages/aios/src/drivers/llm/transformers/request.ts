import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Foreign, Message } from "@aiosjs/sdk/protocol";
import type { ChatOrder, TemplateMessage } from "./wire.ts";

interface Place {
  readonly core: string;
  readonly contextTokens: number;
  readonly drawSeed: () => number;
}

interface Request {
  readonly order: ChatOrder;
  readonly stopTexts: readonly string[];
  /** Names of what the request said and the model is not told. */
  readonly leftOut: readonly string[];
}

/** @throws SysError EINVAL for what this core cannot do: tools, forms of answers, anything but text. */
export function toOrder(args: ChatArgs, { core, contextTokens, drawSeed }: Place): Request {
  const { tools = [], toolChoice, responseFormat, temperature, topP, seed, maxTokens, stop = [] } = args;
  const cannot = (what: string): SysError =>
    new SysError("EINVAL", `core ${core} runs a model by transformers and ${what}`, {
      hint: "ask a core of kind llama, or leave it out",
    });
  if (tools.length > 0 && toolChoice !== "none") throw cannot("calls no tools");
  if (responseFormat !== undefined && responseFormat.type !== "text") throw cannot("holds no answer to a form");
  const leftOut = new Set<string>();
  leaveOut(args.foreign, { core, leftOut });
  if (topP !== undefined && topP !== 1) leftOut.add("topP");
  if (args.frequencyPenalty) leftOut.add("frequencyPenalty");
  if (args.presencePenalty) leftOut.add("presencePenalty");
  if (args.reasoningEffort !== undefined) leftOut.add("reasoningEffort");
  const messages = toTemplate(args.messages, { core, leftOut });
  return {
    order: { is: "chat", messages, contextTokens, maxTokens, temperature, seed: seed ?? drawSeed() },
    stopTexts: stop.filter((text) => text !== ""),
    leftOut: [...leftOut],
  };
}

interface LeavingOut {
  readonly core: string;
  /** Takes what was left out, by name. */
  readonly leftOut: Set<string>;
}

/** Messages as the model's own chat template takes them. */
export function toTemplate(messages: ChatArgs["messages"], place: LeavingOut): TemplateMessage[] {
  return messages.map((message): TemplateMessage => {
    leaveOut(message.foreign, place);
    switch (message.role) {
      case "system":
      case "developer":
        return { role: "system", content: textOf(message.content, place) };
      case "user":
        return { role: "user", content: textOf(message.content, place) };
      case "assistant": {
        const { content, refusal, reasoning, toolCalls = [] } = message;
        return {
          role: "assistant",
          content: textOf(content ?? "", place) || (refusal ?? ""),
          ...(reasoning ? { reasoning_content: reasoning } : {}),
          ...(toolCalls.length === 0
            ? {}
            : {
                tool_calls: toolCalls.map(({ id, name, arguments: json }) => ({
                  type: "function" as const,
                  id,
                  function: { name, arguments: parsed(json) },
                })),
              }),
        };
      }
      case "tool":
        return { role: "tool", content: textOf(message.content, place) };
    }
  });
}

type Content = Extract<Message, { role: "user" | "tool" }>["content"];

function textOf(content: Content, place: LeavingOut): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => {
      if (part.type !== "text")
        throw new SysError("EINVAL", `core ${place.core} reads text, and a message holds a part of type ${part.type}`, {
          hint: "name a core whose model reads it",
        });
      leaveOut(part.foreign, place);
      return part.text;
    })
    .join("");
}

/** Hints are left out and noted; anything else that only a dialect can say is refused. */
function leaveOut(foreign: Foreign | undefined, { core, leftOut }: LeavingOut): void {
  const hints = new Set(foreign?.hints);
  for (const member of Object.keys(foreign?.members ?? {})) {
    if (!hints.has(member))
      throw new SysError("EINVAL", `core ${core} is a local model and does not know ${member}`, {
        hint: "leave it out, or name another core",
      });
    leftOut.add(member);
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json; // as the model wrote it
  }
}
