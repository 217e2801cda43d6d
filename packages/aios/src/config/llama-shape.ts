import { z } from "zod";

/** Members that only a model in this process has. */
export const llamaShape = {
  modelPath: z
    .string()
    .min(1)
    .optional()
    .describe(
      "llama: the model's GGUF file; transformers: the folder of its repository. Relative to the home, or hf:OWNER/REPO[:FILE] that `aios llm pull` has fetched. Needed for these kinds.",
    ),
  dtype: z
    .enum(["fp32", "fp16", "q8", "int8", "uint8", "q4", "q4f16", "bnb4"])
    .optional()
    .describe(
      "transformers: which of the folder's graphs. Default: the only one, else q4, q8, int8, uint8, fp16, fp32.",
    ),
  gpu: z
    .enum(["auto", "cuda", "vulkan", "metal", "off"])
    .optional()
    .describe(
      "llama: what computes. Default: auto, the best that is there; off is the processor alone. transformers: cuda, else the processor.",
    ),
  gpuLayers: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe("llama: layers of the model on the GPU. Default: as many as fit."),
  maxGpuMemoryMb: z
    .number()
    .positive()
    .optional()
    .describe("llama: GPU memory that model and contexts may take. Default: nearly all that is free."),
  threads: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      "llama, transformers: threads that compute. Default: half of the cores for llama, all for transformers; 1 where other programs use them too.",
    ),
  contextTokens: z
    .number()
    .int()
    .min(256)
    .optional()
    .describe(
      "llama, transformers: what prompt and answer of one call may have together. Default: as trained, at most 8192.",
    ),
  sequences: z
    .number()
    .int()
    .positive()
    .max(256)
    .optional()
    .describe("llama: calls that are computed at once; each takes the memory of contextTokens. Default: 2."),
  isExact: z
    .boolean()
    .optional()
    .describe("llama: no answer depends on what else is computed, at the cost of throughput. Default: false."),
  embeddings: z
    .boolean()
    .optional()
    .describe(
      "llama: also serves llm.embed; transformers: serves that instead of llm.chat. Default: only for models that are made for it, and then only that.",
    ),
  snapshots: z
    .strictObject({
      folder: z.string().min(1).default("snapshots").describe("Relative to the home."),
      maxMb: z.number().positive().default(2_048).describe("Above it those used longest ago are removed."),
    })
    .optional()
    .describe("llama: where the state of calls goes that made way."),
};
