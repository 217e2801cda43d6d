import type { AssistantMessage } from "../syscalls/llm.ts";

/** What a model said, without its tool calls and reasoning. */
export function messageText({ content }: AssistantMessage): string {
  if (typeof content === "string") return content;
  return content?.map(({ text }) => text).join("") ?? "";
}
