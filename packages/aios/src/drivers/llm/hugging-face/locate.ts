import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { listFiles, openRepoCache, readRef } from "./cache.ts";
import type { Env } from "./cache.ts";
import { chooseGguf, chooseOnnx } from "./choice.ts";
import { parseReference, referenceText } from "./reference.ts";

interface Located {
  /** The GGUF file (of a split model the first part), or the folder of an ONNX model. */
  readonly path: string;
  /** The ONNX weights in that folder, as the library calls them: q4, fp32… */
  readonly quantisation: string | undefined;
}

/**
 * Finds weights in the cache. Nothing is fetched: a kernel that starts does not download gigabytes.
 * @throws SysError EINVAL naming the command that fetches them.
 */
export async function locateWeights(
  text: string,
  { core, env, form }: { core: string; env: Env; form: "gguf" | "onnx" },
): Promise<Located> {
  const reference = parseReference(text);
  if (reference === undefined)
    throw new SysError("EINVAL", `core ${core}: "${text}" names no weights`, {
      hint: "hf:owner/repo, hf:owner/repo:FILE or hf:owner/repo@REVISION:FILE",
    });
  const cache = openRepoCache(env, reference.repo);
  const commit = await readRef(cache, reference.revision);
  const folder = commit === undefined ? undefined : cache.snapshot(commit);
  const paths = folder === undefined ? [] : await listFiles(folder);
  const choice = (form === "gguf" ? chooseGguf : chooseOnnx)(paths, reference.file);
  if (folder !== undefined && choice.is === "chosen" && choice.set.isWhole) {
    const { path, quantisation } = choice.set;
    return { path: form === "gguf" ? join(folder, path) : folder, quantisation };
  }
  if (choice.is === "several")
    throw new SysError("EINVAL", `core ${core}: several files of ${reference.repo} are in the cache`, {
      hint: `name one: modelPath: ${choice.sets.map(({ path }) => referenceText({ ...reference, file: path })).join(" or ")}`,
    });
  throw new SysError("EINVAL", `core ${core}: ${text} is not in the cache of Hugging Face's hub`, {
    hint: `aios llm pull ${text}${form === "onnx" ? " --onnx" : ""}`,
  });
}
