import { SysError, type ChatArgs, type Tool } from "@aiosjs/sdk/protocol";
import { ownMembers, type ForeignReader } from "../http/foreign.ts";
import { toTurns } from "./messages.ts";

type Body = Record<string, unknown>;

export const dialect = "anthropic";

/** Where neither the caller nor the list of models bounds the answer: the protocol demands a bound, and all present models take this one. */
const defaultMaxTokens = 8_192;
const efforts = new Set(["low", "medium", "high", "xhigh", "max"]);
/** What no caller replaces: the kernel's own decisions, and `betas`, which is a header. */
const kept = new Set(["model", "max_tokens", "stream", "betas"]);

export interface Target {
  readonly core: string;
  readonly model: string;
  /** The longest answer of the model, where the upstream tells it. */
  readonly maxOutputTokens: number | undefined;
}

export interface Request {
  readonly body: Body;
  /** Features in trial that the request names; they go into a header. */
  readonly betas: readonly string[];
  readonly leftOut: readonly string[];
}

/** The body of POST /v1/messages. @throws SysError EINVAL for what this dialect cannot say. */
export function toRequest(args: ChatArgs, target: Target): Request {
  const leftOut = new Set<string>();
  const reader: ForeignReader = { core: target.core, dialect, leftOut };
  const foreign = ownMembers(args.foreign, reader);
  const body: Body = {
    model: target.model,
    max_tokens: args.maxTokens ?? target.maxOutputTokens ?? defaultMaxTokens,
    ...toTurns(args.messages, reader),
  };
  if (args.stream === true) body["stream"] = true;
  if (args.temperature !== undefined) body["temperature"] = args.temperature;
  if (args.topP !== undefined) body["top_p"] = args.topP;
  if (args.stop !== undefined && args.stop.length > 0) body["stop_sequences"] = args.stop;
  // A seed is a wish at every upstream; a penalty of 0 is none.
  if (args.seed !== undefined) leftOut.add("seed");
  if (args.frequencyPenalty) throw refused("frequencyPenalty", target);
  if (args.presencePenalty) throw refused("presencePenalty", target);
  addTools(body, args, reader);
  addOutput(body, args, { target, leftOut });
  for (const [name, value] of Object.entries(foreign)) if (!kept.has(name)) body[name] = value;
  return { body, betas: listOf(foreign["betas"]), leftOut: [...leftOut] };
}

const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

const toTool = (tool: Tool, reader: ForeignReader): Body => ({
  name: tool.name,
  ...(tool.description === undefined ? {} : { description: tool.description }),
  input_schema: tool.parameters ?? { type: "object", properties: {} },
  ...(typeof tool.strict === "boolean" ? { strict: tool.strict } : {}),
  ...ownMembers(tool.foreign, reader),
});

const choices = { auto: "auto", none: "none", required: "any" } as const;

function addTools(body: Body, { tools, toolChoice, parallelToolCalls }: ChatArgs, reader: ForeignReader): void {
  if (tools === undefined || tools.length === 0) return;
  body["tools"] = tools.map((tool) => toTool(tool, reader));
  if (toolChoice === undefined && parallelToolCalls === undefined) return;
  const choice: Body =
    typeof toolChoice === "object" ? { type: "tool", name: toolChoice.name } : { type: choices[toolChoice ?? "auto"] };
  if (parallelToolCalls !== undefined && toolChoice !== "none")
    choice["disable_parallel_tool_use"] = !parallelToolCalls;
  body["tool_choice"] = choice;
}

function addOutput(
  body: Body,
  { responseFormat, reasoningEffort }: ChatArgs,
  { target, leftOut }: { target: Target; leftOut: Set<string> },
): void {
  const output: Body = {};
  if (responseFormat?.type === "json-schema") {
    if (responseFormat.schema === undefined) throw refused("a responseFormat without a schema", target);
    // What the model reads of a format stands in its schema here.
    const { schema, description } = responseFormat;
    if (description !== undefined && schema["description"] !== undefined) leftOut.add("responseFormat.description");
    const described = description === undefined ? {} : { description };
    output["format"] = { type: "json_schema", schema: { ...described, ...schema } };
  } else if (responseFormat?.type === "json") {
    throw new SysError("EINVAL", `core ${target.core} does not honour responseFormat json`, {
      hint: "give a json-schema, or state the form in the prompt",
    });
  }
  if (reasoningEffort === "none") body["thinking"] = { type: "disabled" };
  else if (reasoningEffort !== undefined && efforts.has(reasoningEffort)) output["effort"] = reasoningEffort;
  else if (reasoningEffort !== undefined) leftOut.add("reasoningEffort");
  if (Object.keys(output).length > 0) body["output_config"] = output;
}

const refused = (what: string, { core }: Target): SysError =>
  new SysError("EINVAL", `core ${core} does not take ${what}`, { hint: "leave it out, or name another core" });

/** What POST /v1/messages/count_tokens takes of a body. */
export function toCount(body: Body): Body {
  const {
    max_tokens: _max,
    stream: _stream,
    temperature: _t,
    top_p: _p,
    top_k: _k,
    stop_sequences: _s,
    ...rest
  } = body;
  const { metadata: _m, service_tier: _tier, container: _c, ...counted } = rest;
  return counted;
}
