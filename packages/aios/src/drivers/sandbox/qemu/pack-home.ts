import { constants } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Owner } from "../home/files.ts";
import { headOf, kinds, largestBytes, padding, wholeEntry } from "./archive.ts";
import type { Entry } from "./archive.ts";
import { FolderHandle, openShut } from "./folder-handle.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const chunkBytes = 256 * 1024;

interface PackOptions {
  /** Where it lies in the archive. */
  readonly at: string;
  /** Whose files are the command's own in the guest; all others are root's there. */
  readonly owner: Owner;
  /** Of who runs commands in the guest. */
  readonly inside: Owner;
  /** Told of each path below the folder, and whether it is a folder. */
  readonly onPath?: ((path: string, isFolder: boolean) => void) | undefined;
}

/** Numbers of the entries of one archive: what has the same one is one file. */
export interface Numbers {
  next: number;
}

/**
 * A folder of the machine as a part of an archive. What its owner may not read goes without its content, sockets and devices
 * do not go at all. Nothing is reached by a link.
 * @throws SysError E2BIG a file of 4 GiB or more.
 */
export async function* packFolder(path: string, options: PackOptions, numbers: Numbers): AsyncGenerator<Buffer> {
  await using folder = await FolderHandle.open(path);
  yield entryOf(await folder.handle.stat(), options.at, { options, numbers });
  yield* packEntries(folder, "", { options, numbers });
}

/** A file alone. */
export async function* packFile(path: string, options: PackOptions, numbers: Numbers): AsyncGenerator<Buffer> {
  yield* packContent(path, options.at, { options, numbers });
}

interface Packing {
  readonly options: PackOptions;
  readonly numbers: Numbers;
}

async function* packEntries(folder: FolderHandle, below: string, packing: Packing): AsyncGenerator<Buffer> {
  const { options, numbers } = packing;
  for (const name of (await folder.names()).toSorted()) {
    const path = below === "" ? name : `${below}/${name}`;
    const stands = await lstat(folder.at(name)).catch(unlessGone);
    if (!stands) continue;
    const at = `${options.at}/${path}`;
    if (stands.isDirectory()) {
      options.onPath?.(path, true);
      const head = entryOf(stands, at, packing);
      yield head;
      if (!mayRead(stands, options.owner)) continue;
      await using next = await folder.into(name);
      try {
        yield* packEntries(next, path, packing);
      } finally {
        if ((stands.mode & 0o700) !== 0o700 && process.getuid?.() !== 0) await next.handle.chmod(stands.mode & 0o777);
      }
    } else if (stands.isSymbolicLink()) {
      options.onPath?.(path, false);
      const target = Buffer.from(await readlink(folder.at(name), "buffer"));
      yield wholeEntry(describe(stands, at, options), target, numbers.next++);
    } else if (stands.isFIFO()) {
      options.onPath?.(path, false);
      yield entryOf(stands, at, packing);
    } else if (stands.isFile()) {
      options.onPath?.(path, false);
      yield* packContent(folder.at(name), at, packing);
    }
  }
}

async function* packContent(from: string, at: string, { options, numbers }: Packing): AsyncGenerator<Buffer> {
  const stands = await lstat(from);
  if (!mayRead(stands, options.owner))
    return yield entryOf(stands, at, { options: { ...options, owner: nobody }, numbers });
  await using file = await openShut(from, { flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK, rights: 0o400 });
  const opened = await file.stat();
  if (!opened.isFile()) return;
  if (opened.size > largestBytes)
    throw new SysError("E2BIG", `${at} has ${opened.size} bytes: too large for a virtual machine`, {
      hint: "move files of 4 GiB and more out of the workspace",
    });
  yield headOf({ ...describe(stands, at, options), sizeBytes: opened.size }, numbers.next++);
  let left = opened.size;
  while (left > 0) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, chunkBytes)));
    // It has become shorter meanwhile: its length was said.
    const piece = bytesRead === 0 ? Buffer.alloc(Math.min(left, chunkBytes)) : buffer.subarray(0, bytesRead);
    left -= piece.length;
    yield piece;
  }
  yield padding(opened.size);
  if ((stands.mode & 0o400) === 0 && process.getuid?.() !== 0) await file.chmod(stands.mode & 0o777);
}

const nobody: Owner = { uid: -1, gid: -1 };

const entryOf = (stands: Stats, at: string, { options, numbers }: Packing): Buffer =>
  headOf({ ...describe(stands, at, options), sizeBytes: 0 }, numbers.next++);

function describe(stands: Stats, path: string, { owner, inside }: PackOptions): Omit<Entry, "sizeBytes"> {
  return {
    path,
    // Neither set-user-id nor set-group-id.
    mode: stands.mode & (kinds.mask | 0o1777),
    uid: stands.uid === owner.uid ? inside.uid : 0,
    gid: stands.gid === owner.gid ? inside.gid : 0,
    modifiedSeconds: stands.mtimeMs / 1000,
  };
}

/** Its owner's own files it may always make readable. */
function mayRead({ uid, gid, mode }: Stats, owner: Owner): boolean {
  if (uid === owner.uid) return true;
  return (mode & (gid === owner.gid ? 0o040 : 0o004)) !== 0;
}

const unlessGone = (cause: NodeJS.ErrnoException): undefined => {
  if (cause.code !== "ENOENT") throw cause;
};
