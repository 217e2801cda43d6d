import { specOf } from "@aiosjs/sdk/protocol";
import type { ChatArgs, ChatResult, Recall, Remember } from "@aiosjs/sdk/protocol";
import { checkAccess } from "./access.ts";
import type { CallRecord } from "./call-record.ts";
import type { KernelCall } from "./devices/device.ts";
import { asSysError } from "./driver-error.ts";
import type { Memory } from "./memory.ts";
import { noMemory, recallNotes, textOf } from "./note-recall.ts";
import type { Recalled, Reminded } from "./note-recall.ts";
import type { Caller, KernelSettings } from "./ports.ts";
import { checkNamespace, checkWritable, ownNamespaces, reachOf } from "./note-space.ts";
import { newNote, newNoteId, noteBody, ofNote } from "./note-writing.ts";

/** UTF-16 units that are kept of what was asked, and of the answer. */
const MAX_ASKED = 4_000;
const MAX_ANSWER = 12_000;

type Chat = Pick<KernelCall, "parts" | "record" | "principal" | "nested">;

interface Wanted {
  readonly recall: Exclude<Recall, false> | undefined;
  readonly remember: Exclude<Remember, false> | undefined;
  /** Those that the configuration alone says: what is refused then fails nothing, and is told. */
  readonly isDefault: { readonly recall: boolean; readonly remember: boolean };
}

/** What a chat has to do with memory, as it says itself, or who sends it, or the configuration; undefined: nothing. */
export function memoryOf(
  { record, caller }: { record: CallRecord; caller: Caller },
  { memory: settings }: Pick<KernelSettings, "memory">,
): Wanted | undefined {
  if (record.name !== "llm.chat") return undefined;
  const { recall = caller.recall, remember = caller.remember } = record.args as ChatArgs;
  // What is asked on behalf of another call is no conversation.
  const isOwn = caller.isNested !== true && record.process.kind !== "kernel";
  const wanted = {
    recall: (recall ?? (isOwn && settings.recall)) || undefined,
    remember: (remember ?? (isOwn && settings.remember)) || undefined,
  };
  if (wanted.recall === undefined && wanted.remember === undefined) return undefined;
  return { ...wanted, isDefault: { recall: recall === undefined, remember: remember === undefined } };
}

/**
 * Before a chat is asked: what it recalls stands in its arguments, and goes on record with them; a chat that a crash cut off
 * is made again with what it recalled then. What it is to remember is written in one commit with its answer, so that it is
 * kept once.
 * @throws SysError EACCES, ENOENT, EINVAL, ENODEV
 */
export async function prepareChat(wanted: Wanted, chat: Chat): Promise<void> {
  const { record, parts } = chat;
  const args = record.args as Reminded;
  const whys: string[] = [];
  const orTell = async <Result>(
    isDefault: boolean,
    doing: () => Result | Promise<Result>,
  ): Promise<Result | undefined> => {
    try {
      return await doing();
    } catch (cause) {
      if (!isDefault || record.cancelled) throw cause;
      const { code, message } = asSysError(cause, "memory");
      whys.push(`${code}: ${message}`);
      return undefined;
    }
  };
  const { recall, remember, isDefault } = wanted;
  const { memory } = parts;
  if (!memory && ((recall && !isDefault.recall) || (remember && !isDefault.remember))) throw noMemory();
  if (!memory) return;
  const keep = remember && (await orTell(isDefault.remember, () => noteKeeper(remember, { ...chat, memory })));
  const before = (record.recorded?.request as Reminded | null | undefined)?.recalled;
  const recalled =
    recall &&
    (args.recalled ??
      before ??
      (await orTell(isDefault.recall, () => recallNotes(args, recallOf(recall), { ...chat, memory }))));
  if (recalled) record.args = { ...args, recalled };
  // Its own bytes do not say what it is asked with now.
  if (recalled && recalled.text !== "") record.original = undefined;
  record.conclude = async (result) => {
    const kept = await keep?.(result as ChatResult);
    const why = [...whys, ...[recalled?.why, kept?.why].filter((one) => one !== undefined)].join("; ");
    const told = { ...toldOf(recalled), ...kept, ...(why === "" ? {} : { why }) };
    return Object.keys(told).length === 0 ? result : { ...(result as ChatResult), memory: told };
  };
}

const recallOf = (recall: Exclude<Recall, false>): Exclude<Recall, boolean> =>
  recall === true ? { limit: 5, minSimilarity: 0, maxTokens: 1_500 } : recall;

const toldOf = (recalled: Recalled | undefined): ChatResult["memory"] =>
  recalled && {
    recalled: [...recalled.notes],
    ...(recalled.left > 0 ? { left: recalled.left } : {}),
  };

/** Keeps what was said, in the call's own commit. What is refused is refused before anybody is asked; a full quota is told. */
function noteKeeper(
  remember: Exclude<Remember, false>,
  { parts, record, principal, memory }: Chat & { memory: Memory },
): (result: ChatResult) => Promise<ChatResult["memory"]> {
  const { process } = record;
  const own = { ...principal, pid: process.pid };
  checkAccess({ name: "mem.add", spec: specOf("mem.add"), principal: own, process });
  const named = remember === true ? undefined : remember.namespace;
  const namespace = named ?? (ownNamespaces(process).at(-1) as string);
  const reach = reachOf({ process, principal: own }, parts);
  const check = (): void => checkWritable(checkNamespace(namespace, reach), reach);
  check();
  return async (result) => {
    const content = exchangeOf(record.args as ChatArgs, result);
    if (content === undefined) return {};
    const writer = { parts, record, principal: own };
    const body = noteBody({ content, tier: "episodic" }, { describe: (text) => memory.describe(text) }, writer);
    const row = newNote(body, { namespace, id: newNoteId(writer) }, writer);
    try {
      // It may have been taken out of the group while the model answered.
      check();
      await parts.noteQuotas.admit([row], record);
      check();
    } catch (cause) {
      const { code, message } = asSysError(cause, "the quota of notes");
      return { why: `${code}: ${message}` };
    }
    record.effects.push(ofNote(row));
    return { remembered: row.id };
  };
}

/** What was said; nothing where the answer is on its way still (it calls tools), or is none. */
function exchangeOf({ messages }: ChatArgs, { message }: ChatResult): string | undefined {
  const asked = textOf(messages.findLast(({ role }) => role === "user")).trim();
  const answer = textOf(message).trim();
  if (answer === "" || (message.toolCalls?.length ?? 0) > 0) return undefined;
  const quoted = clip(asked, MAX_ASKED).replaceAll(/^/gm, "> ");
  return asked === "" ? clip(answer, MAX_ANSWER) : `${quoted}\n\n${clip(answer, MAX_ANSWER)}`;
}

const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
