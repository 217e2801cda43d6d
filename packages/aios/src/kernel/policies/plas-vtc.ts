import { serviceOf } from "./policy.ts";
import type { Policy } from "./policy.ts";
import { createProgramQueue } from "./program-queue.ts";
import { createTenantQueue } from "./tenant-queue.ts";

/** The tenant that has received least for its weight, and inside it the program that has received least. */
export const plasVtc: Policy = {
  name: "plas-vtc",
  createQueue: (options) => createTenantQueue(options, { createInner: () => createProgramQueue(options), serviceOf }),
};
