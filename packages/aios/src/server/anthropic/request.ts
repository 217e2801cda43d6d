import { holdsUnsafe, parseExactly } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Message, Tool } from "@aiosjs/sdk/protocol";
import type { IncomingHttpHeaders } from "node:http";
import type { OriginalRequest } from "../../kernel/ports.ts";
import { parseObject } from "../body.ts";
import * as fields from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { WrongMember } from "../openai/fields.ts";
import { carried, dialect } from "./hints.ts";
import { marksOf } from "./parts.ts";
import { systemMessage, toMessages, withoutOwnThinking } from "./turns.ts";

/** A request of Anthropic's messages API as the kernel takes it, and what of it is the door's own business. */
export interface MessagesRequest {
  readonly args: ChatArgs;
  readonly isStreamed: boolean;
  /** What a core of this dialect may send on: what the client wrote, without the thoughts of other models. */
  readonly original: OriginalRequest;
}

/** Members that are translated or are the door's own business; every other one goes into `foreign`. */
const known = new Set(
  (
    "model messages system tools tool_choice max_tokens stop_sequences temperature top_p stream " +
    "output_config output_format betas"
  ).split(" "),
);
const knownOfTool = new Set(["type", "name", "description", "input_schema", "strict"]);
const knownOfChoice = new Set(["type", "name", "disable_parallel_tool_use"]);
const knownOfOutput = new Set(["format", "effort"]);
const knownOfFormat = new Set(["type", "schema"]);

type Foreign = Record<string, unknown>;

function toolOf(tool: Members, path: string): Tool {
  const name = fields.text(tool["name"], `${path}.name`);
  if (name === "") throw new WrongMember(`${path}.name`, "a tool needs a name");
  const description = fields.optionalText(tool["description"], `${path}.description`);
  const strict = fields.optionalBoolean(tool["strict"], `${path}.strict`);
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters: { ...fields.object(tool["input_schema"], `${path}.input_schema`) },
    ...(strict === undefined ? {} : { strict }),
    ...marksOf(tool, knownOfTool),
  };
}

/** Tools that Anthropic runs or knows by heart cannot be said: then all go as they are. */
function toolsOf({ tools: value, tool_choice: choice }: Members, foreign: Foreign): Tool[] | undefined {
  if (value === undefined || value === null) return undefined;
  const found: Tool[] = [];
  for (const [index, item] of fields.list(value, "tools").entries()) {
    const tool = fields.object(item, `tools.${index}`);
    const type = fields.optionalText(tool["type"], `tools.${index}.type`) ?? "custom";
    if (type === "custom") found.push(toolOf(tool, `tools.${index}`));
    else foreign["tools"] = value;
  }
  // A choice among tools of which the form knows none has nothing to stand with.
  if (found.length === 0 && foreign["tools"] !== undefined && choice) foreign["tool_choice"] = choice;
  return found.length === 0 ? undefined : found;
}

const choices: Readonly<Record<string, ChatArgs["toolChoice"]>> = { auto: "auto", any: "required", none: "none" };

