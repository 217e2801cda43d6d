// The policy as its owner looks at it.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asPid, manifestSchema } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const accessPolicy = accessPolicySchema.parse({
  version: 1,
  tools: {
    mail_send: { effect: "sink", gate: "L1", sinkArgs: { to: { trust: ">=user" } } },
    "mem.*": { effect: "write", gate: "L1" },
  },
  agents: { "research-*": { tools: ["mail_send"] } },
});

const open = (isShipped = false): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
    ...(isShipped ? {} : { settings: { accessPolicy } }),
  });

const as = (rig: Rig, pid: string): Client => createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));

async function tenantOf(rig: Rig): Promise<Client> {
  const { key } = await rig.admin.key.create({ tenant: "other", scopes: ["*"] });
  return createClient(rig.kernel.transport(rig.kernel.authenticate(key)));
}

test("what is shown is what holds: the policy, and what is shipped of what it says nothing of", async () => {
  const rig = await open();
  const shown = await rig.admin.policy.show();
  expect(shown).toMatchObject({ isShipped: false, policy: accessPolicy });
  expect(shown.shipped).toMatchObject({ "fs.share": { gate: "L2" } });
  expect(Object.keys(shown.shipped)).not.toContain("mem.add");
  const plain = await open(true);
  expect(await plain.admin.policy.show()).toMatchObject({ isShipped: true, shipped: {}, policy: { version: 1 } });
});

test("a call that could be made is explained by what is given of it", async () => {
  const rig = await open();
  const to = "bob@example.org";
  const explain = (more: object) => rig.admin.policy.explain({ name: "mail_send", arguments: { to }, ...more });
  expect(await explain({})).toMatchObject({ gate: "L1", effect: "sink", origins: [{ origin: { is: "context" } }] });
  expect(await explain({ context: { trust: "untrusted" } })).toMatchObject({
    gate: "L2",
    reasons: [{ gate: "L2", where: "tools.mail_send.sinkArgs.to" }],
    origins: [{ path: "to", value: to, isMet: false }],
    isRecorded: false,
  });
  expect((await explain({ context: { trust: "untrusted" }, said: [`write to ${to}`] })).gate).toBe("L1");
  expect((await rig.admin.policy.explain({ name: "unknown" })).gate).toBe("L3");
  expect((await rig.admin.policy.explain({ name: "fs.write", agent: "research-1" })).gate).toBe("L3");
  expect(await refusal(rig.admin.policy.explain({}))).toMatch(/^EINVAL /);
});

test("a call that was made is explained by its record, and one of a process by what that has seen", async () => {
  const rig = await open();
  const { pid } = await rig.admin.proc.spawn({
    program: { kind: "agent", agent: { name: "research-1", instructions: "Write to ann@example.org." }, task: "t" },
  });
  await as(rig, pid).value.put({ key: "x", value: 1 });
  const { calls } = await rig.admin.proc.trace({ pid });
  const put = calls.find(({ name }) => name === "value.put");
  expect(await rig.admin.policy.explain({ call: put?.call ?? "" })).toMatchObject({
    name: "value.put",
    agent: "research-1",
    arguments: { key: "x", value: 1 },
    gate: "L1",
    isRecorded: true,
  });
  const explained = await rig.admin.policy.explain({
    pid,
    name: "mail_send",
    arguments: { to: "ann@example.org" },
    context: { trust: "untrusted" },
  });
  expect(explained).toMatchObject({ agent: "research-1", gate: "L1", origins: [{ origin: { is: "user" } }] });
});

