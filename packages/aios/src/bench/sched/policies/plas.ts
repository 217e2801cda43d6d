import { levelOfService } from "../../../kernel/policies/plas-vtc.ts";
import type { Attained, Policy, PolicyOptions } from "../../../kernel/policies/policy.ts";
import { createLevelQueue } from "./level-queue.ts";

/** A program that has waited so many times as long as it was served rises to the first level. */
const WAIT_PER_SERVICE = 8;

/** Program-level attained service (Autellix, 2025): programs that have received little first, first come first served in a level. */
export const plas: Policy = {
  name: "plas",
  createQueue: (options) =>
    createLevelQueue({
      levelOf: ({ attained }) => levelOfService(attained.service),
      promoteAtMs: ({ attained }) => promotionMs(attained, options),
      keyOf: ({ arrival }) => arrival,
      nowMs: options.nowMs,
    }),
};

/** When the wait of a program comes up to its share of the time that it was served. */
export const promotionMs = ({ servedMs, waitedMs }: Attained, { nowMs }: PolicyOptions): number =>
  nowMs() + Math.max(0, WAIT_PER_SERVICE * servedMs - waitedMs);
