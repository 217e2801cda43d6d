// What keys and processes cannot do to others, or for themselves, by the ways that begin, stop and copy processes.
import { createClient } from "@aiosjs/sdk";
import type { Client, SysEvent } from "@aiosjs/sdk";
import { asKeyId } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createScriptedCore } from "../scripted-core.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { refusal } from "../writer-rig.ts";

const open = (): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    programs: {
      find: () => Promise.reject(new Error("no programs here")),
      run: () => new Promise(() => undefined),
    },
  });

type Program = Parameters<Client["proc"]["spawn"]>[0]["program"];
const command: Program = { kind: "command", command: ["x"], cwd: "/", restart: "always" };
const agent: Program = { kind: "agent", agent: { name: "a", instructions: "x" }, task: "t" };
type Spawn = Omit<Parameters<Client["proc"]["spawn"]>[0], "program">;

/** A process with a key of its own. */
async function child(rig: Rig, parent: Client, options: Spawn = {}): Promise<{ pid: string; client: Client }> {
  const { pid, key } = await parent.proc.spawn({ program: command, ...options });
  return { pid, client: createClient(rig.kernel.transport(rig.kernel.authenticate(key as string))) };
}

/** A key of the local tenant that may do this alone. */
const keyFor = (rig: Rig, ...scopes: string[]): Client =>
  createClient(rig.kernel.transport({ ...rig.root, key: asKeyId("weak"), scopes }));

test("a fork is bound by what binds those above it, also when its parent has ended", async () => {
  const rig = await open();
  const top = await child(rig, rig.admin, { limits: [{ resource: "tokens", limit: 10 }] });
  const middle = await child(rig, top.client);
  const { pid } = await middle.client.proc.spawn({ program: agent });
  await top.client.proc.signal({ pid: middle.pid, signal: "kill", tree: false });
  const fork = await top.client.proc.fork({ pid });
  expect(await top.client.proc.show({ pid: fork.pid })).toMatchObject({ parent: top.pid });
  const { pids } = await rig.admin.proc.signal({ pid: top.pid, signal: "kill" });
  expect(pids).toContain(fork.pid);
});

test("nobody gets more than they have out of a fork, or out of a new start of a command", async () => {
  const rig = await open();
  const strong = await child(rig, rig.admin);
  const { pid } = await rig.admin.proc.spawn({ program: agent });
  const weak = keyFor(rig, "proc.*");
  expect(await refusal(weak.proc.restart({ pid: strong.pid }))).toMatch(/^EACCES capability \* cannot be passed on/);
  expect(await refusal(weak.proc.fork({ pid }))).toMatch(/^EACCES capability \* cannot be passed on/);
  // The key that it had is as good as before.
  expect(await strong.client.proc.show({ pid: strong.pid })).toMatchObject({ exit: null });
  const modest = await child(rig, rig.admin, { capabilities: ["proc.show"] });
  expect((await weak.proc.restart({ pid: modest.pid })).incarnation).toBe(2);
});

test("a process that was stopped does not let itself go on, nor its children what waits for a person", async () => {
  const rig = await open();
  const top = await child(rig, rig.admin);
  const below = await child(rig, top.client, { onExhausted: "hold", limits: [{ resource: "wallMs", limit: 1_000 }] });
  const plain = await child(rig, top.client);
  await rig.admin.proc.signal({ pid: top.pid, signal: "suspend", tree: false });
  expect(await refusal(top.client.proc.signal({ pid: top.pid, signal: "resume" }))).toMatch(
    /^EACCES a process cannot resume itself/,
  );
  expect(await rig.admin.proc.show({ pid: top.pid })).toMatchObject({ state: "suspended" });
  await rig.clock.run(rig.clock.nowMs() + 2_000);
  expect(await rig.admin.proc.show({ pid: below.pid })).toMatchObject({ state: "suspended" });
  expect(await refusal(top.client.proc.signal({ pid: below.pid, signal: "resume" }))).toMatch(/waits for a person/);
  await top.client.proc.signal({ pid: plain.pid, signal: "suspend" });
  await top.client.proc.signal({ pid: plain.pid, signal: "resume" });
  expect(await rig.admin.proc.show({ pid: plain.pid })).not.toMatchObject({ state: "suspended" });
  await rig.admin.proc.signal({ pid: top.pid, signal: "resume" });
  expect(await rig.admin.proc.show({ pid: top.pid })).not.toMatchObject({ state: "suspended" });
});

test("a new key is told to who asked for it, and to nobody who looks at the call", async () => {
  const rig = await open();
  const made = rig.kernel.syscall("proc.spawn", { program: command }, { principal: rig.root, onDetach: "keep" });
  for await (const _ of made);
  const weak = { ...rig.root, key: asKeyId("weak"), scopes: ["call.show"] };
  let last: SysEvent | undefined;
  for await (const batch of rig.kernel.transport(weak).syscall("call.show", { call: made.call })) last = batch.at(-1);
  expect(last).toMatchObject({ result: { state: "done", result: { key: null } } });
});

test("a key of another tenant reaches that tenant and no other, whatever its scopes", async () => {
  const rig = await open();
  const ours = await rig.admin.proc.spawn({ program: agent });
  const { key } = await rig.admin.key.create({ tenant: "b", scopes: ["*"] });
  const theirs = createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
  const mine = await theirs.proc.spawn({ program: command });
  expect((await theirs.proc.list({ all: true })).processes.map(({ pid }) => pid)).toEqual([mine.pid]);
  expect((await theirs.key.list()).keys.map(({ tenant }) => tenant)).toEqual(["b"]);
  expect(await refusal(theirs.proc.show({ pid: ours.pid }))).toMatch(/^ESRCH/);
  expect(await refusal(theirs.key.create({ tenant: "local", scopes: ["*"] }))).toMatch(/^EACCES/);
});
