// Two kernels over one store: one takes over from the other, which may be stopped meanwhile.
import { createClient, inLanes, SysError } from "@aiosjs/sdk";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createMemoryStore } from "../../src/drivers/journal/memory-store.ts";
import type { MemoryStore } from "../../src/drivers/journal/memory-store.ts";
import { LeaseWatch } from "../../src/kernel/lease-watch.ts";
import type { Host, Journal, NodeRow, ProgramDriver } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

const LEASE_MS = 15_000;

/** A clock that wakes nobody while its kernel is stopped; time passes all the same. */
function stoppable(clock: VirtualClock): { clock: VirtualClock; stop(): void; go(): void } {
  let stopped: PromiseWithResolvers<void> | undefined;
  return {
    clock: {
      ...clock,
      wakeAt: async (ms, signal) => {
        await clock.wakeAt(ms, signal);
        await stopped?.promise;
      },
    },
    stop: () => (stopped = Promise.withResolvers<void>()),
    go: () => stopped?.resolve(),
  };
}

interface KernelOn {
  readonly id: string;
  readonly store: MemoryStore;
  readonly clock: VirtualClock;
  readonly host?: Host;
  readonly programs?: ProgramDriver;
  /** What stands between the kernel and its journal. */
  readonly through?: (journal: Journal) => Journal;
}

async function kernelOn({ id, store, clock, host, programs, through = (journal) => journal }: KernelOn) {
  const journal = createMemoryJournal({ store, nowMs: () => clock.nowMs() });
  const node = await journal.claim({ id, hostPid: 7, leaseMs: LEASE_MS, isSole: true }, "anyone");
  const fenced: SysError[] = [];
  const rig = await openRig({
    journal: through(journal),
    clock,
    node,
    cores: (virtual) => [createScriptedCore({ clock: virtual })],
    onFenced: (cause) => fenced.push(cause),
    seed: id.length,
    ...(host ? { host } : {}),
    ...(programs ? { programs } : {}),
  });
  return { ...rig, fenced, pass: (ms: number) => clock.run(clock.nowMs() + ms) };
}

const stale = { code: "ESTALE", hint: expect.stringContaining("aios status") as string };

