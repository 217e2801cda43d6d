// Durable commits per second of the SQLite journal, and what one costs the kernel's thread.
// node --conditions=aios-source bench/journal.ts [--seconds 1]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { encodeCommit } from "../src/drivers/journal/encode.ts";
import { KnownTranscripts } from "../src/drivers/journal/known-transcripts.ts";
import { openSqliteJournal } from "../src/drivers/journal/sqlite.ts";
import type { Journal, JournalRecord } from "../src/kernel/ports.ts";
import { callRow, eventRow, ofCall, ofEvent, ofProcess, processRow } from "../test/journal-rows.ts";

interface Figure {
  name: string;
  value: number;
  unit: string;
  target?: number;
  holds?: boolean;
}

const { values: flags } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
const runMs = Number(flags.seconds) * 1_000;
const figures: Figure[] = [];
const startedAt = performance.now();

type Measured = readonly [value: number, unit: string];
type Target = { atMost: number } | { atLeast: number };

function figure(name: string, [value, unit]: Measured, target?: Target): void {
  const rounded = Number(value.toPrecision(4));
  if (target === undefined) figures.push({ name, value: rounded, unit });
  else if ("atMost" in target) {
    figures.push({ name, value: rounded, unit, target: target.atMost, holds: rounded <= target.atMost });
  } else figures.push({ name, value: rounded, unit, target: target.atLeast, holds: rounded >= target.atLeast });
}

type Shape = readonly [messages: number, chars: number];
const sizes = { "600 B": [1, 600], "8 KB": [8, 1_000], "100 KB": [50, 2_000] } as const satisfies Record<string, Shape>;

/** Message `index` of conversation `number`: text of the kind that agents send, not compressible to a pattern. */
function message(number: number, index: number, chars: number): object {
  const content = `${number} ${index} `.padEnd(
    chars,
    'The file "src/main.ts" holds the entry point.\n\tIt imports the rest. ',
  );
  return { role: index % 2 === 0 ? "user" : "assistant", content };
}

/** What the kernel writes when a chat ends: the call, its process's counters, the event. */
function chatRecords(number: number, request: object): JournalRecord[] {
  const result = { message: { role: "assistant", content: `answer ${number}` }, finishReason: "stop", model: "sim/m" };
  return [
    ofCall(callRow(`p${number % 64}`, number, { request, result })),
    ofProcess(processRow(`p${number % 64}`)),
    ofEvent(eventRow(number)),
  ];
}

const median = (values: number[]): number => values.toSorted((left, right) => left - right)[values.length >> 1] ?? NaN;

/** Microseconds of the kernel's thread to encode a chat: never seen before, and as the continuation of a known one. */
function benchEncode(label: string, [count, chars]: Shape): void {
  const rounds = 400;
  const fresh: number[] = [];
  const continued: number[] = [];
  for (let number = 0; number < rounds; number++) {
    const known = new KnownTranscripts({ maxChars: 32 << 20 });
    const messages = Array.from({ length: count + 1 }, (_, index) => message(number, index, chars));
    for (const [into, length] of [
      [fresh, count],
      [continued, count + 1],
    ] as const) {
      // Parsed anew, as a door would.
      const text = JSON.stringify({ model: "auto", messages: messages.slice(0, length) });
      const records = chatRecords(number, JSON.parse(text) as object);
      const from = performance.now();
      encodeCommit(records, known);
      into.push((performance.now() - from) * 1_000);
    }
  }
  const target = label === "8 KB" ? { atMost: 60 } : undefined;
  figure(`${label}, new: encode`, [median(fresh.slice(rounds / 4)), "µs"], target);
  figure(`${label}, one more message: encode`, [median(continued.slice(rounds / 4)), "µs"]);
}

