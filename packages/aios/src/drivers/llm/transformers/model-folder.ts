import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { z } from "zod";

const count = z.number().int().positive().optional().catch(undefined);
const configSchema = z.object({
  architectures: z.array(z.string()).default([]).catch([]),
  max_position_embeddings: count,
  n_positions: count,
});
const poolingSchema = z.object({
  pooling_mode_cls_token: z.boolean().catch(false),
  pooling_mode_lasttoken: z.boolean().catch(false),
});
const modulesSchema = z.array(z.object({ type: z.string() }));

/** What the files beside a graph say of it. */
export interface ModelFolder {
  readonly id: string;
  /** Undefined where the configuration does not say. */
  readonly trainedTokens: number | undefined;
  readonly isGenerative: boolean;
  /** Made for embeddings: it says how vectors are pooled. */
  readonly isPooled: boolean;
  readonly pooling: "mean" | "cls" | "last";
  readonly isNormalized: boolean;
  /** As the library calls them. */
  readonly dtypes: readonly string[];
  /** Files that hold the weights of the graph of one of them. */
  dataFiles(dtype: string): number;
}

/** @throws SysError EINVAL where it is no folder of an ONNX model. */
export async function readModelFolder(folder: string, core: string): Promise<ModelFolder> {
  const graphs = await readdir(join(folder, "onnx")).catch(() => []);
  const dtypes = graphs.flatMap((name) => dtypeOf(name) ?? []);
  const config = await readJson(join(folder, "config.json"), configSchema);
  if (dtypes.length === 0 || config === undefined)
    throw new SysError("EINVAL", `core ${core}: ${folder} has ${config ? "no onnx/model*.onnx" : "no config.json"}`, {
      hint: "modelPath is the folder of a model's repository, or hf:OWNER/REPO that aios llm pull has fetched",
    });
  const pooling = await readJson(join(folder, "1_Pooling", "config.json"), poolingSchema);
  const modules = await readJson(join(folder, "modules.json"), modulesSchema);
  return {
    id: basename(folder),
    trainedTokens: config.max_position_embeddings ?? config.n_positions,
    isGenerative: config.architectures.some((name) => /ForCausalLM$|LMHeadModel$/.test(name)),
    isPooled: pooling !== undefined || modules !== undefined,
    pooling: pooling?.pooling_mode_cls_token ? "cls" : pooling?.pooling_mode_lasttoken ? "last" : "mean",
    // Without a word on it: vectors that are compared by their cosine lose nothing by it.
    isNormalized: modules === undefined || modules.some(({ type }) => type.endsWith(".Normalize")),
    dtypes,
    dataFiles: (dtype) => {
      const graph = graphs.find((name) => dtypeOf(name) === dtype);
      return graphs.filter((name) => name.startsWith(`${graph}_data`)).length;
    },
  };
}

/** The file's suffix is the dtype, but for two. */
function dtypeOf(name: string): string | undefined {
  const found = /^model(?:_([a-z0-9]+))?\.onnx$/.exec(name);
  if (!found) return undefined;
  const [, suffix = "fp32"] = found;
  return suffix === "quantized" ? "q8" : suffix;
}

async function readJson<Read>(path: string, schema: z.ZodType<Read>): Promise<Read | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined; // absent, or of another form: the library says what is wrong with it
  }
}
