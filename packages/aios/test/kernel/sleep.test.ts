import { createClient, inLanes } from "@aiosjs/sdk";
import type { Client, ManifestInput } from "@aiosjs/sdk";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const manifest: ManifestInput = { name: "sleeper", instructions: "Sleep." };

/** A kernel whose agents run `program`. */
const open = (
  program: (client: Client) => Promise<unknown> = () => Promise.resolve(),
  { journal = createMemoryJournal() as Journal, clock = createVirtualClock(1_000) } = {},
): Promise<Rig> =>
  openRig({
    journal,
    clock,
    cores: () => [createScriptedCore({ clock })],
    programs: {
      find: () => Promise.reject(new Error("no programs here")),
      run: ({ transport }) => program(createClient(inLanes(transport))),
    },
  });

const spawn = async (rig: Rig) =>
  (await rig.admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "" } })).pid;

describe("a process that sleeps", () => {
  test("wakes after its time, at its instant, or when somebody wakes its key, whichever comes first", async () => {
    const rig = await open();
    const [one, two] = [rig.client("one"), rig.client("two")];
    const { client } = one;
    expect(await rig.clock.run(Promise.resolve(client.proc.sleep({ ms: 500 })))).toEqual({
      wokenBy: "time",
      value: null,
    });
    expect(rig.clock.nowMs()).toBe(1_500);
    await rig.clock.run(Promise.resolve(client.proc.sleep({ untilMs: 2_000, key: "k" })));
    expect(rig.clock.nowMs()).toBe(2_000);
    const sleeping = [client.proc.sleep({ key: "k" }), client.proc.sleep({ ms: 1_000, key: "k" })].map(
      async (one) => one,
    );
    await rig.clock.run(2_100);
    expect(await two.client.proc.wake({ key: "other" })).toEqual({ pids: [] });
    expect(await two.client.proc.wake({ key: "k", value: { n: 1 } })).toEqual({ pids: [one.pid, one.pid] });
    expect(await Promise.all(sleeping)).toEqual(Array.from({ length: 2 }, () => ({ wokenBy: "key", value: { n: 1 } })));
    await expect(client.proc.sleep({})).rejects.toMatchObject({ code: "EINVAL" });
    await expect(client.proc.sleep({ ms: 1, untilMs: 1 })).rejects.toMatchObject({ code: "EINVAL" });
    expect((await rig.journal.load()).messages).toEqual([]);
  });

  test("is not woken by other tenants", async () => {
    const rig = await open();
    const sleeping = Promise.resolve(rig.client("one").client.proc.sleep({ ms: 100, key: "k" }));
    await rig.clock.run(1_010);
    expect(await rig.client("two", "elsewhere").client.proc.wake({ key: "k" })).toEqual({ pids: [] });
    expect(await rig.clock.run(sleeping)).toMatchObject({ wokenBy: "time" });
    // Nor by who sees all tenants: the key is another one there.
    const theirs = Promise.resolve(rig.client("two", "elsewhere").client.proc.sleep({ ms: 100, key: "k" }));
    await rig.clock.run(rig.clock.nowMs() + 10);
    expect(await rig.admin.proc.wake({ key: "k" })).toEqual({ pids: [] });
    expect(await rig.clock.run(theirs)).toMatchObject({ wokenBy: "time" });
  });

  test("sleeps on for what is left when its kernel was killed", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const program = ({ proc }: Client) => Promise.resolve(proc.sleep({ ms: 10_000 }));
    const dying = mortal(journal, { lastCommit: Infinity });
    const pid = await spawn(await open(program, { journal: dying, clock }));
    await clock.run(5_000);
    dying.kill();
    const next = await open(program, { journal, clock });
    const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
    expect(exit).toMatchObject({ code: 0, result: { wokenBy: "time" } });
    expect(clock.nowMs()).toBe(11_000);
  });

  test("is woken after the restart by who woke it before the kill, at whatever commit it was", async () => {
    let acknowledged = 0;
    for (let lastCommit = 3; lastCommit < 14; lastCommit++)
      for (const isAcknowledged of [true, false]) {
        const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
        const program = ({ proc }: Client) => Promise.resolve(proc.sleep({ ms: 60_000, key: "k" }));
        const death = Promise.withResolvers<void>();
        const dying = mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve });
        const rig = await open(program, { journal: dying, clock });
        const pid = await Promise.race([spawn(rig), clock.run(death.promise)]);
        if (pid === undefined) continue;
        await clock.run(5_000);
        const woken = await Promise.race([rig.admin.proc.wake({ key: "k", value: 7 }), death.promise]);
        dying.kill();
        const next = await open(program, { journal, clock });
        const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
        const where = { lastCommit, isAcknowledged };
        if (woken) {
          acknowledged++;
          expect({ ...where, woken }).toEqual({ ...where, woken: { pids: [pid] } });
          expect({ ...where, exit }).toMatchObject({ ...where, exit: { result: { wokenBy: "key", value: 7 } } });
        }
        expect({ ...where, left: (await journal.load()).messages }).toEqual({ ...where, left: [] });
      }
    expect(acknowledged).toBeGreaterThan(3);
  });

  test("is woken by who comes before its program is back after the restart", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const program = ({ proc }: Client) => Promise.resolve(proc.sleep({ key: "k" }));
    const dying = mortal(journal, { lastCommit: Infinity });
    const pid = await spawn(await open(program, { journal: dying, clock }));
    await clock.run(5_000);
    dying.kill();
    const next = await open(program, { journal, clock });
    expect(await next.admin.proc.wake({ key: "k", value: 7 })).toEqual({ pids: [pid] });
    const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
    expect(exit).toMatchObject({ code: 0, result: { wokenBy: "key", value: 7 } });
  });

  test("sleeps on after a graceful stop", async () => {
    const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
    const program = ({ proc }: Client) => Promise.resolve(proc.sleep({ ms: 10_000, key: "k" }));
    const first = await open(program, { journal, clock });
    const pid = await spawn(first);
    await clock.run(2_000);
    await clock.run(Promise.resolve(first.kernel[Symbol.asyncDispose]()));
    const next = await open(program, { journal, clock });
    expect(await next.admin.proc.wake({ key: "k", value: "up" })).toEqual({ pids: [pid] });
    const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
    expect(exit).toMatchObject({ code: 0, result: { wokenBy: "key", value: "up" } });
  });
});