/** Requests that share nothing, or conversations of which each request is one message longer than the one before. */
const requests = {
  new: (number: number, [count, chars]: Shape) => messagesOf(number, [count, chars]),
  "one more message": (number: number, [count, chars]: Shape, caller: number) =>
    messagesOf(caller, [count + (Math.floor(number / 64) % 32), chars]),
} as const;

const messagesOf = (conversation: number, [count, chars]: Shape): object[] =>
  Array.from({ length: count }, (_, index) => message(conversation, index, chars));

/** Each caller commits, waits until it is durable, and goes on. */
async function benchCommits(label: keyof typeof sizes, kind: keyof typeof requests, callers: number): Promise<void> {
  await using bench = await openJournal();
  const { journal } = bench;
  const latencies: number[] = [];
  let number = 0;
  let until = Number.POSITIVE_INFINITY;
  const call = async (_: unknown, caller: number): Promise<void> => {
    while (performance.now() < until) {
      const mine = ++number;
      const request = { model: "auto", messages: requests[kind](mine, sizes[label], caller) };
      const from = performance.now();
      await journal.commit(chatRecords(mine, request));
      latencies.push(performance.now() - from);
    }
  };
  const run = async (ms: number): Promise<{ seconds: number; loopMs: number; cpuMs: number }> => {
    latencies.length = 0;
    const [at, loop, cpu] = [performance.now(), performance.eventLoopUtilization(), process.cpuUsage()];
    until = at + ms;
    await Promise.all(Array.from({ length: callers }, call));
    const { user, system } = process.cpuUsage(cpu);
    const { active } = performance.eventLoopUtilization(loop);
    return { seconds: (performance.now() - at) / 1_000, loopMs: active, cpuMs: (user + system) / 1_000 };
  };
  await run(runMs / 4);
  const { seconds, loopMs, cpuMs } = await run(runMs);
  const done = latencies.length;
  const name = `${label}, ${kind}, ${callers} callers`;
  const target = label === "600 B" && callers === 64 ? { atLeast: 10_000 } : undefined;
  figure(`${name}: durable commits`, [done / seconds, "/s"], target);
  figure(`${name}: latency p50`, [median(latencies), "ms"]);
  figure(`${name}: event loop per commit, making the request included`, [(loopMs / done) * 1_000, "µs"]);
  figure(`${name}: CPU of all threads per commit`, [(cpuMs / done) * 1_000, "µs"]);
}

async function benchEvents(): Promise<void> {
  await using bench = await openJournal();
  let seq = 0;
  const from = performance.now();
  while (performance.now() < from + runMs) {
    await Promise.all(Array.from({ length: 1_000 }, () => bench.journal.commit([ofEvent(eventRow(++seq))])));
  }
  const rate = seq / ((performance.now() - from) / 1_000);
  figure("durable event append, 1,000 at once", [rate, "/s"], { atLeast: 50_000 });
}

async function openJournal(): Promise<{ journal: Journal } & AsyncDisposable> {
  const home = mkdtempSync(join(tmpdir(), "aios-bench-"));
  const journal = await openSqliteJournal({ path: join(home, "journal.db") });
  return {
    journal,
    async [Symbol.asyncDispose]() {
      await journal[Symbol.asyncDispose]();
      rmSync(home, { recursive: true });
    },
  };
}

const labels = Object.keys(sizes) as (keyof typeof sizes)[];
for (const label of labels) benchEncode(label, sizes[label]);
await benchEvents();
for (const label of labels) for (const callers of [1, 16, 64]) await benchCommits(label, "new", callers);
for (const label of labels.slice(1)) await benchCommits(label, "one more message", 16);
const data = {
  name: "journal",
  version: 1,
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version },
  seed: null,
  durationS: Number(((performance.now() - startedAt) / 1_000).toFixed(1)),
  figures,
  notes: ["every commit is fsynced before it counts; a commit is a call with its bodies, its process and an event"],
};
process.stdout.write(`${JSON.stringify({ ok: true, data, meta: { v: 1 } }, null, 2)}\n`);
