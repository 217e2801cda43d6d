import { SysError } from "../errors.ts";
import type { Message, Tool } from "../syscalls/llm.ts";
import { findCut } from "./history-cut.ts";
import type { Cut, Entry } from "./history-cut.ts";
import { messageBytes, toolBytes, utf8Bytes } from "./message-bytes.ts";

/** A message that needs no other one to make sense. */
export type FreeMessage = Extract<Message, { role: "system" | "developer" | "user" }>;

export interface ConversationOptions {
  /** What the model is told first. */
  readonly system?: string;
  readonly tools?: readonly Tool[];
  /** What is known from before. */
  readonly memory?: readonly FreeMessage[];
  /** What no compaction removes. */
  readonly pinned?: readonly FreeMessage[];
  /** Assumed until the first answer tells. Default 1/4. */
  readonly tokensPerByte?: number;
}

/** Tokens of a request as a model's answer or its tokenizer told, and how much of the conversation they are. */
interface Anchor {
  readonly bytes: number;
  readonly tokens: number;
}

/** Weight of the last answer in the learned ratio; the kernel's estimates learn at the same pace. */
const LEARNING = 0.2;

/**
 * What a model gets to read, in segments: system, tools, memory, pinned, history. The order never changes and nothing but
 * the end grows, so that a provider's prompt cache holds from request to request; a compaction alone rewrites, and what was
 * remembered or pinned while the history ran moves to its segment only then. No tool result stands without its call.
 */
export class Conversation {
  readonly tools: readonly Tool[];
  readonly #system: readonly Entry[];
  readonly #toolBytes: number;
  #memory: readonly Entry[];
  #pinned: readonly Entry[];
  #history: Entry[] = [];
  /** Tool calls that still have no result, oldest first. */
  #open: string[] = [];
  /** Pinned or remembered between a call and its result: they come after it. */
  #deferred: Entry[] = [];
  #bytes: number;
  #tokensPerByte: number;
  #hasLearned = false;
  #anchor: Anchor | undefined;
  /** Bytes and messages of the history that the last request had. */
  #sent: { bytes: number; messages: number } | undefined;

  constructor({ system, tools = [], memory = [], pinned = [], tokensPerByte = 0.25 }: ConversationOptions = {}) {
    this.tools = tools;
    this.#system = system === undefined ? [] : [entryOf({ role: "system", content: system })];
    this.#memory = memory.map((message) => entryOf(message));
    this.#pinned = pinned.map((message) => entryOf(message));
    this.#toolBytes = tools.reduce((sum, tool) => sum + toolBytes(tool), 0);
    this.#tokensPerByte = tokensPerByte;
    this.#bytes = this.#measure();
  }

  /** All segments but the tools, in their order. */
  get messages(): readonly Message[] {
    return this.#entries().map(({ message }) => message);
  }

  /** Messages of the history. */
  get length(): number {
    return this.#history.length;
  }

