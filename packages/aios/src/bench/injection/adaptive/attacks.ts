import { createSeededRandom } from "../../../drivers/random/seeded.ts";
import { one } from "../../mem/draws.ts";
import type { Pair } from "../pairs.ts";
import type { Case } from "../run-case.ts";
import type { AdaptiveAttack } from "./attack.ts";
import { carried } from "./carried.ts";
import { guised } from "./guised.ts";
import { hidden } from "./hidden.ts";
import { outwards } from "./outward.ts";

export const adaptiveAttacks: readonly AdaptiveAttack[] = [...hidden, ...carried, ...guised, ...outwards];

interface Sample {
  /** Tasks for each goal, drawn. */
  readonly tasksPerGoal: number;
  /** At most so many of one attack; those that open an index or a disk take a hundred times as long. */
  readonly most: number;
  readonly mostKept: number;
  readonly seed: number;
}

/** Each attack for every goal it fits, with tasks of its world that are drawn. */
export function casesOf(attack: AdaptiveAttack, pairs: readonly Pair[], sample: Sample): Case[] {
  const random = createSeededRandom(sample.seed);
  const byGoal = Map.groupBy(pairs, ({ environment, goal }) => `${environment.name}/${goal.id}`);
  const cases = [...byGoal.values()].flatMap((some) => {
    const fitting = some.flatMap((pair) => attack.casesOf(pair));
    if (fitting.length === 0) return [];
    return Array.from({ length: sample.tasksPerGoal }, () => one(random, fitting));
  });
  const most = cases.some(({ staging }) => staging?.keeps !== undefined) ? sample.mostKept : sample.most;
  const step = Math.max(1, cases.length / most);
  return Array.from({ length: Math.min(most, cases.length) }, (_, index) => cases[Math.floor(index * step)] as Case);
}
