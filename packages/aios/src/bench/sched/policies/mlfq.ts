import { PREFILL_WEIGHT } from "../../../kernel/policies/policy.ts";
import type { Policy, PolicyOptions, Waiting } from "../../../kernel/policies/policy.ts";
import { createLevelQueue } from "./level-queue.ts";

/** Tokens that a call may take on the first level; four times as many on each further one. */
const FIRST_QUANTUM = 64;
/** Who has waited so long goes to the first level. */
const PROMOTE_AFTER_MS = 60_000;

const quantumOf = (level: number): number => FIRST_QUANTUM * 4 ** level;

/**
 * Multi-level feedback queue with skip-join (FastServe: Wu et al., 2023), of calls: a call joins the first level whose quantum its
 * prompt fits into, and sinks by one for each quantum that it has used up. Needs a core that can preempt: on others a call runs
 * to its end, and the levels order by prompt length alone.
 */
export const mlfq: Policy = {
  name: "mlfq",
  createQueue<Entry extends Waiting>({ nowMs }: PolicyOptions) {
    const decoded = new WeakMap<Entry, number>();
    const levelOf = (entry: Entry): number => {
      let level = 0;
      while (quantumOf(level) < PREFILL_WEIGHT * entry.demand.inputTokens) level++;
      for (let left = decoded.get(entry) ?? 0; left >= quantumOf(level); level++) left -= quantumOf(level);
      return level;
    };
    return createLevelQueue<Entry>({
      levelOf,
      promoteAtMs: () => nowMs() + PROMOTE_AFTER_MS,
      keyOf: ({ arrival }) => arrival,
      nowMs,
      charged: (entry, { decodeTokens }) => {
        decoded.set(entry, (decoded.get(entry) ?? 0) + decodeTokens);
      },
      quantumTokens: (entry) => quantumOf(levelOf(entry)),
    });
  },
};
