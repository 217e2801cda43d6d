import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";
import * as fields from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { WrongMember } from "../openai/fields.ts";
import { toMessages } from "./items.ts";
import { toDoor } from "./response.ts";
import type { Echo } from "./response.ts";
import { dialect, memberTable } from "./tables.ts";
import { chooseTools, offeredTools } from "./tools.ts";

/** A request of OpenAI's responses API as the kernel takes it, and what of it is the door's own business. */
export interface ResponseRequest {
  readonly args: ChatArgs;
  readonly isStreamed: boolean;
  readonly echo: Echo;
}

/** Members that are put into the form, whole or in part. */
const formed = new Set(
  (
    "model input instructions tools tool_choice parallel_tool_calls text reasoning max_output_tokens temperature " +
    "top_p stream"
  ).split(" "),
);
const partlyKnown = {
  text: new Set(["format", "verbosity"]),
  // How reasoning is summed up, and what of it is read again, is the upstream's matter; what it shows is told.
  reasoning: new Set(["effort", "summary", "generate_summary", "context"]),
  format: new Set(["type", "name", "description", "schema", "strict"]),
};

/** Told again in the response as they were said. */
const echoed = (
  "max_tool_calls metadata previous_response_id prompt_cache_key reasoning safety_identifier service_tier store text " +
  "tool_choice truncation user"
).split(" ");

/** The item list of a request; a text is a message of the user's. */
export function itemsOf({ input }: Members): readonly unknown[] {
  if (input === undefined || input === null) return [];
  return typeof input === "string" ? [{ role: "user", content: input }] : fields.list(input, "input");
}

type Fate = (typeof memberTable)[keyof typeof memberTable];
const fateOf = (name: string): Fate | undefined =>
  Object.hasOwn(memberTable, name) ? memberTable[name as keyof typeof memberTable] : undefined;

/** Where the table tells one value of a member apart. */
const rowOf = (name: string, value: unknown): string =>
  (name === "background" && value === true) || (name === "truncation" && value === "auto") ? `${name}: ${value}` : name;

/** Values that say what happens anyway. */
const isDefault = (name: string, value: unknown): boolean =>
  (name === "background" && value === false) ||
  (name === "truncation" && value === "disabled") ||
  (name === "top_logprobs" && value === 0);

function foreignMembers(body: Members): { members: Record<string, unknown>; hints: string[] } {
  const members: Record<string, unknown> = {};
  const hints: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || formed.has(name) || isDefault(name, value)) continue;
    const row = fateOf(rowOf(name, value));
    if (row?.fate === "refused") throw new WrongMember(name, row.why);
    if (row?.fate === "door") continue;
    members[name] = value;
    if (row?.fate === "hint") hints.push(name);
  }
  const verbosity = fields.optionalText((body["text"] as Members | undefined)?.["verbosity"], "text.verbosity");
  if (verbosity !== undefined) {
    members["text.verbosity"] = verbosity;
    hints.push("text.verbosity");
  }
  if (wantsLogprobs(body["include"])) members["include"] = ["message.output_text.logprobs"];
  return { members, hints };
}

/** The other includes are about hosted tools, or are always told. */
const wantsLogprobs = (value: unknown): boolean =>
  value !== undefined && value !== null && fields.list(value, "include").includes("message.output_text.logprobs");

function refuseMore(object: Members, path: string, known: ReadonlySet<string>): void {
  for (const name in object)
    if (!known.has(name) && object[name] !== null && object[name] !== undefined)
      throw new WrongMember(`${path}.${name}`, "is not known here");
}

function optionalObject(body: Members, name: "text" | "reasoning"): Members {
  const value = body[name];
  if (value === undefined || value === null) return {};
  const object = fields.object(value, name);
  refuseMore(object, name, partlyKnown[name]);
  return object;
}

