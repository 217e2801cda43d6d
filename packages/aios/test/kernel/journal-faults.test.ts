import { SysError } from "@aiosjs/sdk";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal, JournalRecord } from "../../src/kernel/ports.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";

/** A journal on a disk that can be full; it keeps a log of what it was given. */
function fillableJournal() {
  const journal = createMemoryJournal();
  const disk = { isFull: false };
  const written: JournalRecord[] = [];
  const full: Journal = {
    driver: "fillable",
    isReadOnly: false,
    load: () => journal.load(),
    events: (query) => journal.events(query),
    calls: (query) => journal.calls(query),
    call: (id) => journal.call(id),
    process: (pid) => journal.process(pid),
    values: (query) => journal.values(query),
    holder: () => journal.holder(),
    claim: (node, after) => journal.claim(node, after),
    renew: (node) => journal.renew(node),
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
    commit: async (records) => {
      await Promise.resolve();
      if (disk.isFull) throw new SysError("ENOSPC", "the disk is full");
      written.push(...records);
      await journal.commit(records);
    },
  };
  return { journal: full, disk, written };
}

test("on a full disk nothing new is admitted, views are served, and when there is space again nothing is missing", async () => {
  const { journal, disk, written } = fillableJournal();
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
