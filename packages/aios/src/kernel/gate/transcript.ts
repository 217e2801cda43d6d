import { canonicalJson } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Message } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import type { Hash, Principal } from "../ports.ts";
import type { Process } from "../process.ts";
import { speaksForPerson } from "./birth.ts";
import { from, unknownLabel } from "./label.ts";
import { personal } from "./speaker.ts";

/** Results that are recognised again, of one process; the oldest are forgotten, and count as anybody's. */
const MAX_TOLD = 10_000;

/** What the kernel's own tools told processes that keep their conversations themselves. It does not outlive the kernel. */
export class ToldResults {
  readonly #told = new WeakMap<Process, Set<string>>();
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  add({ name, process, result }: CallRecord): void {
    if (name !== "tool.call" || !keepsConversation(process)) return;
    const told = this.#told.get(process) ?? new Set();
    this.#told.set(process, told);
    told.add(this.#of((result as { content: unknown }).content));
    if (told.size > MAX_TOLD) told.delete(told.values().next().value as string);
  }

  has(process: Process, content: unknown): boolean {
    return this.#told.get(process)?.has(this.#of(content)) ?? false;
  }

  #of(content: unknown): string {
    return this.#hash.sha256(typeof content === "string" ? content : canonicalJson(content));
  }
}

/** Its programs show the kernel a transcript, and no more. */
const keepsConversation = ({ kind }: Process): boolean => kind === "client" || kind === "command";

/**
 * What a foreign program's request tells of what it has read. What the kernel told it has its label already; a user turn is a
 * person's where the key's scope says so, and never under a process key, which its program bears; all other results of tools may be anybody's. Its own tools run outside of the gate: what
 * it does with them is not seen here.
 */
export function hearTranscript(record: CallRecord, principal: Principal, told: ToldResults): void {
  const { name, args, process } = record;
  // What the kernel asks on behalf of a call is made of what that call has read, and labelled there.
  const isOwn = record.seq === record.withinSeq;
  if (name !== "llm.chat" || !isOwn || !keepsConversation(process)) return;
  const isPersonal = speaksForPerson(principal);
  for (const message of (args as ChatArgs).messages)
    if (message.role === "user" || message.role === "tool") hear(message, { record, isPersonal, told });
}

function hear(
  message: Message,
  { record, isPersonal, told }: { record: CallRecord; isPersonal: boolean; told: ToldResults },
): void {
  const { process } = record;
  if (message.role === "tool") {
    const isKnown = process.seen.trust === "untrusted" || told.has(process, message.content);
    if (!isKnown) process.sees(from(unknownLabel, record.call));
  } else if (isPersonal) {
    process.sees(from(personal, record.call));
    process.hears(textOf(message.content));
  } else process.sees(from(unknownLabel, record.call));
}

const textOf = (content: Message["content"]): string =>
  typeof content === "string"
    ? content
    : (content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