  /** Input tokens that the next request will have, as far as one can know: see `doubtTokens`. */
  get tokens(): number {
    const { tokens = 0, bytes = 0 } = this.#anchor ?? {};
    return Math.max(0, tokens + this.tokensOf(this.#bytes - bytes));
  }

  /** The part of `tokens` that is bytes times a ratio, and not counted by a model. */
  get doubtTokens(): number {
    return Math.abs(this.tokensOf(this.#bytes - (this.#anchor?.bytes ?? 0)));
  }

  /** By the learned ratio. */
  tokensOf(bytes: number): number {
    return Math.ceil(bytes * this.#tokensPerByte);
  }

  /** @throws SysError EINVAL for a tool result without a call, and for anything else while a call waits for its result. */
  add(message: Message): void {
    if (message.role === "tool") {
      const index = this.#open.indexOf(message.callId);
      if (index < 0) throw new SysError("EINVAL", `no tool call ${message.callId} waits for a result`);
      this.#open.splice(index, 1);
    } else if (this.#open.length > 0)
      throw new SysError("EINVAL", `the tool call ${this.#open[0]} has no result yet`, {
        hint: "Add a tool message for each call; its text may say that the tool did not run.",
      });
    if (message.role === "assistant") this.#open = (message.toolCalls ?? []).map(({ id }) => id);
    this.#append(entryOf(message));
    if (this.#open.length === 0) for (const entry of this.#deferred.splice(0)) this.#append(entry);
  }

  /** Adds what no compaction removes. */
  pin(message: FreeMessage): void {
    this.#addTo("pinned", message);
  }

  /** Adds to the memory, which compactions keep too. */
  remember(message: FreeMessage): void {
    this.#addTo("memory", message);
  }

  /** The messages to send. What was sent stays as it is until a compaction. */
  request(): Message[] {
    this.#sent = { bytes: this.#bytes, messages: this.#history.length };
    return [...this.messages];
  }

  /** The model counted so many input tokens for the last request. */
  answered(inputTokens: number): void {
    if (this.#sent && inputTokens > 0) this.#learn({ bytes: this.#sent.bytes, tokens: inputTokens });
  }

  /** The model's tokenizer counted so many for the conversation as it stands. */
  counted(inputTokens: number): void {
    if (inputTokens > 0) this.#learn({ bytes: this.#bytes, tokens: inputTokens });
  }

  /** What to remove so that at most so much stays; undefined when nothing can go. */
  cut({ tokens, messages }: { tokens: number; messages: number }): Cut | undefined {
    const historyBytes = this.#history.reduce((sum, { bytes }) => sum + bytes, 0);
    const keptBytes = tokens / this.#ratio() - (this.#bytes - historyBytes);
    return findCut(this.#history, { bytes: keptBytes, messages });
  }

  /** What a cut takes away, behind all that was before it: a request that a warm prompt cache answers. */
  before({ end }: Cut): Message[] {
    return [...this.#head(), ...this.#history.slice(0, end)].map(({ message }) => message);
  }

  /** Puts `note` in the place of what a cut takes away. */
  replace({ end, carried }: Cut, note: FreeMessage): void {
    const gone = this.#history.slice(0, end);
    this.#memory = [...this.#memory, ...gone.filter(({ movesTo }) => movesTo === "memory")];
    this.#pinned = [...this.#pinned, ...gone.filter(({ movesTo }) => movesTo === "pinned")];
    this.#history = [{ ...entryOf(note), isNote: true }, ...carried, ...this.#history.slice(end)];
    // The ratio of the whole is the best that is known of a part.
    this.#tokensPerByte = this.#ratio();
    this.#bytes = this.#measure();
    this.#anchor = undefined;
    this.#sent = undefined;
  }

  /**
   * Shortens the longest results of the last step's tools, to `maxTokens` for all, if no request has had them yet.
   * Returns how many.
   */
  clip(maxTokens: number): number {
    const step = this.#history.findLastIndex(({ message }) => message.role === "assistant");
    const fresh = [...this.#history.entries()].slice(Math.max(step, this.#sent?.messages ?? 0, 0));
    const results = fresh.filter(([, { message }]) => message.role === "tool");
    const maxBytes = fairShare(
      results.map(([, { bytes }]) => bytes),
      maxTokens / this.#tokensPerByte,
    );
    let clipped = 0;
    for (const [index, { message, bytes }] of results) {
      if (message.role !== "tool" || typeof message.content !== "string" || bytes <= maxBytes) continue;
      const entry = entryOf({ ...message, content: clipText(message.content, maxBytes) });
      if (entry.bytes >= bytes) continue;
      this.#history[index] = entry;
      this.#bytes += entry.bytes - bytes;
      clipped++;
    }
    return clipped;
  }

  #addTo(segment: "memory" | "pinned", message: FreeMessage): void {
    const entry = entryOf(message);
    if (this.#history.length > 0 || this.#sent) {
      const late = { ...entry, movesTo: segment };
      if (this.#open.length > 0) this.#deferred.push(late);
      else this.#append(late);
      return;
    }
    if (segment === "memory") this.#memory = [...this.#memory, entry];
    else this.#pinned = [...this.#pinned, entry];
    this.#bytes += entry.bytes;
  }

  #append(entry: Entry): void {
    this.#history.push(entry);
    this.#bytes += entry.bytes;
  }

  #learn(anchor: Anchor): void {
    const ratio = anchor.tokens / anchor.bytes;
    this.#tokensPerByte = this.#hasLearned ? this.#tokensPerByte * (1 - LEARNING) + ratio * LEARNING : ratio;
    this.#hasLearned = true;
    this.#anchor = anchor;
  }

  /** Of the conversation as it stands, what a model counted included. */
  #ratio(): number {
    return this.#bytes > 0 && this.tokens > 0 ? this.tokens / this.#bytes : this.#tokensPerByte;
  }

  #head(): Entry[] {
    return [...this.#system, ...this.#memory, ...this.#pinned];
  }

  #entries(): Entry[] {
    return [...this.#head(), ...this.#history];
  }

  #measure(): number {
    return this.#entries().reduce((sum, { bytes }) => sum + bytes, this.#toolBytes);
  }
}

const entryOf = (message: Message): Entry => ({ message, bytes: messageBytes(message) });

/** The most that each may have so that all have no more than `total`: the short ones leave theirs to the long ones. */
function fairShare(sizes: readonly number[], total: number): number {
  let left = total;
  let sharers = sizes.length;
  for (const size of sizes.toSorted((one, other) => one - other)) {
    if (size > left / sharers) return Math.floor(left / sharers);
    left -= size;
    sharers--;
  }
  return Number.POSITIVE_INFINITY;
}

/** The beginning and the end of a text too long, for results say what matters at either. */
function clipText(text: string, maxBytes: number): string {
  const room = Math.max(0, maxBytes - 100);
  const chars = Math.floor((room * text.length) / Math.max(1, utf8Bytes(text)));
  const head = Math.ceil(chars * 0.75);
  const tail = chars - head;
  const note = `\n… (${text.length - chars} of ${text.length} characters are left out: the context has no room for them)\n`;
  // A pair of surrogates may have been cut in two.
  return (text.slice(0, head) + note + (tail > 0 ? text.slice(-tail) : "")).toWellFormed();
}
