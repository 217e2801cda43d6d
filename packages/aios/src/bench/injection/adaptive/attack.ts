import type { Pair } from "../pairs.ts";
import type { Case } from "../run-case.ts";

/** A way to get an order past a gate. */
export interface AdaptiveAttack {
  readonly name: string;
  /** Cases of it for one pair; none where the task or the goal has nothing to take hold of. */
  readonly casesOf: (pair: Pair) => readonly Case[];
}
