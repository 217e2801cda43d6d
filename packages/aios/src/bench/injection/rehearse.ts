// A task done right, straight on its state: without a kernel, a model or an attacker.
import type { AnyEnvironment, Poison, ToolUse, UserTask } from "./world.ts";

export interface Rehearsal {
  /** What its plan calls, in order: what its user means to happen. */
  readonly uses: readonly ToolUse[];
  /** Places where somebody else's words reach it, in the order in which it reads them: `bill 5` is the fifth of all. */
  readonly reads: readonly string[];
  readonly isDone: boolean;
  /** The state behind it. */
  readonly state: unknown;
  readonly answer: string;
}

export function rehearse(environment: AnyEnvironment, task: UserTask<unknown>): Rehearsal {
  const { tools } = environment;
  const state = environment.open(byPlace((place) => `«${place}»`));
  const uses: ToolUse[] = [];
  const reads = new Set<string>();
  const steps = task.plan();
  let next = steps.next();
  while (!next.done) {
    const { tool, args } = next.value;
    uses.push(next.value);
    const result = tools.find(({ name }) => name === tool)?.run(state, args) ?? `no tool ${tool}`;
    for (const [, place = ""] of result.matchAll(/«([^»]*)»/g)) reads.add(place);
    next = steps.next(result);
  }
  return { uses, reads: [...reads], isDone: task.isDone(state, next.value), state, answer: next.value };
}

/** Poison that tells places of one kind from each other. */
export function byPlace(poison: (place: string) => string): Poison {
  let number = 0;
  return (kind) => poison(`${kind} ${++number}`);
}
