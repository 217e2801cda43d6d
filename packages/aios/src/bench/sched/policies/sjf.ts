import { createKeyedQueue } from "../../../kernel/policies/keyed-queue.ts";
import { PREFILL_WEIGHT } from "../../../kernel/policies/policy.ts";
import type { Policy } from "../../../kernel/policies/policy.ts";

/** A call may be passed by one that is a token shorter and came so much later: shortest first for minutes, and nobody starves. */
const AGE_MS_PER_TOKEN = 1_000;

/**
 * Shortest job first (Smith, 1956), of calls: by the service that a call is expected to take, aged. What it is expected to take is
 * the kernel's estimate: the place's last answers, and `max_tokens`.
 */
export const sjf: Policy = {
  name: "sjf",
  createQueue: () =>
    createKeyedQueue({
      keyOf: ({ demand, arrivedMs }) =>
        arrivedMs + AGE_MS_PER_TOKEN * (PREFILL_WEIGHT * demand.inputTokens + demand.outputTokens),
    }),
};
