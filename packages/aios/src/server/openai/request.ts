import type { ChatArgs, Tool } from "@aiosjs/sdk/protocol";
import * as fields from "./fields.ts";
import type { Members } from "./fields.ts";
import { WrongMember } from "./fields.ts";
import { carried } from "./hints.ts";
import { toMessage } from "./messages.ts";

/** A chat request as the kernel takes it, and what of it is the door's own business. */
export interface ChatRequest {
  readonly args: ChatArgs;
  readonly isStreamed: boolean;
  /** Whether the stream ends with a chunk that tells the usage. */
  readonly includesUsage: boolean;
}

/** Members that are translated or are the door's own business; every other one goes into `foreign`. */
const known = new Set(
  (
    "model messages tools tool_choice parallel_tool_calls response_format max_tokens max_completion_tokens " +
    "temperature top_p stop seed frequency_penalty presence_penalty reasoning_effort stream stream_options " +
    "n functions function_call"
  ).split(" "),
);
const knownOfTool = new Set(["type", "function"]);
const knownOfFunction = new Set(["name", "description", "parameters", "strict"]);
const knownOfFormat = new Set(["type", "json_schema"]);
const knownOfSchema = new Set(["name", "description", "schema", "strict"]);
const knownOfChoice = new Set(["type", "function"]);
const knownOfChosen = new Set(["name"]);

type Foreign = Record<string, unknown>;

function toolOf(item: unknown, path: string): Tool | undefined {
  const tool = fields.object(item, path);
  if (fields.text(tool["type"], `${path}.type`) !== "function") return undefined;
  const at = `${path}.function`;
  const called = fields.object(tool["function"], at);
  const result: Tool = { name: fields.text(called["name"], `${at}.name`) };
  if (result.name === "") throw new WrongMember(`${at}.name`, "a tool needs a name");
  const description = fields.optionalText(called["description"], `${at}.description`);
  if (description !== undefined) result.description = description;
  const { parameters } = called;
  if (parameters !== undefined && parameters !== null)
    result.parameters = fields.object(parameters, `${at}.parameters`) as Record<string, unknown>;
  const strict = fields.optionalBoolean(called["strict"], `${at}.strict`);
  if (strict !== undefined) result.strict = strict;
  const marks: Foreign = {};
  fields.copyMore(tool, knownOfTool, marks);
  if (fields.hasMore(called, knownOfFunction)) marks["function"] = called;
  return Object.assign(result, carried(marks));
}

/** Tools that are no functions (web search, grammars) cannot be said: then all go as they are. */
function tools(value: unknown, foreign: Foreign): Tool[] | undefined {
  if (value === undefined || value === null) return undefined;
  const items = fields.list(value, "tools");
  const found: Tool[] = [];
  for (const [index, item] of items.entries()) {
    const tool = toolOf(item, `tools[${index}]`);
    if (tool) found.push(tool);
    else foreign["tools"] = value;
  }
  return found.length === 0 ? undefined : found;
}

function toolChoice({ tools: offered, tool_choice: value }: Members, foreign: Foreign): ChatArgs["toolChoice"] {
  if (value === undefined || value === null) return undefined;
  if (value === "auto" || value === "none") return value;
  if (typeof value === "string" && value !== "required")
    throw new WrongMember("tool_choice", `expected auto, none, required or a tool, got ${JSON.stringify(value)}`);
  if (!Array.isArray(offered) || offered.length === 0)
    throw new WrongMember("tool_choice", "there are no tools to choose from");
  if (value === "required") return value;
  const choice = fields.object(value, "tool_choice");
  if (choice["type"] === "function") {
    const chosen = fields.object(choice["function"], "tool_choice.function");
    const name = fields.text(chosen["name"], "tool_choice.function.name");
    if (!fields.hasMore(choice, knownOfChoice) && !fields.hasMore(chosen, knownOfChosen)) return { name };
  }
  foreign["tool_choice"] = value;
  return undefined;
}

