import { createKeyedQueue } from "./keyed-queue.ts";
import type { Policy } from "./policy.ts";

/** First come, first served. */
export const fifo: Policy = {
  name: "fifo",
  createQueue: () => createKeyedQueue({ keyOf: (entry) => entry.arrival }),
};
