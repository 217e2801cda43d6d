import type { Choice, RouteView, Strategy } from "./strategy.ts";

/** Least tokens in flight per slot first; those that wait there count with what this call takes. Ties go in turns. */
export const leastBusy: Strategy = {
  name: "least-busy",
  rank(choices, view) {
    const start = view.turn % choices.length;
    const turned = [...choices.slice(start), ...choices.slice(0, start)];
    const sorted = turned.toSorted((left, right) => loadOf(left, view) - loadOf(right, view));
    return {
      groups: [sorted.map(({ lane }) => lane)],
      leftOut: [],
      facts: new Map(
        choices.map(({ lane, waitMs }) => [lane, { tokensInFlight: view.speeds.tokensInFlight(lane), waitMs }]),
      ),
    };
  },
};

function loadOf({ lane, inputTokens, outputTokens }: Choice, { speeds }: RouteView): number {
  const waiting = lane.queue.size * (inputTokens + outputTokens);
  return (speeds.tokensInFlight(lane) + waiting) / lane.concurrency;
}
