import { createKeyedQueue } from "./keyed-queue.ts";
import type { Policy } from "./policy.ts";

/** What the interactive class is worth in nice levels. */
const INTERACTIVE_LEVELS = 20;

/**
 * Nice level first, then arrival; a waiting call rises by one level per `ageMs`.
 * All calls age alike, so their order never changes while they wait: level × ageMs + arrival is a fixed key, and
 * nobody starves: a call waits at most (levels between) × ageMs behind newer ones of a better level.
 */
export const priority: Policy = {
  name: "priority",
  createQueue: ({ ageMs }) =>
    createKeyedQueue({
      keyOf: (entry) =>
        (entry.nice - (entry.class === "interactive" ? INTERACTIVE_LEVELS : 0)) * ageMs + entry.arrivedMs,
    }),
};
