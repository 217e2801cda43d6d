import type { ChatArgs, ChatResult, Usage } from "@aiosjs/sdk/protocol";

/** What is visibly wrong with an answer. */
export type AnswerFault = "length" | "content-filter" | "refusal" | "empty" | "invalid-json" | "malformed-arguments";

/**
 * What can be seen to be wrong with an answer without understanding it; `undefined`: nothing.
 * An answer that stops at the `maxTokens` it was given, by the caller or a budget, has none by that: another model would
 * stop there too.
 */
export function answerFault(args: ChatArgs, result: ChatResult, { outputTokens }: Usage): AnswerFault | undefined {
  const { message, finishReason } = result;
  const isBounded = outputTokens >= (args.maxTokens ?? Number.POSITIVE_INFINITY);
  if (finishReason === "length" && !isBounded) return "length";
  if (finishReason === "content-filter") return "content-filter";
  if (message.refusal) return "refusal";
  const calls = message.toolCalls ?? [];
  for (const call of calls)
    if (!isObject(parse(call.arguments === "" ? "{}" : call.arguments))) return "malformed-arguments";
  const text = textOf(message.content).trim();
  if (text === "" && calls.length === 0) return "empty";
  if (calls.length > 0 || finishReason === "length") return undefined;
  return isInFormat(args.responseFormat, text) ? undefined : "invalid-json";
}

/** Whether the text parses, and of a schema's object whether its required members are there; the rest of a schema is not checked. */
function isInFormat(format: ChatArgs["responseFormat"], text: string): boolean {
  if (!format || format.type === "text") return true;
  const value = parse(text);
  if (value === undefined) return false;
  if (format.type === "json") return true;
  const required = format.schema?.["required"];
  if (!Array.isArray(required)) return true;
  return isObject(value) && required.every((name) => typeof name === "string" && Object.hasOwn(value, name));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (content: ChatResult["message"]["content"]): string =>
  typeof content === "string" ? content : (content ?? []).map(({ text }) => text).join("");
