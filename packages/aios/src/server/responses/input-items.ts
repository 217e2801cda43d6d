import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";
import { itemId, outputItems } from "./output.ts";
import type { Item } from "./output.ts";
import type { KnownTools } from "./tools.ts";

type Content = Extract<Message, { role: "user" | "tool" }>["content"];

const partsOf = (content: Content): Item[] => {
  if (typeof content === "string") return [{ type: "input_text", text: content }];
  return content.map((part) => {
    switch (part.type) {
      case "text":
        return { type: "input_text", text: part.text, ...part.foreign?.members };
      case "image":
        return { type: "input_image", detail: part.detail ?? "auto", image_url: part.url, ...part.foreign?.members };
      case "file":
        return {
          type: "input_file",
          ...(part.filename === undefined ? {} : { filename: part.filename }),
          ...(part.url.startsWith("data:") ? { file_data: part.url } : { file_url: part.url }),
          ...part.foreign?.members,
        };
      case "foreign":
        return part.value as Item;
    }
  });
};

/**
 * What a model was given for a response, as items in order: its instructions apart, with what came from earlier ones.
 * Made of the messages, which are what the journal keeps; so a turn's texts are one item, and ids are ours.
 */
export function inputItems(
  { messages }: Pick<ChatArgs, "messages">,
  about: { call: string; known: KnownTools; hasInstructions: boolean },
): Item[] {
  const { call, known, hasInstructions } = about;
  const items: Item[] = [];
  const customCalls = new Set<string>();
  for (const message of messages.slice(hasInstructions ? 1 : 0)) {
    switch (message.role) {
      case "system":
      case "developer":
      case "user":
        items.push({ type: "message", status: "completed", role: message.role, content: partsOf(message.content) });
        break;
      case "assistant": {
        const made = outputItems({ message, finishReason: "stop" }, { call, known });
        for (const item of made) if (item["type"] === "custom_tool_call") customCalls.add(item["call_id"] as string);
        items.push(...made);
        break;
      }
      case "tool":
        items.push({
          type: customCalls.has(message.callId) ? "custom_tool_call_output" : "function_call_output",
          status: "completed",
          call_id: message.callId,
          output: typeof message.content === "string" ? message.content : partsOf(message.content),
        });
        break;
    }
  }
  return items.map((item, index) => ({ ...item, id: itemId("in", call, index) }));
}
