import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { fillable } from "../fillable-journal.ts";
import { filesOf, finished, flow, kernelOn, newWorld, refusal, spawn } from "../writer-rig.ts";

test("a fork that a full disk refuses leaves nothing, and the kernel lives: with space it is made", async () => {
  const clock = createVirtualClock(1_000);
  const { journal, disk } = fillable(createMemoryJournal());
  const rig = await kernelOn(newWorld(), { journal, clock });
  const pid = await spawn(rig);
  await finished(rig, pid);
  disk.isFull = true;
  expect(await refusal(flow(clock, rig.admin.proc.fork({ pid, name: "copy" })))).toMatch(/^ENOSPC /);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  disk.isFull = false;
  await clock.run(clock.nowMs() + 3_000);
  const copy = await flow(clock, rig.admin.proc.fork({ pid, name: "copy" }));
  expect(Object.keys(await filesOf(copy.pid))).toEqual(Object.keys(await filesOf(pid)));
});
