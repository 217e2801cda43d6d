import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asTenantId } from "@aiosjs/sdk/protocol";
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import { openEngine, sliceTokens } from "../drivers/llm/llama/engine.ts";
import type { Engine } from "../drivers/llm/llama/engine.ts";
import { openKvFiles } from "../drivers/llm/llama/kv-files.ts";
import { loadLibrary } from "../drivers/llm/llama/library.ts";
import { model76M, writeRandomModel } from "./random-model.ts";
import type { RandomModel } from "./random-model.ts";

interface ContextSwitch {
  /** Tokens whose state was saved, loaded and computed anew. */
  readonly contextTokens: number;
  readonly weights: number;
  readonly threads: number;
  /** Medians. To save is to write the file and its hash, to load is to check the hash and read it. */
  readonly saveMs: number;
  readonly loadMs: number;
  readonly prefillMs: number;
  /** prefillMs / (saveMs + loadMs). */
  readonly ratio: number;
  readonly stateBytes: number;
}

interface Options {
  readonly model?: RandomModel;
  readonly weights?: number;
  readonly contextTokens?: number;
  /** Of saving and loading; the prefill is measured once for every third. */
  readonly rounds?: number;
  /** On the GPU that llama.cpp finds. Default: on the processor. */
  readonly isOnGpu?: boolean;
}

const core = "bench";

/**
 * What it costs to put a call away and take it up again, against computing its prompt anew, on one thread and a model of
 * random weights that is written first (6 s for the one of 76 million).
 * @throws SysError EINVAL where node-llama-cpp is not installed; Error where there is no GPU that it could use.
 */
export async function measureContextSwitch({
  model = model76M,
  weights = 76_000_000,
  contextTokens = 1_000,
  rounds = 9,
  isOnGpu = false,
}: Options = {}): Promise<ContextSwitch> {
  const gpu = isOnGpu ? "auto" : "off";
  const library = await loadLibrary({ core, gpu });
  const folder = await mkdtemp(join(tmpdir(), "aios-switch-"));
  try {
    const modelPath = join(folder, "random.gguf");
    writeRandomModel(modelPath, { ...model, contextTokens: 2 * contextTokens });
    await using engine = await openEngine(library, {
      core,
      modelPath,
      gpu,
      threads: 1,
      contextTokens: contextTokens + 24,
      sequences: 2,
      isExact: false,
    });
    if (isOnGpu && engine.llama.gpu === false) throw new Error("llama.cpp finds no GPU here");
    await using files = await openKvFiles({ folder, maxBytes: Number.MAX_SAFE_INTEGER });
    const [first, second] = engine.sequences as [LlamaContextSequence, LlamaContextSequence];
    const tokens = Array.from({ length: contextTokens }, (_, index) => (index % 256) as Token);
    const tenant = asTenantId("bench");
    const times = { save: [] as number[], load: [] as number[], prefill: [] as number[] };
    let stateBytes = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % 3 === 0) {
        await first.clearHistory();
        times.prefill.push(await elapsedMs(() => prefill(engine, first, tokens)));
      }
      let file: Awaited<ReturnType<typeof files.save>>;
      times.save.push(await elapsedMs(async () => (file = await files.save(first, tenant))));
      if (!file) throw new Error("the state was not saved");
      const saved = file;
      stateBytes = saved.sizeBytes;
      await second.clearHistory();
      let isLoaded = false;
      times.load.push(await elapsedMs(async () => (isLoaded = await files.load(second, saved, tenant))));
      if (!isLoaded || second.nextTokenIndex !== contextTokens) throw new Error("the state was not loaded");
      files.drop(saved);
    }
    const [saveMs, loadMs, prefillMs] = [median(times.save), median(times.load), median(times.prefill)];
    const ratio = prefillMs / (saveMs + loadMs);
    return { contextTokens, weights, threads: 1, saveMs, loadMs, prefillMs, ratio, stateBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prefill(engine: Engine, sequence: LlamaContextSequence, tokens: readonly Token[]): Promise<void> {
  for (let at = 0; at < tokens.length; at += sliceTokens)
    await engine.prefill(sequence, tokens.slice(at, at + sliceTokens), 0);
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
