import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

test("a call that two kernels have not outlived keeps its number: no later one gets it", async () => {
  const clock = createVirtualClock(1_000);
  const memory = createMemoryJournal();
  const dying = () => mortal(memory, { lastCommit: Infinity });
  const slow = () => [createScriptedCore({ clock, script: () => clock.wakeAt(clock.nowMs() + 5_000, never) })];
  const never = new AbortController().signal;

  const first = dying();
  const client = (await openRig({ journal: first, clock, cores: slow })).client("one");
  void client.chat("cut off").catch(() => undefined);
  await clock.run(clock.nowMs() + 1_000);
  first.kill();

  const second = dying();
  await openRig({ journal: second, clock, cores: slow });
  await clock.run(clock.nowMs() + 1_000);
  second.kill();

  const third = await openRig({ journal: memory, clock, cores: slow });
  await clock.run(third.client("one").chat("whole"));
  const { calls } = await third.admin.proc.trace({ pid: client.pid });
  expect(calls.map(({ seq, state }) => [seq, state])).toEqual([
    [1, "failed"],
    [2, "done"],
  ]);
});
