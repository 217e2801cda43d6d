// What a key may is in its scopes, and what it makes may no more.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import type { SyscallName } from "@aiosjs/sdk/protocol";
import { describe, expect, test } from "vitest";
import type { Principal } from "../../src/kernel/ports.ts";
import { noteTools } from "../note-tools.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const open = (): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    notes: noteTools(),
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
  });

const command = { program: { kind: "command" as const, command: ["x"], cwd: "/" } };

async function keyOf(rig: Rig, args: Parameters<Client["key"]["create"]>[0], by = rig.admin) {
  const { key } = await by.key.create(args);
  const principal = rig.kernel.authenticate(key);
  return { key, principal, client: createClient(rig.kernel.transport(principal)) };
}

/** How a call is refused at the door, whatever its arguments are. */
async function refusedBy(rig: Rig, principal: Principal, name: SyscallName): Promise<string> {
  const call = rig.kernel.syscall(name, argsOf(name), { principal, onDetach: "abort" });
  for await (const batch of call)
    for (const event of batch) if (event.type === "syscall.failed") return `${event.error.code} ${event.error.detail}`;
  return "done";
}
/** Of those that are called here. */
const argsOf = (name: SyscallName): unknown =>
  ({
    "proc.show": { pid: "none" },
    "call.show": { call: "none" },
    "value.get": { key: "k" },
    "topic.list": {},
    "key.revoke": { id: "none" },
  })[name as string] ?? {};

const asked: SyscallName[] = [
  "proc.show",
  "call.show",
  "value.get",
  "topic.list",
  "key.revoke",
  "sys.status",
  "llm.models",
];

describe("a key of some scopes", () => {
  test.each([
    [[], []],
    [["proc.*"], ["proc.show"]],
    [["proc.show"], ["proc.show"]],
    [["proc.list", "sys.*"], ["sys.status"]],
    [
      ["call.*", "value.get"],
      ["call.show", "value.get"],
    ],
    [["key.*"], ["key.revoke"]],
    [["trust:user-turns", "proc:act-as"], []],
    [["*"], asked],
  ] as [string[], SyscallName[]][])("%j may %j and nothing else", async (scopes, may) => {
    const rig = await open();
    const { principal } = await keyOf(rig, { scopes });
    for (const name of asked) {
      const told = await refusedBy(rig, principal, name);
      if (may.includes(name)) expect(told, name).not.toMatch(/has no scope/);
      else expect(told, name).toMatch(/^EACCES the key \w+ has no scope for/);
    }
  });

  test("has no scope but those that there are", async () => {
    const rig = await open();
    expect(await refusal(rig.admin.key.create({ scopes: ["mem.serch"] }))).toBe('EINVAL "mem.serch" is no scope');
  });

  test("without any said has those of work, and of nothing that is a person's", async () => {
    const rig = await open();
    const { principal } = await keyOf(rig, { tenant: "b" });
    for (const name of ["key.create", "approval.answer", "budget.set", "sys.shutdown", "cron.add", "group.create"])
      expect(principal.scopes.some((scope) => scope === "*" || name.startsWith(scope.slice(0, -1)))).toBe(false);
    expect(principal.scopes).not.toContain("trust:user-turns");
    expect(principal.scopes).not.toContain("proc:act-as");
  });
});

