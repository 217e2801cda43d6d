import { createKeyedQueue } from "./keyed-queue.ts";
import { isMoreUrgent } from "./policy.ts";
import type { Policy, PolicyOptions, Waiting } from "./policy.ts";

/** What the interactive class is worth in nice levels. */
const INTERACTIVE_LEVELS = 20;

/**
 * Nice level first, then arrival; a waiting call rises by one level per `ageMs`.
 * All calls age alike, so their order never changes while they wait: level × ageMs + arrival is a fixed key, and
 * nobody starves: a call waits at most (levels between) × ageMs behind newer ones of a better level.
 */
export const priority: Policy = {
  name: "priority",
  createQueue<Entry extends Waiting>({ ageMs }: PolicyOptions) {
    const keyOf = (entry: Entry): number =>
      (entry.nice - (entry.class === "interactive" ? INTERACTIVE_LEVELS : 0)) * ageMs + entry.arrivedMs;
    return createKeyedQueue({
      keyOf,
      // Who has aged past it is not interrupted by it.
      preempts: (waiting, running) => isMoreUrgent(waiting, running) && keyOf(waiting) < keyOf(running),
    });
  },
};
