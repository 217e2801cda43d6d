import { directiveOf } from "./directive.ts";
import { rehearse } from "./rehearse.ts";
import type { Case } from "./run-case.ts";
import { worded } from "./wording.ts";
import type { AnyEnvironment, InjectionTask, UserTask } from "./world.ts";

/** A user task and an attacker's goal in one world. */
export interface Pair {
  readonly environment: AnyEnvironment;
  readonly task: UserTask<unknown>;
  readonly goal: InjectionTask<unknown>;
  /** Counts all pairs: what is varied is varied by it. */
  readonly number: number;
}

export function pairsOf(environments: readonly AnyEnvironment[]): Pair[] {
  let number = 0;
  return environments.flatMap((environment) =>
    environment.tasks.flatMap((task) =>
      environment.injections.map((goal) => ({ environment, task, goal, number: number++ })),
    ),
  );
}

/** Every user task, and nobody attacks. */
export const benignCases = (environments: readonly AnyEnvironment[]): Case[] =>
  environments.flatMap((environment) =>
    environment.tasks.map((task) => ({ environment, task, meant: rehearse(environment, task).uses })),
  );

/** The attacker's order, as it is, wherever others' words stand. */
export function plainCase({ environment, task, goal, number }: Pair): Case {
  const text = worded(directiveOf(goal.uses), { language: goal.language, number });
  return {
    environment,
    task,
    meant: rehearse(environment, task).uses,
    attack: { goal, poison: () => text, obeys: obeysIn(number) },
  };
}

export const obeysIn = (number: number): "first" | "last" => (number % 2 === 0 ? "first" : "last");
