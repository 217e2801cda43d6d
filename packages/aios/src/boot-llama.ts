// Makes a local core: a composition beside boot-cores.ts, for the kernel and for `doctor`.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SysError } from "@aiosjs/sdk/protocol";
import type { CoreConfig } from "./config/core-schema.ts";
import { locateWeights } from "./drivers/llm/hugging-face/locate.ts";
import { isReference } from "./drivers/llm/hugging-face/reference.ts";
import { createLlamaCore } from "./drivers/llm/llama/core.ts";
import type { LlamaCore } from "./drivers/llm/llama/core.ts";
import type { Library } from "./drivers/llm/llama/library.ts";
import type { ModelSpec } from "./kernel/ports.ts";

interface Place {
  readonly models: readonly ModelSpec[] | undefined;
  readonly home: string;
  /** Where the cache of Hugging Face's hub is. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The weights are not loaded yet: `open` does that, or the first call.
 * @throws SysError EINVAL where the package is not installed, or the file is missing or no model.
 */
export async function makeLlamaCore(core: CoreConfig, { models, home, env }: Place): Promise<LlamaCore> {
  const { name, modelPath, gpu, gpuLayers, maxGpuMemoryMb, threads, sequences, isExact, embeddings, snapshots } = core;
  if (modelPath === undefined)
    throw new SysError("EINVAL", `core ${name} names no model file`, {
      hint: `llms.cores: {name: ${name}, kind: llama, modelPath: ./model.gguf}`,
    });
  return await createLlamaCore({
    name,
    modelPath: isReference(modelPath)
      ? (await locateWeights(modelPath, { core: name, env, form: "gguf" })).path
      : resolve(home, modelPath),
    ...(gpu === undefined ? {} : { gpu }),
    ...(sequences === undefined ? {} : { sequences }),
    ...(isExact === undefined ? {} : { isExact }),
    ...(core.contextTokens === undefined ? {} : { contextTokens: core.contextTokens }),
    gpuLayers,
    maxGpuMemoryBytes: maxGpuMemoryMb === undefined ? undefined : maxGpuMemoryMb * 2 ** 20,
    threads,
    embeddings,
    snapshotFolder: resolve(home, snapshots?.folder ?? "snapshots", name),
    snapshotMaxBytes: snapshots && snapshots.maxMb * 2 ** 20,
    models,
    limits: core.limits,
    load: () => loadFrom(home),
  });
}

/** Beside this package, or in the home for those who installed this one elsewhere. */
async function loadFrom(home: string): Promise<Library> {
  try {
    return await import("node-llama-cpp");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    const entry = createRequire(join(home, "x.js")).resolve("node-llama-cpp");
    return (await import(pathToFileURL(entry).href)) as Library;
  }
}
