// Makes a core of ONNX weights: a composition beside boot-cores.ts, for the kernel and for `doctor`.
import { basename, resolve } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { CoreConfig } from "./config/core-schema.ts";
import { locateWeights } from "./drivers/llm/hugging-face/locate.ts";
import { isReference, parseReference } from "./drivers/llm/hugging-face/reference.ts";
import { createTransformersCore } from "./drivers/llm/transformers/core.ts";
import type { TransformersCore } from "./drivers/llm/transformers/core.ts";
import { findLibrary } from "./drivers/llm/transformers/library.ts";
import type { ModelSpec } from "./kernel/ports.ts";

interface Place {
  readonly models: readonly ModelSpec[] | undefined;
  readonly home: string;
  /** Where the cache of Hugging Face's hub is. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The weights are not loaded yet: `open` does that, or the first call.
 * @throws SysError EINVAL where the package is not installed, or the folder is missing or holds no model.
 */
export async function makeTransformersCore(core: CoreConfig, { models, home, env }: Place): Promise<TransformersCore> {
  const { name, modelPath, dtype, gpu, threads, contextTokens, embeddings, limits } = core;
  if (modelPath === undefined)
    throw new SysError("EINVAL", `core ${name} names no model`, {
      hint: `llms.cores: {name: ${name}, kind: transformers, modelPath: "hf:onnx-community/Qwen3-0.6B-ONNX"}`,
    });
  if (gpu === "vulkan" || gpu === "metal")
    throw new SysError("EINVAL", `core ${name}: onnxruntime has no ${gpu} here`, { hint: "gpu: cuda or off" });
  const library = findLibrary({ core: name, home });
  const at = isReference(modelPath)
    ? await locateWeights(modelPath, { core: name, env, form: "onnx" })
    : { path: resolve(home, modelPath), quantisation: undefined };
  // A folder of the hub's cache is called after a commit.
  const repo = parseReference(modelPath)?.repo;
  return await createTransformersCore({
    name,
    folder: at.path,
    library,
    dtype: dtype ?? at.quantisation,
    device: gpu === "cuda" ? "cuda" : "cpu",
    threads,
    contextTokens,
    embeddings,
    models: models ?? (repo === undefined ? undefined : [{ id: basename(repo) }]),
    limits,
  });
}
