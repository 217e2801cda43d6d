import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";
import type { ChatHistoryItem, ChatModelFunctionCall, ChatModelResponse } from "node-llama-cpp";
import { leaveOut } from "./members.ts";

interface Place {
  readonly core: string;
  /** Takes what was left out, by name. */
  readonly leftOut: Set<string>;
}

/**
 * Messages as the library's chat templates take them: a model's turn holds its calls together with their results.
 * The last item is the model's, for it is the one that goes on.
 * @throws SysError EINVAL for images, files and parts of another dialect.
 */
export function toHistory(messages: ChatArgs["messages"], { core, leftOut }: Place): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = [];
  const calls = new Map<string, ChatModelFunctionCall>();
  const modelTurn = (): ChatModelResponse["response"] => {
    const last = history.at(-1);
    if (last?.type === "model") return last.response;
    const response: ChatModelResponse["response"] = [];
    history.push({ type: "model", response });
    return response;
  };
  for (const message of messages) {
    leaveOut(message.foreign, core, leftOut);
    if (message.role !== "tool" && message.name !== undefined) leftOut.add("name");
    switch (message.role) {
      case "system":
      case "developer":
        history.push({ type: "system", text: textOf(message.content, { core, leftOut }) });
        break;
      case "user":
        history.push({ type: "user", text: textOf(message.content, { core, leftOut }) });
        break;
      case "assistant": {
        const turn = modelTurn();
        const { reasoning, refusal, content, toolCalls = [] } = message;
        if (reasoning) turn.push({ type: "segment", segmentType: "thought", text: reasoning, ended: true });
        const said = textOf(content ?? "", { core, leftOut }) || (refusal ?? "");
        if (said !== "") turn.push(said);
        for (const [index, { id, name, arguments: json }] of toolCalls.entries()) {
          const call: ChatModelFunctionCall = {
            type: "functionCall",
            name,
            params: parsed(json),
            result: undefined,
            ...(index === 0 ? { startsNewChunk: true } : {}),
          };
          calls.set(id, call);
          turn.push(call);
        }
        break;
      }
      case "tool": {
        const call = calls.get(message.callId);
        if (!call)
          throw new SysError("EINVAL", `a tool message answers "${message.callId}", which no message before it calls`, {
            hint: "the assistant's message with the tool call comes before the tool's answer",
          });
        call.result = parsed(textOf(message.content, { core, leftOut }));
        break;
      }
    }
  }
  modelTurn();
  return history;
}

type Content = Exclude<Extract<Message, { role: "user" | "tool" }>["content"], never>;

function textOf(content: Content, { core, leftOut }: Place): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => {
      if (part.type !== "text") {
        throw new SysError(
          "EINVAL",
          `core ${core} is a local model that reads text, not a message part of type ${part.type}`,
          {
            hint: "send text, or name a core that takes it",
          },
        );
      }
      leaveOut(part.foreign, core, leftOut);
      return part.text;
    })
    .join("");
}

/** Arguments and results are JSON where they can be; what is not is text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
