import type { Message } from "@aiosjs/sdk/protocol";
import { copyMore, hasMore, list, object, optionalBoolean, optionalText, text, wrong } from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { carried, dialect } from "./hints.ts";

export type UserPart = Exclude<Extract<Message, { role: "user" }>["content"], string>[number];
export type TextPart = Extract<UserPart, { type: "text" }>;
type ToolMessage = Extract<Message, { role: "tool" }>;

const known = {
  text: new Set(["type", "text"]),
  image: new Set(["type", "source"]),
  document: new Set(["type", "source", "title"]),
  base64: new Set(["type", "media_type", "data"]),
  url: new Set(["type", "url"]),
  result: new Set(["type", "tool_use_id", "content", "is_error"]),
};

/** What an object says beyond the members that are known. */
export function marksOf(members: Members, knownNames: ReadonlySet<string>): ReturnType<typeof carried> {
  const more: Record<string, unknown> = {};
  copyMore(members, knownNames, more);
  return carried(more);
}

export const textPart = (block: Members, path: string): TextPart => ({
  type: "text",
  text: text(block["text"], `${path}.text`),
  ...marksOf(block, known.text),
});

/** The address of a source that has one: its own, or the bytes themselves. */
function urlOf(value: unknown, path: string): string | undefined {
  const source = object(value, path);
  if (source["type"] === "url" && !hasMore(source, known.url)) return text(source["url"], `${path}.url`);
  if (source["type"] !== "base64" || hasMore(source, known.base64)) return undefined;
  return `data:${text(source["media_type"], `${path}.media_type`)};base64,${text(source["data"], `${path}.data`)}`;
}

/** A block of a user's turn or of a tool's result. What the form cannot say stays as it is. */
export function userPart(item: unknown, path: string): UserPart {
  const block = object(item, path);
  const type = text(block["type"], `${path}.type`);
  if (type === "text") return textPart(block, path);
  if (type === "image" || type === "document") {
    const url = urlOf(block["source"], `${path}.source`);
    if (url !== undefined && type === "image") return { type: "image", url, ...marksOf(block, known.image) };
    if (url !== undefined) {
      const title = optionalText(block["title"], `${path}.title`);
      const filename = title === undefined ? {} : { filename: title };
      return { type: "file", url, ...filename, ...marksOf(block, known.document) };
    }
  }
  return { type: "foreign", dialect, value: block };
}

/** A block of type `tool_result`. */
export function toolMessage(block: Members, path: string): ToolMessage {
  const { content } = block;
  const isError = optionalBoolean(block["is_error"], `${path}.is_error`);
  return {
    role: "tool",
    callId: text(block["tool_use_id"], `${path}.tool_use_id`),
    content: typeof content === "string" ? content : resultParts(content, `${path}.content`),
    ...(isError === undefined ? {} : { isError }),
    ...marksOf(block, known.result),
  };
}

function resultParts(content: unknown, path: string): UserPart[] {
  if (content === undefined || content === null) return [];
  if (!Array.isArray(content)) throw wrong(path, "a string or an array of blocks", content);
  return list(content, path).map((part, index) => userPart(part, `${path}.${index}`));
}
