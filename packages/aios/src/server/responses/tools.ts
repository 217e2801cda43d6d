import type { ChatArgs, Tool } from "@aiosjs/sdk/protocol";
import * as fields from "../openai/fields.ts";
import { WrongMember } from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { dialect, toolHints, toolTable } from "./tables.ts";

/** A tool as its client knows it. */
export interface KnownTool {
  readonly type: "function" | "custom";
  readonly name: string;
  readonly namespace?: string;
}

/** Tools whose name or kind is another to the model than to the client, by the name that the model calls. */
export type KnownTools = Readonly<Record<string, KnownTool>>;

export interface OfferedTools {
  readonly tools: Tool[];
  readonly known: KnownTools;
  /** Tools that are not offered, by their place in `foreign`. */
  readonly left: Readonly<Record<string, unknown>>;
}

const knownMembers = {
  function: new Set(["type", "name", "description", "parameters", "strict"]),
  custom: new Set(["type", "name", "description", "format"]),
};

interface Reading {
  readonly tools: Tool[];
  readonly known: Record<string, KnownTool>;
  readonly left: Record<string, unknown>;
}

/** A list of tools, and where it stands in the request. */
export interface ToolList {
  readonly value: unknown;
  readonly path: string;
}

/**
 * The tools of all lists: to the form they are the request's, from wherever on they were offered. Of two that are called
 * the same in different lists the later one is meant.
 * @throws WrongMember naming a tool that nobody here can run.
 */
export function offeredTools(lists: readonly ToolList[]): OfferedTools {
  const tools = new Map<string, Tool>();
  const known: Record<string, KnownTool> = {};
  const left: Record<string, unknown> = {};
  for (const { value, path } of lists) {
    if (value === undefined || value === null) continue;
    const reading: Reading = { tools: [], known: {}, left };
    for (const [index, item] of fields.list(value, path).entries()) takeTool(item, `${path}[${index}]`, { reading });
    const names = new Set<string>();
    for (const tool of reading.tools) {
      const { name } = tool;
      if (names.has(name)) throw new WrongMember(path, `two tools are called ${JSON.stringify(name)}`);
      names.add(name);
      tools.set(name, tool);
      delete known[name];
    }
    Object.assign(known, reading.known);
  }
  return { tools: [...tools.values()], known, left };
}

function takeTool(item: unknown, path: string, into: { reading: Reading; namespace?: string }): void {
  const tool = fields.object(item, path);
  const type = fields.text(tool["type"], `${path}.type`);
  const { as, why } = (Object.hasOwn(toolTable, type) ? toolTable[type] : undefined) ?? {
    as: "refused",
    why: "is not known here",
  };
  switch (as) {
    case "function":
    case "custom":
      return takeCallable(tool, path, { ...into, type: as });
    case "namespace":
      return takeNamespace(tool, path, into.reading);
    case "hint":
      into.reading.left[`tools.${type}`] = tool;
      return;
    case "refused":
      throw new WrongMember(`${path}.type`, `the tool ${type} ${why}`, "leave it out, or offer a function");
  }
}

function takeNamespace(tool: Members, path: string, reading: Reading): void {
  const namespace = fields.text(tool["name"], `${path}.name`);
  const { description } = tool;
  if (typeof description === "string" && description !== "") reading.left["tools.namespace.description"] = description;
  for (const [index, item] of fields.list(tool["tools"], `${path}.tools`).entries())
    takeTool(item, `${path}.tools[${index}]`, { reading, namespace });
}

const joined = (namespace: string, name: string): string => `${namespace}${namespace.endsWith("_") ? "" : "__"}${name}`;

function takeCallable(
  tool: Members,
  path: string,
  { reading, namespace, type }: { reading: Reading; namespace?: string; type: "function" | "custom" },
): void {
  const said = fields.text(tool["name"], `${path}.name`);
  if (said === "") throw new WrongMember(`${path}.name`, "a tool needs a name");
  const name = namespace === undefined ? said : joined(namespace, said);
  const description = fields.optionalText(tool["description"], `${path}.description`);
  const members: Record<string, unknown> = {};
  fields.copyMore(tool, knownMembers[type], members);
  const result: Tool = { name, ...(description === undefined ? {} : { description }) };
  if (type === "custom") {
    const grammar = grammarOf(tool["format"], `${path}.format`);
    result.parameters = inputParameters(grammar);
    if (grammar !== undefined) members["format"] = tool["format"];
  } else {
    const { parameters } = tool;
    if (parameters !== undefined && parameters !== null)
      result.parameters = fields.object(parameters, `${path}.parameters`) as Record<string, unknown>;
    const strict = fields.optionalBoolean(tool["strict"], `${path}.strict`);
    if (strict !== undefined) result.strict = strict;
  }
  const names = Object.keys(members);
  if (names.length > 0) {
    const hints = names.filter((member) => Object.hasOwn(toolHints, member));
    result.foreign = { dialect, members, ...(hints.length > 0 ? { hints } : {}) };
  }
  reading.tools.push(result);
  if (type === "custom" || namespace !== undefined)
    reading.known[name] = { type, name: said, ...(namespace === undefined ? {} : { namespace }) };
}

