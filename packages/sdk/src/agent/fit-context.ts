import { SysError } from "../errors.ts";
import type { Message } from "../syscalls/llm.ts";
import type { Conversation, FreeMessage } from "./conversation.ts";

/** What becomes of a context that is full: its oldest part is summed up by the model, is dropped, or the caller is told (E2BIG). */
export type OnFull = "summary" | "drop" | "fail";

export interface ContextLimits {
  /** Tokens that a request and its answer may have together. */
  readonly maxTokens: number;
  /** Of these, kept free for the answer. Default: an eighth, at most 4,096. */
  readonly reserveTokens?: number;
  /** Messages of the history; the last step stays whole, however many it has. Default: any number. */
  readonly maxMessages?: number;
  /** Default `summary` where there is a model to ask, else `drop`. */
  readonly onFull?: OnFull;
  /** `maxTokens` is what one believes: what cannot be made to fit is for the upstream to refuse. Default false. */
  readonly isAssumed?: boolean;
}

export interface FitPorts {
  /** Counts the request as it stands, exactly; undefined where nobody can. Asked only when it decides something. */
  readonly count?: () => Promise<number | undefined>;
  /** Sums up what was said, in `maxTokens` at most; undefined when nothing came of it. */
  readonly summarize?: (messages: readonly Message[], maxTokens: number) => Promise<string | undefined>;
}

/** What was done to a context so that it fits. */
export interface Compaction {
  /** `clip`: results of tools, too long for any context, were shortened before a model saw them. */
  readonly mode: "summary" | "drop" | "clip";
  /** Messages that went, or were shortened. */
  readonly messages: number;
  /** Input tokens of the request before and after. */
  readonly beforeTokens: number;
  readonly afterTokens: number;
}

/** A compaction leaves so much of the room in use: the next one is far, and the prompt cache warm until then. */
const KEPT_SHARE = 0.5;
const LEAST_SHARE = 0.1;

/** Tokens of a request at most. */
export const roomOf = ({ maxTokens, reserveTokens = Math.min(4_096, Math.floor(maxTokens / 8)) }: ContextLimits) =>
  Math.max(1, maxTokens - Math.min(reserveTokens, Math.floor(maxTokens / 2)));

/**
 * Sees to it that the next request fits: does nothing while there is room, else what `onFull` says. To be called before each
 * request. `must`: an upstream has refused the request already, whatever the figures say; nothing done then means nothing can be.
 * @throws SysError E2BIG when `onFull` is `fail`, or when what may not be removed is too long by itself.
 */
export async function fitContext(
  conversation: Conversation,
  limits: ContextLimits,
  { must = false, ...ports }: FitPorts & { must?: boolean } = {},
): Promise<readonly Compaction[]> {
  const { maxMessages = Number.POSITIVE_INFINITY } = limits;
  const { summarize } = ports;
  const onFull = limits.onFull ?? (summarize ? "summary" : "drop");
  const room = roomOf(limits);
  const isTooLong = () => isLonger(conversation, room, ports.count);
  const isFull = async () => conversation.length > maxMessages || (await isTooLong());
  if (!must && !(await isFull())) return [];
  if (onFull === "fail") throw tooLong(conversation, room);
  const done: Compaction[] = [];
  const begin = conversation.tokens;
  const clipped = conversation.clip(room * KEPT_SHARE);
  if (clipped > 0) {
    done.push({ mode: "clip", messages: clipped, beforeTokens: begin, afterTokens: conversation.tokens });
    if (!must && !(await isFull())) return done;
  }
  const kept = { tokens: room * KEPT_SHARE, messages: Math.max(1, Math.floor(maxMessages * KEPT_SHARE)) };
  const cut = conversation.cut(
    must ? { ...kept, tokens: Math.min(kept.tokens, conversation.tokens * KEPT_SHARE) } : kept,
  );
  // Where nothing must go, a little is not worth a cold prompt cache and a summary at every turn.
  const isWorth = must || limits.isAssumed !== true || conversation.tokensOf(cut?.bytes ?? 0) >= room * LEAST_SHARE;
  if (cut && isWorth) {
    const beforeTokens = conversation.tokens;
    const summaryTokens = Math.max(32, Math.min(2_048, Math.floor(room / 4)));
    const summary = onFull === "summary" ? await summarize?.(conversation.before(cut), summaryTokens) : undefined;
    conversation.replace(cut, summary === undefined ? droppedNote(cut.messages) : summaryNote(summary));
    const mode = summary === undefined ? "drop" : "summary";
    done.push({ mode, messages: cut.messages, beforeTokens, afterTokens: conversation.tokens });
  }
  if (!must && limits.isAssumed !== true && (await isTooLong())) throw tooLong(conversation, room, done);
  return done;
}

/** What no model counted may be half or double of that; a tokenizer is asked only where it makes the difference. */
async function isLonger(conversation: Conversation, room: number, count: FitPorts["count"]): Promise<boolean> {
  const { tokens, doubtTokens } = conversation;
  if (tokens + doubtTokens <= room) return false;
  if (tokens - doubtTokens / 2 > room) return true;
  const counted = await count?.();
  if (counted !== undefined) conversation.counted(counted);
  return conversation.tokens > room;
}

const droppedNote = (count: number): FreeMessage => ({
  role: "user",
  content: `[${count} earlier ${count === 1 ? "message was" : "messages were"} left out here, for the conversation had become too long.]`,
});

const summaryNote = (summary: string): FreeMessage => ({
  role: "user",
  content: `[Summary of the earlier conversation, which had become too long:]\n${summary}`,
});

/** Asks for a summary, as the last message behind what is to be summed up. */
export const summaryQuestion: FreeMessage = {
  role: "user",
  content:
    "Sum up our conversation so far, for yourself: your work goes on from this summary alone, without the messages above. " +
    "Keep the task, what was decided and why, facts and figures found, names of files and their state, what failed, and what " +
    "is to be done next. Leave out what no longer matters. Call no tools; answer with the summary only.",
};

function tooLong(conversation: Conversation, room: number, done: readonly Compaction[] = []): SysError {
  const after = done.length > 0 ? " even after compaction" : "";
  return new SysError(
    "E2BIG",
    `the context has ${conversation.tokens} tokens in ${conversation.messages.length} messages${after}; there is room for ${room}`,
    { hint: "Give the agent less at once, raise context.maxTokens, or take a model with a larger context." },
  );
}
