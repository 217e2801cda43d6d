// Processes whose whole program runs in a sandbox that somebody else has made.
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import { accessPolicySchema, asPid } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import type { Journal } from "../../src/kernel/ports.ts";
import type { SandboxPorts } from "../../src/kernel/sandboxes-port.ts";
import { openRig } from "../rig.ts";
import type { Rig } from "../rig.ts";
import { createScriptedCore } from "../scripted-core.ts";

type Way = Parameters<SandboxPorts["openEgress"]>[0];

/** Ways out that nobody uses but the test. */
function openWays() {
  const ways = new Map<string, Way>();
  const openEgress: SandboxPorts["openEgress"] = (way) => {
    ways.set(way.id, way);
    return Promise.resolve({
      socketPath: `/run/${way.id}`,
      [Symbol.asyncDispose]: () => Promise.resolve(void ways.delete(way.id)),
    });
  };
  return { ways, openEgress };
}

const accessPolicy = accessPolicySchema.parse({
  version: 1,
  defaults: { effect: "declared" },
  agents: { "crawler*": { egress: ["pages.test:443"] } },
});

async function openWorld(journal?: Journal) {
  const { ways, openEgress } = openWays();
  const rig = await openRig({
    cores: (clock) => [createScriptedCore({ clock })],
    sandboxes: { drivers: [], openEgress },
    settings: { accessPolicy },
    ...(journal ? { journal } : {}),
  });
  return { rig, ways };
}

const program = { kind: "command" as const, command: ["crawl"], cwd: "/" };
const sandboxed = { ...program, sandbox: "process" as const };
const as = (rig: Rig, pid: string): Client => createClient(rig.kernel.transport({ ...rig.root, pid: asPid(pid) }));

test("a person is believed that a command runs in a sandbox, and what runs in one is in there with all that it starts", async () => {
  const { rig } = await openWorld();
  const { admin } = rig;
  const { pid: inside } = await admin.proc.spawn({ program: sandboxed });
  const { pid: outside } = await admin.proc.spawn({ program });
  const { pid: inner } = await as(rig, inside).proc.spawn({ program });
  const { pid: claimed } = await as(rig, outside).proc.spawn({ program: sandboxed });
  const labels = async (pid: string) => (await admin.proc.show({ pid })).labels;
  expect(await Promise.all([inside, outside, inner, claimed].map(labels))).toEqual([
    "enforced",
    "observed",
    "enforced",
    "observed",
  ]);
});

test("it begins with what lies in its folder, and has seen anything once a connection has left", async () => {
  const { rig, ways } = await openWorld();
  const { pid } = await rig.admin.proc.spawn({ name: "crawler-1", program: sandboxed });
  const seen = async () => (await rig.admin.proc.show({ pid })).seen;
  expect(await seen()).toMatchObject({ trust: "workspace", confidentiality: "private" });
  const way = ways.get(`p-${pid}`)!;
  expect(way.allowed()).toEqual(["pages.test:443"]);
  const host = { way: "tunnel", host: "pages.test", port: 443 };
  way.tell({ topic: "egress.refused", body: { ...host, rule: "private", detail: "it is private" } });
  expect(await seen()).toMatchObject({ trust: "workspace" });
  way.tell({ topic: "egress.permitted", body: { ...host, address: "192.0.2.1", pattern: "pages.test:443" } });
  expect(await seen()).toMatchObject({ trust: "untrusted", confidentiality: "private" });
});

test("its way out is there as long as it lives, under the next kernel too, and nothing is let out after its end", async () => {
  const journal = createMemoryJournal();
  const first = await openWorld(journal);
  const { pid } = await first.rig.admin.proc.spawn({ name: "crawler", program: sandboxed });
  await first.rig.kernel[Symbol.asyncDispose]();
  expect([...first.ways]).toEqual([]);
  const { rig, ways } = await openWorld(journal);
  const way = ways.get(`p-${pid}`)!;
  expect(way.allowed()).toEqual(["pages.test:443"]);
  await rig.admin.proc.exit({ pid, code: 0, signal: null });
  expect(way.allowed()).toEqual([]);
  await expect.poll(() => [...ways]).toEqual([]);
});

test("a command that needs a sandbox is not entered where the kernel can give it no way out", async () => {
  const rig = await openRig({ cores: (clock) => [createScriptedCore({ clock })] });
  await expect(Promise.resolve(rig.admin.proc.spawn({ program: sandboxed }))).rejects.toMatchObject({ code: "ENOSYS" });
  expect((await rig.admin.proc.list({ all: true })).processes.filter(({ kind }) => kind === "command")).toEqual([]);
});
