import { constants } from "node:fs";
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Folder } from "./folder.ts";

const readFlags =
  constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

interface Reading {
  /** For the sentences. */
  readonly path: string;
  readonly maxFileBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A file that is replaced while it is read is opened again so often. */
const TRIES = 8;

/**
 * A plain file with one name, whole. @throws SysError EINVAL for a folder, a pipe or a device, EACCES for a hard link, E2BIG,
 * EBUSY for one that is replaced over and over; whatever the system says otherwise.
 */
export async function readPlain(
  folder: Folder,
  name: string,
  reading: Reading,
): Promise<{ bytes: Buffer; stats: BigIntStats }> {
  for (let left = TRIES; left > 0; left--) {
    await using file = await open(folder.at(name), readFlags);
    const found = await readOpened(file, folder, reading);
    // A hard link that has lost its name meanwhile looks like a file with one: what it was is known by its name alone.
    if (await folder.isNamed(file, name)) return found;
  }
  throw new SysError("EBUSY", `${JSON.stringify(reading.path)} is being replaced`, { retryAfterMs: 100 });
}

async function readOpened(
  file: FileHandle,
  folder: Folder,
  { path, maxFileBytes, signal }: Reading,
): Promise<{ bytes: Buffer; stats: BigIntStats }> {
  await folder.recheck();
  const stats = await file.stat({ bigint: true });
  if (stats.isDirectory()) throw new SysError("EINVAL", `${JSON.stringify(path)} is a folder; list it instead`);
  if (!stats.isFile()) throw new SysError("EINVAL", `${JSON.stringify(path)} is a pipe or a device, not a plain file`);
  if (stats.nlink > 1n)
    throw new SysError("EACCES", `${JSON.stringify(path)} is a hard link; only files with one name are read`, {
      hint: "Copy the file instead of linking it.",
    });
  const bytes = await readAtMost(file, Number(stats.size), { path, maxFileBytes, signal });
  return { bytes, stats };
}

/** Reads to the end, but never more than the limit: the file may grow meanwhile. */
async function readAtMost(file: FileHandle, size: number, { path, maxFileBytes, signal }: Reading): Promise<Buffer> {
  if (size > maxFileBytes) throw tooLarge(JSON.stringify(path), size, maxFileBytes);
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(Math.max(4_096, size - total + 1)) });
    if (bytesRead === 0) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    total += bytesRead;
    if (total > maxFileBytes) throw tooLarge(JSON.stringify(path), total, maxFileBytes);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

export const tooLarge = (what: string, sizeBytes: number, maxBytes: number): SysError =>
  new SysError("E2BIG", `${what} has ${sizeBytes} bytes; files of at most ${maxBytes} are read and written`);
