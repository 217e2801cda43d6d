// What a sandbox costs: until a command that does nothing has ended, ours beside a bare process and what others offer.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { measured } from "./parts.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import { engineSocket, newContainer, runningContainer } from "./sandbox/docker-api.ts";
import { processTier } from "./sandbox/process-tier.ts";
import { bareProcess } from "./sandbox/runner.ts";
import type { Runner } from "./sandbox/runner.ts";
import { sandboxRuntime, sandboxRuntimeIn } from "./sandbox/sandbox-runtime.ts";

interface SandboxBenchOptions {
  readonly seed?: number | undefined;
  /** Folders where @anthropic-ai/sandbox-runtime is installed. */
  readonly peers?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const rounds = 100;
/** A container takes so much longer that a few tell as much. */
const slowEvery = 5;
/** Nobody asks for the next command at once: what is prepared meanwhile is. */
const restMs = 30;
/** The pool is filled up again by then, and in nobody's way. */
const refillMs = 150;

/** About a minute. What this machine cannot measure is left out, and the notes say so. */
export async function sandbox(options: SandboxBenchOptions): Promise<BenchReport> {
  const { seed = 1, peers = [], env, say = () => undefined, signal } = options;
  const entry = sandboxRuntimeIn(peers);
  const socket = engineSocket(env);
  const notes: string[] = [
    "a command is `true`, timed from being asked to its end; making the sandbox is counted when cold, deleting it never; taken in turns with a rest after each, of containers a fifth as many",
    "one after the other: the next command is asked for as soon as one has ended, and pays for what is put in order or made anew meanwhile",
    ...(entry === undefined
      ? ["@anthropic-ai/sandbox-runtime: not measured: --peer FOLDER names where it is installed"]
      : []),
    ...(socket === undefined
      ? ["Docker API: not measured: no engine answers (DOCKER_HOST names its socket, unix://…)"]
      : []),
  ];
  const parts = [["sandboxes, beside others in turns", () => figuresOf({ entry, socket, notes, signal })]] as const;
  return measured({ name: "sandbox", seed, parts, notes, say, signal });
}

interface Side {
  readonly runner: Runner;
  readonly isSlow: boolean;
  readonly restMs: number;
  readonly ms: number[];
}

async function figuresOf({
  entry,
  socket,
  notes,
  signal,
}: {
  readonly entry: string | undefined;
  readonly socket: string | undefined;
  /** Told what could not be compared with. */
  readonly notes: string[];
  readonly signal: AbortSignal | undefined;
}): Promise<Figure[]> {
  await using opened = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), "aios-bench-"));
  opened.defer(() => rm(scratch, { recursive: true, force: true }));
  const side = (runner: Runner, { isSlow = false, rest = restMs } = {}): Side => ({
    runner: opened.use(runner),
    isSlow,
    restMs: rest,
    ms: [],
  });
  const ours = opened.use(await processTier(scratch));
  const [cold, warm, bare] = [side(ours.cold), side(ours.warm), side(bareProcess())];
  const pooled = side(ours.pooled, { rest: refillMs });
  const peer = async (what: string, open: () => Promise<Runner>, isSlow = false): Promise<Side | undefined> => {
    try {
      const runner = await open();
      // One that cannot run anything is left out whole.
      await runner.run();
      return side(runner, { isSlow });
    } catch (cause) {
      notes.push(`${what}: not measured: ${cause instanceof Error ? cause.message : String(cause)}`);
      return undefined;
    }
  };
  const runtime = entry ? await peer("@anthropic-ai/sandbox-runtime", () => sandboxRuntime(entry, scratch)) : undefined;
  const made = socket ? await peer("Docker API", () => newContainer(socket), true) : undefined;
  const running = socket && made ? await peer("Docker API", () => runningContainer(socket), true) : undefined;
  const sides = [bare, cold, pooled, warm, runtime, made, running].filter((one) => one !== undefined);
  // The first ones pay for compilation, and for what is prepared once.
  for (let round = -2; round < rounds; round++)
    for (const { runner, isSlow, restMs: rest, ms } of sides) {
      signal?.throwIfAborted();
      if (isSlow && round % slowEvery !== 0) continue;
      const elapsedMs = await runner.run();
      if (round >= 0) ms.push(elapsedMs);
      await pause(rest);
    }
  const busy = new Map<Side, Side>();
  for (const one of [bare, pooled, warm, runtime]) if (one) busy.set(one, await atOnce(one, signal));
  const p50 = ({ ms }: Side): number => percentile(ms, 0.5);
  const both = (one: Side, name: string, atMost?: number): Figure[] => {
    const unit = "ms p50";
    const value = rounded(p50(one));
    return [
      atMost === undefined ? { name, value, unit } : aimed(name, value, { unit, bound: { atMost } }),
      { name: `${name}, slowest of a hundred`, value: rounded(percentile(one.ms, 0.99)), unit: "ms p99" },
    ];
  };
  const beside = (one: Side, other: Side | undefined, what: string): Figure[] =>
    other === undefined
      ? []
      : [
          {
            name: `${what}, beside ${other.runner.name}`,
            value: rounded(p50(one)),
            unit: "ms p50",
            peer: { name: other.runner.name, value: rounded(p50(other)) },
            ratio: rounded(p50(one) / p50(other)),
          },
        ];
  return [
    ...both(cold, "cold: make a sandbox and run a command", 10),
    ...both(pooled, "from the pool: the same, made in advance"),
    ...both(warm, "warm: run a command in a sandbox that is there", 2),
    ...both(busy.get(warm) ?? warm, "warm, one after the other", 2),
    ...both(busy.get(pooled) ?? pooled, "from the pool, one after the other"),
    ...both(bare, "bare process"),
    ...both(busy.get(bare) ?? bare, "bare process, one after the other"),
    ...[runtime, made, running].flatMap((one) => (one ? both(one, one.runner.name) : [])),
    ...(runtime ? both(busy.get(runtime) ?? runtime, `${runtime.runner.name}, one after the other`) : []),
    ...beside(cold, bare, "cold"),
    ...beside(warm, bare, "warm"),
    ...beside(cold, runtime, "cold"),
    ...beside(warm, runtime, "warm"),
    ...beside(cold, made, "cold"),
    ...beside(warm, running, "warm"),
  ];
}

/** One after the other, without a rest. */
async function atOnce(side: Side, signal: AbortSignal | undefined): Promise<Side> {
  const ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    ms.push(await side.runner.run());
  }
  return { ...side, ms };
}
