// Programs that are started again and again: at their times, once each, whatever becomes of the kernel.
import { createClient, inLanes } from "@aiosjs/sdk";
import type { ArgsOf, Client } from "@aiosjs/sdk";
import { asPid } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import { fillable } from "../fillable-journal.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const MINUTE_MS = 60_000;
/** Half a minute past the hour. */
const startMs = 28_333_320 * MINUTE_MS + MINUTE_MS / 2;
const manifest = { name: "gardener", instructions: "Water the plants." };

interface World {
  readonly clock: ReturnType<typeof createVirtualClock>;
  /** How long the program takes. */
  tookMs: number;
  isThere: boolean;
}

const newWorld = (tookMs = 0): World => ({ clock: createVirtualClock(startMs), tookMs, isThere: true });

const kernelOn = (world: World, journal: Journal = createMemoryJournal()): Promise<Rig> =>
  openRig({
    journal,
    clock: world.clock,
    cores: () => [createScriptedCore({ clock: world.clock })],
    programs: {
      find: async (name) => {
        if (!world.isThere) throw Object.assign(new Error("gone"), { name });
        return { ...manifest, name, version: "1", description: "", tools: [], model: "auto", maxSteps: 1, limits: [] };
      },
      run: async ({ transport }) => void (await createClient(inLanes(transport)).proc.sleep({ ms: world.tookMs + 1 })),
    },
  });

/** Somebody with a key of the journal. */
async function owner(rig: Rig, more: ArgsOf<"key.create"> = {}): Promise<{ client: Client; id: string }> {
  const { key, id } = await rig.admin.key.create({ scopes: ["cron.*", "proc.*"], ...more });
  return { client: createClient(rig.kernel.transport(rig.kernel.authenticate(key))), id };
}

const every = (schedule: string): ArgsOf<"cron.add"> => ({
  schedule,
  timeZone: "UTC",
  program: { program: { kind: "agent", agent: manifest, task: "water" } },
});

const startedOf = async ({ journal }: Rig): Promise<number[]> =>
  (await journal.events({ afterSeq: 0, limit: 10_000 }))
    .filter(({ topic }) => topic === "process.spawned")
    .map(({ atMs }) => atMs);
const topicsOf = async (rig: Rig): Promise<string[]> =>
  (await rig.events()).filter(({ topic }) => topic.startsWith("timer.")).map(({ topic }) => topic);
const minutes = (count: number): number => startMs + count * MINUTE_MS;

