import { isSysError, noUsage, toProblem } from "@aiosjs/sdk/protocol";
import type { ChatResult, DeltaEvent, Problem, SysEvent } from "@aiosjs/sdk/protocol";
import { blocksOf, extrasOf, inputOf, messageIdOf, stopOf, toolIdOf, wireUsage } from "./answer.ts";
import type { Members } from "./answer.ts";
import { anthropicDialect } from "./error.ts";
import { ownSignature } from "./signature.ts";

type Completed = Extract<SysEvent, { type: "syscall.completed" }>;
type Prose = "thinking" | "text" | "refusal";

export const pingFrame = 'event: ping\ndata: {"type": "ping"}\n\n';

const frame = (type: string, members: Members): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

export const errorFrame = (problem: Problem): string =>
  `event: error\ndata: ${anthropicDialect.body(problem, null)}\n\n`;

/** Writes the events of one call as the events of one message. */
export interface FrameWriter {
  /** Must be told before the first frame. */
  model: string;
  delta(event: DeltaEvent): string;
  /** What had no delta yet, then why the model stopped and what it took; an error where arguments are no JSON. */
  completed(event: Completed): string;
}

interface Tool {
  id: string | undefined;
  name: string | undefined;
  /** All of them so far; `told` says how many characters the client has. */
  arguments: string;
  told: number;
}

/** Some upstreams of this dialect sign nothing. */
const textIn = (block: Members, name: string): string => (typeof block[name] === "string" ? block[name] : "");

