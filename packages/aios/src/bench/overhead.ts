// What the kernel costs: the same calls straight to an upstream of known speed and through AIOS, alternately.
import { openKernel, upstreamCore } from "./aios-path.ts";
import type { OpenedKernel } from "./aios-path.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import { cpuOf } from "./cpu-time.ts";
import type { HttpLoadAnswer, HttpLoadRequest } from "./http-load-child.ts";
import { startFigures } from "./overhead-start.ts";
import type { PipeAnswer } from "./pipe-child.ts";
import { apart, measured } from "./parts.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";
import type { UpstreamAnswer, UpstreamRequest } from "./upstream-child.ts";

export interface OverheadOptions {
  readonly seed?: number | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The bench's processes: load, upstream, raw pipe, kernel. */
interface Stage {
  readonly load: Child<HttpLoadRequest, HttpLoadAnswer>;
  readonly upstreamUrl: string;
  readonly pipe: PipeAnswer;
  readonly kernel: OpenedKernel;
}

const KIB = 1_024;
const base = { model: "sim", promptBytes: 200, stream: false, maxTokens: 8 } as const;

/** About three minutes. What this machine cannot measure is left out, and the notes say so. */
export async function overhead(options: OverheadOptions = {}): Promise<BenchReport> {
  const { seed = 1, say = () => undefined, signal } = options;
  const parts = [
    ["added latency", () => onStage({ latencyMs: 200, tokenMs: 0, slots: 64 }, addedLatency)],
    ["throughput", () => onStage({ latencyMs: 200, tokenMs: 0, slots: 64 }, throughput)],
    ["CPU per call", () => onStage({ latencyMs: 20, tokenMs: 0, slots: 64 }, cpuPerCall)],
    ["CPU per streamed token", () => onStage({ latencyMs: 20, tokenMs: 20, slots: 2_000 }, cpuPerToken)],
    ["1,000 streams", () => onStage({ latencyMs: 100, tokenMs: 100, slots: 2_000 }, thousandStreams)],
    ["start and memory", startFigures],
  ] as const;
  return measured({ name: "overhead", seed, parts, notes: [apart], say, signal });
}

async function onStage(
  fixed: { latencyMs: number; tokenMs: number; slots: number },
  measure: (stage: Stage) => Promise<Figure[]>,
): Promise<Figure[]> {
  const { slots, latencyMs, tokenMs } = fixed;
  await using upstream = startChild<UpstreamRequest, UpstreamAnswer>("upstream-child");
  const { url } = await upstream.ask({
    is: "open",
    options: {
      slots,
      fixed: { latencyMs, tokenMs },
      chunkTokens: 1,
      ttftMs: 0,
      ttftSigma: 0,
      outputTokens: 5_000,
      outputSigma: 0,
    },
  });
  await using pipeChild = startChild<{ upstreamUrl: string }, PipeAnswer>("pipe-child");
  const pipe = await pipeChild.ask({ upstreamUrl: url });
  await using kernel = await openKernel({ cores: [upstreamCore(url, { concurrency: slots })] });
  await using load = startChild<HttpLoadRequest, HttpLoadAnswer>("http-load-child");
  const stage = { load, upstreamUrl: url, pipe, kernel };
  // The first calls pay for compilation on every path.
  for (const baseUrl of [url, pipe.url, kernel.url]) await run(stage, baseUrl, { clients: 16, callsPerClient: 5 });
  // Awaited here: the processes end with this block.
  return await measure(stage);
}

async function run(
  { load, kernel }: Stage,
  baseUrl: string | readonly string[],
  request: Partial<HttpLoadRequest>,
): Promise<HttpLoadAnswer> {
  const baseUrls = typeof baseUrl === "string" ? [baseUrl] : baseUrl;
  return load.ask({ ...base, clients: 1, callsPerClient: 1, apiKey: kernel.apiKey, ...request, baseUrls });
}

function noFailures(answer: HttpLoadAnswer): HttpLoadAnswer {
  if (answer.failures.length > 0)
    throw new Error(`${answer.failures.length} calls failed, the first with ${answer.failures[0]}`);
  return answer;
}

async function addedLatency(stage: Stage): Promise<Figure[]> {
  // One client whose calls go the three ways in turn.
  const ways = [stage.upstreamUrl, stage.pipe.url, stage.kernel.url];
  const { latenciesMs } = noFailures(await run(stage, ways, { callsPerClient: 180 }));
  const [direct, piped, through] = latenciesMs.map((values) => percentile(values, 0.5)) as [number, number, number];
  const peer = { name: "a raw pipe adds, ms", value: rounded(piped - direct) };
  return [{ ...aimed("added p50, 1 client", rounded(through - direct), { unit: "ms", bound: { atMost: 1 } }), peer }];
}

async function throughput(stage: Stage): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const clients of [10, 100, 500, 1_000, 2_000]) {
    const callsPerClient = clients < 100 ? 20 : clients < 500 ? 10 : 3;
    const perSecond = async (url: string): Promise<number> => {
      const { durationMs } = noFailures(await run(stage, url, { clients, callsPerClient }));
      return (clients * callsPerClient * 1_000) / durationMs;
    };
    const direct = await perSecond(stage.upstreamUrl);
    const through = await perSecond(stage.kernel.url);
    const ratio = rounded(through / direct);
    const peer = { name: "direct calls/s", value: rounded(direct) };
    figures.push({
      ...aimed(`throughput against direct, ${clients} clients`, ratio, { unit: "×", bound: { atLeast: 0.95 } }),
      peer,
      ratio,
    });
  }
  return figures;
}

