import { SysError, type Message } from "@aiosjs/sdk/protocol";
import { ownMembers, ownPart, type ForeignReader } from "../http/foreign.ts";
import type { Quirks } from "./quirks.ts";

type Body = Record<string, unknown>;
type ToolMessage = Extract<Message, { role: "tool" }>;
type AssistantMessage = Extract<Message, { role: "assistant" }>;
type Part = Exclude<ToolMessage["content"], string>[number];

export interface MessageReader extends ForeignReader {
  readonly quirks: Quirks;
  /** The client speaks this dialect itself: what it put into a tool's result stays there. */
  readonly isOwn: boolean;
}

/**
 * The messages of POST /chat/completions. A tool's result is text there: images and files of other dialects' results
 * follow in a message of the user's, behind all results of the turn.
 * @throws SysError EINVAL for what this dialect, or this upstream, cannot say.
 */
export function toMessages(messages: readonly Message[], reader: MessageReader): Body[] {
  const said: Body[] = [];
  let shown: unknown[] = [];
  const show = (): void => {
    if (shown.length > 0) said.push({ role: "user", content: shown });
    shown = [];
  };
  for (const message of messages) {
    if (message.role !== "tool") show();
    said.push({ ...toMessage(message, reader), ...ownMembers(message.foreign, reader) });
    if (message.role === "tool" && !reader.isOwn) shown.push(...shownParts(message, reader));
  }
  show();
  return said;
}

function toMessage(message: Message, reader: MessageReader): Body {
  const { quirks } = reader;
  if (message.role === "tool") return toResult(message, reader);
  const named = message.name === undefined ? {} : { name: message.name };
  if (message.name !== undefined && quirks.refuses.includes("messages.name"))
    throw new SysError("EINVAL", `core ${reader.core} does not take a message's name`, {
      hint: "leave it out, or name another core",
    });
  switch (message.role) {
    case "developer":
    case "system": {
      const role = message.role === "developer" && !quirks.hasDeveloperRole ? "system" : message.role;
      return { role, content: toContent(message.content, reader), ...named };
    }
    case "user":
      return { role: "user", content: toContent(message.content, reader), ...named };
    case "assistant":
      return { ...toTurn(message, reader), ...named };
  }
}

function toTurn(message: AssistantMessage, reader: MessageReader): Body {
  const { toolCalls, reasoning, reasoningBlocks = [], refusal } = message;
  const hasCalls = toolCalls !== undefined && toolCalls.length > 0;
  const content = message.content === null ? null : toContent(message.content, reader);
  const body: Body = { role: "assistant", content: content ?? (hasCalls || reader.isOwn ? null : "") };
  if (hasCalls)
    body["tool_calls"] = toolCalls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
      ...ownMembers(call.foreign, reader),
    }));
  if (typeof refusal === "string") body["refusal"] = refusal;
  const { reasoningBack } = reader.quirks;
  if (reasoning !== undefined && reasoningBack !== undefined) body[reasoningBack] = reasoning;
  // Blocks are signed for their own upstream; their words are in `reasoning`.
  if (body[reasoningBack ?? ""] === undefined && (reasoning !== undefined || reasoningBlocks.length > 0))
    reader.leftOut.add("reasoning");
  return body;
}

function toResult({ callId, content, isError }: ToolMessage, reader: MessageReader): Body {
  if (isError !== undefined) reader.leftOut.add("isError");
  return { role: "tool", tool_call_id: callId, content: resultContent(content, reader) };
}

function resultContent(content: ToolMessage["content"], reader: MessageReader): unknown {
  if (typeof content === "string" || reader.isOwn || content.every(({ type }) => type === "text"))
    return toContent(content, reader);
  const texts = content.filter(({ type }) => type === "text");
  return texts.length > 0 ? toContent(texts, reader) : "See below.";
}

function shownParts({ callId, content }: ToolMessage, reader: MessageReader): unknown[] {
  if (typeof content === "string") return [];
  const parts = content.filter(({ type }) => type !== "text");
  if (parts.length === 0) return [];
  return [{ type: "text", text: `From the result of ${callId}:` }, ...parts.map((part) => toPart(part, reader))];
}

const toContent = (content: string | readonly Part[], reader: MessageReader): unknown =>
  typeof content === "string" ? content : content.map((part) => toPart(part, reader));

function toPart(part: Part, reader: MessageReader): unknown {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, ...ownMembers(part.foreign, reader) };
    case "image": {
      const detail = part.detail === undefined ? {} : { detail: part.detail };
      return { type: "image_url", image_url: { url: part.url, ...detail }, ...ownMembers(part.foreign, reader) };
    }
    case "file": {
      const filename = part.filename === undefined ? {} : { filename: part.filename };
      return { type: "file", file: { ...filename, file_data: part.url }, ...ownMembers(part.foreign, reader) };
    }
    case "foreign":
      return ownPart(part, reader);
  }
}
