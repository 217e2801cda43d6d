import type { ChatResult } from "@aiosjs/sdk";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asPid, isSysError } from "@aiosjs/sdk/protocol";
import type { ProcessView, SysEvent } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import { createVirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Host, Journal, Toolbox } from "../../src/kernel/ports.ts";
import { fillable } from "../fillable-journal.ts";
import { mortal } from "../mortal-journal.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

/** Processes of the machine that live, by their ids. */
type Machine = Set<number>;

interface World {
  readonly clock: VirtualClock;
  readonly machine: Machine;
  /** Chats that the core has answered, and what the tool has done. */
  readonly chats: string[];
  readonly posted: string[];
}

const newWorld = (): World => ({ clock: createVirtualClock(1_000), machine: new Set([1]), chats: [], posted: [] });

const hostOf = ({ machine }: World): Host => ({
  signal: ({ hostPid }) => machine.delete(hostPid),
  isAlive: ({ hostPid }) => machine.has(hostPid),
  isWithin: () => false,
});

/** Sends a letter, which nobody can take back. */
const post = ({ clock, posted }: World): Toolbox => ({
  name: "post",
  device: "tool",
  concurrency: 8,
  tools: () => [{ name: "post", description: "", parameters: { type: "object" }, effect: "unsafe" }],
  async *execute(_name, args, { signal }) {
    posted.push((args as { arguments: { to: string } }).arguments.to);
    await clock.wakeAt(clock.nowMs() + 500, signal);
    yield [{ type: "result", result: { content: `posted as number ${posted.length}` } }];
  },
});

const kernelOn = (world: World, journal: Journal): Promise<Rig> =>
  openRig({
    journal,
    clock: world.clock,
    host: hostOf(world),
    cores: (clock) => [
      createScriptedCore({
        clock,
        limits: { concurrency: 8 },
        // Another answer each time, as at any temperature.
        answer: ({ messages }) => {
          world.chats.push(messages.at(-1)?.content as string);
          return { role: "assistant", content: `sample ${world.chats.length}` };
        },
      }),
    ],
    drivers: () => [post(world)],
  });

const parent = { hostPid: 1, hostStartedAt: "1" };
const program = { kind: "command" as const, command: ["asker"], cwd: "/", parent };

const clientOf = ({ kernel }: Rig, key: string | null): Client =>
  createClient(kernel.transport(kernel.authenticate(key ?? "")));

/** What a command draws under a key of its client's. */
async function drawn(
  { kernel, clock }: Rig,
  { pid, key, name }: { pid: string; key: string | null; name: string },
): Promise<number> {
  const principal = kernel.authenticate(key ?? "");
  const caller = { principal, pid: asPid(pid), idempotencyKey: name, onDetach: "keep" as const };
  const draw = async (): Promise<number> => {
    await kernel.recollect(caller);
    let last: SysEvent | undefined;
    for await (const batch of kernel.syscall("proc.random", {}, caller)) last = batch.at(-1);
    if (last?.type === "syscall.completed") return (last.result as { value: number }).value;
    throw new Error(last?.type === "syscall.failed" ? last.error.code : "nothing was drawn");
  };
  return clock.run(draw());
}

/** A command as its parent starts it. */
async function start(rig: Rig, world: World, restart: "never" | "on-failure" = "on-failure") {
  const { pid, key } = await rig.admin.proc.spawn({ program: { ...program, restart } });
  world.machine.add(100);
  await rig.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
  return { pid, client: clientOf(rig, key) };
}

async function startAgain(rig: Rig, world: World, pid: string) {
  world.machine.delete(100);
  const { key, incarnation } = await world.clock.run(Promise.resolve(rig.admin.proc.restart({ pid })));
  world.machine.add(100);
  await rig.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
  return { incarnation, key, client: clientOf(rig, key) };
}

const ask = (client: Client, content = "a number"): PromiseLike<ChatResult> =>
  client.llm.chat({ messages: [{ role: "user", content }] });

const textsOf = (results: readonly ChatResult[]): unknown[] => results.map(({ message }) => message.content);

const five = async ({ clock }: World, client: Client): Promise<unknown[]> =>
  textsOf(await clock.run(Promise.all(Array.from({ length: 5 }, () => ask(client)))));

const view = (rig: Rig, pid: string): Promise<ProcessView> => Promise.resolve(rig.admin.proc.show({ pid }));