function responseFormat(value: unknown): ChatArgs["responseFormat"] {
  if (value === undefined || value === null) return undefined;
  const path = "text.format";
  const format = fields.object(value, path);
  const type = fields.text(format["type"], `${path}.type`);
  refuseMore(format, path, partlyKnown.format);
  if (type === "text") return undefined;
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema")
    throw new WrongMember(`${path}.type`, `expected text, json_object or json_schema, got ${JSON.stringify(type)}`);
  const description = fields.optionalText(format["description"], `${path}.description`);
  const strict = fields.optionalBoolean(format["strict"], `${path}.strict`);
  return {
    type: "json-schema",
    name: fields.text(format["name"], `${path}.name`),
    schema: fields.object(format["schema"], `${path}.schema`) as Record<string, unknown>,
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function maxTokens(body: Members): number | undefined {
  const value = fields.optionalInteger(body["max_output_tokens"], "max_output_tokens");
  if (value !== undefined && value < 1) throw new WrongMember("max_output_tokens", `expected at least 1, got ${value}`);
  return value;
}

/** What stands before a request's own items: the context of the response that it continues. */
export interface Before {
  readonly messages: readonly Message[];
  /** The tools that were offered in its items. */
  readonly added?: readonly unknown[];
  /** The items with references to earlier ones put in their place. */
  readonly items: readonly unknown[];
}

/**
 * A request of OpenAI's responses API in the kernel's form. What the form cannot say goes into `foreign`, a nested member
 * under its path; the table says what a core of another dialect may leave out.
 * @throws WrongMember naming the member.
 */
export function toResponseRequest(
  body: Members,
  before: Before = { messages: [], items: itemsOf(body) },
): ResponseRequest {
  const model = fields.optionalText(body["model"], "model") ?? "auto";
  if (model === "") throw new WrongMember("model", "expected the name of a model", "`auto` lets the router choose");
  const { members, hints } = foreignMembers(body);
  const instructions = fields.optionalText(body["instructions"], "instructions");
  const conversation = toMessages(before.items);
  const messages: Message[] = [
    ...(instructions === undefined ? [] : [{ role: "system" as const, content: instructions }]),
    ...before.messages,
    ...conversation.messages,
  ];
  if (messages.length === 0) throw new WrongMember("input", "expected a text or at least one item");
  const earlier = before.added ?? [];
  const offered = offeredTools([
    { value: body["tools"], path: "tools" },
    { value: earlier, path: "previous_response_id.tools" },
    ...conversation.added,
  ]);
  const { tools, toolChoice } = chooseTools(body["tool_choice"], offered);
  const left = { ...offered.left, ...conversation.left };
  Object.assign(members, left);
  hints.push(...Object.keys(left));
  const text = optionalObject(body, "text");
  const reasoning = optionalObject(body, "reasoning");
  const isStreamed = fields.optionalBoolean(body["stream"], "stream") ?? false;
  const said: Record<string, unknown> = {};
  for (const name of echoed) if (body[name] !== undefined && body[name] !== null) said[name] = body[name];
  const echo: Echo = {
    members: said,
    known: offered.known,
    hasInstructions: instructions !== undefined,
    added: [...earlier, ...conversation.added.flatMap(({ value }) => (value ?? []) as unknown[])],
  };
  const isStored = fields.optionalBoolean(body["store"], "store") ?? true;
  const found: { [Name in keyof ChatArgs]: ChatArgs[Name] | undefined } = {
    model,
    messages,
    tools: tools.length === 0 ? undefined : tools,
    toolChoice,
    parallelToolCalls: fields.optionalBoolean(body["parallel_tool_calls"], "parallel_tool_calls"),
    responseFormat: responseFormat(text["format"]),
    maxTokens: maxTokens(body),
    temperature: fields.optionalNumber(body["temperature"], "temperature"),
    topP: fields.optionalNumber(body["top_p"], "top_p"),
    reasoningEffort: fields.optionalText(reasoning["effort"], "reasoning.effort"),
    stream: isStreamed ? true : undefined,
    foreign:
      Object.keys(members).length === 0 ? undefined : { dialect, members, ...(hints.length === 0 ? {} : { hints }) },
    door: isStored ? toDoor(echo) : undefined,
  };
  const args: Record<string, unknown> = {};
  for (const name in found) {
    const value = found[name as keyof ChatArgs];
    if (value !== undefined) args[name] = value;
  }
  return { args: args as ChatArgs, isStreamed, echo };
}
