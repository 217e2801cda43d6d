import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TenantId } from "@aiosjs/sdk/protocol";
import type { LlamaContextSequence } from "node-llama-cpp";

/** The computed state of one sequence, on disk. What it was is kept in memory and checked before it is read again. */
export interface KvFile {
  readonly path: string;
  readonly tenant: TenantId;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Made here and counted against the bound; else it lies where somebody put it, and stays there. */
  readonly isOurs: boolean;
  /** It was removed, to make room or because nobody wants it. */
  isGone: boolean;
}

export interface KvFiles extends AsyncDisposable {
  /** Undefined where the disk does not take it, or it alone is above the bound: then its tokens are computed again. */
  save(sequence: LlamaContextSequence, tenant: TenantId): Promise<KvFile | undefined>;
  /** False, and the sequence untouched, where the file is gone, altered or another tenant's. */
  load(sequence: LlamaContextSequence, file: KvFile, tenant: TenantId): Promise<boolean>;
  drop(file: KvFile): void;
  /** Of all files, now. */
  readonly sizeBytes: number;
}

/**
 * Files of one core, below a folder for each tenant. Above `maxBytes` those that were used longest ago go.
 * They serve this process alone: what an earlier one left behind is removed.
 */
export async function openKvFiles({ folder, maxBytes }: { folder: string; maxBytes: number }): Promise<KvFiles> {
  const own = join(folder, `spill-${process.pid}-${++serial}`);
  await removeLeftOvers(folder);
  /** In the order of their last use. */
  const files = new Map<string, KvFile>();
  let sizeBytes = 0;
  let number = 0;
  const drop = (file: KvFile): void => {
    if (!files.delete(file.path)) return;
    file.isGone = true;
    sizeBytes -= file.sizeBytes;
    // A file that cannot be removed now goes with the folder.
    rm(file.path, { force: true }).catch(() => undefined);
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    drop,
    async save(sequence, tenant) {
      const path = join(own, folderOf(tenant), `${++number}.kv`);
      try {
        await mkdir(join(own, folderOf(tenant)), { recursive: true, mode: 0o700 });
        const { fileSize } = await sequence.saveStateToFile(path);
        const file: KvFile = {
          path,
          tenant,
          sizeBytes: fileSize,
          sha256: await hashFile(path),
          isOurs: true,
          isGone: false,
        };
        if (fileSize > maxBytes) throw new Error("larger than the bound");
        files.set(path, file);
        sizeBytes += fileSize;
        for (const oldest of files.values()) {
          if (sizeBytes <= maxBytes) break;
          drop(oldest);
        }
        return file;
      } catch {
        await rm(path, { force: true });
        return undefined;
      }
    },
    async load(sequence, file, tenant) {
      if (file.tenant !== tenant || (file.isOurs && !files.delete(file.path))) return false;
      if (file.isOurs) files.set(file.path, file);
      return await loadKv(sequence, file);
    },
    async [Symbol.asyncDispose]() {
      files.clear();
      await rm(own, { recursive: true, force: true });
    },
  };
}

let serial = 0;

/** Not the tenant's name itself: it may hold what no file name can. */
const folderOf = (tenant: TenantId): string => createHash("sha256").update(tenant).digest("hex").slice(0, 32);

/** llama.cpp trusts such a file and may crash on a damaged one: nothing is loaded whose hash is another. */
async function loadKv(
  sequence: LlamaContextSequence,
  { path, sizeBytes, sha256 }: Pick<KvFile, "path" | "sizeBytes" | "sha256">,
): Promise<boolean> {
  try {
    if ((await stat(path)).size !== sizeBytes || (await hashFile(path)) !== sha256) return false;
    await sequence.loadStateFromFile(path, { acceptRisk: true });
    return true;
  } catch {
    // The library has emptied the sequence; its tokens are computed again.
    return false;
  }
}

/** Hexadecimal SHA-256. One buffer for all of a file: 37 MB in 40 ms, as a stream 80. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(4 << 20);
  await using file = await open(path);
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytesRead));
  }
}

async function removeLeftOvers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const owner = Number(/^spill-(\d+)-\d+$/.exec(name)?.[1] ?? process.pid);
    if (owner !== process.pid && !isAlive(owner)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
