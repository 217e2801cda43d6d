import { SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, DeltaEvent, Message, Tool, Usage } from "@aiosjs/sdk/protocol";

type Body = Readonly<Record<string, unknown>>;

/** The OpenAI chat request as arguments of `llm.chat`: what the simulation understands of it. @throws SysError EINVAL */
export function readRequest(body: unknown): { args: ChatArgs; user: string | undefined; wantsUsage: boolean } {
  if (!isRecord(body)) throw new SysError("EINVAL", "the body is not a JSON object");
  const { model, messages } = body;
  if (typeof model !== "string") throw new SysError("EINVAL", "model is missing");
  if (!Array.isArray(messages) || messages.length === 0) throw new SysError("EINVAL", "messages is missing or empty");
  if (typeof body["n"] === "number" && body["n"] > 1) throw new SysError("EINVAL", "n above 1 is not simulated");
  const maxTokens = body["max_completion_tokens"] ?? body["max_tokens"];
  const { stop, seed, user, stream_options: streamOptions } = body;
  const args: ChatArgs = {
    model,
    messages: messages.map(readMessage),
    ...(Array.isArray(body["tools"]) ? { tools: body["tools"].map(readTool) } : {}),
    ...readToolChoice(body["tool_choice"]),
    ...(typeof body["parallel_tool_calls"] === "boolean" ? { parallelToolCalls: body["parallel_tool_calls"] } : {}),
    ...readForm(body["response_format"]),
    ...(typeof maxTokens === "number" && maxTokens >= 1 ? { maxTokens: Math.floor(maxTokens) } : {}),
    ...(typeof stop === "string" ? { stop: [stop] } : Array.isArray(stop) ? { stop: stop.map(String) } : {}),
    ...(typeof seed === "number" ? { seed } : {}),
    ...(typeof body["reasoning_effort"] === "string" ? { reasoningEffort: body["reasoning_effort"] } : {}),
    stream: body["stream"] === true,
  };
  return {
    args,
    user: typeof user === "string" ? user : undefined,
    wantsUsage: isRecord(streamOptions) && streamOptions["include_usage"] === true,
  };
}

function readMessage(given: unknown, index: number): Message {
  if (!isRecord(given)) throw new SysError("EINVAL", `messages[${index}] is not an object`);
  const { role } = given;
  const content = readContent(given["content"]);
  switch (role) {
    case "system":
    case "developer":
    case "user":
      return { role, content };
    case "tool":
    case "function":
      return { role: "tool", callId: textOr(given["tool_call_id"] ?? given["name"], ""), content };
    case "assistant": {
      const calls = Array.isArray(given["tool_calls"]) ? given["tool_calls"].filter(isRecord) : [];
      const toolCalls = calls.map((call) => {
        const { name, arguments: json } = isRecord(call["function"]) ? call["function"] : {};
        return { id: textOr(call["id"], ""), name: textOr(name, ""), arguments: textOr(json, "{}") };
      });
      return { role, content, ...(toolCalls.length > 0 ? { toolCalls } : {}) };
    }
    default:
      throw new SysError("EINVAL", `messages[${index}] has the unknown role ${JSON.stringify(role)}`);
  }
}

function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) => (isRecord(part) && typeof part["text"] === "string" ? part["text"] : "[part]"))
    .join("\n");
}

function readTool(given: unknown): Tool {
  const tool = isRecord(given) && isRecord(given["function"]) ? given["function"] : {};
  if (typeof tool["name"] !== "string") throw new SysError("EINVAL", "a tool without a function name");
  return {
    name: tool["name"],
    ...(typeof tool["description"] === "string" ? { description: tool["description"] } : {}),
    ...(isRecord(tool["parameters"]) ? { parameters: tool["parameters"] } : {}),
  };
}

function readToolChoice(given: unknown): Pick<ChatArgs, "toolChoice"> {
  if (given === "auto" || given === "none" || given === "required") return { toolChoice: given };
  if (isRecord(given) && isRecord(given["function"]))
    return { toolChoice: { name: textOr(given["function"]["name"], "") } };
  return {};
}

function readForm(given: unknown): Pick<ChatArgs, "responseFormat"> {
  if (!isRecord(given)) return {};
  if (given["type"] === "json_object") return { responseFormat: { type: "json" } };
  const form = given["json_schema"];
  if (given["type"] !== "json_schema" || !isRecord(form)) return {};
  const schema = isRecord(form["schema"]) ? { schema: form["schema"] } : {};
  return { responseFormat: { type: "json-schema", name: textOr(form["name"], "answer"), ...schema } };
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);
const isRecord = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const finishReasons: Readonly<Record<ChatResult["finishReason"], string>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "content-filter": "content_filter",
  other: "stop",
};

const usageOf = (usage: Usage) => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
});

/** A whole answer in the dialect. */
export function completion(result: ChatResult, usage: Usage, about: { model: string; created: number }): string {
  const { content, toolCalls, reasoning } = result.message;
  const calls = toolCalls?.map(({ id, name, arguments: json }) => ({
    id,
    type: "function",
    function: { name, arguments: json },
  }));
  const message = {
    role: "assistant",
    content,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(calls === undefined ? {} : { tool_calls: calls }),
  };
  return JSON.stringify({
    id: result.upstreamId,
    object: "chat.completion",
    created: about.created,
    model: about.model,
    choices: [{ index: 0, message, finish_reason: finishReasons[result.finishReason] }],
    usage: usageOf(usage),
  });
}

/** Writes one answer as server-sent chunks; what all chunks share is put into words once. */
export function createChunkWriter(about: { id: string; model: string; created: number }) {
  const head = JSON.stringify({
    id: about.id,
    object: "chat.completion.chunk",
    created: about.created,
    model: about.model,
  });
  const open = `data: ${head.slice(0, -1)},"choices":[`;
  const choice = (delta: object, finish: string | null) =>
    `${open}{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finish)}}]}\n\n`;
  return {
    role: () => choice({ role: "assistant", content: "" }, null),
    delta: (event: DeltaEvent) => choice(deltaOf(event), null),
    end: (result: ChatResult, usage: Usage | undefined) =>
      choice({}, finishReasons[result.finishReason]) +
      (usage === undefined ? "" : `${open}],"usage":${JSON.stringify(usageOf(usage))}}\n\n`) +
      "data: [DONE]\n\n",
  };
}

function deltaOf(event: DeltaEvent): object {
  switch (event.type) {
    case "text.delta":
    case "output.delta":
      return { content: event.text };
    case "reasoning.delta":
      return { reasoning_content: event.text };
    case "refusal.delta":
      return { refusal: event.text };
    case "tool-call.delta": {
      const { index, id, name } = event;
      const begins = id === undefined ? {} : { id, type: "function" };
      return {
        tool_calls: [
          { index, ...begins, function: { ...(name === undefined ? {} : { name }), arguments: event.arguments } },
        ],
      };
    }
  }
}
