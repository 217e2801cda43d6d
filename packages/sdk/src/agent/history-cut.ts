import type { Message } from "../syscalls/llm.ts";

/** One message of the history. */
export interface Entry {
  readonly message: Message;
  readonly bytes: number;
  /** Belongs to another segment but came when the history had begun: it moves there with the next compaction. */
  readonly movesTo?: "memory" | "pinned" | undefined;
  /** Written by a compaction in place of what it removed. */
  readonly isNote?: boolean | undefined;
}

/** Where a history can be cut: what lies before `end` goes, but for `carried`. */
export interface Cut {
  readonly end: number;
  /** What the turn that was cut in two had begun with: a model must see what it was asked. */
  readonly carried: readonly Entry[];
  /** Messages that go, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
}

/** How much may stay. */
interface Target {
  readonly bytes: number;
  readonly messages: number;
}

/**
 * The shortest prefix to remove so that the rest is within `target`: whole turns (a question and all that followed from it)
 * if that is enough, else into the last turn between two steps (a model's message with the results of its tool calls).
 * Without a prefix long enough the longest one. The last step always stays; undefined when there is nothing before it.
 */
export function findCut(history: readonly Entry[], target: Target): Cut | undefined {
  const allBytes = history.reduce((sum, { bytes }) => sum + bytes, 0);
  const isEnough = (cut: Cut): boolean =>
    allBytes - cut.bytes <= target.bytes && history.length - cut.messages <= target.messages;
  const turns: Cut[] = [];
  const steps: Cut[] = [];
  let goneBytes = 0;
  let gone = 0;
  for (const [index, entry] of history.entries()) {
    const { role } = entry.message;
    if (index > 0 && role !== "tool") {
      const carried = role === "assistant" ? beginningOfTurn(history, index) : [];
      const cut = {
        end: index,
        carried,
        messages: gone - carried.length,
        bytes: goneBytes - carried.reduce((sum, { bytes }) => sum + bytes, 0),
      };
      const isNewTurn = role !== "assistant" && !isQuestion(history[index - 1]);
      if (cut.messages > 0) (isNewTurn ? turns : steps).push(cut);
    }
    if (entry.movesTo !== undefined) continue;
    goneBytes += entry.bytes;
    gone++;
  }
  const most = [...turns, ...steps].reduce<Cut | undefined>(
    (best, cut) => (best === undefined || cut.bytes > best.bytes ? cut : best),
    undefined,
  );
  return turns.find(isEnough) ?? steps.find(isEnough) ?? most;
}

const isQuestion = (entry: Entry | undefined): boolean =>
  entry !== undefined && entry.message.role !== "assistant" && entry.message.role !== "tool";

/** The messages of the user that the turn around `index` began with. */
function beginningOfTurn(history: readonly Entry[], index: number): Entry[] {
  let last = index - 1;
  while (last >= 0 && !isQuestion(history[last])) last--;
  let first = last;
  while (first > 0 && isQuestion(history[first - 1])) first--;
  return last < 0
    ? []
    : history.slice(first, last + 1).filter(({ isNote, movesTo }) => isNote !== true && movesTo === undefined);
}
