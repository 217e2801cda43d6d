import type { Message } from "@aiosjs/sdk/protocol";
import { copyMore, optionalText, text, wrong, WrongMember } from "../openai/fields.ts";
import * as fields from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { dialect, hinted } from "./tables.ts";

type UserContent = Extract<Message, { role: "user" }>["content"];
type UserPart = Exclude<UserContent, string>[number];
type TextPart = Extract<UserPart, { type: "text" }>;

const known = {
  text: new Set(["type", "text"]),
  image: new Set(["type", "image_url", "detail", "file_id"]),
  file: new Set(["type", "file_data", "file_url", "filename", "file_id"]),
};

const marks = (part: Members, names: ReadonlySet<string>): ReturnType<typeof hinted> => {
  const more: Record<string, unknown> = {};
  copyMore(part, names, more);
  return hinted(more);
};

/** Where the bytes are is said once: of two places the model would see one. */
function onePlace(part: Members, path: string, names: readonly string[]): void {
  const [, second] = names.filter((name) => (part[name] ?? undefined) !== undefined);
  if (second !== undefined) throw new WrongMember(`${path}.${second}`, `expected one of ${names.join(", ")}`);
}

function imagePart(part: Members, path: string): UserPart {
  onePlace(part, path, ["image_url", "file_id"]);
  const url = optionalText(part["image_url"], `${path}.image_url`);
  // An image by its id is a file at OpenAI.
  if (url === undefined) return { type: "foreign", dialect, value: part };
  const detail = optionalText(part["detail"], `${path}.detail`);
  return { type: "image", url, ...(detail === undefined ? {} : { detail }), ...marks(part, known.image) };
}

function filePart(part: Members, path: string): UserPart {
  onePlace(part, path, ["file_data", "file_url", "file_id"]);
  const content = optionalText(part["file_data"], `${path}.file_data`);
  const url = content ?? optionalText(part["file_url"], `${path}.file_url`);
  if (url === undefined) return { type: "foreign", dialect, value: part };
  if (content !== undefined && !content.startsWith("data:"))
    throw new WrongMember(`${path}.file_data`, "expected a data: address with its media type");
  const filename = optionalText(part["filename"], `${path}.filename`);
  return { type: "file", url, ...(filename === undefined ? {} : { filename }), ...marks(part, known.file) };
}

function userPart(item: unknown, path: string): UserPart {
  const part = fields.object(item, path);
  const type = text(part["type"], `${path}.type`);
  switch (type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: text(part["text"], `${path}.text`), ...marks(part, known.text) };
    case "input_image":
      return imagePart(part, path);
    case "input_file":
      return filePart(part, path);
    case "input_audio":
      return { type: "foreign", dialect, value: part };
    default:
      throw new WrongMember(
        `${path}.type`,
        `expected input_text, input_image, input_file or input_audio, got ${JSON.stringify(type)}`,
      );
  }
}

/** One text alone is a string: every server takes that. */
const simplest = <Part extends UserPart>(parts: readonly Part[]): string | Part[] => {
  const [first] = parts;
  return parts.length === 1 && first?.type === "text" && first.foreign === undefined ? first.text : [...parts];
};

/** What a user or a tool says. */
export function userContent(value: unknown, path: string): UserContent {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) throw wrong(path, "a string or an array of parts", value);
  return simplest(value.map((part, index) => userPart(part, `${path}[${index}]`)));
}

export function systemContent(value: unknown, path: string): string | TextPart[] {
  const content = userContent(value, path);
  if (typeof content === "string") return content;
  return content.map((part, index) => {
    if (part.type === "text") return part;
    throw new WrongMember(`${path}[${index}]`, "instructions are text");
  });
}

const knownOfOutput = new Set(["type", "text", "annotations", "logprobs"]);

/** What an earlier answer said. Its annotations and log probabilities were told to people, not to the model. */
export function assistantContent(
  value: unknown,
  path: string,
): { content: string | TextPart[] | null; refusal: string | undefined } {
  if (typeof value === "string") return { content: value, refusal: undefined };
  const texts: TextPart[] = [];
  let refusal: string | undefined;
  for (const [index, item] of fields.list(value, path).entries()) {
    const at = `${path}[${index}]`;
    const part = fields.object(item, at);
    const type = text(part["type"], `${at}.type`);
    if (type === "refusal") refusal = (refusal ?? "") + text(part["refusal"], `${at}.refusal`);
    else if (type === "output_text" || type === "input_text")
      texts.push({ type: "text", text: text(part["text"], `${at}.text`), ...marks(part, knownOfOutput) });
    else throw new WrongMember(`${at}.type`, `expected output_text or refusal, got ${JSON.stringify(type)}`);
  }
  return { content: texts.length === 0 ? null : simplest(texts), refusal };
}
