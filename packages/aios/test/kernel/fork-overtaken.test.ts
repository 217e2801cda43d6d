import type { ResultOf } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { finished, kernelOn, newWorld, spawn, step } from "../writer-rig.ts";

test("a call that ends while its process is copied is told as ended, with what it did", async () => {
  const [world, clock, journal] = [newWorld(), createVirtualClock(1_000), createMemoryJournal()];
  const rig = await kernelOn(world, { journal, clock });
  const pid = await spawn(rig);
  while (!world.effects.includes("step 1")) await step(clock);
  const toolCall = async (of: string): Promise<ResultOf<"proc.trace">["calls"][number] | undefined> =>
    (await rig.admin.proc.trace({ pid: of })).calls.find(({ name }) => name === "tool.call");
  expect((await toolCall(pid))?.state).not.toBe("done");
  // What the process was told has been read when its values are; meanwhile its tool comes to an end.
  const values = journal.values.bind(journal);
  let isRaced = false;
  journal.values = async (query) => {
    if (!isRaced) {
      isRaced = true;
      while ((await toolCall(pid))?.state !== "done") await step(clock);
    }
    return values(query);
  };
  const { pid: copy } = await rig.admin.proc.fork({ pid, seq: (await toolCall(pid))?.seq ?? 0, name: "copy" });
  expect(isRaced).toBe(true);
  expect((await toolCall(copy))?.state).toBe("done");
  await finished(rig, copy);
  const { versions } = await rig.admin.fs.history({ path: `/home/${copy}/all/step 1.txt` });
  expect(versions).toHaveLength(1);
});
