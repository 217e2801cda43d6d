import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";

const BYTES_PER_TOKEN = 4;
const SAMPLES = 32;
/** Output tokens assumed for a place that has not answered yet and names no `maxTokens`. */
const UNKNOWN_OUTPUT = 512;

/** Size of what the model reads, in UTF-8 bytes as near as a count of code units gets. */
export function promptBytes(args: ChatArgs): number {
  let bytes = 0;
  for (const message of args.messages) bytes += messageBytes(message);
  if (args.tools) for (const tool of args.tools) bytes += JSON.stringify(tool).length;
  return bytes;
}

function messageBytes(message: Message): number {
  let bytes = 8; // role and separators
  const { content } = message;
  if (typeof content === "string") bytes += textBytes(content);
  else if (content) for (const part of content) bytes += part.type === "text" ? textBytes(part.text) : 3_000;
  if (message.role === "assistant" && message.toolCalls)
    for (const call of message.toolCalls) bytes += call.name.length + call.arguments.length;
  return bytes;
}

/** Three bytes per character where the text is not Latin, judged by its first characters: exact counting costs more than it tells. */
export function textBytes(text: string): number {
  const sample = Math.min(text.length, 64);
  let wide = 0;
  for (let index = 0; index < sample; index++) if (text.charCodeAt(index) > 0x7ff) wide++;
  return text.length + Math.round(text.length * 2 * (sample ? wide / sample : 0));
}

/** Learns per model how many tokens a byte is, and per place in a program how long answers are. */
export class Estimator {
  readonly #tokensPerByte = new Map<string, number>();
  readonly #outputs = new Map<string, number[]>();

  inputTokens(model: string, bytes: number): number {
    return Math.ceil(bytes * (this.#tokensPerByte.get(model) ?? 1 / BYTES_PER_TOKEN));
  }

  learnInput(model: string, seen: { bytes: number; inputTokens: number }): void {
    if (seen.bytes <= 0 || seen.inputTokens <= 0) return;
    const ratio = seen.inputTokens / seen.bytes;
    const before = this.#tokensPerByte.get(model);
    this.#tokensPerByte.set(model, before === undefined ? ratio : before * 0.8 + ratio * 0.2);
  }

  /** 95th percentile of the place's last answers, never more than `maxTokens`. */
  outputTokens(place: string, maxTokens: number | undefined): number {
    const seen = this.#outputs.get(place);
    if (!seen) return maxTokens ?? UNKNOWN_OUTPUT;
    const p95 = percentile95(seen);
    return Math.min(p95, maxTokens ?? p95);
  }

  learn(model: string, place: string, seen: { bytes: number; inputTokens: number; outputTokens: number }): void {
    this.learnInput(model, seen);
    const outputs = this.#outputs.get(place) ?? [];
    if (outputs.push(seen.outputTokens) > SAMPLES) outputs.shift();
    // Re-inserted, so that the map stays in order of use and the oldest place is forgotten first.
    this.#outputs.delete(place);
    this.#outputs.set(place, outputs);
    if (this.#outputs.size > 2_000) for (const oldest of this.#outputs.keys()) return void this.#outputs.delete(oldest);
  }
}

/** Of 32 samples at most it is the largest or the one below: sorting them costs more than two looks. */
function percentile95(values: readonly number[]): number {
  let [largest, second] = [0, 0];
  for (const value of values) {
    if (value > largest) [largest, second] = [value, largest];
    else if (value > second) second = value;
  }
  return Math.floor(values.length * 0.95) === values.length - 1 ? largest : second;
}
