import { parseExactly, SysError, type Message } from "@aiosjs/sdk/protocol";
import { ownMembers, ownPart, type ForeignReader } from "../http/foreign.ts";

type Body = Record<string, unknown>;
type UserPart = Exclude<Extract<Message, { role: "user" }>["content"], string>[number];
type TextPart = Extract<UserPart, { type: "text" }>;

/** Anthropic's name of what its models say themselves; blocks of it go back unaltered. */
const thinks = "anthropic";

type SystemMessage = Extract<Message, { role: "system" | "developer" }>;
const isSystem = (message: Message): message is SystemMessage =>
  message.role === "system" || message.role === "developer";

/** What the system says before anybody else is `system`; a later message of its stands among the messages. */
export function toTurns(messages: readonly Message[], reader: ForeignReader): { system?: unknown; messages: Body[] } {
  const end = messages.findIndex((message) => !isSystem(message));
  const first = messages.slice(0, end === -1 ? messages.length : end).filter(isSystem);
  const turns: Body[] = [];
  let results: unknown[] | undefined;
  for (const message of messages.slice(first.length)) {
    if (message.role === "tool") {
      // All results of a turn stand in one message, or the upstream misses the others.
      if (results === undefined) turns.push({ role: "user", content: (results = []) });
      results.push(toolResult(message, reader));
      continue;
    }
    results = undefined;
    turns.push(toTurn(message, reader));
  }
  if (first.length === 0) return { messages: turns };
  const said = first.map((message) => systemOf(message, reader));
  return { system: said.length === 1 ? said[0] : said.flatMap(blocksOf), messages: turns };
}

const blocksOf = (content: unknown): unknown[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : (content as unknown[]);

function systemOf(message: SystemMessage, reader: ForeignReader): unknown {
  noteName(message, reader);
  const { content } = ownMembers(message.foreign, reader);
  return content ?? textContent(message.content, reader);
}

function toTurn(message: Exclude<Message, { role: "tool" }>, reader: ForeignReader): Body {
  noteName(message, reader);
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: systemOf(message, reader), ...ownMembers(message.foreign, reader) };
    case "user": {
      const { content } = message;
      const parts = typeof content === "string" ? content : content.map((part) => block(part, reader));
      return { role: "user", content: parts, ...ownMembers(message.foreign, reader) };
    }
    case "assistant": {
      // Says first what the form cannot: calls of custom tools are no JSON.
      const own = ownMembers(message.foreign, reader);
      return { role: "assistant", content: assistantContent(message, reader), ...own };
    }
  }
}

/** Its messages have no names. */
function noteName(message: Message, { leftOut }: ForeignReader): void {
  if ("name" in message && message.name !== undefined) leftOut.add("messages.name");
}

const textContent = (content: string | readonly TextPart[], reader: ForeignReader): unknown =>
  typeof content === "string" ? content : content.map((part) => block(part, reader));

function assistantContent(message: Extract<Message, { role: "assistant" }>, reader: ForeignReader): unknown {
  const { content, toolCalls = [], reasoning, reasoningBlocks = [], refusal } = message;
  const own = reasoningBlocks.filter(({ dialect }) => dialect === thinks);
  // Thoughts without their signature are refused there.
  if (own.length < reasoningBlocks.length || (reasoning !== undefined && own.length === 0))
    reader.leftOut.add("reasoning");
  if (typeof content === "string" && own.length + toolCalls.length === 0 && !refusal) return content;
  const said = typeof content === "string" ? [{ type: "text" as const, text: content }] : (content ?? []);
  const blocks: unknown[] = own.map(({ value }) => value);
  // An empty text block is refused.
  for (const part of said) if (part.text !== "") blocks.push(block(part, reader));
  if (typeof refusal === "string" && refusal !== "") blocks.push({ type: "text", text: refusal });
  for (const call of toolCalls)
    blocks.push({
      type: "tool_use",
      id: call.id,
      name: call.name,
      input: inputOf(call, reader),
      ...ownMembers(call.foreign, reader),
    });
  return blocks;
}

function inputOf(call: { id: string; name: string; arguments: string }, { core }: ForeignReader): unknown {
  if (call.arguments.trim() === "") return {};
  try {
    const input = parseExactly(call.arguments);
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input;
  } catch {
    // refused below
  }
  throw new SysError(
    "EINVAL",
    `core ${core} cannot be told the arguments of ${call.name} (${call.id}): no JSON object`,
    {
      hint: "leave that call and its result out of the messages, or name another core",
    },
  );
}

function toolResult(message: Extract<Message, { role: "tool" }>, reader: ForeignReader): Body {
  const { callId, content, isError, foreign } = message;
  return {
    type: "tool_result",
    tool_use_id: callId,
    content: typeof content === "string" ? content : content.map((part) => block(part, reader)),
    ...(isError === undefined ? {} : { is_error: isError }),
    ...ownMembers(foreign, reader),
  };
}

function block(part: UserPart, reader: ForeignReader): unknown {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, ...ownMembers(part.foreign, reader) };
    case "image":
      if (part.detail !== undefined && part.detail !== "auto") reader.leftOut.add("image.detail");
      return { type: "image", source: sourceOf(part.url), ...ownMembers(part.foreign, reader) };
    case "file": {
      const title = part.filename === undefined ? {} : { title: part.filename };
      return { type: "document", source: sourceOf(part.url), ...title, ...ownMembers(part.foreign, reader) };
    }
    case "foreign":
      return ownPart(part, reader);
  }
}

function sourceOf(url: string): Body {
  const data = /^data:([^;,]+)[^,]*;base64,/s.exec(url.slice(0, 200));
  if (data) return { type: "base64", media_type: data[1], data: url.slice(data[0].length) };
  return { type: "url", url };
}
