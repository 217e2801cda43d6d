import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Token } from "node-llama-cpp";
import { z } from "zod";
import { hashFile } from "./kv-files.ts";
import type { KvFile } from "./kv-files.ts";
import type { Progress } from "./snapshot.ts";

/** What has to be the same for computed state to mean the same. Where it is not, the tokens are computed again. */
export interface Machinery {
  /** Of the model file; where it differs, not even the tokens mean the same. */
  readonly modelSha256: string;
  readonly contextTokens: number;
  readonly sequences: number;
  /** Release of the library, and where it computes. */
  readonly library: string;
  readonly gpu: string;
}

const magic = "aios-llama-snapshot";
const version = 1;

const headerSchema = z.strictObject({
  magic: z.literal(magic),
  version: z.literal(version),
  tenant: z.string(),
  machinery: z.strictObject({
    modelSha256: z.string(),
    contextTokens: z.number(),
    sequences: z.number(),
    library: z.string(),
    gpu: z.string(),
  }),
  progress: z.strictObject({
    ids: z.array(z.number().int().nonnegative()),
    promptTokens: z.number().int().positive(),
    sampling: z.strictObject({
      temperature: z.number(),
      topP: z.number(),
      topK: z.number(),
      minP: z.number(),
      seed: z.number(),
      frequencyPenalty: z.number(),
      presencePenalty: z.number(),
      repeatPenalty: z.number(),
    }),
    cachedInputTokens: z.number(),
    wastedTokens: z.number(),
  }),
  kv: z.strictObject({ tokens: z.number(), sizeBytes: z.number(), sha256: z.string() }).optional(),
});

/** Computed state lies beside the header. */
export const kvPath = (path: string): string => `${path}.kv`;

interface Written {
  readonly tenant: TenantId;
  readonly machinery: Machinery;
  readonly progress: Progress;
  /** Tokens whose state lies in `kvPath(path)`; undefined where nothing lies there. */
  readonly kvTokens: number | undefined;
}

/** One line of JSON and a line with its hash. A crash in between leaves a file that is refused. */
export async function writeSnapshotFile(
  path: string,
  { tenant, machinery, progress, kvTokens }: Written,
): Promise<void> {
  const state = kvPath(path);
  const kv =
    kvTokens === undefined
      ? undefined
      : { tokens: kvTokens, sizeBytes: (await stat(state)).size, sha256: await hashFile(state) };
  const header = JSON.stringify({ magic, version, tenant, machinery, progress, ...(kv ? { kv } : {}) });
  await writeFile(path, `${header}\n${sha256(header)}\n`, { mode: 0o600 });
}

interface Read {
  readonly progress: Progress;
  readonly kv: (KvFile & { readonly tokens: number }) | undefined;
}

/**
 * @throws SysError ENOENT, EIO for a damaged file, EINVAL for one of another version, EACCES for another tenant's,
 *   ESTALE for another model's.
 */
export async function readSnapshotFile(
  path: string,
  { tenant, machinery }: { tenant: TenantId; machinery: Machinery },
): Promise<Read> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new SysError("ENOENT", `no snapshot ${path}`, { cause });
  }
  const [header = "", hash] = text.split("\n");
  if (hash !== sha256(header))
    throw new SysError("EIO", `the snapshot ${path} is damaged`, { retryable: false, hint: "start the call anew" });
  const parsed = headerSchema.safeParse(JSON.parse(header));
  if (!parsed.success)
    throw new SysError("EINVAL", `the snapshot ${path} is of another version`, {
      cause: parsed.error,
      hint: "start the call anew",
    });
  const { data } = parsed;
  if (data.tenant !== tenant) throw new SysError("EACCES", `the snapshot ${path} is another tenant's`);
  if (data.machinery.modelSha256 !== machinery.modelSha256)
    throw new SysError("ESTALE", `the snapshot ${path} is of another model`, { hint: "start the call anew" });
  const isSame = Object.entries(machinery).every(([name, value]) => data.machinery[name as keyof Machinery] === value);
  const { ids, ...rest } = data.progress;
  return {
    progress: { ...rest, ids: ids as Token[] },
    kv: data.kv && isSame ? { path: kvPath(path), tenant, isOurs: false, isGone: false, ...data.kv } : undefined,
  };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
