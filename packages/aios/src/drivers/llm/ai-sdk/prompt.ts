import type {
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { SysError, type Foreign, type Message, type ToolCall } from "@aiosjs/sdk/protocol";
import { dialectOf, isOwnDialect, ownMembers } from "./foreign.ts";
import { toMedia } from "./media.ts";

export interface Target {
  readonly core: string;
  /** The provider's own id: `google.generative-ai`. */
  readonly provider: string;
  readonly supportedUrls: Record<string, RegExp[]>;
  /** What the request says and the provider cannot be told, where the answer means the same without it. */
  readonly leftOut: Set<string>;
}

type Role<Name extends Message["role"]> = Extract<Message, { role: Name }>;
type Content<Name extends LanguageModelV4Message["role"]> = Extract<LanguageModelV4Message, { role: Name }>["content"];
type UserPart = Content<"user">[number];
type AssistantPart = Content<"assistant">[number];
type ToolPart = Content<"tool">[number];
type OutputPart = Extract<LanguageModelV4ToolResultOutput, { type: "content" }>["value"][number];
interface Optional {
  providerOptions?: SharedV4ProviderOptions;
}

/**
 * The conversation in the specification's words. A system message of several texts becomes several messages, answers of
 * tools that follow one another become one: that is how the specification writes them.
 * @throws SysError EINVAL for what it has no words for.
 */
export function toPrompt(messages: readonly Message[], target: Target): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  const toolNames = new Map<string, string>();
  for (const message of messages) {
    refuseName(message, target);
    switch (message.role) {
      case "system":
      case "developer":
        prompt.push(...systemMessages(message, target));
        break;
      case "user":
        prompt.push({ role: "user", content: userContent(message, target), ...optionsOf(message.foreign, target) });
        break;
      case "assistant":
        for (const { id, name } of message.toolCalls ?? []) toolNames.set(id, name);
        prompt.push(assistantMessage(message, target));
        break;
      case "tool": {
        const part = toolResult(message, toolNames, target);
        const last = prompt.at(-1);
        if (last?.role === "tool") last.content.push(part);
        else prompt.push({ role: "tool", content: [part] });
        break;
      }
    }
  }
  return prompt;
}

function refuseName(message: Message, { core }: Target): void {
  if (message.role === "tool" || message.name === undefined) return;
  throw new SysError("EINVAL", `core ${core} does not take a message's name`, {
    hint: "say in the text who speaks, or name another core",
  });
}

function optionsOf(foreign: Foreign | undefined, target: Target, ...more: readonly string[]): Optional {
  const { providerOptions } = ownMembers(foreign, { ...target, takes: ["providerOptions", ...more] });
  return providerOptions === undefined ? {} : { providerOptions: providerOptions as SharedV4ProviderOptions };
}

function systemMessages({ content, foreign }: Role<"system" | "developer">, target: Target): LanguageModelV4Message[] {
  const own = optionsOf(foreign, target);
  if (typeof content === "string") return [{ role: "system", content, ...own }];
  return content.map(({ text, foreign: ofPart }) => ({
    role: "system",
    content: text,
    ...own,
    ...optionsOf(ofPart, target),
  }));
}

type Part = Exclude<Role<"user">["content"], string>[number];

function mediaPart(part: Extract<Part, { type: "image" | "file" }>, target: Target) {
  const { core, supportedUrls, leftOut } = target;
  const media = toMedia(part.url, { core, kind: part.type, supportedUrls });
  const options = optionsOf(part.foreign, target);
  if (part.type === "file") {
    return { type: "file", ...media, ...(part.filename === undefined ? {} : { filename: part.filename }), ...options };
  }
  if (part.detail !== undefined && part.detail !== "auto") leftOut.add("detail");
  return { type: "file", ...media, ...options };
}

/** A part in the specification's own words, for those who know the provider. */
function foreignPart(part: Extract<Part, { type: "foreign" }>, { core, provider }: Target): unknown {
  if (isOwnDialect(part.dialect, provider)) return part.value;
  throw new SysError(
    "EINVAL",
    `core ${core} speaks ${dialectOf(provider)} and cannot take a ${part.dialect} message part`,
    {
      hint: `name a core that speaks ${part.dialect}`,
    },
  );
}

