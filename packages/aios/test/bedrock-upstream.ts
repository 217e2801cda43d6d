// A simulation of Amazon Bedrock's Converse and ConverseStream (docs.aws.amazon.com/bedrock/latest/APIReference, and the
// event stream encoding of smithy.io/2.0/aws/amazon-eventstream.html): written from the documentation, not recorded.
// Signatures are not checked.
import { crc32 } from "node:zlib";
import type { Received, Reply } from "./upstream.ts";

export interface BedrockAnswer {
  /** One event each when streamed. Default: "Hello", ", ", "world", ".". */
  readonly pieces?: readonly string[];
  readonly thought?: { readonly text: string; readonly signature: string };
  readonly call?: { readonly toolUseId: string; readonly name: string; readonly input: unknown };
  readonly stopReason?: string;
  /** Never ends: everything from messageStop on is withheld. */
  readonly isEndless?: boolean;
  /** Breaks the connection after so many events, or ends it there as if it were whole. */
  readonly breaksAfter?: { readonly events: number; readonly how: "reset" | "end" };
  /** This instead of messageStop: `throttlingException`. */
  readonly exception?: { readonly type: string; readonly message: string };
}

const usage = { inputTokens: 8, outputTokens: 7, totalTokens: 19, cacheReadInputTokens: 4, cacheWriteInputTokens: 0 };
const headers = { "x-amzn-requestid": "req-1" };

/** One frame: two lengths, their checksum, headers (name, type 7, text), JSON, checksum over all of it. */
function frame(names: Readonly<Record<string, string>>, payload: object): Buffer {
  const head = Buffer.concat(
    Object.entries(names).map(([name, value]) => {
      const [key, text] = [Buffer.from(name), Buffer.from(value)];
      const length = Buffer.alloc(2);
      length.writeUInt16BE(text.length);
      return Buffer.concat([Buffer.from([key.length]), key, Buffer.from([7]), length, text]);
    }),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const whole = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(whole));
  return Buffer.concat([whole, checksum]);
}

const json = { ":content-type": "application/json" };
/** `p` is padding against guessing by length: the service sends it in every event. */
const event = (type: string, payload: object): Buffer =>
  frame({ ":event-type": type, ...json, ":message-type": "event" }, { ...payload, p: "abcdefgh" });
const exception = (type: string, message: string): Buffer =>
  frame({ ":exception-type": type, ...json, ":message-type": "exception" }, { message });

/** The answer to one request: streamed where it went to `/converse-stream`. */
export function bedrockReply({ path }: Received, answer: BedrockAnswer = {}): Reply {
  const stopReason = answer.stopReason ?? (answer.call === undefined ? "end_turn" : "tool_use");
  const pieces = answer.pieces ?? (answer.call === undefined ? ["Hello", ", ", "world", "."] : []);
  if (!path.endsWith("/converse-stream")) {
    if (answer.breaksAfter !== undefined) return { is: "reset" };
    if (answer.isEndless === true) return { is: "silence" };
    const content = [
      ...(answer.thought === undefined ? [] : [{ reasoningContent: { reasoningText: answer.thought } }]),
      ...(pieces.length === 0 ? [] : [{ text: pieces.join("") }]),
      ...(answer.call === undefined ? [] : [{ toolUse: answer.call }]),
    ];
    const output = { message: { role: "assistant", content } };
    return { is: "status", status: 200, headers, body: { output, stopReason, usage, metrics: { latencyMs: 5 } } };
  }
  const events = [event("messageStart", { role: "assistant" }), ...blocks(answer, pieces)];
  if (answer.exception !== undefined) events.push(exception(answer.exception.type, answer.exception.message));
  else if (answer.isEndless !== true) {
    events.push(event("messageStop", { stopReason }), event("metadata", { usage, metrics: { latencyMs: 5 } }));
  }
  const { events: count = events.length, how = "end" } = answer.breaksAfter ?? {};
  return {
    is: "raw",
    headers: { ...headers, "content-type": "application/vnd.amazon.eventstream" },
    writes: events.slice(0, count),
    end: answer.isEndless === true ? "hang" : how,
  };
}

function blocks({ thought, call }: BedrockAnswer, pieces: readonly string[]): Buffer[] {
  const events: Buffer[] = [];
  let contentBlockIndex = 0;
  const delta = (value: object): void => {
    events.push(event("contentBlockDelta", { contentBlockIndex, delta: value }));
  };
  const stop = (): void => {
    events.push(event("contentBlockStop", { contentBlockIndex }));
    contentBlockIndex++;
  };
  if (thought !== undefined) {
    delta({ reasoningContent: { text: thought.text } });
    delta({ reasoningContent: { signature: thought.signature } });
    stop();
  }
  if (pieces.length > 0) {
    for (const text of pieces) delta({ text });
    stop();
  }
  if (call !== undefined) {
    const { toolUseId, name, input } = call;
    events.push(event("contentBlockStart", { contentBlockIndex, start: { toolUse: { toolUseId, name } } }));
    const text = JSON.stringify(input);
    const half = Math.ceil(text.length / 2);
    for (const piece of [text.slice(0, half), text.slice(half)]) delta({ toolUse: { input: piece } });
    stop();
  }
  return events;
}

/** A refusal. The service names no time to come back. */
export const bedrockError = (status: number, type: string, message = "made up"): Reply => ({
  is: "status",
  status,
  headers: { ...headers, "x-amzn-errortype": type },
  body: { message },
});
