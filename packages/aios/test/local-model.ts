import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LlamaContextSequence } from "node-llama-cpp";
import * as library from "node-llama-cpp";
import { writeRandomModel } from "../src/bench/random-model.ts";
import type { RandomModel } from "../src/bench/random-model.ts";
import { createLlamaCore } from "../src/drivers/llm/llama/core.ts";
import type { LlamaCore, LlamaCoreOptions } from "../src/drivers/llm/llama/core.ts";

interface LocalModel extends AsyncDisposable {
  readonly core: LlamaCore;
  readonly folder: string;
  readonly modelPath: string;
  /** Steps that llama.cpp was asked for, prefill and decoding. */
  steps(): number;
  /** llama.cpp's context goes away before the step with this number, counted from now. */
  breakAt(step: number): void;
  /** The computed state of the sequence that was used last, as a file. */
  lastSequence(): LlamaContextSequence;
}

/** llama.cpp itself, once in a test file: to start it takes half a second and a process. */
let shared: ReturnType<typeof start> | undefined;

async function start(...given: Parameters<typeof library.getLlama>) {
  const llama = await library.getLlama(...given);
  const load = llama.loadModel.bind(llama);
  // It stays for the next test; the model goes with its core.
  llama.dispose = llama[Symbol.asyncDispose] = () => Promise.resolve();
  return { llama, load };
}

/** A local core on a model that is written for the test: half a megabyte, no download, one thread. */
export async function openLocalModel(
  model: RandomModel = {},
  options: Partial<LlamaCoreOptions> = {},
): Promise<LocalModel> {
  const folder = mkdtempSync(join(tmpdir(), "aios-llama-"));
  const modelPath = options.modelPath ?? join(folder, "tiny.gguf");
  if (options.modelPath === undefined) writeRandomModel(modelPath, model);
  let steps = 0;
  let breakAt = Number.POSITIVE_INFINITY;
  let last: LlamaContextSequence | undefined;
  const watch = (sequence: LlamaContextSequence, dispose: () => Promise<void>): LlamaContextSequence => {
    const step = (): void => {
      last = sequence;
      if (++steps !== breakAt) return;
      void dispose();
    };
    const evaluate = sequence.evaluate.bind(sequence);
    const prefill = sequence.evaluateWithoutGeneratingNewTokens.bind(sequence);
    sequence.evaluate = (...args) => {
      step();
      return evaluate(...args);
    };
    sequence.evaluateWithoutGeneratingNewTokens = (...args) => {
      step();
      return prefill(...args);
    };
    return sequence;
  };
  const core = await createLlamaCore({
    name: "local",
    modelPath,
    gpu: "off",
    threads: 1,
    contextTokens: 1024,
    sequences: 1,
    snapshotFolder: join(folder, "snapshots"),
    load: () =>
      Promise.resolve({
        ...library,
        getLlama: async (...given: Parameters<typeof library.getLlama>) => {
          const { llama, load } = await (shared ??= start(...given));
          // Cores open one after the other here: each loads what it has just asked for.
          llama.loadModel = async (asked) => {
            const loaded = await load(asked);
            const create = loaded.createContext.bind(loaded);
            loaded.createContext = async (wanted) => {
              const context = await create(wanted);
              const sequence = context.getSequence.bind(context);
              context.getSequence = (...at) => watch(sequence(...at), () => context.dispose());
              return context;
            };
            return loaded;
          };
          return llama;
        },
      } as typeof library),
    ...options,
  });
  return {
    core,
    folder,
    modelPath,
    steps: () => steps,
    breakAt(step) {
      breakAt = steps + step;
    },
    lastSequence() {
      if (!last) throw new Error("no sequence was used yet");
      return last;
    },
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Models that are tables: each says one thing. */
export const saying = {
  /** Four words, and an end. */
  words: {
    words: ["Say", " what", " you", " like"],
    follows: { "<|reply|>": "Say", Say: " what", " what": " you", " you": " like", " like": "</s>" },
  },
  /** No end. */
  endless: {
    words: ["on", " and", " on"],
    follows: { "<|reply|>": "on", on: " and", " and": " on", " on": " and" },
  },
  /** Random, but for what closes a string, a number, an object or a list: that comes soon. */
  shortJson: { boosts: { '"': 12, ",": 10, "}": 10, "]": 8 } },
} as const satisfies Record<string, RandomModel>;
