import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

test("a follower that has seen events which a kill undid misses none of the next kernel's", async () => {
  const clock = createVirtualClock(1_000);
  const memory = createMemoryJournal();
  const dying = mortal(memory, { lastCommit: Infinity });
  const cores = () => [createScriptedCore({ clock })];
  const first = await openRig({ journal: dying, clock, cores });
  await clock.run(clock.nowMs() + 100);
  let lastSeen = 0;
  const left = new AbortController();
  void (async () => {
    for await (const events of first.kernel.events(first.root, { afterSeq: 0 }, left.signal))
      lastSeen = events.at(-1)?.seq ?? lastSeen;
  })();
  dying.kill();
  for (let number = 0; number < 20; number++) first.client(`undone ${number}`);
  await clock.run(clock.nowMs() + 100);
  left.abort();
  expect(lastSeen).toBeGreaterThan((await memory.load()).lastEventSeq);
  const second = await openRig({ journal: memory, clock, cores });
  await clock.run(clock.nowMs() + 100);
  const later = await memory.events({ afterSeq: lastSeen, limit: 100 });
  expect(later.map(({ topic }) => topic)).toContain("kernel.started");
  expect(second.kernel.metrics().eventSeq).toBeGreaterThan(lastSeen);
});

test("a follower from the beginning is told each event once, also those that are written while it reads", async () => {
  const clock = createVirtualClock(1_000);
  const memory = createMemoryJournal();
  const dying = mortal(memory, { lastCommit: Infinity });
  const cores = () => [createScriptedCore({ clock })];
  const first = await openRig({ journal: dying, clock, cores });
  first.client("one");
  await clock.run(clock.nowMs() + 100);
  dying.kill();
  const second = await openRig({ journal: memory, clock, cores });
  second.client("two");
  const told: number[] = [];
  const left = new AbortController();
  void (async () => {
    for await (const events of second.kernel.events(second.root, { afterSeq: 0 }, left.signal))
      told.push(...events.map(({ seq }) => seq));
  })();
  await clock.run(clock.nowMs() + 100);
  left.abort();
  const recorded = await memory.events({ afterSeq: 0, limit: 1_000 });
  expect(told).toEqual(recorded.map(({ seq }) => seq));
});
