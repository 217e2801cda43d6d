import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { mortal } from "../mortal-journal.ts";
import {
  filesOf,
  finished,
  flow,
  kernelOn,
  newFolder,
  newWorld,
  notedFiles,
  notedNotes,
  notesOf,
  refusal,
  seqOf,
  spawn,
  step,
  stuck,
  valueOf,
} from "../writer-rig.ts";

/** What it has in the folder of all. */
const sharedBy = async (pid: string, files?: string): Promise<string[]> =>
  Object.keys(await filesOf(`%40tenant/${pid}`, files)).toSorted();

describe("an agent that is taken back to an earlier call", () => {
  test("goes on from there with the files and values of then, after its end too", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    expect(await finished(rig, pid)).toMatchObject({
      code: 0,
      result: "noted step 1 noted step 2 noted step 3 noted step 4",
    });
    expect(await filesOf(pid)).toEqual(notedFiles("step 1", "step 2", "step 3", "step 4"));
    const before = (await rig.admin.proc.show({ pid })).usage;
    world.word = (step) => `other ${step}`;
    world.stopAt = 2;
    const seq = await seqOf(rig, pid, 2);
    const back = await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
    expect(back).toMatchObject({ seq, unsafe: [] });
    expect(await filesOf(pid)).toEqual(notedFiles("step 1", "step 2"));
    expect(await sharedBy(pid)).toEqual(["step 1.txt", "step 2.txt"]);
    expect(await valueOf(rig, pid)).toEqual({ text: "step 2" });
    expect(await notesOf(rig, pid)).toEqual(notedNotes("step 1", "step 2"));
    expect((await rig.admin.proc.show({ pid })).state).toBe("running");
    world.stopAt = Number.POSITIVE_INFINITY;
    // The model thinks for ever: the call is made again after another return to the same place.
    await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
    expect(await finished(rig, pid)).toMatchObject({
      code: 0,
      result: "noted step 1 noted step 2 noted other 3 noted other 4",
    });
    expect(await filesOf(pid)).toEqual(notedFiles("step 1", "step 2", "other 3", "other 4"));
    expect(await valueOf(rig, pid)).toEqual({ text: "other 4" });
    expect(await notesOf(rig, pid)).toEqual(notedNotes("step 1", "step 2", "other 3", "other 4"));
    // What was undone stays visible, and what was paid stays paid.
    const { calls } = await rig.admin.proc.trace({ pid });
    expect(calls.filter(({ state }) => state === "undone").length).toBeGreaterThanOrEqual(back.calls);
    expect((await rig.admin.proc.show({ pid })).usage.outputTokens).toBeGreaterThan(before.outputTokens);
    const topics = (await rig.events()).map(({ topic }) => topic);
    expect(topics.filter((topic) => topic === "process.rolled-back")).toHaveLength(2);
  });

  test("goes back to its beginning, and again and again, with the same end", async () => {
    const rig = await kernelOn(newWorld());
    const pid = await spawn(rig);
    const end = await finished(rig, pid);
    for (const seq of [0, 3, 0]) {
      await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
      expect(await finished(rig, pid)).toEqual(end);
      expect(await filesOf(pid)).toEqual(notedFiles("step 1", "step 2", "step 3", "step 4"));
      expect(await notesOf(rig, pid)).toEqual(notedNotes("step 1", "step 2", "step 3", "step 4"));
    }
  });

  test("stays suspended if it is, and goes on from there when it is resumed", async () => {
    const world = newWorld({ stopAt: 3 });
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    await stuck(rig, world);
    await rig.admin.proc.signal({ pid, signal: "suspend" });
    await flow(rig.clock, rig.admin.proc.rollback({ pid, seq: await seqOf(rig, pid, 1) }));
    for (let count = 0; count < 10; count++) await step(rig.clock);
    expect(await filesOf(pid)).toEqual(notedFiles("step 1"));
    expect((await rig.admin.proc.show({ pid })).state).toBe("suspended");
    world.stopAt = Number.POSITIVE_INFINITY;
    world.word = (step) => `other ${step}`;
    await rig.admin.proc.signal({ pid, signal: "resume" });
    expect(await finished(rig, pid)).toMatchObject({
      result: "noted step 1 noted other 2 noted other 3 noted other 4",
    });
  });

  test("names what cannot be undone", async () => {
    const rig = await kernelOn(newWorld(), { effect: "unsafe" });
    const pid = await spawn(rig);
    await finished(rig, pid);
    const seq = await seqOf(rig, pid, 2);
    const { unsafe } = await flow(rig.clock, rig.admin.proc.rollback({ pid, seq }));
    expect(unsafe.map(({ detail, isKnown }) => ({ detail, isKnown }))).toEqual([
      { detail: 'tool.call(note {"text":"step 3"}) = "noted step 3"', isKnown: true },
      { detail: 'tool.call(note {"text":"step 4"}) = "noted step 4"', isKnown: true },
    ]);
  });

  test("is there after a kill of the kernel at every commit of the way back", { timeout: 60_000 }, async () => {
    let kills = 0;
    for (let more = 1; ; more++) {
      const files = await newFolder();
      const world = newWorld();
      const clock = createVirtualClock(1_000);
      const journal = createMemoryJournal({ nowMs: () => clock.nowMs() });
      const first = await kernelOn(world, { journal, clock, files });
      const pid = await spawn(first);
      await finished(first, pid);
      const seq = await seqOf(first, pid, 2);
      world.word = (step) => `other ${step}`;
      const death = Promise.withResolvers<"dead">();
      const dying = mortal(journal, { lastCommit: more, onDeath: () => death.resolve("dead") });
      const second = await kernelOn(world, { journal: dying, clock, files });
      const done = Promise.resolve(second.admin.proc.rollback({ pid, seq })).then(() => "done" as const);
      const outcome = await flow(clock, Promise.race([death.promise, done]));
      dying.kill();
      const third = await kernelOn(world, { journal, clock, files });
      const { state } = await third.admin.proc.show({ pid });
      if (state === "zombie") continue; // nobody had been told of it
      kills++;
      const exit = await finished(third, pid);
      expect({ more, exit }).toMatchObject({
        more,
        exit: { result: "noted step 1 noted step 2 noted other 3 noted other 4" },
      });
      expect(await filesOf(pid, files)).toEqual(notedFiles("step 1", "step 2", "other 3", "other 4"));
      expect(await sharedBy(pid, files)).toEqual(
        ["other 3", "other 4", "step 1", "step 2"].map((name) => `${name}.txt`),
      );
      if (outcome === "done") break;
    }
    expect(kills).toBeGreaterThan(2);
  });

  test("refuses what cannot be: a call that was not made, a client, itself", async () => {
    const rig = await kernelOn(newWorld());
    const pid = await spawn(rig);
    await finished(rig, pid);
    expect(await refusal(rig.admin.proc.rollback({ pid, seq: 1_000 }))).toMatch(
      /^EINVAL process \w+ has made \d+ calls, none with the number 1000$/,
    );
    const client = rig.client("s");
    await flow(rig.clock, client.chat("hi"));
    for (const doing of [
      rig.admin.proc.rollback({ pid: client.pid, seq: 0 }),
      rig.admin.proc.fork({ pid: client.pid }),
      rig.admin.proc.snapshot({ pid: client.pid }),
      rig.admin.proc.replay({ pid: client.pid }),
    ])
      expect(await refusal(doing)).toMatch(
        /^EINVAL .* is a client; what its program has come to is known to itself alone$/,
      );
    expect(await refusal(rig.client("s", "other").client.proc.rollback({ pid, seq: 0 }))).toMatch(/^ESRCH /);
  });

  test("is refused when the journal does not hold any more what its program was told", async () => {
    const journal = createMemoryJournal();
    const rig = await kernelOn(newWorld(), { journal });
    const pid = await spawn(rig);
    await finished(rig, pid);
    const seq = await seqOf(rig, pid, 2);
    const calls = journal.calls.bind(journal);
    Object.assign(journal, {
      calls: async (query: Parameters<typeof calls>[0]) =>
        (await calls(query)).map((row) => (row.seq < 4 ? { ...row, result: undefined } : row)),
    });
    expect(await refusal(flow(rig.clock, rig.admin.proc.rollback({ pid, seq })))).toContain("ESTALE");
    expect((await rig.admin.proc.show({ pid })).state).toBe("zombie");
  });
});

