import type { Strategy } from "./strategy.ts";

/**
 * Shortest expected time first: wait + time to first token + output tokens × time per token. A lane that has not
 * answered yet goes first, once: while its first call is under way, the others are asked. A lane whose answer alone
 * would take longer than waiting for the best one is left out.
 */
export const latency: Strategy = {
  name: "latency",
  rank(choices, { speeds }) {
    const timed = choices.map(({ lane, waitMs, outputTokens }) => {
      const serviceMs = speeds.expectedMs(lane, outputTokens);
      const isUnderTrial = serviceMs === undefined && lane.running > 0;
      return { lane, waitMs, serviceMs, expectedMs: isUnderTrial ? Number.MAX_VALUE : waitMs + (serviceMs ?? 0) };
    });
    const sorted = timed.toSorted((left, right) => left.expectedMs - right.expectedMs);
    const known = timed.filter(({ serviceMs }) => serviceMs !== undefined);
    const bestMs = Math.min(...known.map(({ expectedMs }) => expectedMs));
    const isSlow = ({ serviceMs }: (typeof timed)[number]): boolean => serviceMs !== undefined && serviceMs > bestMs;
    return {
      groups: [sorted.filter((one) => !isSlow(one)).map(({ lane }) => lane)],
      leftOut: sorted.filter(isSlow).map(({ lane }) => ({ lane, why: "slow" })),
      facts: new Map(
        timed.map(({ lane, waitMs, serviceMs, expectedMs }) => [
          lane,
          serviceMs === undefined ? { waitMs } : { waitMs, expectedMs },
        ]),
      ),
    };
  },
};
