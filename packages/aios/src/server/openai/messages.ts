import type { AssistantMessage, Message, ToolCall } from "@aiosjs/sdk/protocol";
import { copyMore, hasMore, list, object, optionalText, text, wrong, WrongMember } from "./fields.ts";
import type { Members } from "./fields.ts";
import { carried, resultHints } from "./hints.ts";

type UserPart = Exclude<Extract<Message, { role: "user" }>["content"], string>[number];
type TextPart = Extract<UserPart, { type: "text" }>;
type Foreign = Record<string, unknown>;

const knownOfPart = {
  text: new Set(["type", "text"]),
  image: new Set(["type", "image_url"]),
  url: new Set(["url", "detail"]),
  file: new Set(["type", "file"]),
  document: new Set(["file_data", "filename"]),
};
const knownOfCall = new Set(["id", "type", "function"]);
const knownOfFunction = new Set(["name", "arguments"]);
const known = {
  system: new Set(["role", "content", "name"]),
  user: new Set(["role", "content", "name"]),
  assistant: new Set(["role", "content", "name", "refusal", "tool_calls", "reasoning_content", "reasoning"]),
  tool: new Set(["role", "content", "tool_call_id"]),
};

const dialect = "openai";
const named = (message: Members, path: string): { name?: string } => {
  const name = optionalText(message["name"], `${path}.name`);
  return name === undefined ? {} : { name };
};

/**
 * Content that the form knows as text alone. Parts that say something else (a refusal) leave their place empty here, and
 * all parts stand in `foreign` as they are.
 */
function textContent(value: unknown, path: string, foreign: Foreign): string | TextPart[] {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) throw wrong(path, "a string or an array of parts", value);
  const parts: TextPart[] = [];
  for (const [index, item] of value.entries()) {
    const part = object(item, `${path}[${index}]`);
    const type = text(part["type"], `${path}[${index}].type`);
    if (type === "text") parts.push(textPart(part, `${path}[${index}]`));
    else foreign["content"] = value;
  }
  return parts;
}

/** Marks on a part stay with it. */
const marks = (part: Members, known: ReadonlySet<string>): ReturnType<typeof carried> => carried(more(part, known));

const textPart = (part: Members, path: string): TextPart => ({
  type: "text",
  text: text(part["text"], `${path}.text`),
  ...marks(part, knownOfPart.text),
});

function userPart(item: unknown, path: string): UserPart {
  const part = object(item, path);
  const type = text(part["type"], `${path}.type`);
  if (type === "text") return textPart(part, path);
  if (type === "image_url") {
    const image = object(part["image_url"], `${path}.image_url`);
    const url = text(image["url"], `${path}.image_url.url`);
    const detail = optionalText(image["detail"], `${path}.image_url.detail`);
    if (!hasMore(image, knownOfPart.url))
      return {
        type: "image",
        url,
        ...(detail === undefined ? {} : { detail }),
        ...marks(part, knownOfPart.image),
      };
  }
  if (type === "file") {
    const file = object(part["file"], `${path}.file`);
    const url = optionalText(file["file_data"], `${path}.file.file_data`);
    const filename = optionalText(file["filename"], `${path}.file.filename`);
    // A file by its id lies at OpenAI.
    if (url !== undefined && !hasMore(file, knownOfPart.document))
      return {
        type: "file",
        url,
        ...(filename === undefined ? {} : { filename }),
        ...marks(part, knownOfPart.file),
      };
  }
  return { type: "foreign", dialect, value: part };
}

function userContent(value: unknown, path: string): string | UserPart[] {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) throw wrong(path, "a string or an array of parts", value);
  return value.map((part, index) => userPart(part, `${path}[${index}]`));
}

function calledFunction(call: Members, path: string): ToolCall {
  const called = object(call["function"], `${path}.function`);
  const members = more(call, knownOfCall);
  if (hasMore(called, knownOfFunction)) members["function"] = called;
  return {
    id: text(call["id"], `${path}.id`),
    name: text(called["name"], `${path}.function.name`),
    arguments: text(called["arguments"], `${path}.function.arguments`),
    ...carried(members),
  };
}

function toolCalls(value: unknown, path: string, foreign: Foreign): ToolCall[] | undefined {
  if (value === undefined || value === null) return undefined;
  const calls = list(value, path).map((item, index): ToolCall => {
    const at = `${path}[${index}]`;
    const call = object(item, at);
    if (call["type"] === "custom") {
      foreign["tool_calls"] = value;
      const id = text(call["id"], `${at}.id`);
      const custom = object(call["custom"], `${at}.custom`);
      return {
        id,
        name: text(custom["name"], `${at}.custom.name`),
        arguments: text(custom["input"], `${at}.custom.input`),
      };
    }
    return calledFunction(call, at);
  });
  return calls.length === 0 ? undefined : calls;
}

function assistant(message: Members, path: string): AssistantMessage {
  const foreign: Foreign = {};
  copyMore(message, known.assistant, foreign);
  const { content } = message;
  const result: AssistantMessage = {
    role: "assistant",
    content: content === undefined || content === null ? null : textContent(content, `${path}.content`, foreign),
    ...named(message, path),
  };
  const calls = toolCalls(message["tool_calls"], `${path}.tool_calls`, foreign);
  if (calls) result.toolCalls = calls;
  // DeepSeek's and vLLM's name, and OpenRouter's; clients hand back what they were given.
  const reasoning =
    optionalText(message["reasoning_content"], `${path}.reasoning_content`) ??
    (typeof message["reasoning"] === "string" ? message["reasoning"] : undefined);
  if (reasoning !== undefined && reasoning !== "") result.reasoning = reasoning;
  const other = message["reasoning"];
  if (other !== undefined && other !== null && other !== reasoning) foreign["reasoning"] = other;
  const refusal = optionalText(message["refusal"], `${path}.refusal`);
  if (refusal !== undefined) result.refusal = refusal;
  return Object.assign(result, carried(foreign));
}

function more(message: Members, known: ReadonlySet<string>): Foreign {
  const foreign: Foreign = {};
  copyMore(message, known, foreign);
  return foreign;
}

/** One message of OpenAI's form in the kernel's. Nothing is lost: what the form cannot say goes into `foreign`. */
export function toMessage(item: unknown, path: string): Message {
  const message = object(item, path);
  const { role, content } = message;
  const contentPath = `${path}.content`;
  switch (role) {
    case "system":
    case "developer": {
      const foreign = more(message, known.system);
      return {
        role,
        content: textContent(content, contentPath, foreign),
        ...named(message, path),
        ...carried(foreign),
      };
    }
    case "user": {
      const foreign = more(message, known.user);
      return { role, content: userContent(content, contentPath), ...named(message, path), ...carried(foreign) };
    }
    case "assistant":
      return assistant(message, path);
    case "tool": {
      const foreign = more(message, known.tool);
      const callId = text(message["tool_call_id"], `${path}.tool_call_id`);
      return { role, callId, content: userContent(content, contentPath), ...carried(foreign, resultHints) };
    }
    case "function":
      throw new WrongMember(
        `${path}.role`,
        "function messages are not spoken here",
        'send {"role": "tool", "tool_call_id": …}',
      );
    default:
      throw new WrongMember(
        `${path}.role`,
        `expected system, developer, user, assistant or tool, got ${JSON.stringify(role) ?? "nothing"}`,
      );
  }
}
