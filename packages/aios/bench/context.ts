// Microseconds per operation of contexts: ContextManager of @aiosjs/sdk/compat, and the conversation that agents keep.
//
//   node --conditions=aios-source bench/context.ts [--json] [--rounds 7]
//
// Each figure is the least of the rounds: CPU of this process and, where the disk has a part in it, wall time.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Conversation, fitContext } from "@aiosjs/sdk";
import { ContextManager } from "@aiosjs/sdk/compat";
import { openSnapshotFolder } from "../src/drivers/context/snapshot-folder.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "7" } },
});
const rounds = Number(values.rounds);
const startedAt = performance.now();
const figures: { name: string; value: number; unit: string }[] = [];

interface Cost {
  cpuUs: number;
  wallUs: number;
}

/** Runs `operation` so often per round; the first round warms up. */
async function measure(count: number, operation: (index: number) => unknown): Promise<Cost> {
  const best: Cost = { cpuUs: Number.POSITIVE_INFINITY, wallUs: Number.POSITIVE_INFINITY };
  for (let round = -1; round < rounds; round++) {
    const [cpu, at] = [process.cpuUsage(), performance.now()];
    for (let index = 0; index < count; index++) {
      const running = operation(index);
      if (running instanceof Promise) await running;
    }
    const { user, system } = process.cpuUsage(cpu);
    if (round < 0) continue;
    best.cpuUs = Math.min(best.cpuUs, (user + system) / count);
    best.wallUs = Math.min(best.wallUs, ((performance.now() - at) * 1_000) / count);
  }
  return best;
}

function figure(name: string, { cpuUs, wallUs }: Cost, { isOnDisk = false } = {}): void {
  const add = (what: string, value: number) =>
    figures.push({ name: `${name}${what}`, value: Number(value.toPrecision(3)), unit: "µs" });
  add("", cpuUs);
  if (isOnDisk) add(", wall time", wallUs);
}

const nested = () =>
  Object.fromEntries(
    Array.from({ length: 20 }, (_, key) => [
      `key${key}`,
      { list: [1, 2, 3, key], text: "some text", inner: { on: true, of: [{ a: 1 }, { b: "two" }] } },
    ]),
  );

async function benchManager(folder: string): Promise<void> {
  figure(
    "create 100 contexts",
    await measure(2_000, () => {
      const contexts = new ContextManager();
      for (let index = 0; index < 100; index++) contexts.create(`agent-${index}`);
    }),
  );
  const contexts = new ContextManager({ snapshots: await openSnapshotFolder(folder) });
  const one = contexts.create("one", {}, { maxTokens: Number.MAX_SAFE_INTEGER, maxActions: Number.MAX_SAFE_INTEGER });
  contexts.create("two");
  const pair = (index: number) => (index % 2 === 0 ? (["one", "two"] as const) : (["two", "one"] as const));
  const small = { step: 1 };
  figure(
    "switch, state of 1 key",
    await measure(200_000, (index) => {
      const [from, to] = pair(index);
      contexts.switch(from, to, small);
    }),
  );
  const large = nested();
  const wide = new ContextManager();
  for (const id of ["one", "two"]) wide.create(id).state = nested();
  figure(
    "switch, state of 20 nested keys",
    await measure(20_000, (index) => {
      const [from, to] = pair(index);
      wide.switch(from, to);
    }),
  );
  figure("structuredClone of that state, for comparison", await measure(20_000, () => structuredClone(large)));
  figure("addMessage, full ring", await measure(500_000, () => one.addMessage("user", "hello there")));
  figure("recordLlmCall", await measure(500_000, () => one.recordLlmCall(1)));
  figure("checkLimits", await measure(500_000, () => contexts.checkLimits("one")));
  figure("isWithinLimits", await measure(500_000, () => one.isWithinLimits()));
  const kept = contexts.create("kept");
  for (let index = 0; index < 50; index++) kept.addMessage("user", `message ${index} `.repeat(8));
  figure("snapshot of 50 messages, synced", await measure(200, () => contexts.snapshot("kept")), { isOnDisk: true });
  figure("loadSnapshot of 50 messages", await measure(500, () => contexts.loadSnapshot("kept")), { isOnDisk: true });
}

async function benchConversation(): Promise<void> {
  const text = "The file holds the entry point; it imports the rest. ".repeat(20);
  const filled = (messages: number) => {
    const conversation = new Conversation({ system: "You are brief." });
    for (let index = 0; index < messages; index++)
      conversation.add({ role: index % 2 === 0 ? "user" : "assistant", content: text });
    return conversation;
  };
  let conversation = filled(0);
  figure(
    "conversation: add a message of 1 KB",
    await measure(20_000, (index) => {
      if (index % 1_000 === 0) conversation = filled(0);
      conversation.add({ role: "user", content: text });
    }),
  );
  const long = filled(1_000);
  const limits = { maxTokens: 1_000_000 };
  figure("conversation of 1,000 messages: does it fit", await measure(100_000, () => fitContext(long, limits)));
  figure(
    "conversation of 1,000 messages: make it and drop half",
    await measure(50, () => fitContext(filled(1_000), { maxTokens: 100_000, onFull: "drop" })),
  );
}

const folder = mkdtempSync(join(tmpdir(), "aios-bench-"));
try {
  await benchManager(folder);
  await benchConversation();
} finally {
  rmSync(folder, { recursive: true });
}
const data = {
  name: "context",
  version: 1,
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version },
  seed: null,
  durationS: Number(((performance.now() - startedAt) / 1_000).toFixed(1)),
  figures,
  notes: [
    "CPU time unless the name says wall time; the least of the rounds",
    "snapshots have a checksum, are synced with their folder and renamed into place",
  ],
};
if (values.json) process.stdout.write(`${JSON.stringify({ ok: true, data, meta: { v: 1 } }, null, 2)}\n`);
else for (const { name, value, unit } of figures) process.stdout.write(`${name.padEnd(56)} ${value} ${unit}\n`);
