import type { Attained, Policy, PolicyOptions } from "../../../kernel/policies/policy.ts";
import { createLevelQueue } from "./level-queue.ts";

/** Upper bound of the first level in tokens of service; each further one holds four times as much. */
const FIRST_LEVEL = 64;
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

/** Levels are bounded by 64, 256, 1k, 4k, 16k… tokens of service. */
export function levelOfService(service: number): number {
  let level = 0;
  for (let bound = FIRST_LEVEL; service >= bound; bound *= 4) level++;
  return level;
}

/** When the wait of a program comes up to its share of the time that it was served. */
export const promotionMs = ({ servedMs, waitedMs }: Attained, { nowMs }: PolicyOptions): number =>
  nowMs() + Math.max(0, WAIT_PER_SERVICE * servedMs - waitedMs);
