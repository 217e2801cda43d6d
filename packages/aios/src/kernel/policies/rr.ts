import type { Pid } from "@aiosjs/sdk/protocol";
import { createKeyedQueue } from "./keyed-queue.ts";
import type { Policy } from "./policy.ts";

/** Output tokens per turn; below it swapping costs more than it evens out. */
const QUANTUM_TOKENS = 64;

/**
 * Where a process without a turn in the round under way joins: after those who stand in it, before the next one. Not in it: a
 * round that newcomers may join has no end where more come than are served, and whoever stands in the next one would starve.
 */
const JOINS_AFTER = 0.5;

/**
 * Round robin between processes, `QUANTUM_TOKENS` each on cores that resume exactly, one syscall each on others: a process's n-th
 * waiting call stands in the n-th round from now, so that a process with a thousand calls delays one with a single call by one call only.
 */
export const rr: Policy = {
  name: "rr",
  createQueue() {
    let round = 0;
    const lastRound = new Map<Pid, number>();
    return createKeyedQueue({
      quantumTokens: QUANTUM_TOKENS,
      keyOf({ pid }) {
        const mine = Math.max(round + JOINS_AFTER, (lastRound.get(pid) ?? -1) + 1);
        lastRound.set(pid, mine);
        return mine;
      },
      dispatched(key) {
        if (key === round) return;
        round = key;
        // Rounds that are over bind nobody: forget them, or the map grows with every process that ever was.
        for (const [pid, last] of lastRound) if (last < round) lastRound.delete(pid);
      },
    });
  },
};