describe("a command that is started again", () => {
  test("gets the answers that it got, each once; five equal requests are five samples before and after", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal());
    const { pid, client } = await start(rig, world);
    const before = await five(world, client);
    expect(new Set(before).size).toBe(5);
    const again = await startAgain(rig, world, pid);
    expect(again.incarnation).toBe(2);
    expect(await five(world, again.client)).toEqual(before);
    expect(world.chats).toHaveLength(5);
    const sixth = await world.clock.run(Promise.resolve(ask(again.client)));
    expect(sixth.message.content).toBe("sample 6");
    // What is asked for differently is a new call; nothing diverges.
    const other = await world.clock.run(Promise.resolve(ask(again.client, "a colour")));
    expect(other.message.content).toBe("sample 7");
    const third = await startAgain(rig, world, pid);
    expect(textsOf([await world.clock.run(Promise.resolve(ask(third.client, "a colour")))])).toEqual(["sample 7"]);
    expect(await five(world, third.client)).toEqual(before);
    const { calls } = await rig.admin.proc.trace({ pid });
    expect(calls).toHaveLength(7);
  });

  test("keeps no kernel from starting on a full disk", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const first = await kernelOn(world, journal);
    const { pid } = await start(first, world);
    await startAgain(first, world, pid);
    await world.clock.run(world.clock.nowMs() + 1_000);
    const { journal: full, disk } = fillable(journal);
    disk.isFull = true;
    const late = world.clock.run(world.clock.nowMs() + 60_000);
    expect(await Promise.race([kernelOn(world, full), late])).toBeDefined();
  });

  test("goes on being told them when the kernel is killed in the middle, each one once", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await kernelOn(world, dying);
    const { pid, client } = await start(first, world);
    const before = await five(world, client);
    const again = await startAgain(first, world, pid);
    const told = textsOf(await world.clock.run(Promise.all([ask(again.client), ask(again.client)])));
    dying.kill();
    const second = await kernelOn(world, journal);
    const adopted = clientOf(second, again.key);
    const rest = textsOf(await world.clock.run(Promise.all([1, 2, 3, 4].map(() => ask(adopted)))));
    expect([...told, ...rest]).toEqual([...before, "sample 6"]);
  });

  test("is told by its own keys what it was told under them; an equal request under a new key is a new call", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal());
    const { pid, key } = await rig.admin.proc.spawn({ program: { ...program, restart: "on-failure" } });
    world.machine.add(100);
    await rig.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
    const draw = (token: string | null, name: string) => drawn(rig, { pid, key: token, name });
    const before = [await draw(key, "1"), await draw(key, "2")];
    const again = await startAgain(rig, world, pid);
    const after: number[] = [];
    for (const name of ["1", "2", "3"]) after.push(await draw(again.key, name));
    expect(after.slice(0, 2)).toEqual(before);
    expect(new Set(after).size).toBe(3);
  });

  test("is told nothing on a full disk that the next kernel would tell it again as an answer to something else", async () => {
    const world = newWorld();
    const inner = createMemoryJournal();
    const { journal, disk } = fillable(inner);
    const first = await kernelOn(world, journal);
    const { pid, key } = await first.admin.proc.spawn({ program: { ...program, restart: "on-failure" } });
    world.machine.add(100);
    await first.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
    const before = [await drawn(first, { pid, key, name: "1" }), await drawn(first, { pid, key, name: "2" })];
    const again = await startAgain(first, world, pid);
    disk.isFull = true;
    await expect(drawn(first, { pid, key: again.key, name: "1" })).rejects.toThrow("ENOSPC");
    disk.isFull = false;
    await world.clock.run(world.clock.nowMs() + 2_000);
    expect(await drawn(first, { pid, key: again.key, name: "1" })).toBe(before[0]);
    disk.isFull = true;
    await expect(drawn(first, { pid, key: again.key, name: "2" })).rejects.toThrow("ENOSPC");
    // It is killed: what waits for the disk is lost.
    const second = await kernelOn(world, inner);
    const told = [];
    for (const name of ["1", "2", "3"]) told.push(await drawn(second, { pid, key: again.key, name }));
    expect(told.slice(0, 2)).toEqual(before);
    expect(before).not.toContain(told[2]);
  });

  test("asks about a call that may have happened as often as it takes: who stops waiting does not make it again", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await kernelOn(world, dying);
    const { pid, key } = await first.admin.proc.spawn({ program: { ...program, restart: "on-failure" } });
    world.machine.add(100);
    await first.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
    const letter = { name: "post", arguments: { to: "you" } };
    const send = async ({ kernel }: Rig) => {
      const caller = {
        principal: kernel.authenticate(key ?? ""),
        pid: asPid(pid),
        idempotencyKey: "1",
        onDetach: "keep" as const,
      };
      await kernel.recollect(caller);
      return kernel.syscall("tool.call", letter, caller);
    };
    await send(first);
    await world.clock.run(world.clock.nowMs() + 100);
    expect(world.posted).toEqual(["you"]);
    dying.kill();

    const second = await kernelOn(world, journal);
    const impatient = await send(second);
    await world.clock.run(world.clock.nowMs() + 100);
    impatient.cancel();
    await world.clock.run(world.clock.nowMs() + 100);
    const patient = await send(second);
    await world.clock.run(world.clock.nowMs() + 1_000);
    const { approvals } = await second.admin.approval.list();
    expect([approvals.map(({ call }) => call), world.posted]).toEqual([[patient.call], ["you"]]);
  });

  test("has a key of its own for each start: the old one is void, and neither is in the journal", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const written: string[] = [];
    const commit = journal.commit.bind(journal);
    const watched: Journal = Object.assign(journal, {
      commit: (records: Parameters<Journal["commit"]>[0]) => {
        written.push(JSON.stringify(records));
        return commit(records);
      },
    });
    const rig = await kernelOn(world, watched);
    const { pid, key } = await rig.admin.proc.spawn({ program: { ...program, restart: "always" } });
    const next = await rig.admin.proc.restart({ pid });
    expect(() => rig.kernel.authenticate(key ?? "")).toThrow("unknown or revoked");
    expect(rig.kernel.authenticate(next.key).pid).toBe(pid);
    await world.clock.run(world.clock.nowMs() + 1_000);
    expect(written.join()).toContain("proc.restart");
    expect(written.join()).not.toContain("aios_sk_");
  });

  test("is not asked for by the command itself, nor for one that shall not be, has ended or was interrupted", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal());
    const code = (asked: PromiseLike<unknown>): Promise<string> =>
      Promise.resolve(asked).then(
        () => "none",
        (cause: unknown) => (isSysError(cause) ? cause.code : String(cause)),
      );
    const never = await start(rig, world, "never");
    expect(await code(rig.admin.proc.restart({ pid: never.pid }))).toBe("EINVAL");
    const { pid, client } = await start(rig, world);
    expect(await code(client.proc.restart({ pid }))).toBe("EACCES");
    await rig.admin.proc.signal({ pid, signal: "interrupt" });
    expect(await code(rig.admin.proc.restart({ pid }))).toBe("EINVAL");
    await rig.admin.proc.signal({ pid, signal: "kill" });
    expect(await code(rig.admin.proc.restart({ pid }))).toBe("ESRCH");
  });

  test("does not send a letter twice that was under way when it died: the letter is finished first", async () => {
    const world = newWorld();
    const rig = await kernelOn(world, createMemoryJournal());
    const { pid, client } = await start(rig, world);
    const letter = { name: "post", arguments: { to: "Ada" } };
    void Promise.resolve(client.tool.call(letter)).catch(() => undefined);
    await world.clock.run(world.clock.nowMs() + 100);
    const again = await startAgain(rig, world, pid);
    const answer = await world.clock.run(Promise.resolve(again.client.tool.call(letter)));
    expect(answer.content).toBe("posted as number 1");
    expect(world.posted).toEqual(["Ada"]);
  });

  test("asks a person where nobody knows whether a letter was sent, and tells the answer again", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const dying = mortal(journal, { lastCommit: Infinity });
    const first = await kernelOn(world, dying);
    const { pid, client } = await start(first, world);
    const letter = { name: "post", arguments: { to: "Ada" } };
    void Promise.resolve(client.tool.call(letter)).catch(() => undefined);
    await world.clock.run(world.clock.nowMs() + 100);
    expect(world.posted).toEqual(["Ada"]);
    dying.kill();
    const second = await kernelOn(world, journal);
    const again = await startAgain(second, world, pid);
    const asked = Promise.resolve(again.client.tool.call(letter));
    await world.clock.run(world.clock.nowMs() + 1_000);
    const { approvals } = await second.admin.approval.list();
    expect(approvals).toMatchObject([{ pid, kind: "ambiguous" }]);
    await second.admin.approval.answer({ id: approvals[0]!.id, isApproved: false, result: { content: "it was sent" } });
    expect((await world.clock.run(asked)).content).toBe("it was sent");
    const third = await startAgain(second, world, pid);
    expect((await world.clock.run(Promise.resolve(third.client.tool.call(letter)))).content).toBe("it was sent");
    expect(world.posted).toEqual(["Ada"]);
  });
});

