import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Tool } from "@aiosjs/sdk/protocol";
import type { ChatModelFunctions, LlamaGrammar, LlamaText, Token } from "node-llama-cpp";
import type { Engine } from "./engine.ts";
import type { Grammars } from "./grammars.ts";
import { toHistory } from "./history.ts";
import { readOwnMembers } from "./members.ts";
import type { OwnMembers } from "./members.ts";
import { narrow } from "./schema.ts";
import { stopsOf } from "./template.ts";
import type { Template } from "./template.ts";

/** What is known about an answer before it begins: all that reading its tokens takes, and a function of the request alone. */
export interface Plan {
  readonly start: "text" | "thought" | "name" | { readonly argumentsOf: string };
  readonly stopTokens: ReadonlySet<Token>;
  readonly stopTexts: readonly string[];
  /** Grammar of the arguments by the tool's name; empty where none may be called. */
  readonly tools: ReadonlyMap<string, LlamaGrammar>;
  readonly isParallel: boolean;
  /** What the text must obey. */
  readonly form:
    | {
        readonly grammar: LlamaGrammar;
        /** It ends with its last bracket; the library's grammars go on with empty lines behind it. */
        readonly isJson: boolean;
        readonly end: readonly string[];
      }
    | undefined;
}

export interface Prompt {
  readonly tokens: readonly Token[];
  readonly plan: Plan;
  readonly members: OwnMembers;
  /** Names of what the request said and the prompt does not. */
  readonly leftOut: readonly string[];
}

interface Place {
  readonly core: string;
  readonly engine: Engine;
  readonly template: Template;
  readonly grammars: Grammars;
}

/** @throws SysError EINVAL for what a local model cannot be told. */
export async function preparePrompt(args: ChatArgs, place: Place): Promise<Prompt> {
  const { core, engine, template, grammars } = place;
  const { library, model } = engine;
  const leftOut = new Set<string>();
  const members = readOwnMembers(args.foreign, core, leftOut);
  if (args.reasoningEffort !== undefined) leftOut.add("reasoningEffort");
  const offered = offeredTools(args);
  const { functions, tools } = await prepareTools(offered, { grammars, leftOut });
  const form = await formOf(args, { core, members, grammars, leftOut });
  if (form && tools.size > 0)
    throw new SysError("EINVAL", `core ${core} holds an answer to a form or lets it call tools, not both`, {
      hint: "leave out the tools, or toolChoice none, in the request that asks for the form",
    });
  const { contextText, stopGenerationTriggers } = template.wrapper.generateContextState({
    chatHistory: toHistory(args.messages, { core, leftOut }),
    availableFunctions: functions,
    documentFunctionParams: true,
  });
  const parts: LlamaText[] = [contextText];
  const start = startOf(args, { offered, template, form });
  if (start === "thought" && template.thoughtOpening) parts.push(template.thoughtOpening);
  if (start === "name" || typeof start === "object") parts.push(template.call.opening);
  if (typeof start === "object")
    parts.push(library.LlamaText(start.argumentsOf, template.call.beforeArguments(start.argumentsOf)));
  const stops = stopsOf(library, model, stopGenerationTriggers);
  return {
    tokens: library.LlamaText(parts).tokenize(model.tokenizer),
    plan: {
      start,
      stopTokens: stops.tokens,
      stopTexts: [...stops.texts, ...(form?.end ?? []), ...(args.stop ?? []).filter((text) => text !== "")],
      tools,
      isParallel: template.call.isParallel && args.parallelToolCalls !== false,
      form,
    },
    members,
    leftOut: [...leftOut],
  };
}

function offeredTools({ tools = [], toolChoice }: ChatArgs): readonly Tool[] {
  if (toolChoice === "none") return [];
  if (typeof toolChoice !== "object") return tools;
  const named = tools.filter(({ name }) => name === toolChoice.name);
  if (named.length > 0) return named;
  throw new SysError("EINVAL", `toolChoice names "${toolChoice.name}", which is not among the tools`, {
    hint: `the tools are ${tools.map(({ name }) => name).join(", ")}`,
  });
}

function startOf(
  { toolChoice }: ChatArgs,
  { offered, template, form }: { offered: readonly Tool[]; template: Template; form: Plan["form"] },
): Plan["start"] {
  const [first] = offered;
  if (first && typeof toolChoice === "object") return { argumentsOf: first.name };
  if (first && toolChoice === "required") return offered.length === 1 ? { argumentsOf: first.name } : "name";
  // A form holds from the first token on: there is no room for a thought before it that the template does not open.
  return template.startsWithThought && !(form && template.thoughtOpening) ? "thought" : "text";
}

async function prepareTools(
  offered: readonly Tool[],
  { grammars, leftOut }: { grammars: Grammars; leftOut: Set<string> },
): Promise<{ functions: ChatModelFunctions; tools: Map<string, LlamaGrammar> }> {
  const functions: Record<string, ChatModelFunctions[string]> = {};
  const tools = new Map<string, LlamaGrammar>();
  for (const { name, description, parameters, strict } of offered) {
    const what = `tool ${name}`;
    // Without parameters a call has none: an empty object.
    const { schema, ignored } = narrow(parameters ?? { type: "object", properties: {}, additionalProperties: false }, {
      what,
      isStrict: strict === true,
    });
    for (const keyword of ignored) leftOut.add(`${what}: ${keyword}`);
    functions[name] = { ...(description === undefined ? {} : { description }), params: schema };
    tools.set(name, await grammars.ofSchema(schema));
  }
  return { functions, tools };
}

async function formOf(
  { responseFormat: format }: ChatArgs,
  { core, members, grammars, leftOut }: { core: string; members: OwnMembers; grammars: Grammars; leftOut: Set<string> },
): Promise<Plan["form"]> {
  if (members.grammar !== undefined) {
    if (format && format.type !== "text")
      throw new SysError("EINVAL", `core ${core} holds an answer to a grammar or to a responseFormat, not both`, {
        hint: "leave out one of them",
      });
    return { grammar: await grammars.ofText(members.grammar, core), isJson: false, end: [] };
  }
  if (!format || format.type === "text") return undefined;
  if (format.type === "json" || format.schema === undefined)
    return { grammar: await grammars.ofSchema({ type: "object", additionalProperties: true }), isJson: true, end: [] };
  const what = `responseFormat ${format.name}`;
  const { schema, ignored } = narrow(format.schema, { what, isStrict: format.strict === true });
  for (const keyword of ignored) leftOut.add(`${what}: ${keyword}`);
  // A number or a word has no last character by which its end could be told.
  const isJson = "type" in schema && (schema.type === "object" || schema.type === "array");
  return { grammar: await grammars.ofSchema(schema), isJson, end: isJson ? [] : ["\n\n\n\n"] };
}
