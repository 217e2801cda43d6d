import { SysError, type ChatArgs, type Foreign, type Tool } from "@aiosjs/sdk/protocol";
import { ownMembers } from "../http/foreign.ts";
import { toMessages, type MessageReader } from "./messages.ts";
import type { Quirks } from "./quirks.ts";
import { responsesDialect } from "./responses.ts";

type Body = Record<string, unknown>;

interface Target {
  readonly core: string;
  readonly model: string;
  readonly quirks: Quirks;
  /** The client speaks this dialect itself. Default: false. */
  readonly isOwn?: boolean;
}

/**
 * Members that no caller replaces: what the kernel decides, what would get round its clamp on output tokens
 * (llama.cpp's own names of the limit, several answers), and the functions that came before tools, whose answers
 * have no place in a result.
 */
const kept = new Set(
  (
    "model messages stream max_tokens max_completion_tokens best_of n_cmpl n_predict num_predict " +
    "functions function_call"
  ).split(" "),
);

/**
 * The body of POST /chat/completions. What it leaves out because the answer means the same without it is added to `leftOut`.
 * @throws SysError EINVAL for what this upstream cannot be told.
 */
export function toBody(args: ChatArgs, target: Target, leftOut = new Set<string>()): Body {
  const { core, quirks, isOwn = false } = target;
  const reader: MessageReader = { core, dialect: "openai", quirks, isOwn, leftOut };
  const body: Body = { model: target.model, messages: toMessages(args.messages, reader) };
  if (args.stream === true) {
    body["stream"] = true;
    if (quirks.streamUsage === "ask") body["stream_options"] = { include_usage: true };
  }
  if (args.maxTokens !== undefined) body[quirks.maxTokens] = args.maxTokens;
  if (args.temperature !== undefined) body["temperature"] = args.temperature;
  if (args.topP !== undefined) body["top_p"] = args.topP;
  if (args.stop !== undefined && args.stop.length > 0) body["stop"] = args.stop;
  if (args.seed !== undefined) body[quirks.seed] = args.seed;
  if (args.frequencyPenalty !== undefined) body["frequency_penalty"] = args.frequencyPenalty;
  if (args.presencePenalty !== undefined) body["presence_penalty"] = args.presencePenalty;
  if (args.reasoningEffort !== undefined) body["reasoning_effort"] = args.reasoningEffort;
  addTools(body, args, reader);
  addFormat(body, args.responseFormat, target);
  addForeign(body, membersFor(args.foreign, quirks, reader));
  addChoice(body, args, quirks);
  for (const member of quirks.refuses) {
    if (!Object.hasOwn(body, member)) continue;
    if (args.foreign?.hints?.includes(member) !== true) throw refused(member, target);
    delete body[member];
    leftOut.add(member);
  }
  return body;
}

const toTool = (tool: Tool, reader: MessageReader): Body => {
  const described: Body = { name: tool.name };
  if (tool.description !== undefined) described["description"] = tool.description;
  if (tool.parameters !== undefined) described["parameters"] = tool.parameters;
  if (tool.strict !== undefined) described["strict"] = tool.strict;
  return { type: "function", function: described, ...ownMembers(tool.foreign, reader) };
};

function addTools(body: Body, { tools = [], toolChoice }: ChatArgs, reader: MessageReader): void {
  // An empty list is refused by several servers.
  if (tools.length === 0) return;
  let offered = tools;
  if (typeof toolChoice === "object") {
    offered = tools.filter((tool) => tool.name === toolChoice.name);
    if (offered.length === 0) {
      throw new SysError("EINVAL", `toolChoice names "${toolChoice.name}", which is not among the tools`, {
        hint: `the tools are ${tools.map((tool) => tool.name).join(", ")}`,
      });
    }
    if (reader.quirks.toolChoice.canName) offered = tools;
  }
  body["tools"] = offered.map((tool) => toTool(tool, reader));
}

/** How tools are called, whether they stand in the form or only in the dialect's own words; without any it is refused by several servers. */
function addChoice(body: Body, { toolChoice, parallelToolCalls }: ChatArgs, { toolChoice: spelled }: Quirks): void {
  if (body["tools"] === undefined) return;
  if (parallelToolCalls !== undefined) body["parallel_tool_calls"] = parallelToolCalls;
  if (toolChoice === undefined || body["tool_choice"] !== undefined) return;
  if (typeof toolChoice === "string") body["tool_choice"] = toolChoice === "required" ? spelled.required : toolChoice;
  else
    body["tool_choice"] = spelled.canName
      ? { type: "function", function: { name: toolChoice.name } }
      : spelled.required;
}

function addFormat(body: Body, format: ChatArgs["responseFormat"], { core, quirks }: Target): void {
  if (format === undefined || format.type === "text") return;
  const isSchema = format.type === "json-schema";
  if (quirks.responseFormat === "none" || (isSchema && quirks.responseFormat === "json")) {
    throw new SysError("EINVAL", `core ${core} does not honour responseFormat ${format.type}`, {
      hint: isSchema
        ? "ask for responseFormat json and state the schema in the prompt, or name another core"
        : "state the form in the prompt, or name another core",
    });
  }
  if (!isSchema) {
    body["response_format"] = { type: "json_object" };
    return;
  }
  const schema: Body = { name: format.name };
  if (format.description !== undefined) schema["description"] = format.description;
  if (format.schema !== undefined) schema["schema"] = format.schema;
  if (format.strict !== undefined) schema["strict"] = format.strict;
  body["response_format"] = { type: "json_schema", json_schema: schema };
}

/** What OpenAI's two dialects say alike, and an upstream that has one has both. */
const alike = new Set(["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"]);

/** Members for this body; what was said in the responses' words and stands here under the same name is this dialect's too. */
function membersFor(foreign: Foreign | undefined, { hasResponses }: Quirks, reader: MessageReader): Body {
  if (foreign?.dialect !== responsesDialect || !hasResponses) return ownMembers(foreign, reader);
  const entries = Object.entries(foreign.members);
  const others = Object.fromEntries(entries.filter(([name]) => !alike.has(name)));
  ownMembers({ ...foreign, members: others }, reader);
  return Object.fromEntries(entries.filter(([name]) => alike.has(name)));
}

function addForeign(body: Body, members: Body): void {
  for (const [member, value] of Object.entries(members)) {
    if (kept.has(member)) {
      throw new SysError("EINVAL", `${member} cannot be a foreign member`, {
        hint: "it has a place of its own in the arguments of llm.chat, or no meaning there",
      });
    }
    if (member === "n") {
      if (value === 1 || value === null) continue;
      throw new SysError("EINVAL", "n: a call has one answer", { hint: "make as many calls as you want answers" });
    }
    if (member === "stream_options") {
      // Usage is always asked for: settling needs it. The other options are the caller's.
      if (body[member] !== undefined && typeof value === "object") body[member] = { ...value, include_usage: true };
      continue;
    }
    body[member] = value;
  }
}

const refused = (member: string, { core }: Target): SysError =>
  new SysError("EINVAL", `core ${core} does not take ${member}`, { hint: "leave it out, or name another core" });