async function cpuPerCall(stage: Stage): Promise<Figure[]> {
  const perCallUs = async (path: { url: string; pid: number }, promptKib: number): Promise<number> => {
    const [clients, callsPerClient] = promptKib > 8 ? [16, 60] : [32, 100];
    const cpuMs = await cpuOf(path.pid, async () =>
      noFailures(await run(stage, path.url, { clients, callsPerClient, promptBytes: promptKib * KIB })),
    );
    return (cpuMs * 1_000) / (clients * callsPerClient);
  };
  const rounds: { pipe: number; small: number; large: number }[] = [];
  for (let round = 0; round < 3; round++)
    rounds.push({
      pipe: await perCallUs(stage.pipe, 8),
      small: await perCallUs(stage.kernel, 8),
      large: await perCallUs(stage.kernel, 64),
    });
  const median = (pick: (one: (typeof rounds)[number]) => number): number => percentile(rounds.map(pick), 0.5);
  const small = median(({ small: value }) => value);
  const peer = { name: "raw pipe", value: rounded(median(({ pipe }) => pipe)) };
  return [
    {
      ...aimed("CPU per call, 8 KB", rounded(small), { unit: "µs", bound: { atMost: 300 } }),
      peer,
      ratio: rounded(small / peer.value),
    },
    aimed("CPU per further KB", rounded(median(({ large }) => large) / 56 - small / 56), {
      unit: "µs",
      bound: { atMost: 5 },
    }),
  ];
}

async function cpuPerToken(stage: Stage): Promise<Figure[]> {
  const clients = 200;
  const perTokenUs = async (path: { url: string; pid: number }): Promise<number> => {
    let tokens = 0;
    const cpuMs = await cpuOf(path.pid, async () => {
      tokens = noFailures(await run(stage, path.url, { clients, stream: true, maxTokens: 250 })).tokens;
    });
    return (cpuMs * 1_000) / tokens;
  };
  const ratios: { pipe: number; through: number }[] = [];
  for (let round = 0; round < 3; round++)
    ratios.push({ pipe: await perTokenUs(stage.pipe), through: await perTokenUs(stage.kernel) });
  const ratio = rounded(
    percentile(
      ratios.map(({ pipe, through }) => through / pipe),
      0.5,
    ),
  );
  const pipe = percentile(
    ratios.map((one) => one.pipe),
    0.5,
  );
  return [
    {
      ...aimed("CPU per streamed token against a raw pipe", ratio, { unit: "×", bound: { atMost: 1.3 } }),
      peer: { name: "raw pipe, µs", value: rounded(pipe) },
      ratio,
    },
  ];
}

async function thousandStreams(stage: Stage): Promise<Figure[]> {
  const { failures, tokens, durationMs } = await run(stage, stage.kernel.url, {
    clients: 1_000,
    stream: true,
    maxTokens: 80,
  });
  return [
    aimed("failures of 1,000 streams at 10 tokens/s each", failures.length, { unit: "streams", bound: { exactly: 0 } }),
    { name: "tokens/s of all streams", value: rounded((tokens * 1_000) / durationMs), unit: "tokens/s" },
  ];
}
