// Where commands run is told by who has started them; the kernel signals there with all rights of its user.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { asTenantId } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import type { Host, HostGroup } from "../../src/kernel/ports.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

/** Processes of a machine with their parents, each started at the time that its id says. */
class Machine implements Host {
  readonly #parents = new Map<number, number>([
    [1, 0],
    [10, 1],
    [90, 1],
  ]);
  readonly killed: number[] = [];

  start(hostPid: number, parent: number): HostGroup {
    this.#parents.set(hostPid, parent);
    return groupOf(hostPid);
  }
  /** Its children are init's from then on. */
  end(hostPid: number): void {
    this.#parents.delete(hostPid);
    for (const [child, parent] of this.#parents) if (parent === hostPid) this.#parents.set(child, 1);
  }
  isAlive({ hostPid, hostStartedAt }: HostGroup): boolean {
    return this.#parents.has(hostPid) && hostStartedAt === String(hostPid);
  }
  isWithin(one: HostGroup, above: HostGroup): boolean {
    if (!this.isAlive(one) || !this.isAlive(above)) return false;
    return one.hostPid === above.hostPid || this.isWithin(groupOf(this.#parents.get(one.hostPid) ?? 0), above);
  }
  signal(group: HostGroup, signal: string): boolean {
    if (!this.isAlive(group)) return false;
    if (signal === "kill") this.killed.push(group.hostPid);
    return true;
  }
}

const groupOf = (hostPid: number): HostGroup => ({ hostPid, hostStartedAt: String(hostPid) });
const command = { kind: "command" as const, command: ["x"], cwd: "/" };

async function open(): Promise<{ rig: Rig; machine: Machine; outer: { pid: string; client: Client } }> {
  const machine = new Machine();
  const openEgress = () => Promise.resolve({ socketPath: "/run/way", [Symbol.asyncDispose]: () => Promise.resolve() });
  const rig = await openRig({
    host: machine,
    cores: (clock) => [createScriptedCore({ clock })],
    sandboxes: { drivers: [], openEgress },
  });
  return { rig, machine, outer: await started(rig, rig.admin, machine.start(100, 10)) };
}

async function started(rig: Rig, by: Client, group?: HostGroup): Promise<{ pid: string; client: Client }> {
  const { pid, key } = await by.proc.spawn({ program: command });
  if (group) await by.proc.bind({ pid, ...group });
  return { pid, client: createClient(rig.kernel.transport(rig.kernel.authenticate(key ?? ""))) };
}

test("a program tells where its own commands run, and has nothing else of the machine signalled", async () => {
  const { rig, machine, outer } = await open();
  machine.start(101, 100);
  const bound = async (group: HostGroup): Promise<unknown> => {
    const { pid } = await started(rig, outer.client);
    const { isReached } = await outer.client.proc.bind({ pid, ...group });
    const { hostPid } = await rig.admin.proc.show({ pid });
    await outer.client.proc.signal({ pid, signal: "kill" });
    return [isReached, hostPid];
  };
  expect(await bound(machine.start(102, 101))).toEqual([true, 102]);
  for (const stranger of [groupOf(90), groupOf(10), groupOf(1), { hostPid: 102, hostStartedAt: "1" }])
    expect(await bound(stranger)).toEqual([false, null]);
  expect(machine.killed).toEqual([102]);
});

test("a command does not say of itself where it runs", async () => {
  const { rig, machine, outer } = await open();
  const decoy = machine.start(103, 100);
  expect(await refusal(outer.client.proc.bind({ pid: outer.pid, ...decoy }))).toMatch(/^EACCES /);
  await rig.admin.proc.signal({ pid: outer.pid, signal: "kill" });
  expect(machine.killed).toEqual([100]);
});

test("what runs in a sandbox knows no ids of the machine", async () => {
  const { rig, machine } = await open();
  const program = { ...command, sandbox: "process" as const };
  const { pid, key } = await rig.admin.proc.spawn({ program });
  expect(await rig.admin.proc.bind({ pid, ...machine.start(110, 10) })).toEqual({ isReached: true });
  const jailed = createClient(rig.kernel.transport(rig.kernel.authenticate(key ?? "")));
  const inner = await jailed.proc.spawn({ program: command });
  expect(await jailed.proc.bind({ pid: inner.pid, ...machine.start(111, 110) })).toEqual({ isReached: false });
  await rig.admin.proc.signal({ pid, signal: "kill" });
  expect(machine.killed).toEqual([110]);
});

test("a parent that was started by a program, and lives on by itself, tells of its command still", async () => {
  const { rig, machine, outer } = await open();
  machine.start(104, 100);
  const parent = machine.start(105, 104);
  const { pid } = await outer.client.proc.spawn({ program: { ...command, restart: "always", parent } });
  machine.end(104);
  const child = machine.start(106, 105);
  expect(await outer.client.proc.bind({ pid, ...child })).toEqual({ isReached: true });
  expect(await outer.client.proc.bind({ pid, ...groupOf(90) })).toEqual({ isReached: false });
  // The word for a parent that is not the program's own counts nothing.
  const other = await outer.client.proc.spawn({ program: { ...command, parent: groupOf(10) } });
  expect(await outer.client.proc.bind({ pid: other.pid, ...groupOf(90) })).toEqual({ isReached: false });
  await rig.admin.proc.signal({ pid: outer.pid, signal: "kill", tree: true });
  expect(machine.killed).toEqual([100]);
});

test("commands of other tenants, and of other machines, are told of by their parents alone", async () => {
  const { rig, machine } = await open();
  const { key } = await rig.admin.key.create({ tenant: asTenantId("acme"), scopes: ["*"] });
  const acme = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  const spawned = async (by: Client, group: HostGroup): Promise<string> => {
    const { pid } = await by.proc.spawn({ program: { ...command, parent: group } });
    expect(await by.proc.bind({ pid, ...group })).toEqual({ isReached: false });
    return pid;
  };
  const pids = [await spawned(acme, groupOf(90)), await spawned(rig.admin, { hostPid: 90, hostStartedAt: "7" })];
  const unstarted = await acme.proc.spawn({ program: command });
  await rig.clock.run(rig.clock.nowMs() + 300_000);
  for (const pid of pids) expect(await rig.admin.proc.show({ pid })).toMatchObject({ exit: null, hostPid: null });
  expect(await rig.admin.proc.show({ pid: unstarted.pid })).toMatchObject({
    exit: { reason: "nobody has started it" },
  });
  await acme.proc.exit({ pid: pids[0]!, code: 4, signal: null });
  expect(await rig.admin.proc.show({ pid: pids[0]! })).toMatchObject({ exit: { code: 4 } });
  await rig.admin.proc.signal({ pid: pids[1]!, signal: "kill" });
  expect(machine.killed).toEqual([]);
});
