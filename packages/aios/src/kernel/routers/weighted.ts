import { modelName } from "./strategy.ts";
import type { Strategy } from "./strategy.ts";

/** Fractional part of the golden ratio: multiples of it fill the unit interval more evenly than chance (Kronecker sequence). */
const GOLDEN = 0.618_033_988_749_894_9;

/**
 * The first choice by weight (`core/model`, else `core`, else 1), the others behind it in order of weight: shares hold
 * as long as the lanes have room, and a full one blocks nobody. Weight 0: never.
 */
export const weighted: Strategy = {
  name: "weighted",
  rank(choices, { turn, settings }) {
    const weightOf = (lane: (typeof choices)[number]["lane"]): number =>
      settings.weights[modelName(lane)] ?? settings.weights[lane.driver.name] ?? 1;
    const weights = choices.map(({ lane }) => ({ lane, weight: weightOf(lane) }));
    const positive = weights.filter(({ weight }) => weight > 0);
    // All at 0: the weights say nothing, and a call must go somewhere.
    const used = positive.length > 0 ? positive : weights.map(({ lane }) => ({ lane, weight: 1 }));
    const total = used.reduce((sum, { weight }) => sum + weight, 0);
    let left = ((turn * GOLDEN) % 1) * total;
    const first = used.find(({ weight }) => (left -= weight) < 0) ?? used[0];
    const rest = used.filter((one) => one !== first).toSorted((one, other) => other.weight - one.weight);
    return {
      groups: [[...(first ? [first] : []), ...rest].map(({ lane }) => lane)],
      leftOut: weights
        .filter(({ lane }) => !used.some((one) => one.lane === lane))
        .map(({ lane }) => ({ lane, why: "weight" })),
      facts: new Map(used.map(({ lane, weight }) => [lane, { share: weight / total }])),
    };
  },
};
