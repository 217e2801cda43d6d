import type { AssistantMessage, Message } from "@aiosjs/sdk/protocol";
import * as fields from "../openai/fields.ts";
import { WrongMember } from "../openai/fields.ts";
import type { Members } from "../openai/fields.ts";
import { assistantContent, systemContent, userContent } from "./content.ts";
import { readReasoning } from "./reasoning.ts";
import { hinted } from "./tables.ts";
import { calledName, toArguments } from "./tools.ts";
import type { ToolList } from "./tools.ts";

const known = {
  message: new Set(["type", "role", "content", "id", "status"]),
  call: new Set(["type", "id", "call_id", "name", "namespace", "arguments", "input", "status", "caller", "created_by"]),
  output: new Set(["type", "id", "call_id", "output", "status", "caller", "created_by", "name", "namespace"]),
};

/** Marks on an item say nothing to the model. */
const marks = (item: Members, names: ReadonlySet<string>): ReturnType<typeof hinted> => {
  const members: Record<string, unknown> = {};
  fields.copyMore(item, names, members);
  return hinted(members);
};

export interface Conversation {
  readonly messages: Message[];
  /** Tools that are offered from an item on, in order. */
  readonly added: readonly ToolList[];
  /** Items that are left out, by their place in `foreign`. */
  readonly left: Readonly<Record<string, unknown>>;
}

/**
 * Items in the form's messages. Reasoning, text and calls of one turn are items of their own there and one message here:
 * a new one begins with what is not the assistant's, or with a second text where nothing was called yet.
 * @throws WrongMember naming an item that nobody here can read.
 */
export function toMessages(items: readonly unknown[], path = "input"): Conversation {
  const messages: Message[] = [];
  const added: ToolList[] = [];
  const left: Record<string, unknown> = {};
  /** The assistant's turn that is going on. */
  const turn = (): AssistantMessage => {
    const last = messages.at(-1);
    if (last?.role === "assistant") return last;
    const begun: AssistantMessage = { role: "assistant", content: null };
    messages.push(begun);
    return begun;
  };
  for (const [index, value] of items.entries()) {
    const at = `${path}[${index}]`;
    const item = fields.object(value, at);
    const type = fields.optionalText(item["type"], `${at}.type`) ?? "message";
    switch (type) {
      case "message":
        takeMessage(item, at, { messages, turn });
        break;
      case "reasoning":
        addReasoning(turn(), readReasoning(item, at));
        break;
      case "function_call":
      case "custom_tool_call":
        addCall(turn(), item, at);
        break;
      case "function_call_output":
      case "custom_tool_call_output":
        messages.push({
          role: "tool",
          callId: fields.text(item["call_id"], `${at}.call_id`),
          content: userContent(item["output"], `${at}.output`),
          ...marks(item, known.output),
        });
        break;
      case "additional_tools":
        added.push({ value: item["tools"], path: `${at}.tools` });
        break;
      case "web_search_call": // what was found stands in the answer that follows
        left[`input.${type}`] = item;
        break;
      default:
        throw new WrongMember(`${at}.type`, `items of type ${JSON.stringify(type)} are not read here`, "leave it out");
    }
  }
  return { messages, added, left };
}

function takeMessage(
  item: Members,
  path: string,
  { messages, turn }: { messages: Message[]; turn: () => AssistantMessage },
): void {
  const { role } = item;
  const at = `${path}.content`;
  switch (role) {
    case "system":
    case "developer":
      messages.push({ role, content: systemContent(item["content"], at), ...marks(item, known.message) });
      return;
    case "user":
      messages.push({ role, content: userContent(item["content"], at), ...marks(item, known.message) });
      return;
    case "assistant": {
      const { content, refusal } = assistantContent(item["content"], at);
      const said = turn();
      const isSecond = said.content !== null || (said.refusal ?? undefined) !== undefined;
      if (isSecond && said.toolCalls === undefined) {
        const next: AssistantMessage = { role: "assistant", content, ...marks(item, known.message) };
        if (refusal !== undefined) next.refusal = refusal;
        messages.push(next);
        return;
      }
      said.content = joined(said.content, content);
      if (refusal !== undefined) said.refusal = (said.refusal ?? "") + refusal;
      Object.assign(said, marks(item, known.message));
      return;
    }
    default:
      throw new WrongMember(
        `${path}.role`,
        `expected user, assistant, system or developer, got ${JSON.stringify(role) ?? "nothing"}`,
      );
  }
}

type Content = AssistantMessage["content"];
const partsOf = (content: Content) =>
  content === null ? [] : typeof content === "string" ? [{ type: "text" as const, text: content }] : content;

function joined(before: Content, more: Content): Content {
  if (before === null || more === null) return before ?? more;
  return [...partsOf(before), ...partsOf(more)];
}

function addReasoning(turn: AssistantMessage, thought: ReturnType<typeof readReasoning>): void {
  if (thought.reasoning !== undefined)
    turn.reasoning = turn.reasoning === undefined ? thought.reasoning : `${turn.reasoning}\n\n${thought.reasoning}`;
  if (thought.reasoningBlocks) turn.reasoningBlocks = [...(turn.reasoningBlocks ?? []), ...thought.reasoningBlocks];
}

function addCall(turn: AssistantMessage, item: Members, path: string): void {
  const isCustom = item["type"] === "custom_tool_call";
  const name = fields.text(item["name"], `${path}.name`);
  const namespace = fields.optionalText(item["namespace"], `${path}.namespace`);
  (turn.toolCalls ??= []).push({
    id: fields.text(item["call_id"], `${path}.call_id`),
    name: calledName({ type: "function", name, ...(namespace === undefined ? {} : { namespace }) }),
    arguments: isCustom
      ? toArguments(fields.text(item["input"], `${path}.input`))
      : fields.text(item["arguments"], `${path}.arguments`),
    ...marks(item, known.call),
  });
}
