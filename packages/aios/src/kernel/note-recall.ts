import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { ChatArgs, Errno, Message, Recall, ResultOf } from "@aiosjs/sdk/protocol";
import { textBytes } from "./estimate.ts";
import type { KernelCall } from "./devices/device.ts";
import type { Memory } from "./memory.ts";

/** Of a longer message its end is searched for: there it is mostly asked. */
const MAX_QUERY = 10_000;
/**
 * What is less like the message than this share of the likest stays out. Of the first five hits of the hybrid on the dev seeds
 * of bench/mem.ts it leaves 99.6 % of the evidence and 96.9 % of the rest; at 0.7 that is 94.2 and 83.9 %.
 */
const NEAR = 0.5;
/** So much of a note's end in the conversation means that the conversation says it. */
const TAIL = 200;

/** What a chat was given from memory; on record with its request. */
export interface Recalled {
  /** As it stands before the last user message; empty: nothing was found. */
  readonly text: string;
  readonly notes: readonly { readonly id: string; readonly version: number; readonly score: number }[];
  /** Notes that were found and did not fit. */
  readonly left: number;
  /** Why none were looked for. */
  readonly why?: string | undefined;
}
export type Reminded = ChatArgs & { readonly recalled?: Recalled | undefined };

/**
 * Notes for the last user message, for a chat that asks for them. Where the index does not answer, the chat goes on without.
 * @throws SysError EACCES, ENOENT, EINVAL, ENODEV for what the caller may not or cannot ask, ECANCELED
 */
export async function recallNotes(
  args: ChatArgs,
  options: Exclude<Recall, boolean>,
  { memory, nested, parts }: { memory: Memory } & Pick<KernelCall, "nested" | "parts">,
): Promise<Recalled> {
  const { limit, minSimilarity, maxTokens, namespaces, tiers } = options;
  const query = textOf(args.messages.findLast(({ role }) => role === "user"))
    .trim()
    .slice(-MAX_QUERY);
  if (query === "") return { text: "", notes: [], left: 0 };
  let hits: ResultOf<"mem.search">["hits"];
  try {
    // Twice as many: some are said already, and those of the present task rise.
    const asked = { query, limit: 2 * limit, namespaces, tiers };
    ({ hits } = (await nested("mem.search", asked)) as ResultOf<"mem.search">);
  } catch (cause) {
    if (!isSysError(cause) || !passing.has(cause.code)) throw cause;
    return { text: "", notes: [], left: 0, why: `${cause.code}: ${cause.message}` };
  }
  const conversation = args.messages.map(textOf);
  const chosen = nearHits(hits, minSimilarity).filter(({ note }) => {
    const tail = note.content.slice(-TAIL);
    return !conversation.some((text) => text.includes(tail));
  });
  let [text, kept] = ["", [] as typeof chosen];
  // What belongs to the present task goes in before what lasts; the search has ordered each.
  const [working, others] = [chosen.filter(isWorking), chosen.filter((hit) => !isWorking(hit))];
  for (const hit of [...working, ...others].slice(0, limit)) {
    const more = [...kept, hit];
    const longer = memory.present(more.map(({ note }) => note));
    if (parts.estimator.inputTokens(args.model, textBytes(longer)) <= maxTokens) [text, kept] = [longer, more];
  }
  return {
    text,
    notes: kept.map(({ note: { id, version }, score }) => ({ id, version, score })),
    left: chosen.length - kept.length,
  };
}

/** Of these the caller is not guilty. */
const passing: ReadonlySet<Errno> = new Set(["EIO", "ENOSPC", "EBUSY", "EAGAIN", "ETIMEDOUT"]);

const isWorking = ({ note }: ResultOf<"mem.search">["hits"][number]): boolean => note.tier === "working";

/** Those that are like the question themselves, and those to which they lead. Where there are no vectors, all that was found. */
function nearHits(hits: ResultOf<"mem.search">["hits"], minSimilarity: number): typeof hits {
  const similarities = hits.map(({ why }) => why.vectors?.similarity ?? 0);
  const least = Math.max(minSimilarity, NEAR * Math.max(...similarities));
  if (hits.every(({ why }) => why.vectors === undefined)) return hits;
  const near = new Set(hits.flatMap(({ note }, at) => ((similarities[at] ?? 0) >= least ? [note.id] : [])));
  return hits.filter(({ note, why }) => near.has(note.id) || (why.link !== undefined && near.has(why.link.from)));
}

/**
 * The chat as a model is asked it: what was recalled stands before the last user message, in it, and never among the system's
 * words, whoever wrote it. So the beginning of a conversation stays the same from turn to turn, and caches know it.
 */
export function promptOf(args: ChatArgs): ChatArgs {
  const { recall, remember, recalled, ...asked } = args as Reminded;
  if (recall === undefined && remember === undefined && recalled === undefined) return args;
  const at = asked.messages.findLastIndex(({ role }) => role === "user");
  const last = asked.messages[at];
  if (recalled === undefined || recalled.text === "" || last?.role !== "user") return asked;
  const { content } = last;
  const { text } = recalled;
  const reminded: Message = {
    ...last,
    content: typeof content === "string" ? `${text}\n\n${content}` : [{ type: "text", text }, ...content],
  };
  return { ...asked, messages: asked.messages.with(at, reminded) };
}

/** What a message says in words. */
export function textOf(message: Message | undefined): string {
  const content = message?.content;
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => ("text" in part ? part.text : "")).join("\n");
}

export const noMemory = (): SysError =>
  new SysError("ENODEV", "this kernel keeps no notes", { hint: "leave `recall` and `remember` out" });
