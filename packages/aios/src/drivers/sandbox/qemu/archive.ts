import { SysError } from "@aiosjs/sdk/protocol";
import type { ByteReader } from "./byte-reader.ts";

/** One file, folder, link or pipe as `cpio -H newc` has it (Linux, initramfs-buffer-format.rst): whole seconds, sizes below 4 GiB. */
export interface Entry {
  readonly path: string;
  /** With the bits of its kind. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedSeconds: number;
  readonly sizeBytes: number;
}

/** As it came: entries with the same inode and `links` above 1 are one file, and the last of them has its content. */
export interface ReceivedEntry extends Entry {
  readonly inode: number;
  readonly links: number;
}

export const kinds = { file: 0o100000, folder: 0o040000, link: 0o120000, pipe: 0o010000, mask: 0o170000 } as const;
export const largestBytes = 2 ** 32 - 1;

const trailer = "TRAILER!!!";
const headBytes = 110;
const longestPath = 4096;

/** What stands before its content. */
export function headOf(entry: Entry, number: number): Buffer {
  const { path, mode, uid, gid, modifiedSeconds, sizeBytes } = entry;
  const name = Buffer.from(`${path}\0`);
  const seconds = Math.min(Math.max(Math.trunc(modifiedSeconds), 0), largestBytes);
  const fields = [number, mode, uid, gid, 1, seconds, sizeBytes, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([head, name, padding(headBytes + name.length)]);
}

/** What stands behind this many bytes. */
export const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);

export const endOfArchive = (): Buffer =>
  headOf({ path: trailer, mode: 0, uid: 0, gid: 0, modifiedSeconds: 0, sizeBytes: 0 }, 0);

/** A whole entry. */
export const wholeEntry = (entry: Omit<Entry, "sizeBytes">, content: Uint8Array, number: number): Buffer =>
  Buffer.concat([headOf({ ...entry, sizeBytes: content.length }, number), content, padding(content.length)]);

/**
 * The next one's head; its content and the padding behind it are the reader's to take. Undefined: the archive is at its end.
 * @throws SysError EIO what comes is no archive.
 */
export async function readHead(from: ByteReader): Promise<ReceivedEntry | undefined> {
  const head = (await from.exactly(headBytes)).toString("latin1");
  if (!/^07070[12][0-9A-Fa-f]{104}$/.test(head)) throw new SysError("EIO", "what the guest answers is no archive");
  const field = (index: number): number => Number.parseInt(head.slice(6 + 8 * index, 14 + 8 * index), 16);
  const nameBytes = field(11);
  if (nameBytes === 0 || nameBytes > longestPath) throw new SysError("EIO", "the guest names a file too long");
  const name = await from.exactly(nameBytes);
  await from.exactly(padding(headBytes + nameBytes).length);
  const path = name.subarray(0, -1).toString();
  if (path === trailer) return undefined;
  return {
    path,
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    modifiedSeconds: field(5),
    sizeBytes: field(6),
  };
}
