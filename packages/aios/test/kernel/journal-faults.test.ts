import { createClient, inLanes } from "@aiosjs/sdk";
import { SysError } from "@aiosjs/sdk/protocol";
import type { SysEvent } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { Outbox } from "../../src/kernel/outbox.ts";
import type { Journal, JournalRecord, Toolbox } from "../../src/kernel/ports.ts";
import { Timers } from "../../src/kernel/timers.ts";
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

test("what a journal refuses after it has taken something newer does not come back in the newer one's place", async () => {
  const clock = createVirtualClock(1_000);
  const memory = createMemoryJournal();
  const first = Promise.withResolvers<void>();
  let commits = 0;
  const journal: Journal = Object.assign(Object.create(memory) as Journal, {
    commit: (records: readonly JournalRecord[]) => (++commits === 1 ? first.promise : memory.commit(records)),
  });
  const outbox = new Outbox(journal, { clock, timers: new Timers(clock), lastEventSeq: 0, onFenced: () => undefined });
  const say = (value: string) => outbox.commit({ kind: "meta", key: "last", value });
  const older = say("older");
  const isRefused = expect(older).rejects.toMatchObject({ code: "ENOSPC" });
  await clock.run(clock.nowMs());
  const newer = say("newer");
  await clock.run(clock.nowMs());
  first.reject(new SysError("ENOSPC", "full"));
  await isRefused;
  await newer;
  await clock.run(outbox.recovered());
  expect((await memory.load()).meta.get("last")).toBe("newer");
  expect(outbox.failure).toBeUndefined();
});

test("an effect whose end met a full disk is not made again for a client that comes back, and is told when it is on disk", async () => {
  const { journal, disk } = fillable(createMemoryJournal());
  const clock = createVirtualClock(1_000);
  let paid = 0;
  const ledger: Toolbox = {
    name: "ledger",
    device: "tool",
    concurrency: 1,
    tools: () => [{ name: "pay", description: "", parameters: { type: "object" }, effect: "unsafe" }],
    async *execute(_name, _args, { signal }) {
      paid++;
      await clock.wakeAt(clock.nowMs() + 100, signal);
      yield [{ type: "result", result: { content: `receipt ${paid}` } }];
    },
  };
  const { kernel, admin } = await openRig({ journal, clock, cores: () => [], drivers: () => [ledger] });
  const { key } = await admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  const principal = kernel.authenticate(key as string);
  const pay = async (more: object): Promise<SysEvent | undefined> => {
    const args = { name: "pay", arguments: { what: "rent" } };
    let last: SysEvent | undefined;
    for await (const batch of kernel.syscall("tool.call", args, { principal, onDetach: "keep", ...more }))
      last = batch.at(-1);
    return last;
  };
  const outcome = async (more: object): Promise<unknown> => {
    const last = await clock.run(pay(more));
    return last?.type === "syscall.failed" ? last.error.code : last?.type === "syscall.completed" ? last.result : last;
  };
  for (const more of [{}, { idempotencyKey: "rent" }]) {
    const before = paid;
    const first = pay(more);
    await clock.run(clock.nowMs() + 50);
    disk.isFull = true;
    expect((await clock.run(first))?.type).toBe("syscall.failed");
    expect(await outcome({ ...more, isRetry: true })).toBe("ENOSPC");
    disk.isFull = false;
    await clock.run(clock.nowMs() + 2_000);
    expect(await outcome({ ...more, isRetry: true })).toMatchObject({ content: `receipt ${before + 1}` });
    expect(paid).toBe(before + 1);
  }
});

/** An outbox over a journal that keeps the commits it is given, and takes them when told to. */
function watched() {
  const clock = createVirtualClock(1_000);
  const memory = createMemoryJournal();
  const given: string[][] = [];
  const journal: Journal = Object.assign(Object.create(memory) as Journal, {
    commit: async (records: readonly JournalRecord[]) => {
      const keys = records.map((record) => (record.kind === "meta" ? record.key : record.kind));
      given.push(keys);
      if (keys.includes("odd")) throw new SysError("EINVAL", "cannot be written");
      await memory.commit(records);
    },
  });
  const outbox = new Outbox(journal, { clock, timers: new Timers(clock), lastEventSeq: 0, onFenced: () => undefined });
  const said = (...keys: string[]) => outbox.commit(...keys.map((key) => ({ kind: "meta" as const, key, value: "v" })));
  return { clock, memory, given, said, outbox };
}

test("what no journal can write fails alone and whole; what others commit in the same turn is written", async () => {
  const { clock, memory, said, outbox } = watched();
  const ends = Promise.allSettled([said("a", "b"), said("c", "odd"), said("d")]);
  await clock.run(ends);
  expect((await ends).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const { meta } = await memory.load();
  expect([...meta.keys()].filter((key) => key.length === 1)).toEqual(["a", "b", "d"]);
  expect(outbox.failure).toBeUndefined();
});

test("a turn with many commits goes to the journal in several, in order and none divided", async () => {
  const { clock, given, said } = watched();
  await clock.run(Promise.all(Array.from({ length: 40 }, (_, index) => said(`${index}`, `${index}+`))));
  expect(given.map((keys) => keys.length)).toEqual([32, 32, 16]);
  expect(given.flat()).toEqual(Array.from({ length: 40 }, (_, index) => [`${index}`, `${index}+`]).flat());
});

test("an answer that no journal can write is told as a failure, and is one on record", async () => {
  const told: unknown[] = [];
  const odd: Toolbox = {
    name: "odd",
    device: "tool",
    concurrency: 1,
    tools: () => [{ name: "odd", description: "", parameters: { type: "object" }, effect: "idempotent" }],
    async *execute() {
      yield await Promise.resolve([{ type: "result" as const, result: { content: "odd", size: 1n } }]);
    },
  };
  const { admin, clock } = await openRig({
    cores: () => [],
    drivers: () => [odd],
    programs: {
      find: () => Promise.reject(new Error("it comes with its manifest")),
      run: async ({ transport }) => {
        const asked = createClient(inLanes(transport)).tool.call({ name: "odd", arguments: {} });
        await Promise.resolve(asked).catch((cause: SysError) => told.push(cause.code));
      },
    },
  });
  const program = { kind: "agent" as const, agent: { name: "asker", instructions: "-" }, task: "" };
  const { pid } = await admin.proc.spawn({ program });
  await clock.run(clock.nowMs() + 3_000);
  const { calls } = await admin.proc.trace({ pid });
  expect({ told, calls: calls.map(({ state, error }) => `${state} ${error}`) }).toEqual({
    told: ["EINVAL"],
    calls: ["failed a record cannot be written as JSON"],
  });
});