function grammarOf(value: unknown, path: string): { syntax: string; definition: string } | undefined {
  if (value === undefined || value === null) return undefined;
  const format = fields.object(value, path);
  const type = fields.text(format["type"], `${path}.type`);
  if (type === "text") return undefined;
  if (type !== "grammar")
    throw new WrongMember(`${path}.type`, `expected text or grammar, got ${JSON.stringify(type)}`);
  return {
    syntax: fields.text(format["syntax"], `${path}.syntax`),
    definition: fields.text(format["definition"], `${path}.definition`),
  };
}

/** The one argument of a custom tool. A core that knows functions only cannot hold the model to a grammar: it is told. */
function inputParameters(grammar: { syntax: string; definition: string } | undefined): Record<string, unknown> {
  const description =
    grammar === undefined
      ? "The tool's input, as it is."
      : `The tool's input, as it is. It keeps to this ${grammar.syntax} grammar:\n${grammar.definition}`;
  return {
    type: "object",
    properties: { input: { type: "string", description } },
    required: ["input"],
    additionalProperties: false,
  };
}

/** The arguments under which the model calls a custom tool. */
export const toArguments = (input: string): string => JSON.stringify({ input });

/** What a custom tool gets; a model that kept to no JSON meant its text. */
export function toInput(text: string): string {
  try {
    const { input } = JSON.parse(text) as { input?: unknown };
    return typeof input === "string" ? input : text;
  } catch {
    return text;
  }
}

/** The name under which the model calls a tool of this kind. */
export const calledName = (tool: KnownTool): string =>
  tool.namespace === undefined ? tool.name : joined(tool.namespace, tool.name);

interface Choice {
  readonly toolChoice?: ChatArgs["toolChoice"];
  readonly tools: Tool[];
}

function chosenName(item: unknown, path: string, { tools }: OfferedTools): string {
  const choice = fields.object(item, path);
  const type = fields.text(choice["type"], `${path}.type`);
  if (type !== "function" && type !== "custom")
    throw new WrongMember(`${path}.type`, `a ${type} tool cannot be chosen here`, "choose a function or a custom tool");
  const namespace = fields.optionalText(choice["namespace"], `${path}.namespace`);
  const name = calledName({
    type,
    name: fields.text(choice["name"], `${path}.name`),
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (!tools.some((tool) => tool.name === name))
    throw new WrongMember(path, `${JSON.stringify(name)} is not among the tools`);
  return name;
}

/** Which tools the model may or must call. Of `allowed_tools` the others are withheld. */
export function chooseTools(value: unknown, offered: OfferedTools): Choice {
  const { tools } = offered;
  if (value === undefined || value === null) return { tools };
  if (value === "required" && tools.length === 0)
    throw new WrongMember("tool_choice", "there are no tools to choose from");
  if (value === "auto" || value === "none" || value === "required") return { toolChoice: value, tools };
  if (typeof value === "string")
    throw new WrongMember("tool_choice", `expected auto, none, required or a tool, got ${JSON.stringify(value)}`);
  const choice = fields.object(value, "tool_choice");
  if (choice["type"] !== "allowed_tools")
    return { toolChoice: { name: chosenName(choice, "tool_choice", offered) }, tools };
  const { mode } = choice;
  if (mode !== "auto" && mode !== "required")
    throw new WrongMember("tool_choice.mode", `expected auto or required, got ${JSON.stringify(mode) ?? "nothing"}`);
  const allowed = new Set(
    fields
      .list(choice["tools"], "tool_choice.tools")
      .filter((item) => !isLeft(item, offered))
      .map((item, index) => chosenName(item, `tool_choice.tools[${index}]`, offered)),
  );
  return { toolChoice: mode, tools: tools.filter((tool) => allowed.has(tool.name)) };
}

/** A tool that is not offered anyway may be allowed. */
const isLeft = (item: unknown, { left }: OfferedTools): boolean => {
  const { type } = (item ?? {}) as { type?: unknown };
  return typeof type === "string" && Object.hasOwn(left, `tools.${type}`);
};
