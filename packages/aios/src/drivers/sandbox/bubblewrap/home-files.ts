import { constants } from "node:fs";
import { mkdir, open, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { SysError } from "@aiosjs/sdk/protocol";
import { isPathBelow } from "../path-below.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const partsOf = (path: string): readonly string[] => {
  if (!isPathBelow(path)) {
    throw new SysError("EINVAL", `${JSON.stringify(path)} is no path below the home folder of a sandbox`);
  }
  return path.split("/").filter((part) => part !== "" && part !== ".");
};

/** A name in a folder that is held open: nobody can put another folder in its place meanwhile. */
const below = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

const codeOf = (cause: unknown): string => String((cause as NodeJS.ErrnoException).code);

/** Opens the folder of a path one step at a time, through no link. What runs inside may be at work there meanwhile. */
async function openParent(home: string, parts: readonly string[], owner?: Owner): Promise<FileHandle> {
  let folder = await open(home, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  for (const part of parts.slice(0, -1)) {
    const at = below(folder, part);
    try {
      if (owner) await makeFolder(at, owner);
      const next = await open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      await folder.close();
      folder = next;
    } catch (cause) {
      await folder.close();
      throw refusal(cause, parts.join("/"));
    }
  }
  return folder;
}

async function makeFolder(at: string, { uid, gid }: Owner): Promise<void> {
  try {
    await mkdir(at, { mode: 0o755 });
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return;
    throw cause;
  }
  if (process.getuid?.() !== 0) return;
  await using folder = await open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  await folder.chown(uid, gid);
}

/** Writes beside the file and puts it in its place: what stands there, a link too, is replaced and never written through. */
export async function uploadFile(
  home: string,
  path: string,
  { bytes, owner }: { readonly bytes: Uint8Array; readonly owner: Owner },
): Promise<void> {
  const parts = partsOf(path);
  await using folder = await openParent(home, parts, owner);
  const beside = below(folder, `.aios-${randomUUID()}`);
  try {
    await using file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
    await file.writeFile(bytes);
    if (process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
    await rename(beside, below(folder, parts.at(-1)!));
  } catch (cause) {
    await unlink(beside).catch((fault: unknown) => {
      if (codeOf(fault) !== "ENOENT") throw fault;
    });
    throw refusal(cause, path);
  }
}

export async function downloadFile(home: string, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts = partsOf(path);
  await using folder = await openParent(home, parts);
  const file = await open(below(folder, parts.at(-1)!), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: unknown) => {
    throw refusal(cause, path);
  });
  await using _file = file;
  const stat = await file.stat();
  if (!stat.isFile()) throw new SysError("EINVAL", `${JSON.stringify(path)} is no file`);
  const tooLarge = (): SysError => new SysError("E2BIG", `${JSON.stringify(path)} is larger than ${maxBytes} bytes`);
  if (stat.size > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  // It may grow while it is read.
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(64 * 1024));
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge();
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function refusal(cause: unknown, path: string): unknown {
  switch (codeOf(cause)) {
    case "ENOENT":
      return new SysError("ENOENT", `there is no ${JSON.stringify(path)} in the sandbox`, { cause });
    // ELOOP, ENOTDIR: a link or a file where a folder should be; EISDIR: a folder where the file should be.
    case "ELOOP":
    case "ENOTDIR":
    case "EISDIR":
    case "ENXIO":
    case "ENAMETOOLONG":
      return new SysError("EINVAL", `${JSON.stringify(path)} is not reached by folders alone, or is no file`, {
        cause,
      });
    default:
      return cause;
  }
}
