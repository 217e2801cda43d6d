// What the policy says of agents holds of their processes from when they begin.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";
import { refusal } from "../writer-rig.ts";

const accessPolicy = accessPolicySchema.parse({
  version: 1,
  agents: {
    "research-*": { budget: { tokens: 1000 }, limits: [{ resource: "calls", limit: 50 }], spawn: { maxDepth: 2 } },
    "*": { budget: { tokens: 5000, costUsd: 1 } },
    lonely: { spawn: { maxDepth: 0 } },
  },
});

const open = (): Promise<Rig> =>
  openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    programs: { find: () => Promise.reject(new Error("no programs here")), run: () => new Promise(() => undefined) },
    settings: { accessPolicy },
  });

const agent = (name: string, limits: readonly { resource: "tokens"; limit: number }[] = []) => ({
  program: { kind: "agent" as const, agent: { name, instructions: "x" }, task: "t" },
  limits: [...limits],
});
const command = { program: { kind: "command" as const, command: ["x"], cwd: "/" } };
const as = (rig: Rig, pid: string): Client => createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));

test("a process is bound by its agent's row, and by what it asks for where that is less", async () => {
  const rig = await open();
  const limitsOf = async (pid: string) =>
    Object.fromEntries((await rig.admin.proc.show({ pid })).limits.map(({ resource, limit }) => [resource, limit]));
  const { pid } = await rig.admin.proc.spawn(agent("research-1", [{ resource: "tokens", limit: 9_000 }]));
  expect(await limitsOf(pid)).toEqual({ tokens: 1_000, calls: 50, costUsd: 1 });
  const modest = await rig.admin.proc.spawn(agent("research-2", [{ resource: "tokens", limit: 10 }]));
  expect(await limitsOf(modest.pid)).toEqual({ tokens: 10, calls: 50, costUsd: 1 });
  // What it starts goes by its name.
  const child = await as(rig, pid).proc.spawn(command);
  expect(await limitsOf(child.pid)).toEqual({ tokens: 1_000, calls: 50, costUsd: 1 });
});

test("generations below an agent end where its row says", async () => {
  const rig = await open();
  let { pid } = await rig.admin.proc.spawn(agent("research-1"));
  for (let generation = 1; generation <= 2; generation++) ({ pid } = await as(rig, pid).proc.spawn(command));
  expect(await refusal(as(rig, pid).proc.spawn(command))).toMatch(/^EPOLICY research-1 .* may have 2 generations/);
  const lonely = await rig.admin.proc.spawn(agent("lonely"));
  expect(await refusal(as(rig, lonely.pid).proc.spawn(command))).toMatch(/^EPOLICY /);
  const free = await rig.admin.proc.spawn(agent("writer"));
  await as(rig, free.pid).proc.spawn(command);
});