function userContent({ content }: Role<"user">, target: Target): UserPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part): UserPart => {
    switch (part.type) {
      case "text":
        return { type: "text", text: part.text, ...optionsOf(part.foreign, target) };
      case "image":
      case "file":
        return mediaPart(part, target) as UserPart;
      case "foreign":
        return foreignPart(part, target) as UserPart;
    }
  });
}

function assistantMessage(message: Role<"assistant">, target: Target): LanguageModelV4Message {
  const { content, toolCalls = [], refusal, foreign } = message;
  const { textOptions } = ownMembers(foreign, { ...target, takes: ["providerOptions", "textOptions"] });
  const parts: AssistantPart[] = reasoningParts(message, target);
  const texts = typeof content === "string" ? [{ text: content, foreign: undefined }] : (content ?? []);
  for (const { text, foreign: ofPart } of texts) {
    if (text !== "" || textOptions !== undefined) parts.push({ type: "text", text, ...optionsOf(ofPart, target) });
  }
  // What it refused with is what it said.
  if (typeof refusal === "string" && refusal !== "") parts.push({ type: "text", text: refusal });
  const last = parts.at(-1);
  if (textOptions !== undefined && last?.type === "text") {
    last.providerOptions = textOptions as SharedV4ProviderOptions;
  }
  for (const call of toolCalls) {
    parts.push({
      type: "tool-call",
      toolCallId: call.id,
      toolName: call.name,
      input: argumentsOf(call, target),
      ...optionsOf(call.foreign, target),
    });
  }
  return { role: "assistant", content: parts, ...optionsOf(foreign, target, "textOptions") };
}

/** What this provider has signed goes back as it was; the thoughts of another one are no evidence to it. */
function reasoningParts(
  { reasoning, reasoningBlocks = [] }: Role<"assistant">,
  { provider, leftOut }: Target,
): AssistantPart[] {
  const own = reasoningBlocks.filter(({ dialect }) => isOwnDialect(dialect, provider));
  if (own.length === 0 && (reasoning ?? "") !== "") leftOut.add("reasoning");
  return own.map(({ value }) => {
    const { text, providerOptions } = value as { text?: unknown; providerOptions?: SharedV4ProviderOptions };
    return {
      type: "reasoning",
      text: typeof text === "string" ? text : "",
      ...(providerOptions === undefined ? {} : { providerOptions }),
    };
  });
}

function argumentsOf({ id, name, arguments: text }: ToolCall, { core }: Target): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SysError("EINVAL", `core ${core} cannot be told call ${id} of ${name}: its arguments are not JSON`, {
      cause,
      hint: "answer such a call in the conversation with its arguments corrected, or name a core that speaks openai",
    });
  }
}

function toolResult(message: Role<"tool">, toolNames: ReadonlyMap<string, string>, target: Target): ToolPart {
  const { callId, foreign } = message;
  const toolName = toolNames.get(callId);
  if (toolName === undefined) {
    throw new SysError("EINVAL", `a tool's answer names call "${callId}", which no message before it made`, {
      hint: "send the assistant's message with its tool calls before the answers of the tools",
    });
  }
  return {
    type: "tool-result",
    toolCallId: callId,
    toolName,
    output: toolOutput(message, target),
    ...optionsOf(foreign, target),
  };
}

function toolOutput({ content, isError = false }: Role<"tool">, target: Target): LanguageModelV4ToolResultOutput {
  if (typeof content === "string") return { type: isError ? "error-text" : "text", value: content };
  const [only, ...rest] = content;
  if (isError && only?.type === "text" && rest.length === 0) return { type: "error-text", value: only.text };
  return {
    type: "content",
    value: content.map((part): OutputPart => {
      switch (part.type) {
        case "text":
          return { type: "text", text: part.text, ...optionsOf(part.foreign, target) };
        case "image":
        case "file":
          return mediaPart(part, target) as OutputPart;
        case "foreign":
          return foreignPart(part, target) as OutputPart;
      }
    }),
  };
}