describe("a kernel whose home was taken over", () => {
  test("ends its open calls with ESTALE, serves nothing more and records nothing; the next one has all that was acknowledged", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const a = await kernelOn({ id: "a", store, clock });
    const one = a.client("one");
    await clock.run(one.chat("first"));
    const kept = await clock.run(Promise.resolve(a.admin.key.create({})));
    await a.pass(100);
    const open = Promise.allSettled([one.chat("running"), one.chat("waiting")]);
    await a.pass(50);

    const b = await kernelOn({ id: "bb", store, clock });
    // One finds the fence by what it would record; the others end by what was found.
    await expect(clock.run(Promise.resolve(a.admin.key.create({})))).rejects.toMatchObject(stale);
    expect((await clock.run(open)).map((one) => one.status === "rejected" && one.reason)).toMatchObject([stale, stale]);
    await b.pass(100);
    const records = () =>
      JSON.stringify([store.calls, store.processes, store.events, store.keys].map((rows) => [...rows]));
    const before = records();
    await expect(one.chat("more")).rejects.toMatchObject(stale);
    await expect(a.admin.proc.list()).rejects.toMatchObject(stale);
    expect(a.kernel.isReady).toBe(false);
    expect(a.fenced).toMatchObject([stale]);
    await a.pass(60_000);
    await clock.run(Promise.resolve(a.kernel[Symbol.asyncDispose]()));
    expect(records()).toBe(before);
    expect(store.meta.get("state")).toBe("running");

    expect((await b.admin.key.list()).keys.map(({ id }) => id)).toContain(kept.id);
    expect(await b.admin.proc.show({ pid: one.pid })).toMatchObject({ exit: null });
    expect((await b.admin.proc.trace({ pid: one.pid })).calls[0]).toMatchObject({ seq: 1, state: "done" });
    await clock.run(b.client("two").chat("works"));
    expect(b.fenced).toEqual([]);
  });

  test("finds it out by its next renewal when nobody asks anything of it", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const a = await kernelOn({ id: "a", store, clock });
    await a.pass(60_000);
    expect(a.fenced).toEqual([]);
    expect(store.holder).toMatchObject({ id: "a", beat: 12 });
    await kernelOn({ id: "bb", store, clock });
    await a.pass(LEASE_MS / 3);
    expect(a.fenced).toHaveLength(1);
  });

  const limited = {
    program: { kind: "command" as const, command: ["x"], cwd: "/" },
    limits: [{ resource: "wallMs" as const, window: "run" as const, limit: 20_000 }],
    onExhausted: "suspend" as const,
  };

  test("signals none of the commands that the next kernel has adopted, whatever was due while it was stopped", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const signals: string[] = [];
    const hostOf = (id: string): Host => ({
      signal: (_, signal) => (signals.push(`${id} ${signal}`), true),
      isAlive: () => true,
      isWithin: () => true,
    });
    const own = stoppable(clock);
    const a = await kernelOn({ id: "a", store, clock: own.clock, host: hostOf("a") });
    const { pid } = await clock.run(Promise.resolve(a.admin.proc.spawn(limited)));
    await a.admin.proc.bind({ pid, hostPid: 77, hostStartedAt: "0" });
    await a.pass(100);
    own.stop();
    await a.pass(2 * LEASE_MS);
    const b = await kernelOn({ id: "bb", store, clock, host: hostOf("b") });
    await b.pass(1_000);
    own.go();
    await a.pass(60_000);
    expect(a.fenced).toHaveLength(1);
    expect(signals.filter((signal) => signal.startsWith("a"))).toEqual([]);
  });

  test("that was stopped for long and is still the holder asks first, and then does what was due", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const signals: string[] = [];
    const own = stoppable(clock);
    const asked = { hold: undefined as Promise<void> | undefined };
    const a = await kernelOn({
      id: "a",
      store,
      clock: own.clock,
      host: { signal: (_, signal) => (signals.push(signal), true), isAlive: () => true, isWithin: () => true },
      through: (journal) => ({
        ...handleOf(journal),
        renew: async (node) => (await asked.hold, journal.renew(node)),
      }),
    });
    const { pid } = await clock.run(Promise.resolve(a.admin.proc.spawn(limited)));
    await a.admin.proc.bind({ pid, hostPid: 77, hostStartedAt: "0" });
    const one = a.client("one");
    await a.pass(100);
    own.stop();
    await a.pass(2 * LEASE_MS);
    const answer = Promise.withResolvers<void>();
    asked.hold = answer.promise;
    own.go();
    await a.pass(10);
    // It does not know yet.
    expect(signals).toEqual([]);
    await expect(one.chat("now")).rejects.toMatchObject({ code: "EAGAIN", retryAfterMs: 1_000 });
    answer.resolve();
    await a.pass(10);
    expect(signals).toEqual(["suspend"]);
    await clock.run(one.chat("now"));
    expect(a.fenced).toEqual([]);
  });

  test("tells what is on record again while it asks, and leaves it as it is", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const own = stoppable(clock);
    const asked = { hold: undefined as Promise<void> | undefined };
    const through = (journal: Journal): Journal => ({
      ...handleOf(journal),
      renew: async (node) => (await asked.hold, journal.renew(node)),
    });
    const a = await kernelOn({ id: "a", store, clock: own.clock, through });
    const { pid } = a.client("one");
    const put = async () => {
      const caller = { principal: a.root, pid, idempotencyKey: "once", onDetach: "keep" as const };
      await a.kernel.recollect(caller);
      const call = a.kernel.syscall("value.put", { key: "k", value: 1 }, caller);
      for await (const batch of call) {
        const last = batch.at(-1);
        if (last?.type === "syscall.completed") return { call: call.call, result: last.result };
        if (last?.type === "syscall.failed") return { call: call.call, error: last.error };
      }
      return undefined;
    };
    const told = await clock.run(put());
    expect(told).toHaveProperty("result.version");
    own.stop();
    await a.pass(2 * LEASE_MS);
    const answer = Promise.withResolvers<void>();
    asked.hold = answer.promise;
    own.go();
    expect(await clock.run(put())).toEqual(told);
    answer.resolve();
    await a.pass(100);
    const { calls } = await a.admin.proc.trace({ pid });
    expect(calls.map(({ state }) => state)).toEqual(["done"]);
  });

  test("lets its programs wait while it asks: they are told nothing that they would end by", async () => {
    const store = createMemoryStore();
    const clock = createVirtualClock(1_000_000);
    const own = stoppable(clock);
    const isStopped = Promise.withResolvers<void>();
    const asked = { hold: undefined as Promise<void> | undefined };
    const a = await kernelOn({
      id: "a",
      store,
      clock: own.clock,
      programs: {
        find: () => Promise.reject(new Error("it comes with its manifest")),
        run: async ({ transport }) => {
          const { value } = createClient(inLanes(transport));
          await isStopped.promise;
          return (await value.put({ key: "k", value: 1 })).version > 0;
        },
      },
      through: (journal) => ({
        ...handleOf(journal),
        renew: async (node) => (await asked.hold, journal.renew(node)),
      }),
    });
    const agent = { name: "one", instructions: "-" };
    const { pid } = await clock.run(
      Promise.resolve(a.admin.proc.spawn({ program: { kind: "agent", agent, task: "go" } })),
    );
    own.stop();
    await a.pass(2 * LEASE_MS);
    const answer = Promise.withResolvers<void>();
    asked.hold = answer.promise;
    own.go();
    isStopped.resolve();
    await a.pass(10);
    expect((await a.admin.proc.show({ pid })).exit).toBe(null);
    answer.resolve();
    await a.pass(100);
    expect((await a.admin.proc.show({ pid })).exit).toMatchObject({ code: 0, result: true });
    expect(a.fenced).toEqual([]);
  });
});

