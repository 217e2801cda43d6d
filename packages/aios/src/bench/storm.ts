// Many agents on one rate-limited key: the official OpenAI client straight to it, and the same client through AIOS.
import { setTimeout as sleep } from "node:timers/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import { draws } from "../drivers/llm/sim/prng.ts";
import { openKernel, upstreamCore } from "./aios-path.ts";
import type { OpenedKernel } from "./aios-path.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import type { LoadAgent, LoadAnswer, LoadRequest } from "./load-child.ts";
import { aimed, machine, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import { figuresOf } from "./storm-figures.ts";
import type { StormFigures, StormRun, StormSetting } from "./storm-figures.ts";
import type { UpstreamAnswer, UpstreamRequest } from "./upstream-child.ts";

export interface StormOptions {
  /** Default 12. The limit grows with them: 5 · agents / 12 requests per second, and as many at once. */
  readonly agents?: number | undefined;
  readonly seed?: number | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Load = Child<LoadRequest, LoadAnswer>;

interface Path {
  readonly name: string;
  readonly maxRetries: number | null;
  /** `direct`: no kernel between. */
  readonly kernel: "direct" | "configured" | "learned";
}

const paths: readonly Path[] = [
  { name: "openai package, default retries", maxRetries: null, kernel: "direct" },
  { name: "openai package, 10 retries", maxRetries: 10, kernel: "direct" },
  { name: "through AIOS, limit configured", maxRetries: null, kernel: "configured" },
  { name: "through AIOS, limit learned", maxRetries: null, kernel: "learned" },
];

const callsPerAgent = 6;
/** After a second without calls the upstream's bucket is full again. */
const refillMs = 1500;
const serviceMs = 300;

/** Runs the storm once through each path, one after the other. @throws SysError ENODEV where the openai package is missing. */
export async function storm(options: StormOptions = {}): Promise<BenchReport> {
  const { agents = 12, seed = 1, say = () => undefined, signal } = options;
  requireOpenAi();
  const setting: StormSetting = { agents, callsPerAgent, serviceMs, ratePerSecond: (5 * agents) / 12 };
  const beganAt = performance.now();
  const figures: Figure[] = [];
  const notes = [
    `${agents} agents of ${callsPerAgent} calls and one interactive agent on a simulated upstream: ${rounded(setting.ratePerSecond)} requests/s, burst ${burstOf(setting)}, ${serviceMs} ms, 429 with Retry-After 1`,
  ];
  // The interactive agent has a process of its own: it must not wait for the crowd's event loop.
  await using crowd = startChild<LoadRequest, LoadAnswer>("load-child");
  await using person = startChild<LoadRequest, LoadAnswer>("load-child");
  // Without agents the path under way ends, and takes its upstream and kernel along.
  const stopAgents = () => void Promise.all([crowd[Symbol.asyncDispose](), person[Symbol.asyncDispose]()]);
  signal?.addEventListener("abort", stopAgents, { once: true });
  const seen = new Map<Path, StormFigures>();
  for (const path of paths) {
    signal?.throwIfAborted();
    say(path.name);
    try {
      const run = await stormThrough(path, { setting, seed, crowd, person });
      const measured = figuresOf(run, setting);
      seen.set(path, measured);
      figures.push(...toFigures(path, measured, { setting, peer: seen.get(paths[1]!) }));
      // Above, the figures show the load generator and not what it loads.
      if (run.cpuShare > 0.9) notes.push(`${path.name}: the agents themselves took ${rounded(run.cpuShare)} of a core`);
    } catch (cause) {
      signal?.throwIfAborted();
      notes.push(`${path.name}: not measured: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  signal?.removeEventListener("abort", stopAgents);
  const durationS = rounded((performance.now() - beganAt) / 1000);
  return { name: "storm", version: 1, machine: machine(), seed, durationS, figures, notes };
}

async function stormThrough(
  path: Path,
  { setting, seed, crowd, person }: { setting: StormSetting; seed: number } & Record<"crowd" | "person", Load>,
): Promise<StormRun> {
  await using upstream = startChild<UpstreamRequest, UpstreamAnswer>("upstream-child");
  const limits = { requestsPerMinute: setting.ratePerSecond * 60, burst: burstOf(setting) };
  const { url } = await upstream.ask({
    is: "open",
    options: {
      seed,
      limits,
      retryAfterMs: 1000,
      slots: 100_000,
      ttftMs: 0,
      fixed: { latencyMs: serviceMs, tokenMs: 0 },
      outputTokens: 40,
      outputSigma: 0,
    },
  });
  await using kernel =
    path.kernel === "direct"
      ? direct(url)
      : await openKernel({ cores: [upstreamCore(url, path.kernel === "configured" ? limits : null)] });
  const request = { baseUrl: kernel.url, apiKey: kernel.apiKey, model: "sim", maxRetries: path.maxRetries };
  // The first round warms up clients, kernel and connections; "unloaded" must not be slow for want of that.
  const atOnce = { ...interactiveAgent, startMs: 0 };
  await person.ask({ ...request, agents: [atOnce] });
  await sleep(refillMs);
  const alone = await person.ask({ ...request, agents: [atOnce] });
  await sleep(refillMs);
  const [loaded, among] = await Promise.all([
    crowd.ask({ ...request, agents: crowdOf(setting.agents, seed) }),
    person.ask({ ...request, agents: [interactiveAgent] }),
  ]);
  const { stats } = await upstream.ask({ is: "stats" });
  return {
    crowd: loaded.calls,
    interactive: among.calls,
    admittedAtMs: stats.admittedAtMs,
    refused: stats.refused,
    unloaded: alone.calls,
    cpuShare: loaded.cpuShare,
  };
}

const burstOf = ({ ratePerSecond }: StormSetting) => Math.max(1, Math.floor(ratePerSecond));

const direct = (url: string): OpenedKernel => ({
  url,
  apiKey: "none",
  pid: 0,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/** Agents that begin within a second and think up to 200 ms before each call. */
function crowdOf(agents: number, seed: number): LoadAgent[] {
  return Array.from({ length: agents }, (_, index) => {
    const chance = draws(seed, index, "storm");
    return {
      startMs: chance.below(1000),
      thinkMs: Array.from({ length: callsPerAgent }, () => chance.below(200)),
      headers: { "x-session-id": `agent-${index}` },
    };
  });
}

const interactiveAgent: LoadAgent = {
  startMs: 2000,
  thinkMs: Array.from({ length: callsPerAgent }, () => 10),
  headers: { "x-session-id": "interactive", "x-aios-class": "interactive" },
};

function toFigures(
  { name, kernel }: Path,
  seen: StormFigures,
  { setting, peer }: { setting: StormSetting; peer: StormFigures | undefined },
): Figure[] {
  const ratio =
    seen.interactiveMs === undefined || seen.unloadedMs === undefined
      ? undefined
      : seen.interactiveMs / seen.unloadedMs;
  const plain = (what: string, value: number, unit: string): Figure => ({
    name: `${name}: ${what}`,
    value: rounded(value),
    unit,
  });
  const wasted = "wasted 429s";
  const finished = "agents that finish";
  const share = "throughput against the limit";
  const slowdown = "interactive agent against unloaded";
  const times = [
    plain("p95 of a call", seen.p95Ms, "ms"),
    ...(seen.unloadedMs === undefined ? [] : [plain("interactive agent unloaded", seen.unloadedMs, "ms")]),
    ...(seen.interactiveMs === undefined ? [] : [plain("interactive agent", seen.interactiveMs, "ms")]),
  ];
  if (kernel === "direct") {
    return [
      plain(finished, seen.finished, "agents"),
      plain(wasted, seen.refused, "calls"),
      ...times,
      ...(ratio === undefined ? [] : [plain(slowdown, ratio, "×")]),
      plain(share, seen.throughputShare, "of 1"),
    ];
  }
  const label = (what: string) => `${name}: ${what}`;
  return [
    aimed(label(finished), seen.finished, { unit: "agents", bound: { exactly: setting.agents } }),
    aimed(label("interactive agents that finish"), ratio === undefined ? 0 : 1, {
      unit: "agents",
      bound: { exactly: 1 },
    }),
    aimed(label(wasted), seen.refused, { unit: "calls", bound: { atMost: kernel === "configured" ? 0 : 1 } }),
    ...times.map((figure) => (figure.name.endsWith("p95 of a call") ? against(figure, peer?.p95Ms) : figure)),
    ...(ratio === undefined ? [] : [aimed(label(slowdown), rounded(ratio), { unit: "×", bound: { atMost: 1.1 } })]),
    aimed(label(share), rounded(seen.throughputShare), { unit: "of 1", bound: { atLeast: 0.97 } }),
  ];
}

const against = (figure: Figure, value: number | undefined): Figure =>
  value === undefined
    ? figure
    : { ...figure, peer: { name: paths[1]!.name, value: rounded(value) }, ratio: rounded(figure.value / value) };

function requireOpenAi(): void {
  try {
    import.meta.resolve("openai");
  } catch (cause) {
    throw new SysError("ENODEV", "bench storm compares with the official openai package, which is not installed", {
      cause,
      hint: "npm install openai, in the folder where aiosjs is installed",
    });
  }
}