test("who is woken while the kernel stops is awake when it is back", async () => {
  const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
  const program = ({ proc }: Client) => Promise.resolve(proc.sleep({ ms: 10_000, key: "k" }));
  const first = await open(program, { journal, clock });
  const pid = await spawn(first);
  await clock.run(2_000);
  const waking = first.admin.proc.wake({ key: "k", value: "up" }).outcome();
  const stopping = Promise.resolve(first.kernel[Symbol.asyncDispose]());
  expect((await clock.run(waking)).result).toEqual({ pids: [pid] });
  await clock.run(stopping);
  const next = await open(program, { journal, clock });
  const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
  expect(exit).toMatchObject({ code: 0, result: { wokenBy: "key", value: "up" } });
});

test("time, chance and messages are the same again in a program that is replayed", async () => {
  const [journal, clock] = [createMemoryJournal(), createVirtualClock(1_000)];
  const seen: unknown[][] = [];
  const program = async ({ proc }: Client) => {
    const run: unknown[] = [];
    seen.push(run);
    run.push(await proc.now(), await proc.random(), await proc.uuid(), (await proc.receive()).body);
    await proc.sleep({ ms: 5_000 });
    run.push((await proc.receive()).body);
    return run;
  };
  const dying = mortal(journal, { lastCommit: Infinity });
  const first = await open(program, { journal: dying, clock });
  const pid = await spawn(first);
  for (const body of ["one", "two"]) await first.admin.proc.send({ pid, body });
  await clock.run(3_000);
  dying.kill();
  const next = await open(program, { journal, clock });
  const { result } = await clock.run(Promise.resolve(next.admin.proc.wait({ pid })));
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual([...(seen[0] as unknown[]), "two"]);
  expect(result).toEqual(seen[1]);
  expect(seen[0]).toEqual([
    { nowMs: 1_000 },
    { value: expect.closeTo(0.5, 0) as number },
    { uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string },
    "one",
  ]);
});