describe("what a key makes", () => {
  test("has no scope that the key has not", async () => {
    const rig = await open();
    const { client } = await keyOf(rig, { tenant: "b", scopes: ["key.*", "llm.*"] });
    for (const scopes of [["*"], ["mem.*"], ["llm.*", "proc.list"], ["trust:user-turns"], ["proc:act-as"]])
      expect(await refusal(client.key.create({ scopes })), scopes.join()).toMatch(
        /^EACCES capability .* cannot be passed/,
      );
    expect(await refusal(client.key.create({ scopes: ["llm.*"], tenant: "c" }))).toMatch(/^EACCES/);
    expect((await keyOf(rig, { scopes: ["llm.chat", "key.list"] }, client)).principal).toMatchObject({
      tenant: "b",
      scopes: ["llm.chat", "key.list"],
    });
  });

  test("ends when the key ends, and spends nothing beside its limits", async () => {
    const rig = await open();
    const short = await keyOf(rig, { scopes: ["key.*", "llm.*"], expiresInMs: 60_000 });
    const made = await keyOf(rig, { scopes: ["llm.*"] }, short.client);
    const longer = await keyOf(rig, { scopes: ["llm.*"], expiresInMs: 1e9 }, short.client);
    const sooner = await keyOf(rig, { scopes: ["llm.*"], expiresInMs: 1_000 }, short.client);
    await rig.clock.run(rig.clock.nowMs() + 1_000);
    expect(() => rig.kernel.authenticate(sooner.key)).toThrow(/expired/);
    rig.kernel.authenticate(made.key);
    await rig.clock.run(rig.clock.nowMs() + 59_000);
    for (const { key } of [made, longer]) expect(() => rig.kernel.authenticate(key)).toThrow(/expired/);
    const poor = await keyOf(rig, { scopes: ["*"], tenant: "b", limits: [{ resource: "costUsd", limit: 1 }] });
    expect(await refusal(poor.client.key.create({ scopes: ["llm.*"] }))).toMatch(/^EACCES the key \w+ has limits/);
  });

  test("is bound by limits that the key does not set", async () => {
    const rig = await open();
    const { client, principal } = await keyOf(rig, { scopes: ["*"], tenant: "b" });
    const limits = [{ resource: "costUsd" as const, limit: 1e9 }];
    for (const scope of ["tenant:b", `key:${principal.key}`])
      expect(await refusal(client.budget.set({ scope, limits }))).toBe(
        `EACCES the limits of ${scope} bind this key: it does not set them`,
      );
    const { id } = await client.key.create({ scopes: ["llm.*"] });
    expect((await client.budget.set({ scope: `key:${id}`, limits })).accounts).toHaveLength(1);
    expect((await rig.admin.budget.set({ scope: "tenant:b", limits })).accounts).toHaveLength(1);
  });

  test("a child has what the key and its parent have both", async () => {
    const rig = await open();
    const { pid } = await rig.admin.proc.spawn({ ...command, capabilities: ["proc.*", "value.get"] });
    const { principal } = await keyOf(rig, { scopes: ["llm.*", "proc.*", "value.*", "proc:act-as"] });
    const by = createClient(rig.kernel.transport(principal, pid as never));
    const capabilitiesOf = async (child: string): Promise<readonly string[] | undefined> => {
      await rig.events();
      return (await rig.journal.load()).processes.find((row) => row.pid === child)?.capabilities;
    };
    expect(await capabilitiesOf((await by.proc.spawn(command)).pid)).toEqual(["proc.*", "value.get"]);
    for (const capability of ["llm.*", "value.*", "*"])
      expect(await refusal(by.proc.spawn({ ...command, capabilities: [capability] }))).toMatch(/^EACCES/);
    const narrow = await keyOf(rig, { scopes: ["proc.spawn", "proc:act-as"] });
    const lesser = createClient(rig.kernel.transport(narrow.principal, pid as never));
    expect(await capabilitiesOf((await lesser.proc.spawn(command)).pid)).toEqual(["proc.spawn"]);
  });

  test("a timer starts nothing that its key could not, and says so when it is made", async () => {
    const rig = await open();
    const { client } = await keyOf(rig, { tenant: "b", scopes: ["cron.*", "proc.*"] });
    const program = { kind: "agent" as const, agent: { name: "a", instructions: "x" }, task: "t" };
    expect(
      await refusal(client.cron.add({ schedule: "@daily", program: { program, capabilities: ["fs.*"] } })),
    ).toMatch(/^EACCES capability fs\.\* cannot be passed on/);
  });
});

