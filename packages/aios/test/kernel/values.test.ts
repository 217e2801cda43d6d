import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, inLanes } from "@aiosjs/sdk";
import type { SysError } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { openSqliteJournal } from "../../src/drivers/journal/sqlite.ts";
import type { Journal, ProgramDriver } from "../../src/kernel/ports.ts";
import { fillable } from "../fillable-journal.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig, RigOptions } from "../rig.ts";

const open = (options: Partial<RigOptions> = {}) => openRig({ cores: () => [], ...options });
const failing = (code: string) => expect.objectContaining({ code }) as Error;

test("what was put is read at once, in order of the keys and page by page, until it is removed", async () => {
  const { client } = await open();
  const { value } = client("one").client;
  const first = await value.put({ key: "b/1", value: { deep: [1, "二"] } });
  for (const key of ["b/3", "a", "b/2"]) await value.put({ key, value: key });
  expect(await value.get({ key: "b/1" })).toEqual({
    value: { deep: [1, "二"] },
    version: first.version,
    atMs: 1_700_000_000_000,
  });
  const page = await value.list({ prefix: "b/", limit: 2 });
  expect(page.values.map(({ key }) => key)).toEqual(["b/1", "b/2"]);
  const rest = await value.list({ prefix: "b/", limit: 2, after: page.next as string });
  expect(rest).toMatchObject({ values: [{ key: "b/3", value: "b/3" }], next: null });
  expect(await value.remove({ key: "b/1" })).toEqual({ removed: true });
  expect(await value.remove({ key: "b/1" })).toEqual({ removed: false });
  expect(await value.get({ key: "b/1" })).toEqual({ value: null, version: 0, atMs: 0 });
});

test("a write for a version that is not current is refused and changes nothing, also after a removal", async () => {
  const { client } = await open();
  const { value } = client("one").client;
  const { version } = await value.put({ key: "k", value: 1, ifVersion: 0 });
  await expect(value.put({ key: "k", value: 2, ifVersion: 0 })).rejects.toThrow(failing("EEXIST"));
  const second = await value.put({ key: "k", value: 2, ifVersion: version });
  expect(second.version).toBeGreaterThan(version);
  await expect(value.put({ key: "k", value: 3, ifVersion: version })).rejects.toThrow(failing("ESTALE"));
  await expect(value.remove({ key: "k", ifVersion: version })).rejects.toThrow(failing("ESTALE"));
  await value.remove({ key: "k" });
  await expect(value.put({ key: "k", value: 3, ifVersion: second.version })).rejects.toThrow(failing("ESTALE"));
  const again = await value.put({ key: "k", value: 3, ifVersion: 0 });
  expect(again.version).toBeGreaterThan(second.version);
  await expect(value.put({ key: "k", value: 4, ifVersion: second.version })).rejects.toThrow(failing("ESTALE"));
  expect(await value.get({ key: "k" })).toMatchObject({ value: 3 });
});

test("of forty concurrent increments none is lost, whoever makes them", async () => {
  const { client } = await open();
  const clients = Array.from({ length: 5 }, (_, index) => client(`c${index}`).client);
  const increment = async ({ value }: (typeof clients)[number]): Promise<void> => {
    const place = { scope: "team", key: "count" };
    for (;;) {
      const { value: count, version } = await value.get(place);
      try {
        return void (await value.put({ ...place, value: Number(count) + 1, ifVersion: version }));
      } catch (error) {
        if (!["ESTALE", "EEXIST"].includes((error as SysError).code)) throw error;
      }
    }
  };
  await Promise.all(clients.flatMap((one) => Array.from({ length: 8 }, () => increment(one))));
  expect(await clients[0]?.value.get({ scope: "team", key: "count" })).toMatchObject({ value: 40 });
});

test("of two writers that hold the same version one wins, while neither write is on disk yet", async () => {
  const { client } = await open();
  const { value } = client("one").client;
  const { version } = await value.put({ key: "k", value: 0 });
  const both = await Promise.allSettled([1, 2].map((next) => value.put({ key: "k", value: next, ifVersion: version })));
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(await value.get({ key: "k" })).toMatchObject({ value: 1 });
});

test("of writes made without waiting the last one stays, compared or not", async () => {
  const { client } = await open();
  const { value } = client("one").client;
  for (let round = 0; round < 20; round++) {
    const key = `k${round}`;
    const { version } = await value.put({ key, value: 0 });
    await Promise.all([
      value.put({ key, value: 1, ifVersion: version }).outcome(),
      value.put({ key, value: 2 }).outcome(),
      value.put({ key, value: 3 }).outcome(),
    ]);
    expect(await value.get({ key })).toMatchObject({ value: 3 });
  }
});

test("values and their versions outlive the kernel", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "aios-values-"));
  const path = join(folder, "journal.db");
  const versions: number[] = [];
  for (let start = 0; start < 3; start++) {
    await using journal = await openSqliteJournal({ path });
    const rig = await open({ journal });
    const { value } = rig.admin;
    const { version } = await value.get({ scope: "team", key: "k" });
    expect(version).toBe(versions.at(-1) ?? 0);
    // Many in one turn, before any of their events is numbered.
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => value.put({ scope: "team", key: `n${index}`, value: 1 })),
    );
    versions.push((await value.put({ scope: "team", key: "k", value: start, ifVersion: version })).version);
    if (start === 1) {
      await value.remove({ scope: "team", key: "k" });
      versions.push(0);
    }
    // The first one goes away without a stop.
    if (start > 0) await rig.kernel[Symbol.asyncDispose]();
  }
  const real = versions.filter((version) => version > 0);
  expect(real).toEqual(real.toSorted((left, right) => left - right));
  expect(new Set(real).size).toBe(3);
  await rm(folder, { recursive: true });
});

