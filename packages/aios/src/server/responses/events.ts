import type { ChatResult, DeltaEvent, Problem, SysEvent } from "@aiosjs/sdk/protocol";
import { sentence } from "../dialect.ts";
import type { Members } from "../openai/fields.ts";
import {
  callItem,
  itemId,
  messageItem,
  reasoningItem,
  refusalPart,
  statusOf,
  summaryPart,
  textOf,
  textPart,
} from "./output.ts";
import type { Item } from "./output.ts";
import { encryptedContent, ownItems } from "./reasoning.ts";
import { toResponse } from "./response.ts";
import type { ResponseOf, Standing } from "./response.ts";
import { toInput } from "./tools.ts";

type Completed = Extract<SysEvent, { type: "syscall.completed" }>;

/** Writes the events of one call as the events of one response: text for the socket, without an object per token. */
export interface EventWriter {
  /** `response.created` and `response.in_progress`. */
  begun(): string;
  delta(event: DeltaEvent): string;
  /** What had no delta yet, the ends of all items, and the whole response. */
  completed(event: Completed): string;
  failed(problem: Problem): string;
}

/** A text that grows in pieces within an item: a part of a message, or of a summary. */
interface OpenPart {
  readonly kind: "text" | "refusal" | "summary";
  /** The event of a piece, up to the piece. */
  readonly head: string;
  readonly at: string;
  text: string;
}

interface OpenItem {
  readonly kind: "reasoning" | "message";
  readonly id: string;
  /** Place in the output. */
  readonly index: number;
  readonly parts: Item[];
  part: OpenPart | undefined;
}

interface OpenCall {
  readonly place: number;
  /** The model's number of it. */
  readonly index: number;
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly isCustom: boolean;
  arguments: string;
}