describe("a command whose parent lives", () => {
  const ended = async (rig: Rig, pid: string): Promise<string | undefined> => {
    const { exit } = await view(rig, pid);
    return exit?.reason;
  };

  test("is its parent's to end or to start again, also when it died while no kernel ran", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const first = await kernelOn(world, journal);
    const { pid } = await start(first, world);
    world.machine.delete(100);
    const second = await kernelOn(world, journal);
    await world.clock.run(world.clock.nowMs() + 120_000);
    expect(await ended(second, pid)).toBeUndefined();
    await second.admin.proc.exit({ pid, code: 5, signal: null });
    expect(await ended(second, pid)).toBe("exited with 5");
  });

  test("and one that has not been bound yet is still awaited by the next kernel", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const first = await kernelOn(world, journal);
    const { pid } = await first.admin.proc.spawn({ program });
    const second = await kernelOn(world, journal);
    await world.clock.run(world.clock.nowMs() + 120_000);
    world.machine.add(100);
    await second.admin.proc.bind({ pid, hostPid: 100, hostStartedAt: "100" });
    expect(await ended(second, pid)).toBeUndefined();
  });

  test("ends when both are gone, whatever the kernel saw of it", async () => {
    const world = newWorld();
    const journal = createMemoryJournal();
    const first = await kernelOn(world, journal);
    const { pid } = await start(first, world);
    const { pid: unbound } = await first.admin.proc.spawn({ program });
    world.machine.delete(1);
    await world.clock.run(world.clock.nowMs() + 30_000);
    expect(await ended(first, unbound)).toBe("its parent was gone before it told where it runs");
    expect(await ended(first, pid)).toBeUndefined();
    world.machine.delete(100);
    const second = await kernelOn(world, journal);
    expect(await ended(second, pid)).toBe("it ended while no kernel ran");
  });
});