describe("an agent that is forked", () => {
  test("becomes two that were told the same and go their own ways", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const pid = await spawn(rig);
    const end = await finished(rig, pid);
    const files = await filesOf(pid);
    world.word = (step) => `other ${step}`;
    const effects = world.effects.length;
    const seq = await seqOf(rig, pid, 3);
    const fork = await flow(rig.clock, rig.admin.proc.fork({ pid, seq }));
    expect(await finished(rig, fork.pid)).toMatchObject({
      code: 0,
      result: "noted step 1 noted step 2 noted step 3 noted other 4",
    });
    expect(world.effects.slice(effects)).toEqual(["other 4"]);
    expect(await filesOf(fork.pid)).toEqual(notedFiles("step 1", "step 2", "step 3", "other 4"));
    expect(await valueOf(rig, fork.pid)).toEqual({ text: "other 4" });
    expect(await notesOf(rig, fork.pid)).toEqual(notedNotes("step 1", "step 2", "step 3", "other 4"));
    expect(await notesOf(rig, pid)).toEqual(notedNotes("step 1", "step 2", "step 3", "step 4"));
    expect((await rig.admin.proc.show({ pid })).exit).toEqual(end);
    expect(await filesOf(pid)).toEqual(files);
    expect(await valueOf(rig, pid)).toEqual({ text: "step 4" });
    const [one, other] = [await rig.admin.proc.show({ pid }), await rig.admin.proc.show({ pid: fork.pid })];
    expect(other.name).toBe("writer-fork");
    // It pays for what it does itself.
    expect(other.usage.outputTokens).toBeLessThan(one.usage.outputTokens);
    expect(other.usage.outputTokens).toBeGreaterThan(0);
    // A fork goes back as its original does, before the place where it was forked, too.
    await flow(rig.clock, rig.admin.proc.rollback({ pid: fork.pid, seq: await seqOf(rig, fork.pid, 3) }));
    expect(await finished(rig, fork.pid)).toMatchObject({
      result: "noted step 1 noted step 2 noted step 3 noted other 4",
    });
  });

  test("goes on by itself after a restart of the kernel, and a fork of a running one is whole", async () => {
    const world = newWorld({ stopAt: 2 });
    const journal = createMemoryJournal();
    const clock = createVirtualClock(1_000);
    const first = await kernelOn(world, { journal, clock });
    const pid = await spawn(first);
    await stuck(first, world);
    const fork = await flow(clock, first.admin.proc.fork({ pid, name: "second" }));
    for (let count = 0; count < 10; count++) await step(clock);
    world.stopAt = Number.POSITIVE_INFINITY;
    world.word = (step) => `other ${step}`;
    const second = await kernelOn(world, { journal, clock, seed: 2 });
    for (const one of [pid, fork.pid])
      expect(await finished(second, one)).toMatchObject({
        result: "noted step 1 noted step 2 noted other 3 noted other 4",
      });
    expect((await second.admin.proc.show({ pid: fork.pid })).name).toBe("second");
  });
});