export function createEventWriter(about: ResponseOf): EventWriter {
  const { call, echo } = about;
  const { known } = echo;
  const output: Item[] = [];
  const calls = new Map<number, OpenCall>();
  const seen = { text: false, reasoning: false, refusal: false };
  let sequence = 0;
  let reasoning: OpenItem | undefined;
  let message: OpenItem | undefined;
  let messages = 0;

  /** `members` is JSON without its braces. */
  const frame = (type: string, members: string): string =>
    `event: ${type}\ndata: {"type":"${type}",${members},"sequence_number":${sequence++}}\n\n`;
  const itemFrame = (type: "added" | "done", index: number, item: Item): string =>
    frame(`response.output_item.${type}`, `"output_index":${index},"item":${JSON.stringify(item)}`);
  const whole = (type: string, response: Members): string => frame(type, `"response":${JSON.stringify(response)}`);

  const openItem = (kind: OpenItem["kind"], id: string, item: Item): { item: OpenItem; frames: string } => {
    const opened: OpenItem = { kind, id, index: output.length, parts: [], part: undefined };
    output.push(item);
    return { item: opened, frames: itemFrame("added", opened.index, item) };
  };

  const openPart = (item: OpenItem, kind: OpenPart["kind"]): string => {
    const isSummary = kind === "summary";
    const place = `"${isSummary ? "summary" : "content"}_index":${item.parts.length}`;
    const at = `"item_id":"${item.id}","output_index":${item.index},${place}`;
    const type = {
      text: "response.output_text",
      refusal: "response.refusal",
      summary: "response.reasoning_summary_text",
    };
    const head = `event: ${type[kind]}.delta\ndata: {"type":"${type[kind]}.delta",${at},"delta":`;
    item.part = { kind, head, at, text: "" };
    return frame(
      isSummary ? "response.reasoning_summary_part.added" : "response.content_part.added",
      `${at},"part":${JSON.stringify(partOf(item.part))}`,
    );
  };

  const closePart = (item: OpenItem): string => {
    const { part } = item;
    if (!part) return "";
    item.part = undefined;
    const done = partOf(part);
    item.parts.push(done);
    const text = JSON.stringify(part.text);
    const ended = {
      text: () => frame("response.output_text.done", `${part.at},"text":${text},"logprobs":[]`),
      refusal: () => frame("response.refusal.done", `${part.at},"refusal":${text}`),
      summary: () => frame("response.reasoning_summary_text.done", `${part.at},"text":${text}`),
    }[part.kind]();
    const type = part.kind === "summary" ? "response.reasoning_summary_part.done" : "response.content_part.done";
    return ended + frame(type, `${part.at},"part":${JSON.stringify(done)}`);
  };

  const closeItem = (item: OpenItem, finished: Item): string => {
    output[item.index] = finished;
    return itemFrame("done", item.index, finished);
  };

  const closeMessage = (status: "completed" | "incomplete"): string => {
    if (!message) return "";
    const closed = message;
    message = undefined;
    return closePart(closed) + closeItem(closed, messageItem(closed.id, status, closed.parts));
  };

  const piece = (item: OpenItem, kind: OpenPart["kind"], text: string): string => {
    let frames = "";
    if (item.part?.kind !== kind) frames = closePart(item) + openPart(item, kind);
    const part = item.part as OpenPart;
    part.text += text;
    const tail = kind === "text" ? ',"logprobs":[]' : "";
    return `${frames}${part.head}${JSON.stringify(text)}${tail},"sequence_number":${sequence++}}\n\n`;
  };

  const say = (kind: "text" | "refusal", text: string): string => {
    let frames = reasoning ? closePart(reasoning) : "";
    if (!message) {
      const id = itemId("msg", call, messages++);
      const opened = openItem("message", id, messageItem(id, "in_progress", []));
      message = opened.item;
      frames += opened.frames;
    }
    return frames + piece(message, kind, text);
  };

  /** Stays open to the end: what its upstream needs to read it again is known only then. */
  const think = (text: string): string => {
    let frames = "";
    if (!reasoning) {
      const id = itemId("rs", call, 0);
      const opened = openItem("reasoning", id, reasoningItem(id, []));
      reasoning = opened.item;
      frames = opened.frames;
    }
    return frames + piece(reasoning, "summary", text);
  };

  const callDelta = (event: Extract<DeltaEvent, { type: "tool-call.delta" }>): string => {
    let frames = "";
    let made = calls.get(event.index);
    if (!made) {
      if (reasoning) frames += closePart(reasoning);
      // Items end in their order: behind reasoning that is still open, a text stays open too.
      if (!reasoning) frames += closeMessage("completed");
      const begun = { id: event.id ?? "", name: event.name ?? "", arguments: "" };
      const item = callItem(begun, { of: call, index: event.index, status: "in_progress", known });
      const isCustom = item["type"] === "custom_tool_call";
      made = {
        place: output.length,
        index: event.index,
        id: item["id"] as string,
        callId: begun.id,
        name: begun.name,
        isCustom,
        arguments: "",
      };
      calls.set(event.index, made);
      output.push(item);
      frames += itemFrame("added", made.place, item);
    }
    made.arguments += event.arguments;
    // The input of a custom tool stands inside of JSON, whose pieces are not its pieces: it comes whole.
    if (made.isCustom || event.arguments === "") return frames;
    const at = `"item_id":"${made.id}","output_index":${made.place}`;
    return frames + frame("response.function_call_arguments.delta", `${at},"delta":${JSON.stringify(event.arguments)}`);
  };

  const closeCall = (made: OpenCall): string => {
    const at = `"item_id":"${made.id}","output_index":${made.place}`;
    const done = callItem(
      { id: made.callId, name: made.name, arguments: made.arguments },
      { of: call, index: made.index, status: "completed", known },
    );
    output[made.place] = done;
    const text = JSON.stringify(made.isCustom ? toInput(made.arguments) : made.arguments);
    const ended = made.isCustom
      ? frame("response.custom_tool_call_input.delta", `${at},"delta":${text}`) +
        frame("response.custom_tool_call_input.done", `${at},"input":${text}`)
      : frame(
          "response.function_call_arguments.done",
          `${at},"name":${JSON.stringify(done["name"])},"arguments":${text}`,
        );
    return ended + itemFrame("done", made.place, done);
  };

  const delta = (event: DeltaEvent): string => {
    switch (event.type) {
      case "text.delta":
        seen.text = true;
        return say("text", event.text);
      case "refusal.delta":
        seen.refusal = true;
        return say("refusal", event.text);
      case "reasoning.delta":
        seen.reasoning = true;
        return think(event.text);
      case "tool-call.delta":
        return callDelta(event);
      case "output.delta": // a program's output, never a model's
        return "";
    }
  };

  /** A core may answer in one piece although deltas were asked for. */
  const remainder = ({ message: said }: ChatResult): string => {
    let frames = "";
    const text = textOf(said.content);
    if (!seen.reasoning && said.reasoning !== undefined && said.reasoning !== "") frames += think(said.reasoning);
    if (!seen.text && text !== "") frames += say("text", text);
    if (!seen.refusal && typeof said.refusal === "string" && said.refusal !== "")
      frames += say("refusal", said.refusal);
    if (calls.size === 0)
      for (const [index, made] of (said.toolCalls ?? []).entries())
        frames += callDelta({
          type: "tool-call.delta",
          index,
          id: made.id,
          name: made.name,
          arguments: made.arguments,
        });
    return frames;
  };

  const closeReasoning = (said: ChatResult["message"]): string => {
    const encrypted = encryptedContent(said);
    if (!reasoning) {
      // Thoughts without a word that is shown.
      const hidden = [
        ...ownItems(said),
        ...("encrypted_content" in encrypted ? [reasoningItem(itemId("rs", call, 0), [], encrypted)] : []),
      ];
      return hidden
        .map((item) => {
          output.push(item);
          return itemFrame("added", output.length - 1, item) + itemFrame("done", output.length - 1, item);
        })
        .join("");
    }
    const closed = reasoning;
    reasoning = undefined;
    const parts = closePart(closed);
    const [own] = ownItems(said);
    const more = own ? { encrypted_content: own["encrypted_content"] } : encrypted;
    return parts + closeItem(closed, reasoningItem(closed.id, closed.parts, more));
  };

  return {
    begun() {
      const response = toResponse(about, { is: "in_progress" });
      return whole("response.created", response) + whole("response.in_progress", response);
    },
    delta,
    completed({ result, usage, timing }) {
      const chat = result as ChatResult;
      const status = statusOf(chat.finishReason);
      let frames = remainder(chat) + closeReasoning(chat.message) + closeMessage(status);
      for (const made of calls.values()) frames += closeCall(made);
      const standing: Standing = { is: "done", result: chat, usage, endedAtMs: timing.endedAt, output };
      return frames + whole(`response.${status}`, toResponse(about, standing));
    },
    failed(problem) {
      // Agents read the one, the official client throws at the other.
      const response = toResponse(about, { is: "failed", problem, output: finished(output) });
      const error = (response["error"] ?? { code: "cancelled", message: sentence(problem) }) as Item;
      const text = JSON.stringify({ ...error, param: null }).slice(1, -1);
      const nested = `"error":{"type":"server_error",${text}}`;
      return whole("response.failed", { ...response, status: "failed", error }) + frame("error", `${text},${nested}`);
    },
  };
}

/** Items that were not ended are not told as if they were. */
const finished = (output: readonly Item[]): Item[] => output.filter(({ status }) => status === "completed");

function partOf({ kind, text }: OpenPart): Item {
  if (kind === "summary") return summaryPart(text);
  return kind === "text" ? textPart(text) : refusalPart(text);
}
