// What policy, labels and audit cost a syscall: the same calls through two kernels in one process, turn by turn, and one of the
// two is never asked by its gate, labels nothing and records no events, which are what the audit log is made of.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@aiosjs/sdk";
import type { Client } from "@aiosjs/sdk";
import type { AccessPolicy } from "@aiosjs/sdk/protocol";
import { createMemoryJournal } from "../drivers/journal/memory.ts";
import { openSqliteJournal } from "../drivers/journal/sqlite.ts";
import { CallRecord } from "../kernel/call-record.ts";
import { Gate } from "../kernel/gate/gate.ts";
import type { Journal, Toolbox } from "../kernel/ports.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { Figure } from "./report.ts";
import { openToolKernel } from "./tool-kernel.ts";

interface PathOptions {
  readonly policy: AccessPolicy;
  /** What a person has said to the agent. */
  readonly said: readonly string[];
  /** Pairs of calls of each kind. Default: 4,000. */
  readonly pairs?: number;
}

const PAIRS = 4_000;
/** Pairs that are made first and not counted: the compiler has seen all of it by then. */
const WARM_SHARE = 1 / 3;
const BLOCKS = 12;
/** What is noted is gathered for 20 ms, and written; then the threads have nothing to do. */
const SETTLE_MS = 60;

const tools: Toolbox = {
  name: "bench",
  device: "tool",
  concurrency: 1_000,
  tools: () =>
    ["note", "web/fetch"].map((name) => ({ name, description: "answers at once", parameters: {}, effect: "pure" })),
  async *execute() {
    yield [{ type: "result", result: { content: "y".repeat(100) } }];
  },
};

type Call = (client: Client, index: number) => PromiseLike<unknown>;
const kinds: readonly (readonly [string, Call])[] = [
  ["a tool call", (client, index) => client.tool.call({ name: "note", arguments: { text: `note ${index}` } })],
  [
    "a fetch whose address is judged",
    (client, index) =>
      client.tool.call({
        name: "web/fetch",
        arguments: { url: `https://api.github.com/repos/example/project/issues?page=${index}` },
      }),
  ],
];

export async function onDisk(options: PathOptions): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "aios-bench-gate-"));
  try {
    return await compared("on disk", options, (name) => openSqliteJournal({ path: join(folder, `${name}.db`) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const inMemory = (options: PathOptions): Promise<Figure[]> =>
  compared("in memory", options, () => Promise.resolve(createMemoryJournal()));

async function compared(
  where: string,
  { policy, said, pairs = PAIRS }: PathOptions,
  openJournal: (name: string) => Promise<Journal>,
): Promise<Figure[]> {
  const bare = new Set<string>();
  using _off = withoutGate(bare);
  await using gated = await openToolKernel(await openJournal("gated"), { accessPolicy: policy, toolbox: tools });
  await using ungated = await openToolKernel(withoutEvents(await openJournal("bare")), { toolbox: tools });
  const clientOf = async ({ kernel, root }: typeof gated): Promise<{ pid: string; client: Client }> => {
    const program = { kind: "command" as const, command: [...said], cwd: "/" };
    const { pid, key } = await createClient(kernel.transport(root)).proc.spawn({ program, name: "research-1" });
    return { pid, client: createClient(kernel.transport(kernel.authenticate(key ?? ""))) };
  };
  const whole = (await clientOf(gated)).client;
  const { pid, client: plain } = await clientOf(ungated);
  bare.add(pid);
  const figures: Figure[] = [];
  for (const [kind, call] of kinds) {
    const took = await turnByTurn({ call, whole, plain, pairs });
    const [all, none] = [percentile(took.whole, 0.5), percentile(took.plain, 0.5)];
    const differences = took.whole.map((value, index) => value - (took.plain[index] ?? Number.NaN));
    figures.push(
      aimed(`policy, labels and audit for ${kind}, ${where}, p50`, rounded(percentile(differences, 0.5)), {
        unit: "µs",
        bound: { atMost: 100 },
      }),
      {
        name: `the whole of it, ${where}, p50`,
        value: rounded(all),
        unit: "µs",
        peer: { name: "without", value: rounded(none) },
      },
    );
  }
  const [cpuWhole, cpuPlain] = await cpuOf({ call: kinds[0]![1], whole, plain, pairs });
  figures.push({
    name: `CPU of a tool call in all threads, ${where}`,
    value: rounded(cpuWhole),
    unit: "µs",
    peer: { name: "without", value: rounded(cpuPlain) },
  });
  return figures;
}

interface Compared {
  readonly call: Call;
  readonly whole: Client;
  readonly plain: Client;
  readonly pairs: number;
}

/** One call at a time, as its caller waits for it; who is first changes with each pair. */
async function turnByTurn({ call, whole, plain, pairs }: Compared): Promise<{ whole: number[]; plain: number[] }> {
  const took = { whole: [] as number[], plain: [] as number[] };
  const warm = Math.ceil(pairs * WARM_SHARE);
  for (let index = 0; index < pairs + warm; index++)
    for (const which of index % 2 === 0 ? (["whole", "plain"] as const) : (["plain", "whole"] as const)) {
      const beganAt = performance.now();
      await call(which === "whole" ? whole : plain, index);
      if (index >= warm) took[which].push((performance.now() - beganAt) * 1_000);
    }
  return took;
}

/** What the journal's own thread does for a call, hashing among it, nobody waits for: µs a call. */
async function cpuOf({ call, whole, plain, pairs }: Compared): Promise<readonly [whole: number, plain: number]> {
  const used: [number[], number[]] = [[], []];
  const each = Math.ceil(pairs / BLOCKS);
  for (let block = 0; block < BLOCKS; block++)
    for (const which of block % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      await sleep(SETTLE_MS);
      const before = process.cpuUsage();
      for (let index = 0; index < each; index++) await call(which === 0 ? whole : plain, index);
      await sleep(SETTLE_MS);
      const { user, system } = process.cpuUsage(before);
      used[which].push((user + system) / each);
    }
  return [percentile(used[0], 0.5), percentile(used[1], 0.5)];
}

/** Whatever a gate is asked about a call of these processes it says nothing to, and their calls carry no label. */
function withoutGate(pids: ReadonlySet<string>): Disposable {
  const undo: (() => void)[] = [];
  const silence = (prototype: object, names: readonly string[]): void => {
    for (const name of names) {
      const was = Object.getOwnPropertyDescriptor(prototype, name);
      const method: unknown = was?.value;
      if (typeof method !== "function") continue;
      const asked = function (this: unknown, ...args: unknown[]): unknown {
        const { process } = (this instanceof CallRecord ? this : (args[0] ?? {})) as Partial<CallRecord>;
        return process && pids.has(process.pid) ? undefined : Reflect.apply(method, this, args);
      };
      Object.defineProperty(prototype, name, { ...was, value: asked });
      undo.push(() => void Object.defineProperty(prototype, name, was!));
    }
  };
  silence(
    Gate.prototype,
    Object.getOwnPropertyNames(Gate.prototype).filter((name) => name !== "constructor"),
  );
  silence(CallRecord.prototype, ["see"]);
  return { [Symbol.dispose]: () => undo.forEach((again) => again()) };
}

function withoutEvents(journal: Journal): Journal {
  return new Proxy(journal, {
    get(target, name) {
      if (name === "commit")
        return (records: Parameters<Journal["commit"]>[0]) =>
          target.commit(records.filter(({ kind }) => kind !== "event"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
