import { costUsd } from "../clamp.ts";
import type { Lane } from "../lane.ts";
import { modelName } from "./strategy.ts";
import type { Choice, Strategy } from "./strategy.ts";

/**
 * Cheap first: one model after the other, by what this call would cost; the next one is asked when an answer has
 * something visibly wrong or does not come. Where a model has no price the given order stands.
 */
export const cascade: Strategy = {
  name: "cascade",
  isChecked: true,
  rank(choices) {
    const priced = choices.map((choice) => ({ choice, cost: costOf(choice) }));
    const isPriced = priced.every(({ cost }) => cost !== undefined);
    const sorted = isPriced ? priced.toSorted((left, right) => (left.cost ?? 0) - (right.cost ?? 0)) : priced;
    const groups = new Map<string, Lane[]>();
    for (const { choice } of sorted) {
      const name = modelName(choice.lane);
      groups.set(name, [...(groups.get(name) ?? []), choice.lane]);
    }
    return {
      groups: [...groups.values()],
      leftOut: [],
      facts: new Map(
        priced.map(({ choice: { lane, waitMs }, cost }) => [
          lane,
          { waitMs, ...(cost === undefined ? {} : { costUsd: cost }) },
        ]),
      ),
    };
  },
};

const costOf = ({ lane, inputTokens, outputTokens }: Choice): number | undefined =>
  lane.price && costUsd(lane.price, { inputTokens, cachedInputTokens: 0, outputTokens });
