import { mkdir, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fetchBlob, verifyFile } from "./blob.ts";
import { cacheFolder, exists, linkBlob, openRepoCache, writeRef } from "./cache.ts";
import type { Env, RepoCache } from "./cache.ts";
import { chooseGguf, chooseOnnx, onnxCompanions } from "./choice.ts";
import type { Choice, FileSet } from "./choice.ts";
import { cacheFault, PullFault } from "./fault.ts";
import { openHub } from "./hub.ts";
import type { Hub, HubFile, HubRepo } from "./hub.ts";
import { openLock } from "./lock.ts";
import { parseReference } from "./reference.ts";
import type { Reference } from "./reference.ts";

interface PulledFile {
  /** As the repository calls it. */
  readonly name: string;
  /** In the cache. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** False where it was there already. */
  readonly isFetched: boolean;
}

export interface Pulled {
  readonly repo: string;
  readonly commit: string;
  readonly form: "gguf" | "onnx";
  readonly quantisation: string | null;
  /** What a core's `modelPath` could name: the file, or the folder for ONNX. */
  readonly path: string;
  /** Of the weights; null where they are several files. */
  readonly sha256: string | null;
  /** Of all files. */
  readonly bytes: number;
  readonly files: readonly PulledFile[];
}

export type PullEvent =
  | {
      readonly is: "chosen";
      readonly why: "named" | "only" | "preferred";
      readonly file: string;
      readonly quantisation: string | undefined;
      /** Of the files that have to be there in the end. */
      readonly bytes: number;
      readonly count: number;
    }
  /** It is there, and is what the hub says. */
  | { readonly is: "kept"; readonly file: string }
  /** It was there, and is something else: fetched again. */
  | { readonly is: "damaged"; readonly file: string }
  /** Another pull is fetching it. */
  | { readonly is: "waiting"; readonly file: string }
  | { readonly is: "resumed"; readonly file: string; readonly bytes: number }
  | { readonly is: "progress"; readonly file: string; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly is: "pulled"; readonly pulled: Pulled };

interface PullOptions {
  readonly env: Env;
  /** Default: whichever the repository has, GGUF first. */
  readonly form?: "gguf" | "onnx" | undefined;
  readonly signal: AbortSignal;
}

/**
 * Brings weights into the cache; the last event is `pulled`. The branch's name moves on to the new commit only when all of
 * it is there.
 * @throws PullFault
 */
export async function* pull(text: string, { env, form, signal }: PullOptions): AsyncGenerator<PullEvent> {
  const reference = parseReference(text);
  if (reference === undefined) throw new PullFault("reference", { text });
  await using hub = await openHub(env);
  const repo = await hub.describe(reference, signal);
  const { set, files, why, form: found } = selected(reference, repo, form);
  const cache = openRepoCache(env, reference.repo);
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  yield { is: "chosen", why, file: set.path, quantisation: set.quantisation, bytes, count: files.length };
  const pulled: PulledFile[] = [];
  for (const file of files)
    pulled.push(yield* pullFile(file, { hub, cache, signal, ...reference, commit: repo.commit }));
  const snapshot = cache.snapshot(repo.commit);
  try {
    await writeRef(cache, reference.revision, repo.commit);
  } catch (cause) {
    throw cacheFault(cause, cacheFolder(env));
  }
  const weights = pulled.filter(({ name }) => set.paths.includes(name));
  yield {
    is: "pulled",
    pulled: {
      repo: reference.repo,
      commit: repo.commit,
      form: found,
      quantisation: set.quantisation ?? null,
      path: found === "gguf" ? join(snapshot, set.path) : snapshot,
      sha256: weights.length === 1 ? weights[0]!.sha256 : null,
      bytes,
      files: pulled,
    },
  };
}

interface Selected {
  readonly form: "gguf" | "onnx";
  readonly why: "named" | "only" | "preferred";
  readonly set: FileSet;
  /** Small ones first: what a model needs beside its weights is there when they are. */
  readonly files: readonly HubFile[];
}

function selected(reference: Reference, { files }: HubRepo, wanted: PullOptions["form"]): Selected {
  const paths = files.map(({ path }) => path);
  const gguf = wanted === "onnx" ? { is: "none" as const } : chooseGguf(paths, reference.file);
  const onnx = wanted === "gguf" ? { is: "none" as const } : chooseOnnx(paths, reference.file);
  const form = gguf.is === "none" || (gguf.is === "unknown" && onnx.is === "chosen") ? "onnx" : "gguf";
  const { set, why } = settled(form === "gguf" ? gguf : onnx, reference);
  const needed = new Set([...(form === "onnx" ? onnxCompanions(paths) : []), ...set.paths]);
  return {
    form,
    why,
    set,
    files: files.filter(({ path }) => needed.has(path)).toSorted((one, other) => one.sizeBytes - other.sizeBytes),
  };
}

function settled(choice: Choice, { repo, file = "" }: Reference): Extract<Choice, { is: "chosen" }> {
  switch (choice.is) {
    case "chosen":
      if (!choice.set.isWhole) throw new PullFault("partsMissing", { repo, file: choice.set.path });
      return choice;
    case "several":
      throw new PullFault("severalFiles", { repo, files: namesOf(choice.sets), example: choice.sets[0]!.path });
    case "unknown":
      throw new PullFault("noFile", { repo, file, files: namesOf(choice.sets) });
    case "none":
      throw new PullFault("noWeights", { repo });
  }
}

const namesOf = (sets: readonly FileSet[]): string => sets.map(({ path }) => path).join(", ");

interface FilePlace {
  readonly hub: Hub;
  readonly cache: RepoCache;
  readonly repo: string;
  readonly commit: string;
  readonly signal: AbortSignal;
}

async function* pullFile(file: HubFile, place: FilePlace): AsyncGenerator<PullEvent, PulledFile> {
  const { cache, commit, signal } = place;
  const { path: name, sizeBytes: bytes } = file;
  const [blob, pointer] = [cache.blob(file.digest), join(cache.snapshot(commit), ...name.split("/"))];
  const done = (sha256: string, isFetched: boolean): PulledFile => ({ name, path: pointer, sha256, bytes, isFetched });
  try {
    await mkdir(dirname(blob), { recursive: true });
    using lock = await openLock(cache.lock(file.digest));
    if (!lock.take()) {
      yield { is: "waiting", file: name };
      await lock.taken(signal);
    }
    for (const there of [pointer, blob]) {
      if (!(await exists(there))) continue;
      const sha256 = await verifyFile(there, file, signal);
      if (sha256 !== undefined) {
        if (there === blob) await linkBlob(blob, pointer, false);
        yield { is: "kept", file: name };
        return done(sha256, false);
      }
      yield { is: "damaged", file: name };
      await rm(await realpath(there), { force: true });
    }
    const fetching = fetchBlob(file, { ...place, blob });
    let isFirst = true;
    for (;;) {
      const step = await fetching.next();
      if (step.done) {
        await linkBlob(blob, pointer, true);
        return done(step.value, true);
      }
      if (isFirst && step.value > 0) yield { is: "resumed", file: name, bytes: step.value };
      isFirst = false;
      yield { is: "progress", file: name, doneBytes: step.value, totalBytes: bytes };
    }
  } catch (cause) {
    throw cacheFault(cause, dirname(dirname(blob)));
  }
}
