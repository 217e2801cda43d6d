import type { Strategy } from "./strategy.ts";

/** Round robin: each call begins at the next lane, and stands in all of them. */
export const sequential: Strategy = {
  name: "sequential",
  rank(choices, { turn }) {
    const lanes = choices.map(({ lane }) => lane);
    const start = turn % lanes.length;
    return {
      groups: [[...lanes.slice(start), ...lanes.slice(0, start)]],
      leftOut: [],
      facts: new Map(choices.map(({ lane, waitMs }) => [lane, { waitMs }])),
    };
  },
};
