import { createKeyedQueue } from "../../../kernel/policies/keyed-queue.ts";
import type { Policy } from "../../../kernel/policies/policy.ts";
import { createTenantQueue } from "../../../kernel/policies/tenant-queue.ts";

/** Weights of the paper: a token of the answer costs two of the prompt. */
export const VTC_WEIGHTS = { prefill: 1, decode: 2 } as const;

/** Virtual token counter (Sheng et al., OSDI '24): the tenant that has received least, first come first served inside it. */
export const vtc: Policy = {
  name: "vtc",
  createQueue: (options) =>
    createTenantQueue(options, {
      createInner: () => createKeyedQueue({ keyOf: ({ arrival }) => arrival }),
      serviceOf: ({ prefillTokens, decodeTokens }) =>
        VTC_WEIGHTS.prefill * prefillTokens + VTC_WEIGHTS.decode * decodeTokens,
    }),
};