function responseFormat(value: unknown, foreign: Foreign): ChatArgs["responseFormat"] {
  if (value === undefined || value === null) return undefined;
  const format = fields.object(value, "response_format");
  const type = fields.text(format["type"], "response_format.type");
  if (!fields.hasMore(format, knownOfFormat)) {
    if (type === "text") return { type: "text" };
    if (type === "json_object") return { type: "json" };
    if (type === "json_schema") {
      const path = "response_format.json_schema";
      const form = fields.object(format["json_schema"], path);
      if (!fields.hasMore(form, knownOfSchema)) {
        const { schema } = form;
        const description = fields.optionalText(form["description"], `${path}.description`);
        const strict = fields.optionalBoolean(form["strict"], `${path}.strict`);
        return {
          type: "json-schema",
          name: fields.text(form["name"], `${path}.name`),
          ...(schema === undefined || schema === null
            ? {}
            : { schema: fields.object(schema, `${path}.schema`) as Record<string, unknown> }),
          ...(description === undefined ? {} : { description }),
          ...(strict === undefined ? {} : { strict }),
        };
      }
    }
  }
  foreign["response_format"] = value;
  return undefined;
}

function stop(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  return fields.list(value, "stop").map((item, index) => fields.text(item, `stop[${index}]`));
}

function maxTokens(body: Members): number | undefined {
  // The newer name wins where both are said.
  for (const name of ["max_completion_tokens", "max_tokens"]) {
    const value = fields.optionalInteger(body[name], name);
    if (value === undefined) continue;
    if (value < 1) throw new WrongMember(name, `expected at least 1, got ${value}`);
    return value;
  }
  return undefined;
}

function refuseWhatCannotBeSaid(body: Members): void {
  const n = fields.optionalInteger(body["n"], "n");
  if (n !== undefined && n !== 1)
    throw new WrongMember("n", `one answer per request, got ${n}`, "send the request once for each answer");
  for (const name of ["functions", "function_call"])
    if (body[name] !== undefined && body[name] !== null)
      throw new WrongMember(name, "this deprecated member is not spoken here", "send tools and tool_choice");
}

/**
 * A request of OpenAI's chat API in the kernel's form. Nothing is lost: members that the form does not know go
 * into `foreign`, and a core of the same dialect sends them as they are.
 * @throws WrongMember naming the member.
 */
export function toChatRequest(body: Members): ChatRequest {
  refuseWhatCannotBeSaid(body);
  const messages = fields
    .list(body["messages"], "messages")
    .map((item, index) => toMessage(item, `messages[${index}]`));
  if (messages.length === 0) throw new WrongMember("messages", "expected at least one message");
  const model = fields.optionalText(body["model"], "model") ?? "auto";
  if (model === "") throw new WrongMember("model", "expected the name of a model", "`auto` lets the router choose");

  const foreign: Foreign = {};
  fields.copyMore(body, known, foreign);
  const found: { [Name in keyof ChatArgs]: ChatArgs[Name] | undefined } = {
    model,
    messages,
    tools: tools(body["tools"], foreign),
    toolChoice: toolChoice(body, foreign),
    parallelToolCalls: fields.optionalBoolean(body["parallel_tool_calls"], "parallel_tool_calls"),
    responseFormat: responseFormat(body["response_format"], foreign),
    maxTokens: maxTokens(body),
    temperature: fields.optionalNumber(body["temperature"], "temperature"),
    topP: fields.optionalNumber(body["top_p"], "top_p"),
    stop: stop(body["stop"]),
    seed: fields.optionalInteger(body["seed"], "seed"),
    frequencyPenalty: fields.optionalNumber(body["frequency_penalty"], "frequency_penalty"),
    presencePenalty: fields.optionalNumber(body["presence_penalty"], "presence_penalty"),
    reasoningEffort: fields.optionalText(body["reasoning_effort"], "reasoning_effort"),
  };
  const isStreamed = fields.optionalBoolean(body["stream"], "stream") ?? false;
  const args: Record<string, unknown> = {};
  for (const name in found) {
    const value = found[name as keyof ChatArgs];
    if (value !== undefined) args[name] = value;
  }
  if (isStreamed) args["stream"] = true;
  const options = streamOptions(body["stream_options"]);
  if (Object.keys(options.more).length > 0) foreign["stream_options"] = options.more;
  Object.assign(args, carried(foreign));
  return { args: args as ChatArgs, isStreamed, includesUsage: options.includesUsage };
}

const knownOfStreaming = new Set(["include_usage"]);

/** Whether the usage is told is the door's business; the rest is the upstream's. */
function streamOptions(value: unknown): { includesUsage: boolean; more: Foreign } {
  if (value === undefined || value === null) return { includesUsage: false, more: {} };
  const options = fields.object(value, "stream_options");
  const more: Foreign = {};
  fields.copyMore(options, knownOfStreaming, more);
  const includesUsage = fields.optionalBoolean(options["include_usage"], "stream_options.include_usage") ?? false;
  return { includesUsage, more };
}
