// Who is below whom, over restarts.
import { createClient, inLanes } from "@aiosjs/sdk";
import type { Pid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openRig } from "../rig.ts";

test("a child stays below its parent when the clock was set back between their beginnings", async () => {
  const journal = createMemoryJournal();
  const program = { kind: "agent" as const, agent: { name: "sleeper", instructions: "-" }, task: "" };
  const kernelAt = (nowMs: number) =>
    openRig({
      journal,
      clock: createVirtualClock(nowMs),
      cores: () => [],
      programs: {
        find: () => Promise.reject(new Error("it comes with its manifest")),
        run: async ({ transport }) => createClient(inLanes(transport)).proc.sleep({ key: "for ever" }),
      },
    });
  const first = await kernelAt(9_000);
  const { pid: parent } = await first.admin.proc.spawn({ program });
  await first.clock.run(10_000);
  const second = await kernelAt(1_000);
  const owner = createClient(second.kernel.transport(second.root, parent as Pid));
  const { pid: child } = await owner.proc.spawn({ program });
  await second.clock.run(2_000);
  const third = await kernelAt(20_000);
  expect((await third.admin.proc.show({ pid: child })).parent).toBe(parent);
});