describe("a timer", () => {
  test("starts its program at its times, under the key that made it, until it is removed", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { client, id: key } = await owner(rig);
    const { id, nextAt } = await client.cron.add({ ...every("*/10 * * * *"), name: "plants" });
    expect(nextAt).toBe(minutes(9.5));
    await world.clock.run(minutes(25));
    expect(await startedOf(rig)).toEqual([minutes(9.5), minutes(19.5)]);
    const { processes } = await rig.admin.proc.list({ all: true });
    expect(processes.map(({ name, tenant, parent }) => ({ name, tenant, parent }))).toEqual(
      Array.from({ length: 2 }, () => ({ name: "plants", tenant: "local", parent: null })),
    );
    expect((await rig.journal.process(asPid(processes[0]?.pid ?? "")))?.key).toBe(key);
    const [timer] = (await client.cron.list()).timers;
    expect(timer).toMatchObject({
      id,
      name: "plants",
      nextAt: minutes(29.5),
      lastPid: processes[1]?.pid,
      isRunning: false,
    });
    await client.cron.remove({ id });
    await world.clock.run(minutes(60));
    expect(await startedOf(rig)).toHaveLength(2);
    expect(await topicsOf(rig)).toEqual(["timer.added", "timer.fired", "timer.fired", "timer.removed"]);
    expect((await rig.journal.load()).timers).toEqual([]);
  });

  test("goes by the clocks of its time zone, or by time that passes", async () => {
    const rig = await kernelOn(newWorld());
    const { client } = await owner(rig);
    const utc = await client.cron.add(every("0 12 * * *"));
    const india = await client.cron.add({ ...every("0 12 * * *"), timeZone: "Asia/Kolkata" });
    expect((utc.nextAt - india.nextAt) % (24 * 60 * MINUTE_MS)).toSatisfy((ms: number) =>
      [5.5, 5.5 - 24].includes(ms / 60 / MINUTE_MS),
    );
    expect((await client.cron.add(every("@every 90s"))).nextAt).toBe(startMs + 90_000);
  });

  test("leaves a time out while its last process runs, or lets it wait for that one's end", async () => {
    const world = newWorld(15 * MINUTE_MS);
    const rig = await kernelOn(world);
    const { client } = await owner(rig);
    await client.cron.add({ ...every("*/10 * * * *"), name: "skips" });
    await world.clock.run(minutes(39));
    expect(await startedOf(rig)).toEqual([minutes(9.5), minutes(29.5)]);
    expect(await topicsOf(rig)).toEqual(["timer.added", "timer.fired", "timer.skipped", "timer.fired"]);

    const other = newWorld(15 * MINUTE_MS);
    const queueing = await kernelOn(other);
    const person = await owner(queueing);
    await person.client.cron.add({ ...every("*/10 * * * *"), overlap: "queue" });
    await other.clock.run(minutes(39));
    const started = await startedOf(queueing);
    expect(started.map((ms) => Math.floor((ms - startMs) / MINUTE_MS))).toEqual([9, 24]);
    expect((await person.client.cron.list()).timers[0]).toMatchObject({ isRunning: true });
  });

  test("is run at once where somebody wishes, beside its times, and not twice at a time", async () => {
    const world = newWorld(MINUTE_MS);
    const rig = await kernelOn(world);
    const { client } = await owner(rig);
    const { id, nextAt } = await client.cron.add(every("@hourly"));
    const { pid } = await client.cron.run({ id });
    expect((await client.cron.list()).timers[0]).toMatchObject({ nextAt, lastPid: pid, isRunning: true });
    await expect(client.cron.run({ id })).rejects.toMatchObject({
      code: "EBUSY",
      message: expect.stringContaining(pid),
    });
    await world.clock.run(minutes(2));
    await client.cron.run({ id });
  });

  test("stops with its key, revoked or expired, and says so", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const revoked = await owner(rig);
    const expiring = await owner(rig, { expiresInMs: 15 * MINUTE_MS });
    await revoked.client.cron.add(every("*/10 * * * *"));
    await expiring.client.cron.add(every("*/10 * * * *"));
    await world.clock.run(minutes(12));
    await rig.admin.key.revoke({ id: revoked.id });
    await world.clock.run(minutes(60));
    expect(await startedOf(rig)).toHaveLength(2);
    const stops = (await rig.events()).filter(({ topic }) => topic === "timer.stopped");
    expect(stops.map(({ body }) => (body as { reason: string }).reason)).toEqual([
      expect.stringContaining("revoked"),
      expect.stringContaining("expired"),
    ]);
    expect((await rig.admin.cron.list()).timers).toEqual([]);
    expect((await rig.journal.load()).timers).toEqual([]);
  });

  test("whose program is gone says so, and tries again the next time", async () => {
    const world = newWorld();
    const rig = await kernelOn(world);
    const { client } = await owner(rig);
    await client.cron.add({
      ...every("*/10 * * * *"),
      program: { program: { kind: "agent", agent: "here", task: "" } },
    });
    world.isThere = false;
    await world.clock.run(minutes(12));
    world.isThere = true;
    await world.clock.run(minutes(22));
    expect(await startedOf(rig)).toEqual([minutes(19.5)]);
    expect(await topicsOf(rig)).toEqual(["timer.added", "timer.failed", "timer.fired"]);
  });

  test("is refused where it could never fire", async () => {
    const rig = await kernelOn(newWorld());
    const { client } = await owner(rig);
    await expect(client.cron.add(every("0 0 30 2 *"))).rejects.toMatchObject({ code: "EINVAL" });
    await expect(client.cron.add(every("soon"))).rejects.toMatchObject({ code: "EINVAL" });
    await expect(client.cron.add({ ...every("@daily"), timeZone: "Mars/Base" })).rejects.toMatchObject({
      code: "EINVAL",
    });
    const command = { program: { kind: "command" as const, command: ["x"], cwd: "/" } };
    await expect(client.cron.add({ ...every("@daily"), program: command })).rejects.toMatchObject({ code: "EINVAL" });
    const module = { program: { kind: "module" as const, file: "/x.js", task: "" } };
    await expect(client.cron.add({ ...every("@daily"), program: module })).rejects.toMatchObject({ code: "EACCES" });
    const { client: narrow } = await owner(rig, { scopes: ["cron.*"] });
    await expect(narrow.cron.add(every("@daily"))).rejects.toMatchObject({ code: "EACCES" });
  });

  test("is another tenant's business only where its key is the home's, and no process's", async () => {
    const rig = await kernelOn(newWorld());
    const { client } = await owner(rig);
    const { id } = await client.cron.add(every("@daily"));
    const { client: stranger } = await owner(rig, { tenant: "elsewhere" });
    expect((await stranger.cron.list()).timers).toEqual([]);
    await expect(stranger.cron.remove({ id })).rejects.toMatchObject({ code: "ENOENT" });
    const theirs = await stranger.cron.add(every("@daily"));
    expect((await rig.admin.cron.list()).timers).toHaveLength(2);
    await expect(rig.admin.cron.run({ id: theirs.id })).rejects.toMatchObject({ code: "EACCES" });
    await rig.admin.cron.remove({ id: theirs.id });
    const { pid } = rig.client("a program");
    const program = createClient(rig.kernel.transport({ ...rig.root, pid }));
    await expect(program.cron.add(every("@daily"))).rejects.toMatchObject({ code: "EACCES" });
  });
});

