// An upstream that writes recorded-looking frames at a steady pace, in a process of its own: OpenAI's chat completions and
// Anthropic's messages. It reads nothing but whether a stream is wanted, so that its own cost stays small.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serveParent } from "./child.ts";

export interface FramesRequest {
  /** Pieces of a streamed answer, one packet each. */
  readonly tokens: number;
  readonly tickMs: number;
}

interface Wire {
  readonly head: string;
  readonly token: string;
  readonly tail: string;
  readonly whole: string;
}

const data = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`;
const event = (json: { type: string; [member: string]: unknown }): string => `event: ${json.type}\n${data(json)}`;

const chunk = (delta: unknown, more: Record<string, unknown> = {}): string =>
  data({
    id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    object: "chat.completion.chunk",
    created: 1_741_570_283,
    model: "m",
    service_tier: "default",
    system_fingerprint: "fp_fc9f1d7035",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }],
  });
const usage = { prompt_tokens: 2_000, completion_tokens: 200, total_tokens: 2_200 };

const openai: Wire = {
  head: chunk({ role: "assistant", content: "", refusal: null }),
  token: chunk({ content: " word" }),
  tail: `${chunk({}, { finish_reason: "stop" })}${data({ id: "x", object: "chat.completion.chunk", choices: [], usage })}data: [DONE]\n\n`,
  whole: JSON.stringify({
    id: "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    object: "chat.completion",
    created: 1_741_570_283,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "word ".repeat(200) }, finish_reason: "stop" }],
    usage,
  }),
};

const message = { id: "msg_01XFDUDYJgAACzvnptvVoYEL", type: "message", role: "assistant", model: "m" };
const tokens = { input_tokens: 2_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 200 };
const anthropic: Wire = {
  head:
    event({
      type: "message_start",
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...tokens, output_tokens: 1 },
      },
    }) + event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  token: event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " word" } }),
  tail:
    event({ type: "content_block_stop", index: 0 }) +
    event({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 200 },
    }) +
    event({ type: "message_stop" }),
  whole: JSON.stringify({
    ...message,
    content: [{ type: "text", text: "word ".repeat(200) }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: tokens,
  }),
};

serveParent<FramesRequest, { url: string }>(async ({ tokens: count, tickMs }) => {
  const ticks = new Set<() => void>();
  setInterval(() => {
    for (const tick of ticks) tick();
  }, tickMs);
  const server = createServer((request, response) => {
    let isStream = false;
    request.on("data", (piece: Buffer) => (isStream ||= piece.includes('"stream":true')));
    request.on("end", () => {
      const wire = request.url?.includes("/messages") === true ? anthropic : openai;
      if (!isStream) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(wire.whole);
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(wire.head);
      let left = count;
      const tick = (): void => {
        if (left-- > 0) response.write(wire.token);
        else {
          ticks.delete(tick);
          response.end(wire.tail);
        }
      };
      ticks.add(tick);
      response.on("close", () => ticks.delete(tick));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
});