/** The port of a journal as an object of its own, to be changed in part. */
const handleOf = (journal: Journal): Journal => ({
  driver: journal.driver,
  isReadOnly: false,
  load: () => journal.load(),
  commit: (records) => journal.commit(records),
  events: (query) => journal.events(query),
  calls: (query) => journal.calls(query),
  call: (id) => journal.call(id),
  process: (pid) => journal.process(pid),
  values: (query) => journal.values(query),
  notes: (query) => journal.notes(query),
  noteVersions: (query) => journal.noteVersions(query),
  noteNamespaces: (tenant) => journal.noteNamespaces(tenant),
  noteUsage: (places) => journal.noteUsage(places),
  evictableNotes: (place, limit) => journal.evictableNotes(place, limit),
  files: (query) => journal.files(query),
  fileVersions: (query) => journal.fileVersions(query),
  blob: (hash) => journal.blob(hash),
  unplacedFiles: (limit) => journal.unplacedFiles(limit),
  fileUsage: (tenant, root) => journal.fileUsage(tenant, root),
  fileRoots: (tenant) => journal.fileRoots(tenant),
  verifyAudit: (query) => journal.verifyAudit(query),
  holder: () => journal.holder(),
  claim: (node, after) => journal.claim(node, after),
  renew: (node) => journal.renew(node),
  [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
});

test("a disk that is full for longer than the lease takes the home from nobody, and holds back nothing", async () => {
  const store = createMemoryStore();
  const clock = createVirtualClock(1_000_000);
  const disk = { isFull: false };
  const unlessFull = (): void => {
    if (disk.isFull) throw new SysError("ENOSPC", "the disk is full");
  };
  const a = await kernelOn({
    id: "a",
    store,
    clock,
    through: (journal) => ({
      ...handleOf(journal),
      renew: async (node) => (unlessFull(), journal.renew(node)),
      commit: async (records) => (unlessFull(), journal.commit(records)),
    }),
  });
  disk.isFull = true;
  await expect(clock.run(Promise.resolve(a.admin.key.create({})))).rejects.toMatchObject({ code: "ENOSPC" });
  await a.pass(10 * LEASE_MS);
  await expect(a.admin.proc.list()).resolves.toBeDefined();
  disk.isFull = false;
  await a.pass(2_000);
  await clock.run(a.client("one").chat("works again"));
  expect([a.fenced, a.kernel.isReady]).toEqual([[], true]);
});

describe("who waits for a lease to lapse", () => {
  const node = (beat: number): NodeRow => ({ id: "a", epoch: 1, hostPid: 1, leaseMs: LEASE_MS, beat, isSole: true });
  /** Looks each second of a clock that does not jump; true when the lease had lapsed by the end. */
  const watching = (beats: (second: number) => number | undefined, seconds: number): number | undefined => {
    const watch = new LeaseWatch();
    for (let second = 0; second <= seconds; second++) {
      const beat = beats(second);
      if (beat !== undefined && watch.hasLapsed(node(beat), 50_000 + second * 1_000)) return second;
    }
    return undefined;
  };

  test("waits as long as it is, from the last beat on", () => {
    expect(watching(() => 5, 60)).toBe(15);
    expect(watching((second) => Math.min(3, Math.floor(second / 5)), 60)).toBe(30);
    expect(watching((second) => Math.floor(second / 14), 600)).toBeUndefined();
  });

  test("begins anew when it was stopped itself: the other one may have been so with it", () => {
    expect(watching((second) => (second > 8 && second < 300 ? undefined : 5), 600)).toBe(315);
  });
});
