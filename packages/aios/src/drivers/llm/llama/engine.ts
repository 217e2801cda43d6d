import { availableParallelism } from "node:os";
import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type {
  CustomBatchingPrioritizationStrategy,
  EvaluationPriority,
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaModel,
  SequenceEvaluateOptions,
  Token,
} from "node-llama-cpp";
import { installCommand, type Gpu, type Library } from "./library.ts";

export interface EngineOptions {
  /** The core's name, for messages. */
  readonly core: string;
  readonly modelPath: string;
  readonly gpu: Gpu;
  /** Layers of the model on the GPU. Default: as many as fit. */
  readonly gpuLayers?: number | undefined;
  /** Bytes of GPU memory that model and contexts may take. Default: all but what the library keeps free. */
  readonly maxGpuMemoryBytes?: number | undefined;
  readonly threads?: number | undefined;
  /** Of one sequence: prompt and answer. */
  readonly contextTokens: number;
  readonly sequences: number;
  /** Each sequence is computed in batches of its own, so that no answer depends on what else runs. */
  readonly isExact: boolean;
}

/**
 * Prompt tokens in one step. An abort or a preemption takes effect between two steps, and a call that decodes shares
 * a batch with one step at most.
 */
export const sliceTokens = 128;

/**
 * Half of the cores. llama.cpp's threads wait for each other by spinning: where anything else runs on their cores,
 * each step waits for the last of them (measured on 2 busy cores: 4 threads 2,550 ms a token, 1 thread 0.75 ms).
 */
const defaultThreads = (): number => Math.max(1, Math.floor(availableParallelism() / 2));

/** A loaded model and its context: memory for all sequences is taken when it is opened, so that no call runs out of it. */
export interface Engine extends AsyncDisposable {
  readonly library: Library;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly sequences: readonly LlamaContextSequence[];
  readonly contextTokens: number;
  /** Evaluates without sampling. `rank`: less goes first. */
  prefill(sequence: LlamaContextSequence, tokens: readonly Token[], rank: number): Promise<void>;
  /** Evaluates `tokens` and draws the one that comes after them. */
  sample(
    sequence: LlamaContextSequence,
    tokens: readonly Token[],
    options: SequenceEvaluateOptions & { rank: number },
  ): Promise<Token>;
  /** One vector of length 1 for each input, in order. */
  embed(inputs: readonly (readonly Token[])[], signal: AbortSignal): Promise<number[][]>;
}

/**
 * @throws SysError EAGAIN where the memory is not there now, EINVAL where the machine has no binary for what is
 *   configured, EIO for anything else that the library says.
 */
export async function openEngine(library: Library, options: EngineOptions): Promise<Engine> {
  const { core, gpu, contextTokens, sequences, threads = defaultThreads() } = options;
  await using opened = new AsyncDisposableStack();
  try {
    const llama = opened.use(
      await library.getLlama({
        gpu: gpu === "off" ? false : gpu,
        // No compiler and no download behind the user's back: what is installed is used, or the error says what is missing.
        build: "never",
        skipDownload: true,
        progressLogs: false,
        maxThreads: threads,
        logLevel: library.LlamaLogLevel.error,
        // What matters comes as an error too.
        logger: () => undefined,
        ...(options.maxGpuMemoryBytes === undefined ? {} : { vramPadding: keepFree(options.maxGpuMemoryBytes) }),
      }),
    );
    const model = opened.use(
      await llama.loadModel({
        modelPath: options.modelPath,
        ...(options.gpuLayers === undefined ? {} : { gpuLayers: options.gpuLayers }),
      }),
    );
    const context = opened.use(
      await model.createContext({
        sequences,
        contextSize: contextTokens,
        batchSize: Math.max(512, sliceTokens + sequences),
        threads,
        batching: { itemPrioritizationStrategy: options.isExact ? oneByOne : byRank },
        failedCreationRemedy: false,
      }),
    );
    const stack = opened.move();
    return createEngine({ library, llama, model, context, stack, options });
  } catch (cause) {
    throw openError(library, cause, options);
  }
  function openError(at: Library, cause: unknown, { modelPath }: EngineOptions): SysError {
    if (isSysError(cause)) return cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof at.NoBinaryFoundError)
      return new SysError("EINVAL", `core ${core}: no prebuilt llama.cpp for gpu ${gpu} on this machine`, {
        cause,
        hint: `${installCommand(gpu)}; or set gpu: off`,
      });
    if (cause instanceof at.InsufficientMemoryError)
      return new SysError("EAGAIN", `core ${core}: not enough free memory now: ${said}`, {
        cause,
        retryAfterMs: memoryRetryMs,
        hint: "free memory, or lower contextTokens, sequences or gpuLayers",
      });
    return new SysError("EIO", `core ${core} cannot load ${modelPath}: ${said}`, { cause });
  }
}

const memoryRetryMs = 5_000;
/** The library's own default: 8 % of the memory or 1.2 GB. */
const usualPadding = (total: number): number => Math.min(total * 0.08, 1.2 * 2 ** 30);
const keepFree = (maxBytes: number) => (total: number) => Math.max(usualPadding(total), total - maxBytes);

/** The library hands the number through untouched, though its type knows 1 to 5 alone. */
const asPriority = (rank: number): EvaluationPriority => rank as EvaluationPriority;

/** The most urgent first; among equals in the order in which they came. */
const byRank: CustomBatchingPrioritizationStrategy = ({ items, size }) => {
  let left = size;
  const batch: ReturnType<CustomBatchingPrioritizationStrategy> = [];
  for (const item of items.toSorted((one, other) => one.evaluationPriority - other.evaluationPriority)) {
    const processAmount = Math.min(item.tokens.length, left);
    if (processAmount === 0) break;
    left -= processAmount;
    batch.push({ item, processAmount });
  }
  return batch;
};

const oneByOne: CustomBatchingPrioritizationStrategy = (batch) => byRank(batch).slice(0, 1);

interface Parts {
  readonly library: Library;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly stack: AsyncDisposableStack;
  readonly options: EngineOptions;
}

function createEngine({ library, llama, model, context, stack, options }: Parts): Engine {
  let embedding: ReturnType<LlamaModel["createEmbeddingContext"]> | undefined;
  return {
    library,
    llama,
    model,
    sequences: Array.from({ length: options.sequences }, () => context.getSequence()),
    // The library rounds up to multiples of 256; what was asked for holds.
    contextTokens: Math.min(options.contextTokens, context.contextSize),
    prefill: (sequence, tokens, rank) =>
      sequence.evaluateWithoutGeneratingNewTokens([...tokens], { evaluationPriority: asPriority(rank) }),
    async sample(sequence, tokens, { rank, ...sampling }) {
      const drawing = sequence.evaluate([...tokens], { ...sampling, evaluationPriority: asPriority(rank) });
      const { value } = await drawing.next();
      // Frees the sampler, which each token has anew; nothing waits for it.
      void drawing.return();
      if (value === undefined) throw new Error("no token was sampled");
      return value;
    },
    async embed(inputs, signal) {
      embedding ??= model.createEmbeddingContext({ contextSize: options.contextTokens });
      const vectors: number[][] = [];
      for (const tokens of inputs) {
        signal.throwIfAborted();
        const { vector } = await (await embedding).getEmbeddingFor([...tokens]);
        const length = Math.hypot(...vector) || 1;
        vectors.push(vector.map((value) => value / length));
      }
      return vectors;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
