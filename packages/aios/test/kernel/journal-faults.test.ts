import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { fillable } from "../fillable-journal.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

test("on a full disk nothing new is admitted, views are served, and when there is space again nothing is missing", async () => {
  const { journal, disk, written } = fillable(createMemoryJournal());
  const { client, clock, admin } = await openRig({
    journal,
    cores: (virtual) => [createScriptedCore({ clock: virtual })],
  });
  const one = client("one");
  const running = one.chat("running");
  await clock.run(clock.nowMs() + 50);
  disk.isFull = true;
  await clock.run(running);
  await clock.run(clock.nowMs() + 100);
  await expect(one.chat("more")).rejects.toMatchObject({ code: "ENOSPC" });
  await expect(admin.proc.list()).resolves.toBeDefined();
  disk.isFull = false;
  await clock.run(clock.nowMs() + 2_000);
  await clock.run(one.chat("works again"));
  await clock.run(clock.nowMs() + 100);
  const done = written.flatMap((record) =>
    record.kind === "call" && record.row.state === "done" ? [record.row.seq] : [],
  );
  expect(done).toContain(1);
  const usages = written.flatMap((record) =>
    record.kind === "process" && record.row.pid === one.pid ? [record.row.counts.done] : [],
  );
  expect(usages).toEqual(usages.toSorted((left, right) => left - right));
});