function choiceOf(
  { tools, tool_choice: value }: Members,
  foreign: Foreign,
): { toolChoice?: ChatArgs["toolChoice"]; parallelToolCalls?: boolean | undefined } {
  if (value === undefined || value === null) return {};
  const choice = fields.object(value, "tool_choice");
  const hasTools = Array.isArray(tools) && tools.length > 0;
  const type = fields.text(choice["type"], "tool_choice.type");
  const isSerial = fields.optionalBoolean(choice["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use");
  if (fields.hasMore(choice, knownOfChoice)) foreign["tool_choice"] = value;
  if ((type === "any" || type === "tool") && !hasTools)
    throw new WrongMember("tool_choice", "may only be specified while providing tools");
  const parallelToolCalls = isSerial === undefined ? undefined : !isSerial;
  if (type === "tool")
    return { toolChoice: { name: fields.text(choice["name"], "tool_choice.name") }, parallelToolCalls };
  const toolChoice = choices[type];
  if (toolChoice === undefined)
    throw new WrongMember("tool_choice.type", `expected auto, any, tool or none, got ${JSON.stringify(type)}`);
  return { toolChoice, parallelToolCalls };
}

/** Undefined for what the form cannot say. */
function formatOf(value: unknown, path: string): ChatArgs["responseFormat"] {
  const format = fields.object(value, path);
  if (format["type"] !== "json_schema" || fields.hasMore(format, knownOfFormat)) return undefined;
  const schema = { ...fields.object(format["schema"], `${path}.schema`) };
  // Anthropic keeps to a schema always, and calls it nothing.
  return { type: "json-schema", name: "output", strict: true, schema };
}

function outputOf(body: Members, foreign: Foreign): Pick<ChatArgs, "responseFormat" | "reasoningEffort"> {
  const found: Pick<ChatArgs, "responseFormat" | "reasoningEffort"> = {};
  const older = body["output_format"] ?? undefined;
  if (older !== undefined) {
    found.responseFormat = formatOf(older, "output_format");
    if (found.responseFormat === undefined) foreign["output_format"] = older;
  }
  const value = body["output_config"] ?? undefined;
  if (value === undefined) return found;
  const output = fields.object(value, "output_config");
  const format = output["format"] ?? undefined;
  if (format !== undefined) found.responseFormat = formatOf(format, "output_config.format");
  found.reasoningEffort = fields.optionalText(output["effort"], "output_config.effort");
  if (fields.hasMore(output, knownOfOutput) || (format !== undefined && found.responseFormat === undefined))
    foreign["output_config"] = value;
  return found;
}

function maxTokensOf(body: Members, isNeeded: boolean): number | undefined {
  const value = fields.optionalInteger(body["max_tokens"], "max_tokens");
  if (value === undefined) {
    if (isNeeded) throw new WrongMember("max_tokens", "Field required");
    return undefined;
  }
  if (value < 1)
    throw new WrongMember(
      "max_tokens",
      "Input should be greater than or equal to 1",
      "caches cannot be filled ahead here",
    );
  return value;
}

function messagesOf(body: Members): Message[] {
  if (body["messages"] === undefined) throw new WrongMember("messages", "Field required");
  const turns = fields.list(body["messages"], "messages");
  if (turns.length === 0) throw new WrongMember("messages", "at least one message is required");
  const messages = turns.flatMap((turn, index) => toMessages(turn, `messages.${index}`));
  const system = body["system"] ?? undefined;
  return system === undefined ? messages : [systemMessage(system, "system"), ...messages];
}

function betasOf(body: Members, headers: IncomingHttpHeaders): string[] {
  const value = headers["anthropic-beta"];
  const said = (Array.isArray(value) ? value.join(",") : (value ?? "")).split(",").map((beta) => beta.trim());
  const written = fields.list(body["betas"] ?? [], "betas").map((beta, index) => {
    const name = fields.text(beta, `betas.${index}`);
    // They go on as one header.
    if (/^[\x21-\x2b\x2d-\x7e]+$/.test(name)) return name;
    throw new WrongMember(`betas.${index}`, `expected the name of a feature, got ${JSON.stringify(name.slice(0, 60))}`);
  });
  return [...new Set([...said.filter((beta) => beta !== ""), ...written])];
}

function originalOf(body: Members, bytes: Uint8Array): OriginalRequest {
  const messages = withoutOwnThinking(body["messages"] as readonly unknown[]);
  if (messages === body["messages"]) return { dialect, body: bytes, members: body };
  const members = { ...body, messages };
  return { dialect, body: Buffer.from(JSON.stringify(members)), members };
}

/** Inputs of tools become texts, in which ids of 19 digits stand as they were. Read again only where there are any. */
function exactly(body: Members, bytes: Buffer): Members {
  if (!holdsUnsafe(body["messages"])) return body;
  const { messages } = parseExactly(bytes.toString("utf8")) as Members;
  return { ...body, messages };
}

/**
 * A request in the kernel's form. Nothing is lost: what the form does not know goes into `foreign`, and a core of the same
 * dialect sends it as it is.
 * @throws WrongMember naming the member as Anthropic would; SysError EINVAL when it is no JSON object.
 */
export function toMessagesRequest(
  bytes: Buffer,
  { headers, needsMaxTokens }: { headers: IncomingHttpHeaders; needsMaxTokens: boolean },
): MessagesRequest {
  const body = exactly(parseObject(bytes), bytes);
  const messages = messagesOf(body);
  const model = fields.optionalText(body["model"], "model") ?? "auto";
  if (model === "") throw new WrongMember("model", "expected the name of a model", "`auto` lets the router choose");
  const stop = body["stop_sequences"] ?? undefined;
  const isStreamed = fields.optionalBoolean(body["stream"], "stream") ?? false;
  const foreign: Foreign = {};
  fields.copyMore(body, known, foreign);
  const betas = betasOf(body, headers);
  if (betas.length > 0) foreign["betas"] = betas;
  const found: { [Name in keyof ChatArgs]: ChatArgs[Name] | undefined } = {
    model,
    messages,
    tools: toolsOf(body, foreign),
    ...choiceOf(body, foreign),
    ...outputOf(body, foreign),
    maxTokens: maxTokensOf(body, needsMaxTokens),
    temperature: fields.optionalNumber(body["temperature"], "temperature"),
    topP: fields.optionalNumber(body["top_p"], "top_p"),
    stop:
      stop === undefined
        ? undefined
        : fields.list(stop, "stop_sequences").map((item, index) => fields.text(item, `stop_sequences.${index}`)),
    stream: isStreamed || undefined,
    ...carried(foreign),
  };
  const args: Record<string, unknown> = {};
  for (const name in found) {
    const value = found[name as keyof ChatArgs];
    if (value !== undefined) args[name] = value;
  }
  return { args: args as ChatArgs, isStreamed, original: originalOf(body, bytes) };
}
