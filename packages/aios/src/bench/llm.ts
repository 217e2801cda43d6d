// What the LLM core costs: each door against a raw pipe, and side by side with another gateway; a context switch against a prefill.
import { openKernel } from "./aios-path.ts";
import type { OpenedKernel } from "./aios-path.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import { cpuOf } from "./cpu-time.ts";
import type { FramesRequest } from "./frames-upstream-child.ts";
import { gatewayFigures } from "./llm-gateway.ts";
import type { PipeAnswer } from "./pipe-child.ts";
import type { PostAnswer, PostRequest } from "./post-load-child.ts";
import { apart, measured } from "./parts.ts";
import { aimed, percentile, rounded } from "./report.ts";
import type { BenchReport, Figure } from "./report.ts";

export interface LlmBenchOptions {
  readonly seed?: number | undefined;
  /** Told what is being measured, for people who wait. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The context switch on a GPU as well. */
  readonly isOnGpu?: boolean;
}

const streams = 150;
const tokens = 200;
const rounds = 3;

const prompt = "x".repeat(2_000);
const messages = [{ role: "user", content: prompt }];

/** A door, what it is asked, and how its answer ends. */
interface Door {
  readonly name: string;
  readonly path: string;
  readonly endsWith: string;
  readonly body: (model: string) => unknown;
}

const chat: Door = {
  name: "chat completions",
  path: "/chat/completions",
  endsWith: "[DONE]",
  body: (model) => ({ model, stream: true, messages }),
};
const responses: Door = {
  name: "responses",
  path: "/responses",
  endsWith: "response.completed",
  body: (model) => ({ model, stream: true, store: false, input: prompt }),
};
const anthropic: Door = {
  name: "messages",
  path: "/messages",
  endsWith: "message_stop",
  body: (model) => ({ model, stream: true, max_tokens: 4_096, messages }),
};

/** Which door in front of which core, and what it may cost against a raw pipe that carries the core's bytes. */
const ways = [
  { door: chat, core: "openai", atMost: 1.3 },
  { door: anthropic, core: "anthropic", atMost: 1.3 },
  { door: chat, core: "anthropic", atMost: 2 },
  { door: anthropic, core: "openai", atMost: 2 },
  { door: responses, core: "openai", atMost: 2 },
] as const;

/** About four minutes. What this machine cannot measure is left out, and the notes say so. */
export async function llm(options: LlmBenchOptions = {}): Promise<BenchReport> {
  const { seed = 1, say = () => undefined, signal, isOnGpu = false } = options;
  const parts = [
    ["CPU per streamed token through each door", perTokenFigures],
    ["side by side with @portkey-ai/gateway", gatewayFigures],
    ["context switch on the local core", () => switchFigures(false)],
    ...(isOnGpu ? ([["context switch on the GPU", () => switchFigures(true)]] as const) : []),
  ] as const;
  return measured({ name: "llm", seed, parts, notes: isOnGpu ? [apart] : [apart, "GPU: not measured"], say, signal });
}

async function perTokenFigures(): Promise<Figure[]> {
  await using upstream = startChild<FramesRequest, { url: string }>("frames-upstream-child");
  const { url } = await upstream.ask({ tokens, tickMs: 20 });
  await using pipeChild = startChild<{ upstreamUrl: string }, PipeAnswer>("pipe-child");
  const pipe = await pipeChild.ask({ upstreamUrl: url });
  const limits = { concurrency: 2 * streams };
  await using kernel = await openKernel({
    cores: [
      { name: "openai", kind: "openai", baseUrl: url, models: ["m"], limits },
      { name: "anthropic", kind: "anthropic", baseUrl: url, models: ["m"], limits },
    ],
  });
  await using load = startChild<PostRequest, PostAnswer>("post-load-child");
  const figures: Figure[] = [];
  for (const { door, core, atMost } of ways) {
    const own = core === "openai" ? chat : anthropic;
    const through = { url: kernel.url, pid: kernel.pid, kernel, door, model: `${core}/m` };
    const piped = { url: pipe.url, pid: pipe.pid, kernel, door: own, model: "m" };
    // The first calls pay for compilation on every path.
    for (const path of [through, piped]) await perTokenUs(load, path, 30);
    const measured: { pipe: number; ratio: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const us = await perTokenUs(load, piped, streams);
      measured.push({ pipe: us, ratio: (await perTokenUs(load, through, streams)) / us });
    }
    const ratio = rounded(
      percentile(
        measured.map((one) => one.ratio),
        0.5,
      ),
    );
    const pipeUs = rounded(
      percentile(
        measured.map((one) => one.pipe),
        0.5,
      ),
    );
    figures.push({
      ...aimed(`CPU per streamed token, ${door.name} → ${core}`, ratio, { unit: "× a raw pipe", bound: { atMost } }),
      peer: { name: "raw pipe, µs", value: pipeUs },
      ratio,
    });
  }
  return figures;
}

interface Path {
  readonly url: string;
  readonly pid: number;
  readonly kernel: OpenedKernel;
  readonly door: Door;
  readonly model: string;
}

async function perTokenUs(
  load: Child<PostRequest, PostAnswer>,
  { url, pid, kernel, door, model }: Path,
  clients: number,
): Promise<number> {
  const cpuMs = await cpuOf(pid, async () => {
    const { failures } = await load.ask({
      url: `${url}${door.path}`,
      headers: { "content-type": "application/json", authorization: `Bearer ${kernel.apiKey}` },
      body: JSON.stringify(door.body(model)),
      clients,
      callsPerClient: 1,
      endsWith: door.endsWith,
    });
    if (failures.length > 0) throw new Error(`${failures.length} streams failed, the first with ${failures[0]}`);
  });
  return (cpuMs * 1_000) / (clients * tokens);
}

async function switchFigures(isOnGpu: boolean): Promise<Figure[]> {
  const { measureContextSwitch } = await import("./context-switch.ts");
  const { ratio, contextTokens, prefillMs } = await measureContextSwitch({ isOnGpu });
  return [
    {
      ...aimed(
        `save + load against re-prefill, ${contextTokens} tokens, 76M parameters${isOnGpu ? ", GPU" : ""}`,
        rounded(ratio),
        {
          unit: "×",
          bound: { atLeast: 50 },
        },
      ),
      peer: { name: "re-prefill, ms", value: rounded(prefillMs) },
    },
  ];
}
