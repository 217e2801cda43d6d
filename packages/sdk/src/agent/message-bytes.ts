import type { Message, Tool } from "../syscalls/llm.ts";

/** Role and separators of a message, as models' templates write them. */
const FRAME_BYTES = 16;
/** Counted for an image or a document, whatever its size: what it costs is the model's affair, and learned. */
const ATTACHMENT_BYTES = 3_000;

/** UTF-8 bytes of what a model reads of a message. */
export function messageBytes(message: Message): number {
  let bytes = FRAME_BYTES;
  const { content } = message;
  if (typeof content === "string") bytes += utf8Bytes(content);
  else if (content) for (const part of content) bytes += part.type === "text" ? utf8Bytes(part.text) : ATTACHMENT_BYTES;
  if (message.role !== "assistant") return bytes;
  for (const call of message.toolCalls ?? [])
    bytes += FRAME_BYTES + utf8Bytes(call.name) + utf8Bytes(call.arguments) + call.id.length;
  for (const { value } of message.reasoningBlocks ?? []) bytes += utf8Bytes(JSON.stringify(value));
  return bytes;
}

export const toolBytes = (tool: Tool): number => FRAME_BYTES + utf8Bytes(JSON.stringify(tool));

/** Without making the bytes. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair counts two: four bytes for the pair.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