describe("trust:user-turns", () => {
  const trustOf = async (rig: Rig, principal: Principal): Promise<string> => {
    const session = rig.kernel.identify(principal, { session: "s" });
    const { mem } = createClient(rig.kernel.transport(principal, session));
    const { id } = await mem.add({ content: "what the user said" });
    return (await mem.get({ id })).labels.trust;
  };

  test("is what a key needs for its client's words to count for more than a stranger's", async () => {
    const rig = await open();
    const told = async (...scopes: string[]) => trustOf(rig, (await keyOf(rig, { tenant: "b", scopes })).principal);
    expect(await told("*")).not.toBe("untrusted");
    expect(await told("mem.*", "trust:user-turns")).not.toBe("untrusted");
    expect(await told("mem.*")).toBe("untrusted");
    expect(await told("mem.*", "proc:act-as")).toBe("untrusted");
  });

  test("means nothing under a process key, whatever that was given", async () => {
    const rig = await open();
    const { client } = await keyOf(rig, { tenant: "b", scopes: ["mem.*", "proc.*"] });
    const made = await client.proc.spawn(command);
    const process = rig.kernel.authenticate(made.key as string);
    const widened = { ...process, scopes: ["*"] };
    const { mem } = createClient(rig.kernel.transport(widened));
    const { id } = await mem.add({ content: "what I say that the user said" });
    expect((await mem.get({ id })).labels.trust).toBe("untrusted");
  });
});

describe("x-aios-pid", () => {
  test("speaks for processes of the key itself, for others of the tenant with a scope, and for none of another tenant", async () => {
    const rig = await open();
    const one = await keyOf(rig, { tenant: "b" });
    const two = await keyOf(rig, { tenant: "b" });
    const any = await keyOf(rig, { tenant: "b", scopes: ["proc.*", "proc:act-as"] });
    const foreign = await keyOf(rig, { tenant: "c", scopes: ["*"] });
    const session = rig.kernel.identify(one.principal, { session: "s" });
    const speak =
      ({ principal }: { principal: Principal }, pid: string) =>
      () =>
        rig.kernel.identify(principal, { pid });
    expect(speak(one, session)()).toBe(session);
    expect(speak(two, session)).toThrow(`process ${session} is of another key than ${two.principal.key}`);
    expect(speak(any, session)()).toBe(session);
    expect(speak(foreign, session)).toThrow(`no process ${session}`);
    const below = createClient(rig.kernel.transport(one.principal, session));
    const { pid } = await below.proc.spawn(command);
    expect(speak(one, pid)()).toBe(pid);
    expect(speak(two, pid)).toThrow(/is of another key/);
    const own = await below.proc.spawn(command);
    const process = rig.kernel.authenticate(own.key as string);
    // Whatever it names, it is itself.
    for (const named of [session, pid, "none"]) expect(rig.kernel.identify(process, { pid: named })).toBe(own.pid);
  });
});

test("the kernel as a whole is the home's: other tenants' keys stop it, reload it and look into its index in vain", async () => {
  const rig = await open();
  const { client } = await keyOf(rig, { tenant: "b", scopes: ["*"] });
  for (const told of [client.sys.shutdown({}), client.sys.refresh({})])
    expect(await refusal(told)).toMatch(/^EACCES sys\.\w+ is of the whole kernel/);
  await rig.admin.proc.spawn(command);
  expect(await client.sys.status({})).toMatchObject({ processes: {}, done: 0, queued: 0, running: 0 });
  expect((await rig.admin.sys.status({})).processes).not.toEqual({});
});

test("a program is told of the limits that bind it and those below it, and of nobody else's", async () => {
  const rig = await open();
  const limits = [{ resource: "tokens" as const, limit: 9 }];
  const parent = await rig.admin.proc.spawn({ ...command, limits });
  await rig.admin.proc.spawn({ ...command, limits });
  await rig.admin.key.create({ scopes: ["llm.*"], limits });
  await rig.admin.budget.set({ scope: "tenant:local", limits });
  await rig.admin.budget.set({ scope: "tenant:b", limits });
  const own = createClient(rig.kernel.transport(rig.kernel.authenticate(parent.key as string)));
  const child = await own.proc.spawn({ ...command, limits });
  const scopes = (await own.budget.show({})).accounts.map(({ scope }) => scope);
  expect(scopes.toSorted()).toEqual([`process:${parent.pid}`, `process:${child.pid}`, "tenant:local"].toSorted());
});
