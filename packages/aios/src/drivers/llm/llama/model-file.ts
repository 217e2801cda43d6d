import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Library } from "./library.ts";

/** What a model file says about itself, before it is loaded. */
export interface ModelFile {
  readonly path: string;
  /** The file's name without its ending: the second half of core/model. */
  readonly id: string;
  readonly sizeBytes: number;
  /** What it was trained on; undefined where the file does not say. */
  readonly trainedTokens: number | undefined;
  /** It pools its output into one vector: a model for embeddings. */
  readonly isPooled: boolean;
}

/** Default where a model was trained on more: the memory for 8k tokens is there on most machines. */
const usualContextTokens = 8_192;

export const defaultContextTokens = ({ trainedTokens }: ModelFile): number =>
  Math.min(trainedTokens ?? usualContextTokens, usualContextTokens);

/** @throws SysError EINVAL where there is no file, or one that is no GGUF or is cut off. */
export async function readModelFile(
  path: string,
  { core, library }: { core: string; library: Library },
): Promise<ModelFile> {
  let sizeBytes: number;
  try {
    sizeBytes = (await stat(path)).size;
  } catch (cause) {
    throw new SysError("EINVAL", `core ${core}: no model file ${path}`, {
      cause,
      hint: "modelPath names a .gguf file, relative to the home",
    });
  }
  try {
    const {
      architectureMetadata,
      tensorInfo,
      infoEndOffset = 0,
    } = await library.readGgufFileInfo(path, {
      sourceType: "filesystem",
      logWarnings: false,
    });
    const lastOffset = tensorInfo?.reduce((end, { offset }) => Math.max(end, Number(offset)), 0) ?? 0;
    if (infoEndOffset + lastOffset >= sizeBytes) throw new Error("it is cut off");
    const { context_length: trainedTokens, pooling_type: pooling = 0 } = architectureMetadata as {
      context_length?: number;
      pooling_type?: number;
    };
    return { path, id: basename(path).replace(/\.gguf$/i, ""), sizeBytes, trainedTokens, isPooled: pooling !== 0 };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SysError("EINVAL", `core ${core}: ${path} is no usable GGUF file: ${said}`, {
      cause,
      hint: "download the model again; a GGUF file begins with the letters GGUF",
    });
  }
}
