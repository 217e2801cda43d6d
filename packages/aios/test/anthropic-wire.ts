// How the test upstream answers in Anthropic's dialect (platform.claude.com/docs, "Messages" and "Streaming").
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Answer } from "./upstream.ts";

const event = (json: { type: string; [member: string]: unknown }): string =>
  `event: ${json.type}\ndata: ${JSON.stringify(json)}\n\n`;

interface Block {
  readonly type: string;
  readonly [member: string]: unknown;
}

const hello = ["Hello", ", ", "world", "."];

/** The blocks of the answer, each with the pieces in which it is streamed. */
function blocksOf(what: Answer): { block: Block; start: Block; deltas: Block[] }[] {
  const { pieces = what.toolCalls === undefined ? hello : [], reasoning = [], toolCalls = [] } = what;
  const blocks: { block: Block; start: Block; deltas: Block[] }[] = [];
  if (reasoning.length > 0)
    blocks.push({
      block: { type: "thinking", thinking: reasoning.join(""), signature: "sig==" },
      start: { type: "thinking", thinking: "", signature: "" },
      deltas: [
        ...reasoning.map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: "sig==" },
      ],
    });
  if (pieces.length > 0)
    blocks.push({
      block: { type: "text", text: pieces.join(""), citations: null },
      start: { type: "text", text: "" },
      deltas: pieces.map((text) => ({ type: "text_delta", text })),
    });
  for (const { id, name, arguments: json } of toolCalls) {
    const half = Math.ceil(json.length / 2);
    blocks.push({
      block: { type: "tool_use", id, name, input: JSON.parse(json) as unknown },
      start: { type: "tool_use", id, name, input: {} },
      deltas: [json.slice(0, half), json.slice(half)].map((text) => ({ type: "input_json_delta", partial_json: text })),
    });
  }
  return blocks;
}

const usage = { input_tokens: 8, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 7 };

function messageOf(what: Answer, content: readonly Block[], isWhole: boolean): Record<string, unknown> {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content,
    stop_reason: isWhole ? (what.finishReason ?? (what.toolCalls === undefined ? "end_turn" : "tool_use")) : null,
    stop_sequence: null,
    ...(what.usage === null ? {} : { usage: { ...(what.usage ?? usage), ...(isWhole ? {} : { output_tokens: 1 }) } }),
  };
}

export async function whole(response: ServerResponse, what: Answer): Promise<void> {
  if (what.isEndless === true) return;
  if (what.breakAfterChunks !== undefined) {
    response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(200, { "content-type": "application/json", ...what.headers });
  const content = blocksOf(what).map(({ block }) => block);
  response.end(JSON.stringify(messageOf(what, content, true)));
  await once(response, "close");
}

export async function streamed(response: ServerResponse, what: Answer): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...what.headers });
  response.flushHeaders();
  const events = [
    { type: "message_start", message: messageOf(what, [], false) },
    { type: "ping" },
    ...blocksOf(what).flatMap(({ start, deltas }, index) => [
      { type: "content_block_start", index, content_block: start },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ]),
  ];
  // The first three events say nothing yet; a break "after n chunks" counts what says something, as in the other dialect.
  for (const [index, each] of events.entries()) {
    if (what.breakAfterChunks !== undefined && index === what.breakAfterChunks + 2) {
      response.socket?.resetAndDestroy();
      return;
    }
    response.write(event(each));
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (what.isEndless === true) return;
  const { stop_reason, stop_sequence } = messageOf(what, [], true);
  const told = what.usage === null ? {} : { usage: { output_tokens: (what.usage ?? usage)["output_tokens"] } };
  response.write(event({ type: "message_delta", delta: { stop_reason, stop_sequence }, ...told }));
  response.end(event({ type: "message_stop" }));
}
