import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ProviderTool,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { SysError, type ChatArgs, type Tool } from "@aiosjs/sdk/protocol";
import { ownMembers } from "./foreign.ts";
import { toPrompt, type Target } from "./prompt.ts";
import type { SpecVersion } from "./spec.ts";
import { inVersion } from "./versions.ts";

export interface ChatTarget extends Omit<Target, "leftOut"> {
  readonly version: SpecVersion;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type Options = Mutable<LanguageModelV4CallOptions>;

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/**
 * What `doGenerate` and `doStream` are called with, but for the signal, and what had to be left out.
 * @throws SysError EINVAL for what this model cannot be told.
 */
export function toCallOptions(args: ChatArgs, chat: ChatTarget): { options: object; leftOut: string[] } {
  const target = { ...chat, leftOut: new Set<string>() };
  const options: Options = { prompt: toPrompt(args.messages, target) };
  if (args.maxTokens !== undefined) options.maxOutputTokens = args.maxTokens;
  if (args.temperature !== undefined) options.temperature = args.temperature;
  if (args.topP !== undefined) options.topP = args.topP;
  if (args.stop !== undefined && args.stop.length > 0) options.stopSequences = args.stop;
  if (args.seed !== undefined) options.seed = args.seed;
  if (args.frequencyPenalty !== undefined) options.frequencyPenalty = args.frequencyPenalty;
  if (args.presencePenalty !== undefined) options.presencePenalty = args.presencePenalty;
  addFormat(options, args.responseFormat);
  addTools(options, args, target);
  addForeign(options, args, target);
  addEffort(options, args, target);
  return { options: inVersion(options, target), leftOut: [...target.leftOut] };
}

function addFormat(options: Options, format: ChatArgs["responseFormat"]): void {
  if (format === undefined || format.type === "text") return;
  options.responseFormat = { type: "json" };
  if (format.type === "json") return;
  const { name, description, schema } = format;
  Object.assign(options.responseFormat, {
    name,
    ...(schema === undefined ? {} : { schema }),
    ...(description === undefined ? {} : { description }),
  });
}

function addTools(options: Options, args: ChatArgs, target: Target): void {
  const { tools = [], toolChoice, parallelToolCalls } = args;
  if (tools.length === 0) return;
  options.tools = tools.map((tool) => toTool(tool, target));
  if (typeof toolChoice === "object") {
    if (!tools.some(({ name }) => name === toolChoice.name)) {
      throw new SysError("EINVAL", `toolChoice names "${toolChoice.name}", which is not among the tools`, {
        hint: `the tools are ${tools.map(({ name }) => name).join(", ")}`,
      });
    }
    options.toolChoice = { type: "tool", toolName: toolChoice.name };
  } else if (toolChoice !== undefined) {
    options.toolChoice = { type: toolChoice };
  }
  if (parallelToolCalls !== false) return;
  throw new SysError("EINVAL", `core ${target.core} cannot be told to make one tool call at a time`, {
    hint: "leave parallelToolCalls out, or say it in the provider's own words: foreign ai-sdk providerOptions",
  });
}

function toTool(tool: Tool, target: Target): LanguageModelV4FunctionTool {
  const { name, description, parameters, strict, foreign } = tool;
  return {
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    inputSchema: parameters ?? { type: "object", properties: {} },
    ...(typeof strict === "boolean" ? { strict } : {}),
    ...ownMembers(foreign, { ...target, takes: ["providerOptions", "inputExamples"] }),
  };
}

/** Members of the call itself: what the provider alone understands, and tools that it runs on its own side. */
function addForeign(options: Options, { foreign }: ChatArgs, target: Target): void {
  const members = ownMembers(foreign, { ...target, takes: ["providerOptions", "topK", "tools"] });
  const { providerOptions, topK, tools } = members;
  if (typeof topK === "number") options.topK = topK;
  if (Array.isArray(tools)) {
    options.tools = [...(options.tools ?? []), ...(tools as LanguageModelV4ProviderTool[])];
  }
  if (providerOptions === undefined) return;
  const limit = findMember(providerOptions, /^max_?(?:output|completion|new|gen)?_?(?:len|tokens)$/i);
  if (limit !== undefined) {
    throw new SysError("EINVAL", `providerOptions cannot set ${limit.name}`, {
      hint: "maxTokens is its place: the kernel bounds it by the budgets",
    });
  }
  options.providerOptions = providerOptions as SharedV4ProviderOptions;
}

/** These add what the model may think to the bound of its answer instead of counting it in. */
const addsThinking = (provider: string): boolean => /anthropic|bedrock/i.test(provider);

function addEffort(options: Options, { reasoningEffort, maxTokens }: ChatArgs, target: Target): void {
  const { core, provider } = target;
  const doesAdd = addsThinking(provider) && maxTokens !== undefined;
  const budget = doesAdd ? findMember(options.providerOptions, /^budgetTokens$/)?.value : undefined;
  if (doesAdd && typeof budget === "number") {
    if (budget >= maxTokens) {
      throw new SysError("EINVAL", `core ${core}: budgetTokens ${budget} leaves nothing of maxTokens ${maxTokens}`, {
        hint: "maxTokens bounds thinking and answer together: raise it, or lower budgetTokens",
      });
    }
    options.maxOutputTokens = maxTokens - budget;
  }
  if (reasoningEffort === undefined) return;
  const effort = efforts.find((each) => each === reasoningEffort);
  if (effort === undefined) {
    throw new SysError("EINVAL", `core ${core} does not know the reasoningEffort "${reasoningEffort}"`, {
      hint: `it is one of ${efforts.join(", ")}`,
    });
  }
  if (doesAdd && effort !== "none" && budget === undefined) {
    throw new SysError("EINVAL", `core ${core} cannot bound an answer by maxTokens that is thought of by effort`, {
      hint: "leave out maxTokens or reasoningEffort, or give foreign ai-sdk providerOptions a budgetTokens",
    });
  }
  options.reasoning = effort;
}

/** The first member of that name, however deep. */
function findMember(value: unknown, name: RegExp): { name: string; value: unknown } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value) && name.test(key)) return { name: key, value: inner };
    const found = findMember(inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
