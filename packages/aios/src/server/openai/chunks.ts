import type { ChatResult, DeltaEvent, SysEvent } from "@aiosjs/sdk/protocol";
import { finishReason, foreignOf, wireMessage, wireUsage } from "./answer.ts";

type Completed = Extract<SysEvent, { type: "syscall.completed" }>;

const doneFrame = "data: [DONE]\n\n";

/** Writes the events of one call as the chunks of one answer: text for the socket, without an object per token. */
export interface ChunkWriter {
  /** Must be told before the first chunk; a repeated attempt may be another model's. */
  model: string;
  delta(event: DeltaEvent): string;
  /** What had no delta yet, the finish reason, the usage if it was asked for, and `[DONE]`. */
  completed(event: Completed): string;
}

export function createChunkWriter(about: { id: string; created: number; includesUsage: boolean }): ChunkWriter {
  // OpenAI sends `usage: null` with every chunk but the last when the usage was asked for.
  const tail = about.includesUsage ? ',"usage":null}\n\n' : "}\n\n";
  const afterDelta = `},"logprobs":null,"finish_reason":null}]${tail}`;
  let model = "";
  let head = "";
  let beforeDelta = "";
  let hasBegun = false;
  const seen = { text: false, reasoning: false, refusal: false, tools: false };

  const begin = (): string => {
    if (hasBegun) return "";
    hasBegun = true;
    return `${beforeDelta}"role":"assistant","content":"","refusal":null${afterDelta}`;
  };
  const chunk = (members: string): string => `${begin()}${beforeDelta}${members}${afterDelta}`;

  const delta = (event: DeltaEvent): string => {
    switch (event.type) {
      case "text.delta":
        seen.text = true;
        return chunk(`"content":${JSON.stringify(event.text)}`);
      case "reasoning.delta":
        seen.reasoning = true;
        return chunk(`"reasoning_content":${JSON.stringify(event.text)}`);
      case "refusal.delta":
        seen.refusal = true;
        return chunk(`"refusal":${JSON.stringify(event.text)}`);
      case "tool-call.delta": {
        seen.tools = true;
        const id = event.id === undefined ? "" : `,"id":${JSON.stringify(event.id)},"type":"function"`;
        const name = event.name === undefined ? "" : `"name":${JSON.stringify(event.name)},`;
        return chunk(
          `"tool_calls":[{"index":${event.index}${id},"function":{${name}"arguments":${JSON.stringify(event.arguments)}}}]`,
        );
      }
      case "output.delta": // a program's output, never a model's
        return "";
    }
  };

  /** A core may answer in one piece although deltas were asked for. */
  const remainder = ({ message }: ChatResult, content: unknown): string => {
    let frames = "";
    if (!seen.reasoning && message.reasoning !== undefined && message.reasoning !== "")
      frames += delta({ type: "reasoning.delta", text: message.reasoning });
    if (!seen.text && typeof content === "string" && content !== "")
      frames += delta({ type: "text.delta", text: content });
    if (!seen.refusal && typeof message.refusal === "string" && message.refusal !== "")
      frames += delta({ type: "refusal.delta", text: message.refusal });
    if (!seen.tools)
      for (const [index, call] of (message.toolCalls ?? []).entries())
        frames += delta({ type: "tool-call.delta", index, ...call });
    return frames;
  };

  /** `tool_calls` whole, as the upstream sent them: in a stream each piece is named by its index. */
  const lastDelta = (members: Record<string, unknown>): string => {
    const { tool_calls: calls, ...rest } = members;
    if (!Array.isArray(calls)) return JSON.stringify(rest);
    const pieces = calls.map((call: object, index) => {
      const { function: _arguments, ...marks } = call as Record<string, unknown>;
      return { index, ...marks };
    });
    return JSON.stringify({ ...rest, tool_calls: pieces });
  };

  return {
    get model() {
      return model;
    },
    set model(name: string) {
      model = name;
      head = `data: {"id":${JSON.stringify(about.id)},"object":"chat.completion.chunk","created":${about.created},"model":${JSON.stringify(name)},`;
      beforeDelta = `${head}"choices":[{"index":0,"delta":{`;
    },
    delta,
    completed({ result, usage }) {
      const chat = result as ChatResult;
      const foreign = foreignOf(chat);
      let frames = remainder(chat, wireMessage(chat)["content"]) + begin();
      const choice = { logprobs: null, finish_reason: finishReason(chat), ...foreign.choice };
      const extra = Object.keys(foreign.answer).length === 0 ? "" : `,${JSON.stringify(foreign.answer).slice(1, -1)}`;
      frames += `${head}"choices":[{"index":0,"delta":${lastDelta(foreign.message)},${JSON.stringify(choice).slice(1)}]${extra}${tail}`;
      if (about.includesUsage) frames += `${head}"choices":[],"usage":${JSON.stringify(wireUsage(usage))}}\n\n`;
      return frames + doneFrame;
    },
  };
}
