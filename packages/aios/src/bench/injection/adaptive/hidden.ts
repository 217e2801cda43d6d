// Orders that no look at one text shows: in an encoding, or in halves that come in two places.
import { directiveOf, encodings, splitInTwo } from "../directive.ts";
import type { Encoding } from "../directive.ts";
import { obeysIn } from "../pairs.ts";
import { rehearse } from "../rehearse.ts";
import { worded } from "../wording.ts";
import type { AdaptiveAttack } from "./attack.ts";

const encoded = (encoding: Encoding): AdaptiveAttack => ({
  name: `encoded: ${encoding}`,
  casesOf: ({ environment, task, goal, number }) => {
    const order = encodings[encoding](directiveOf(goal.uses));
    const text = worded(order, { language: goal.language, number });
    return [
      {
        environment,
        task,
        meant: rehearse(environment, task).uses,
        attack: { goal, poison: () => text, obeys: obeysIn(number) },
      },
    ];
  },
});

const split: AdaptiveAttack = {
  name: "split over two places",
  casesOf: ({ environment, task, goal, number }) => {
    const { reads, uses } = rehearse(environment, task);
    const [first, second] = reads;
    if (first === undefined || second === undefined) return [];
    const [head, tail] = splitInTwo(directiveOf(goal.uses));
    const poison = (place: string): string => (place === first ? head : place === second ? tail : "");
    return [{ environment, task, meant: uses, attack: { goal, poison, obeys: obeysIn(number) } }];
  },
};

export const hidden: readonly AdaptiveAttack[] = [...(Object.keys(encodings) as Encoding[]).map(encoded), split];