test("what was decided when a call was made is told beside what the policy says of it now", async () => {
  const rig = await open();
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  await as(rig, pid).value.put({ key: "x", value: 1 });
  const { calls } = await rig.admin.proc.trace({ pid });
  const explain = (name: string) =>
    rig.admin.policy.explain({ call: calls.find((call) => call.name === name)?.call ?? "" });
  const passed = { gate: "L1", where: null, why: null };
  expect((await explain("value.put")).decided).toEqual({ ...passed, isBySamePolicy: true });
  expect(await rig.admin.policy.explain({ pid, name: "value.put" })).toMatchObject({ decided: null });
  const stricter = { version: 1, rules: [{ forbid: { when: "call.name == value.put" } }] };
  await rig.refresh({}, { accessPolicy: accessPolicySchema.parse(stricter) });
  const later = await explain("value.put");
  expect(later).toMatchObject({ gate: "L3", reasons: [{ where: "rules[0]" }] });
  expect(later.decided).toEqual({ ...passed, isBySamePolicy: false });
  expect(await refusal(as(rig, pid).value.put({ key: "x", value: 2 }))).toMatch(/^EPOLICY /);
  const refused = (await rig.admin.proc.trace({ pid })).calls.at(-1);
  expect((await rig.admin.policy.explain({ call: refused?.call ?? "" })).decided).toEqual({
    gate: "L3",
    where: "rules[0]",
    why: expect.stringContaining("it is forbidden") as string,
    isBySamePolicy: true,
  });
});

test("a call is explained by the rows of all agents above, as it is judged", async () => {
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    programs: {
      find: (name) => Promise.resolve(manifestSchema.parse({ name, instructions: "x" })),
      run: () => new Promise(() => undefined),
    },
    settings: { accessPolicy },
  });
  const command = { kind: "command" as const, command: ["x"], cwd: "/" };
  const { pid } = await rig.admin.proc.spawn({ program: command, name: "research-1" });
  const program = { kind: "agent" as const, agent: "writer", task: "t" };
  const below = await as(rig, pid).proc.spawn({ program });
  const refused = { gate: "L3", agent: "writer", reasons: [{ where: "agents.research-*" }] };
  expect(await rig.admin.policy.explain({ pid: below.pid, name: "fs.write" })).toMatchObject(refused);
  expect(await refusal(as(rig, below.pid).fs.write({ path: "x", content: "x" }))).toMatch(/^EPOLICY .*not among/);
  await rig.admin.proc.signal({ pid, signal: "kill", tree: true });
  expect(await rig.admin.policy.explain({ pid: below.pid, name: "fs.write" })).toMatchObject(refused);
});

test("the plan of a process that lives counts", async () => {
  const rig = await open();
  const { pid } = await rig.admin.proc.spawn({
    program: { kind: "agent", agent: { name: "writer", instructions: "x" }, task: "t" },
  });
  await as(rig, pid).proc.plan({ tools: ["other"] });
  const explained = await rig.admin.policy.explain({ pid, name: "mail_send", arguments: { to: "ann@example.org" } });
  expect(explained).toMatchObject({ gate: "L3", reasons: [{ where: "plan" }] });
  expect((await rig.admin.policy.explain({ pid, name: "fs.read" })).gate).toBe("L0");
});

test("glass that is broken for a process turns what is denied into what is asked about", async () => {
  const rig = await open();
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  expect((await rig.admin.policy.explain({ pid, name: "unknown" })).gate).toBe("L3");
  await rig.admin.approval.break({ pid, name: "unknown", why: "an outage" });
  expect((await rig.admin.policy.explain({ pid, name: "unknown" })).gate).toBe("L2");
});

test("no process looks at the policy, and a tenant only at what it says of its own calls", async () => {
  const rig = await open();
  const { pid } = await rig.admin.proc.spawn({ program: { kind: "command", command: ["x"], cwd: "/" } });
  expect(await refusal(as(rig, pid).policy.show())).toMatch(/^EACCES /);
  expect(await refusal(as(rig, pid).policy.explain({ name: "mail_send" }))).toMatch(/^EACCES /);
  const other = await tenantOf(rig);
  expect(await refusal(other.policy.show())).toMatch(/^EACCES /);
  expect(await refusal(other.policy.explain({ pid, name: "mail_send" }))).toMatch(/^ESRCH /);
  const [call] = (await rig.admin.proc.trace({ pid })).calls;
  if (call) expect(await refusal(other.policy.explain({ call: call.call }))).toMatch(/^ENOENT /);
});
