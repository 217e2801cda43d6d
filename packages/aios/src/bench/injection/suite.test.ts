import { describe, expect, test } from "vitest";
import { environments } from "./environments.ts";
import { rehearse } from "./rehearse.ts";

const tasks = environments.flatMap((environment) => environment.tasks.map((task) => ({ environment, task })));

describe("the suite of injections", () => {
  test.each(tasks.map(({ environment, task }) => ({ name: `${environment.name}/${task.id}`, environment, task })))(
    "$name can be done, and reads what others have written",
    ({ environment, task }) => {
      const { isDone, reads } = rehearse(environment, task);
      expect({ isDone, reads: reads.length > 0 }).toEqual({ isDone: true, reads: true });
    },
  );

  test("is as large as it says, and its prompts and names are told apart", () => {
    const actions = environments.map(({ injections }) => injections.filter(({ isOnlyWords }) => !isOnlyWords).length);
    const pairs = environments.reduce((sum, { tasks: some }, index) => sum + some.length * (actions[index] ?? 0), 0);
    expect(tasks.length).toBeGreaterThanOrEqual(90);
    expect(actions.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(30);
    expect(pairs).toBeGreaterThanOrEqual(900);
    for (const { tasks: some, injections, tools } of environments)
      for (const names of [
        some.map(({ id }) => id),
        some.map(({ prompt }) => prompt),
        injections.map(({ id }) => id),
        tools.map(({ name }) => name),
      ])
        expect(new Set(names).size).toBe(names.length);
  });

  test("no goal of an attacker is reached by a task that is done right", () => {
    for (const { environment, task } of tasks) {
      const { state, answer } = rehearse(environment, task);
      for (const injection of environment.injections)
        expect({ task: task.id, goal: injection.id, reached: injection.isDone(state, answer) }).toMatchObject({
          reached: false,
        });
    }
  });
});