describe("a timer whose kernel is gone", () => {
  test("fires once at the next start for all times that have come, and then at its times", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const first = await kernelOn(world, mortal(journal, { lastCommit: Infinity }));
    const { client } = await owner(first);
    const { id } = await client.cron.add(every("*/10 * * * *"));
    const later: World = { ...world, clock: createVirtualClock(minutes(55)) };
    const second = await kernelOn(later, journal);
    await later.clock.run(minutes(65));
    expect(await startedOf(second)).toEqual([minutes(55), minutes(59.5)]);
    expect((await second.admin.cron.list()).timers).toMatchObject([{ id, nextAt: minutes(69.5) }]);
  });

  test("fires once for each time, at whichever commit the kernel is killed", async () => {
    const calm = newWorld();
    const watched = mortal(createMemoryJournal(), { lastCommit: Infinity });
    const undisturbed = await kernelOn(calm, watched);
    await (await owner(undisturbed)).client.cron.add(every("*/10 * * * *"));
    const before = watched.commits;
    await calm.clock.run(minutes(12));
    expect(watched.commits).toBeGreaterThan(before);
    let kills = 0;
    for (let lastCommit = before + 1; lastCommit < watched.commits; lastCommit++)
      for (const isAcknowledged of [true, false]) {
        const world = newWorld();
        const journal = createMemoryJournal();
        const death = Promise.withResolvers<void>();
        const first = await kernelOn(world, mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve }));
        await (await owner(first)).client.cron.add(every("*/10 * * * *"));
        await world.clock.run(minutes(12));
        const second = await kernelOn(world, journal);
        await world.clock.run(minutes(13));
        kills++;
        const where = { lastCommit, isAcknowledged };
        expect({ ...where, started: (await startedOf(second)).length }).toEqual({ ...where, started: 1 });
        const { processes } = await second.admin.proc.list({ all: true });
        expect({ ...where, ends: processes.map(({ exit }) => exit?.code) }).toEqual({ ...where, ends: [0] });
      }
    expect(kills).toBeGreaterThan(3);
  });

  test("waits for room on a full disk, and fires once when there is some", async () => {
    const world = newWorld();
    const { journal, disk } = fillable(createMemoryJournal());
    const rig = await kernelOn(world, journal);
    const { client } = await owner(rig);
    await client.cron.add(every("@hourly"));
    await world.clock.run(minutes(30));
    disk.isFull = true;
    await world.clock.run(minutes(70));
    disk.isFull = false;
    await world.clock.run(minutes(75));
    expect(await startedOf(rig)).toHaveLength(1);
  });
});