/** A JSON object that is whole cannot grow any more. */
function isWhole(json: string): boolean {
  if (!json.endsWith("}")) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/**
 * Blocks come one after the other although deltas may not: while a tool call is open, what belongs to another one waits
 * until its arguments are whole, and prose until all calls are told.
 */
export function createFrameWriter(about: { call: string; stop: readonly string[] }): FrameWriter {
  let model = "";
  let hasBegun = false;
  let next = 0;
  let open: Prose | Tool | undefined;
  /** White space that may turn out to be the beginning of a text. */
  let blank = "";
  let late: { kind: Prose; text: string }[] = [];
  const tools = new Map<number, Tool>();
  const seen = new Set<Prose>();

  const begin = (): string => {
    if (hasBegun) return "";
    hasBegun = true;
    const message = {
      id: messageIdOf(about.call),
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: wireUsage(noUsage),
    };
    return frame("message_start", { message });
  };

  const start = (block: Members): string => {
    const frames = begin() + frame("content_block_start", { index: next, content_block: block });
    return next === 0 ? frames + pingFrame : frames;
  };
  const piece = (type: string, name: string, text: string): string =>
    `event: content_block_delta\ndata: {"type":"content_block_delta","index":${next},"delta":{"type":"${type}","${name}":${JSON.stringify(text)}}}\n\n`;
  const stop = (): string => frame("content_block_stop", { index: next++ });

  const close = (): string => {
    if (open === undefined) return "";
    const signed = open === "thinking" ? piece("signature_delta", "signature", ownSignature) : "";
    open = undefined;
    return signed + stop();
  };

  const prose = (kind: Prose, text: string): string => {
    let frames = "";
    if (open !== kind) {
      frames += close();
      const block = kind === "thinking" ? { type: kind, thinking: "", signature: "" } : { type: "text", text: "" };
      frames += start(block);
      open = kind;
    }
    return frames + (kind === "thinking" ? piece("thinking_delta", kind, text) : piece("text_delta", "text", text));
  };

  const takeProse = (kind: Prose, text: string): string => {
    if (text === "") return "";
    seen.add(kind);
    if (tools.size > 0) {
      late.push({ kind, text });
      return "";
    }
    if (kind !== "text" || open === "text") return prose(kind, text);
    blank += text;
    if (blank.trim() === "") return "";
    const whole = blank;
    blank = "";
    return prose(kind, whole);
  };

  const openTool = (tool: Tool, index: number): string => {
    const frames = close();
    open = tool;
    tool.id = toolIdOf(tool.id, about.call, index);
    return frames + start({ type: "tool_use", id: tool.id, name: tool.name ?? "", input: {} });
  };

  const tellTool = (tool: Tool): string => {
    const rest = tool.arguments.slice(tool.told);
    tool.told = tool.arguments.length;
    return rest === "" ? "" : piece("input_json_delta", "partial_json", rest);
  };

  /** The next call that waits, if the open one can get no more. `isOver`: none can. */
  const advance = (isOver: boolean): string => {
    let frames = "";
    for (const [index, tool] of tools) {
      if (tool.told < 0) {
        const isBusy = typeof open === "object" && !isOver && !isWhole(open.arguments);
        if (isBusy || (tool.name === undefined && !isOver)) return frames;
        frames += openTool(tool, index);
        tool.told = 0;
      }
      if (tool === open) frames += tellTool(tool);
    }
    return frames;
  };

  const takeTool = (event: Extract<DeltaEvent, { type: "tool-call.delta" }>): string => {
    let tool = tools.get(event.index);
    if (tool === undefined) {
      tool = { id: undefined, name: undefined, arguments: "", told: -1 };
      tools.set(event.index, tool);
    }
    tool.id ??= event.id;
    tool.name ??= event.name;
    tool.arguments += event.arguments;
    return tool === open ? tellTool(tool) : advance(false);
  };

  const delta = (event: DeltaEvent): string => {
    switch (event.type) {
      case "text.delta":
        return takeProse("text", event.text);
      case "reasoning.delta":
        return takeProse("thinking", event.text);
      case "refusal.delta":
        return takeProse("refusal", event.text);
      case "tool-call.delta":
        return takeTool(event);
      case "output.delta": // a program's output, never a model's
        return "";
    }
  };

  const wholeBlock = (block: Members): string => {
    const { type } = block;
    if (type === "text")
      return start({ ...block, text: "" }) + piece("text_delta", "text", textIn(block, "text")) + stop();
    if (type === "thinking")
      return (
        start({ type, thinking: "", signature: "" }) +
        piece("thinking_delta", "thinking", textIn(block, "thinking")) +
        piece("signature_delta", "signature", textIn(block, "signature")) +
        stop()
      );
    if (type === "tool_use")
      return (
        start({ ...block, input: {} }) +
        piece("input_json_delta", "partial_json", JSON.stringify(block["input"])) +
        stop()
      );
    return start(block) + stop();
  };

  /** A core may answer in one piece although deltas were asked for, or tell only some of it in deltas. */
  const remainder = (result: ChatResult): string => {
    const { reasoning, reasoningBlocks, toolCalls, ...rest } = result.message;
    const { foreign, ...whole } = result;
    const untold: ChatResult = {
      ...whole,
      ...(foreign === undefined || seen.size + tools.size > 0 ? {} : { foreign }),
      message: {
        ...rest,
        content: seen.has("text") ? null : rest.content,
        refusal: seen.has("refusal") ? null : rest.refusal,
        ...(reasoning === undefined || seen.has("thinking") ? {} : { reasoning }),
        ...(reasoningBlocks === undefined || seen.has("thinking") ? {} : { reasoningBlocks }),
        ...(toolCalls === undefined || tools.size > 0 ? {} : { toolCalls }),
      },
    };
    return blocksOf(untold, about.call).map(wholeBlock).join("");
  };

  /** What was held back. White space beside tool calls is not told: Anthropic's upstreams refuse it when it comes back. */
  const flush = (): string => {
    let frames = tools.size === 0 && blank !== "" ? prose("text", blank) : "";
    frames += advance(true);
    const said = (["thinking", "text", "refusal"] as const).map((kind) => ({
      kind,
      text: late.filter((one) => one.kind === kind).map(({ text }) => text),
    }));
    late = [];
    for (const { kind, text } of said) if (text.join("").trim() !== "") frames += prose(kind, text.join(""));
    return frames + close();
  };

  return {
    get model() {
      return model;
    },
    set model(name: string) {
      model = name;
    },
    delta,
    completed({ result, usage }) {
      const chat = result as ChatResult;
      let frames = begin() + flush();
      try {
        for (const tool of tools.values())
          inputOf({ name: tool.name ?? "", arguments: tool.arguments }, chat.finishReason);
        frames += remainder(chat);
      } catch (cause) {
        if (!isSysError(cause)) throw cause;
        return frames + errorFrame(toProblem(cause));
      }
      return (
        frames +
        frame("message_delta", {
          delta: { ...stopOf(chat, about.stop), ...extrasOf(chat) },
          usage: wireUsage(usage, chat),
        }) +
        frame("message_stop", {})
      );
    },
  };
}
