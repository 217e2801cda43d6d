import { createKeyedQueue } from "./keyed-queue.ts";
import type { Policy } from "./policy.ts";

/**
 * Earliest deadline first. A call without a deadline of its own has the kernel's timeout for one, so nobody starves: only
 * calls that come before a call's deadline can go before it.
 */
export const edf: Policy = {
  name: "edf",
  createQueue: () =>
    createKeyedQueue({
      keyOf: (entry) => entry.deadlineAtMs,
      preempts: (waiting, running) =>
        waiting.deadlineAtMs < running.deadlineAtMs && (waiting.class === "interactive" || running.class === "batch"),
    }),
};
