import { createKeyedQueue } from "./keyed-queue.ts";
import { serviceOf } from "./policy.ts";
import type { Policy, PolicyOptions, RunQueue, Waiting } from "./policy.ts";
import { createTenantQueue } from "./tenant-queue.ts";

/**
 * A call may be passed until its program has waited so many times as long as it was served. More lets short programs pass
 * for longer, less bounds the longest ones tighter (docs/decisions: patience instead of levels).
 */
const WAIT_PER_SERVICE = 7;

/** What a nice level is worth in service; Linux weighs its own the same. */
const NICE_FACTOR = 1.25;

/** The tenant that has received least for its weight, and inside it the program that has received least. */
export const plasVtc: Policy = {
  name: "plas-vtc",
  createQueue: (options) => createTenantQueue(options, { createInner: () => createProgramQueue(options), serviceOf }),
};

/**
 * Least attained service first, by programs instead of calls (Autellix, 2025), as a due time: a call waits for all that come
 * before its program's patience ends, and for nobody who comes later. A program without service is due when it arrives. The
 * key is fixed when the call is queued, so nothing is promoted and nobody starves. Interactive calls go first.
 */
function createProgramQueue<Entry extends Waiting>(options: PolicyOptions): RunQueue<Entry> {
  return createKeyedQueue({
    isClassFirst: true,
    keyOf({ attained, nice }) {
      const patienceMs = WAIT_PER_SERVICE * attained.servedMs * NICE_FACTOR ** nice - attained.waitedMs;
      return options.nowMs() + Math.max(0, patienceMs) + nice * options.ageMs;
    },
  });
}