/** Counts to six, one value at a time, and tells what it read. */
const counter: ProgramDriver = {
  find: () => Promise.reject(new Error("no programs here")),
  async run({ transport, signal }) {
    const { value } = createClient(inLanes(transport));
    const seen: unknown[] = [];
    for (let turn = 0; turn < 6 && !signal.aborted; turn++) {
      const { value: count, version } = await value.get({ key: "count" });
      seen.push(count);
      // Made twice, the second one is refused.
      await value.put({ key: "count", value: Number(count) + 1, ifVersion: version });
    }
    return seen;
  },
};

test(
  "a program whose kernel is killed at any commit counts each step once, and has read the same",
  { timeout: 60_000 },
  async () => {
    const manifest = { name: "counter", instructions: "Count." };
    const onJournal = (journal: Journal, clock: VirtualClock) => open({ journal, clock, programs: counter });
    const spawn = async ({ admin }: Rig) =>
      (await admin.proc.spawn({ program: { kind: "agent", agent: manifest, task: "" } })).pid;
    let kills = 0;
    for (let lastCommit = 1; lastCommit < 40; lastCommit++)
      for (const isAcknowledged of [true, false]) {
        const journal = createMemoryJournal();
        const clock = createVirtualClock(1_000);
        const death = Promise.withResolvers<void>();
        const first = mortal(journal, { lastCommit, isAcknowledged, onDeath: death.resolve });
        const rig = await onJournal(first, clock);
        const ended = spawn(rig).then((pid) => rig.admin.proc.wait({ pid }).outcome());
        await clock.run(Promise.race([death.promise, ended]));
        const next = await onJournal(journal, clock);
        const { processes } = await next.admin.proc.list({ all: true });
        const process = processes.find(({ name }) => name === "counter");
        // Nobody was told of it: the spawn itself was lost.
        if (!process) continue;
        if (process.state !== "zombie") kills++;
        const exit = await clock.run(Promise.resolve(next.admin.proc.wait({ pid: process.pid })));
        expect(exit.result, `${lastCommit} ${isAcknowledged}`).toEqual([null, 1, 2, 3, 4, 5]);
        const count = await next.admin.value.get({ scope: `process:${process.pid}`, key: "count" });
        expect(count, `${lastCommit} ${isAcknowledged}`).toMatchObject({ value: 6 });
      }
    expect(kills).toBeGreaterThan(15);
  },
);

test("a process key reads its own values and shared ones, never another process's own", async () => {
  const { kernel, client, admin, root } = await open();
  const [one, other] = [client("one"), client("other")];
  await one.client.value.put({ key: "k", value: "mine" });
  await one.client.value.put({ scope: "team", key: "k", value: "ours" });
  const asOther = createClient(kernel.transport({ ...root, pid: other.pid }, other.pid));
  expect(await asOther.value.get({ key: "k" })).toMatchObject({ version: 0 });
  expect(await asOther.value.get({ scope: "team", key: "k" })).toMatchObject({ value: "ours" });
  const scope = `process:${one.pid}`;
  await expect(asOther.value.get({ scope, key: "k" })).rejects.toThrow(failing("EACCES"));
  await expect(asOther.value.put({ scope, key: "k", value: 1 })).rejects.toThrow(failing("EACCES"));
  expect(await admin.value.get({ scope, key: "k" })).toMatchObject({ value: "mine" });
  const stranger = client("stranger", "beta").client;
  expect(await stranger.value.get({ scope: "team", key: "k" })).toMatchObject({ version: 0 });
  await expect(stranger.value.list({ scope })).rejects.toThrow(failing("ESRCH"));
});

test("what is too large, or not JSON, is refused; what is kept is what was given then", async () => {
  const { client } = await open();
  const { value } = client("one").client;
  await expect(value.put({ key: "x".repeat(513), value: 1 })).rejects.toThrow(failing("E2BIG"));
  await expect(value.put({ key: "k", value: "x".repeat(1_048_575) })).rejects.toThrow(failing("E2BIG"));
  await expect(value.put({ key: "k", value: 1n })).rejects.toThrow(failing("EINVAL"));
  await expect(value.put({ key: "k", value: undefined })).rejects.toThrow(failing("EINVAL"));
  const list = [1];
  const put = value.put({ key: "k", value: list }).outcome();
  list.push(2);
  await put;
  expect(await value.get({ key: "k" })).toMatchObject({ value: [1] });
});

test("a value whose write a full disk has refused is as it was, also for who compares its version", async () => {
  const { journal, disk } = fillable(createMemoryJournal());
  const { client, clock } = await open({ journal });
  const { value } = client("one").client;
  const { version } = await value.put({ key: "kept", value: 1 });
  await value.put({ key: "there", value: 1 });
  disk.isFull = true;
  const refused = [value.put({ key: "kept", value: 2 }), value.remove({ key: "there" })];
  for (const one of refused) await expect(clock.run(Promise.resolve(one))).rejects.toThrow(failing("ENOSPC"));
  disk.isFull = false;
  await clock.run(clock.nowMs() + 5_000);
  await value.put({ key: "kept", value: 3, ifVersion: version });
  expect(await value.remove({ key: "there" })).toEqual({ removed: true });
});
