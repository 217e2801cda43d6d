import type { AssistantMessage, Message, ToolCall } from "@aiosjs/sdk/protocol";
import { copyMore, object, text, wrong, WrongMember } from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { carried, dialect } from "./hints.ts";
import { marksOf, textPart, toolMessage, userPart } from "./parts.ts";
import type { TextPart, UserPart } from "./parts.ts";
import { isSigned } from "./signature.ts";

const knownOfTurn = new Set(["role", "content"]);
const knownOfCall = new Set(["type", "id", "name", "input"]);

function blocksOf(content: unknown, path: string): readonly Members[] {
  if (!Array.isArray(content)) throw wrong(path, "a string or an array of blocks", content);
  return content.map((item, index) => object(item, `${path}.${index}`));
}

/** `system`, or a message of that role. A block that is no text (tools added or removed) leaves its turn to its own dialect. */
export function systemMessage(content: unknown, path: string, marks: Members = {}): Message {
  const foreign: Record<string, unknown> = {};
  copyMore(marks, knownOfTurn, foreign);
  if (content === undefined || content === null) return { role: "system", content: [], ...carried(foreign) };
  if (typeof content === "string") return { role: "system", content, ...carried(foreign) };
  const parts: TextPart[] = [];
  for (const [index, block] of blocksOf(content, path).entries()) {
    const type = text(block["type"], `${path}.${index}.type`);
    if (type === "text") parts.push(textPart(block, `${path}.${index}`));
    else foreign["content"] = content;
  }
  return { role: "system", content: parts, ...carried(foreign) };
}

/** A user's turn: each result of a tool is a message, and so is what stands between them. */
function userMessages(content: unknown, path: string): Message[] {
  if (typeof content === "string") return [{ role: "user", content }];
  const messages: Message[] = [];
  let run: UserPart[] | undefined;
  for (const [index, block] of blocksOf(content, path).entries()) {
    if (block["type"] === "tool_result") {
      messages.push(toolMessage(block, `${path}.${index}`));
      run = undefined;
      continue;
    }
    if (run === undefined) messages.push({ role: "user", content: (run = []) });
    run.push(userPart(block, `${path}.${index}`));
  }
  return messages.length === 0 ? [{ role: "user", content: [] }] : messages;
}

function toolCall(block: Members, path: string): ToolCall {
  return {
    id: text(block["id"], `${path}.id`),
    name: text(block["name"], `${path}.name`),
    arguments: JSON.stringify(block["input"] ?? {}),
    ...marksOf(block, knownOfCall),
  };
}

const isOwnThinking = (block: Members): boolean => block["type"] === "thinking" && !isSigned(block["signature"]);

/** The order that the form keeps. */
const rank: Readonly<Record<string, number>> = { thinking: 0, redacted_thinking: 0, text: 1, tool_use: 2 };

/** An assistant's turn. One whose order or blocks the form cannot keep stands whole in `foreign`, too. */
function assistantMessage(content: unknown, path: string): AssistantMessage {
  if (typeof content === "string") return { role: "assistant", content };
  const thoughts: string[] = [];
  const theirs: { dialect: string; value: Record<string, unknown> }[] = [];
  const parts: TextPart[] = [];
  const calls: ToolCall[] = [];
  let isKept = true;
  let reached = 0;
  const blocks = blocksOf(content, path);
  for (const [index, block] of blocks.entries()) {
    const at = `${path}.${index}`;
    const type = text(block["type"], `${at}.type`);
    // Thoughts of other models have no order that anybody depends on.
    if (!isOwnThinking(block)) {
      const place = rank[type];
      if (place === undefined || place < reached) isKept = false;
      reached = place ?? reached;
    }
    if (type === "thinking") thoughts.push(text(block["thinking"], `${at}.thinking`));
    if (type === "text") parts.push(textPart(block, at));
    else if (type === "tool_use") calls.push(toolCall(block, at));
    else if (rank[type] === 0 && !isOwnThinking(block)) theirs.push({ dialect, value: { ...block } });
  }
  const reasoning = thoughts.filter((thought) => thought !== "").join("\n\n");
  return {
    role: "assistant",
    content: parts.length === 0 ? null : parts,
    ...(calls.length === 0 ? {} : { toolCalls: calls }),
    ...(reasoning === "" ? {} : { reasoning }),
    ...(theirs.length === 0 ? {} : { reasoningBlocks: theirs }),
    ...carried(isKept ? {} : { content: blocks.filter((block) => !isOwnThinking(block)) }),
  };
}

/** One item of `messages` in the kernel's form. */
export function toMessages(item: unknown, path: string): Message[] {
  const turn = object(item, path);
  const { role, content } = turn;
  if (role === "system") return [systemMessage(content, `${path}.content`, turn)];
  if (role !== "user" && role !== "assistant")
    throw new WrongMember(
      `${path}.role`,
      `expected user, assistant or system, got ${JSON.stringify(role) ?? "nothing"}`,
    );
  for (const name in turn)
    if (!knownOfTurn.has(name) && turn[name] !== null)
      throw new WrongMember(`${path}.${name}`, "Extra inputs are not permitted");
  if (content === undefined) throw new WrongMember(`${path}.content`, "Field required");
  return role === "user" ? userMessages(content, `${path}.content`) : [assistantMessage(content, `${path}.content`)];
}

/** `messages` without the thoughts that their upstream never had; the same array where there are none. */
export function withoutOwnThinking(messages: readonly unknown[]): readonly unknown[] {
  const holds = ({ content }: Members): boolean =>
    Array.isArray(content) && content.some((block) => isOwnThinking(block as Members));
  if (!messages.some((turn) => holds(turn as Members))) return messages;
  return messages.flatMap((item) => {
    const turn = item as Members;
    if (!holds(turn)) return [turn];
    const content = (turn["content"] as Members[]).filter((block) => !isOwnThinking(block));
    return content.length === 0 ? [] : [{ ...turn, content }];
  });
}
