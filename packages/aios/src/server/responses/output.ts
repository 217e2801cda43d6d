import type { ChatResult } from "@aiosjs/sdk/protocol";
import { encryptedContent, ownItems } from "./reasoning.ts";
import { toInput } from "./tools.ts";
import type { KnownTool, KnownTools } from "./tools.ts";

export type Item = Readonly<Record<string, unknown>>;

export const responsePrefix = "resp_";
export const responseId = (call: string): string => responsePrefix + call;
/** Ids of items say whose they are, so that a reference finds them without an index. */
export const itemId = (kind: "rs" | "msg" | "fc" | "ctc" | "in", call: string, index: number): string =>
  `${kind}_${call}_${index}`;

export const summaryPart = (text: string): Item => ({ type: "summary_text", text });
export const textPart = (text: string): Item => ({ type: "output_text", annotations: [], logprobs: [], text });
export const refusalPart = (refusal: string): Item => ({ type: "refusal", refusal });

type Status = "in_progress" | "completed" | "incomplete";

export const reasoningItem = (id: string, summary: readonly Item[], more: Item = {}): Item => ({
  id,
  type: "reasoning",
  summary,
  ...more,
});

export const messageItem = (id: string, status: Status, content: readonly Item[]): Item => ({
  id,
  type: "message",
  status,
  role: "assistant",
  content,
});

/** A call of a tool. `arguments` are those that the model wrote. */
export function callItem(
  call: { id: string; name: string; arguments: string },
  about: { of: string; index: number; status: Status; known: KnownTools },
): Item {
  const { of, index, status, known } = about;
  const tool: KnownTool = (Object.hasOwn(known, call.name) ? known[call.name] : undefined) ?? {
    type: "function",
    name: call.name,
  };
  const namespace = tool.namespace === undefined ? {} : { namespace: tool.namespace };
  const common = { status, call_id: call.id, name: tool.name, ...namespace };
  return tool.type === "custom"
    ? {
        id: itemId("ctc", of, index),
        type: "custom_tool_call",
        ...common,
        // Before the end there is no input yet.
        input: status === "in_progress" ? "" : toInput(call.arguments),
      }
    : { id: itemId("fc", of, index), type: "function_call", ...common, arguments: call.arguments };
}

export const textOf = (content: ChatResult["message"]["content"]): string =>
  content === null ? "" : typeof content === "string" ? content : content.map(({ text }) => text).join("");

/** The items of an answer: reasoning, then text, then calls. */
export function outputItems(
  { message, finishReason }: Pick<ChatResult, "message" | "finishReason">,
  { call, known }: { call: string; known: KnownTools },
): Item[] {
  const items: Item[] = [...ownItems(message)];
  const encrypted = encryptedContent(message);
  const isThought = message.reasoning !== undefined || "encrypted_content" in encrypted;
  if (items.length === 0 && isThought) {
    const summary = message.reasoning === undefined ? [] : [summaryPart(message.reasoning)];
    items.push(reasoningItem(itemId("rs", call, 0), summary, encrypted));
  }
  const text = textOf(message.content);
  const parts = [
    ...(text === "" ? [] : [textPart(text)]),
    ...(typeof message.refusal === "string" && message.refusal !== "" ? [refusalPart(message.refusal)] : []),
  ];
  if (parts.length > 0) items.push(messageItem(itemId("msg", call, 0), statusOf(finishReason), parts));
  for (const [index, made] of (message.toolCalls ?? []).entries())
    items.push(callItem(made, { of: call, index, status: "completed", known }));
  return items;
}

export const statusOf = (reason: ChatResult["finishReason"]): "completed" | "incomplete" =>
  reason === "length" || reason === "content-filter" ? "incomplete" : "completed";
