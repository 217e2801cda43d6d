import type { AssistantMessage } from "@aiosjs/sdk/protocol";
import * as fields from "../openai/fields.ts";
import { checkShape } from "../shape.ts";
import { dialect } from "./tables.ts";

type Block = NonNullable<AssistantMessage["reasoningBlocks"]>[number];

/**
 * Blocks of other dialects travel inside `encrypted_content`, which clients hand back unread: signed thinking of a
 * Claude model comes back to it as it left. Nothing is encrypted: who signs a block looks at it when it comes back.
 */
const prefix = "aios:";
const pack = (blocks: readonly Block[]): string =>
  prefix + Buffer.from(JSON.stringify(blocks), "utf8").toString("base64url");

function unpack(content: string): Block[] {
  try {
    const blocks: unknown = JSON.parse(Buffer.from(content.slice(prefix.length), "base64url").toString("utf8"));
    if (!Array.isArray(blocks)) return [];
    checkShape(blocks);
    return blocks.filter(isBlock);
  } catch {
    return []; // cut or changed on its way: the summary still says what was thought
  }
}

const isBlock = (block: unknown): block is Block => {
  const { dialect: name, value } = (block ?? {}) as { dialect?: unknown; value?: unknown };
  return typeof name === "string" && typeof value === "object" && value !== null && !Array.isArray(value);
};

const textsOf = (value: unknown, path: string): string[] =>
  value === undefined || value === null
    ? []
    : fields
        .list(value, path)
        .map((item, index) => fields.text(fields.object(item, `${path}[${index}]`)["text"], `${path}[${index}].text`));

/** A reasoning item of an earlier answer. */
export function readReasoning(
  item: fields.Members,
  path: string,
): Pick<AssistantMessage, "reasoning" | "reasoningBlocks"> {
  const texts = [...textsOf(item["summary"], `${path}.summary`), ...textsOf(item["content"], `${path}.content`)];
  const content = fields.optionalText(item["encrypted_content"], `${path}.encrypted_content`);
  const blocks =
    content === undefined
      ? []
      : content.startsWith(prefix)
        ? unpack(content)
        : [{ dialect, value: item as Record<string, unknown> }];
  return {
    ...(texts.length === 0 ? {} : { reasoning: texts.join("\n\n") }),
    ...(blocks.length === 0 ? {} : { reasoningBlocks: blocks }),
  };
}

/** What must come back for an upstream to read its own thoughts again. */
export function encryptedContent({ reasoningBlocks }: AssistantMessage): { encrypted_content?: string } {
  const blocks = reasoningBlocks?.filter((block) => block.dialect !== dialect) ?? [];
  return blocks.length === 0 ? {} : { encrypted_content: pack(blocks) };
}

/** Reasoning items of an upstream of this dialect, as they came. */
export const ownItems = ({ reasoningBlocks = [] }: AssistantMessage): Record<string, unknown>[] =>
  reasoningBlocks.filter((block) => block.dialect === dialect).map(({ value }) => value);
