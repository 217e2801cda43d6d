import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chown, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** macOS has no /proc to step from; it has a flag that refuses a link anywhere on the way instead. */
const isDarwin = platform() === "darwin";
const noLinks = isDarwin ? 0x20000000 : O_NOFOLLOW;

/** A path's parts. @throws SysError EINVAL for what is no file's path below the home folder. */
export function partsOf(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || path.endsWith("/") || path.includes("\0") || parts.length === 0 || parts.includes(".."))
    throw new SysError("EINVAL", `"${path}" is no path below the home folder`, {
      hint: "it is relative, and names a file",
    });
  return parts;
}

/** Folders on its way are made, a link in its place is replaced. A link on its way is refused: what it leads to is not asked. */
export async function writeFileBelow(
  root: string,
  path: string,
  { bytes, owner }: { readonly bytes: Uint8Array; readonly owner: Owner },
): Promise<void> {
  const parts = partsOf(path);
  const name = parts.at(-1) ?? "";
  await using folder = await openFolder(root, parts.slice(0, -1), owner);
  const stands = await lstat(folder.at(name)).catch(unlessAbsent);
  if (stands?.isDirectory()) throw new SysError("EINVAL", `"${path}" is a folder`);
  const temporary = folder.at(`.aios-tmp-${randomUUID()}`);
  try {
    await using file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | noLinks, 0o644);
    await file.writeFile(bytes);
    await file.chown(owner.uid, owner.gid);
    await rename(temporary, folder.at(name));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

/** @throws SysError ENOENT, E2BIG, EINVAL for what is no plain file or is reached by a link. */
export async function readFileBelow(root: string, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts = partsOf(path);
  await using folder = await openFolder(root, parts.slice(0, -1));
  // Without waiting: a pipe in its place has nobody at its other end.
  await using file = await open(folder.at(parts.at(-1) ?? ""), O_RDONLY | noLinks | O_NONBLOCK).catch(refuse(path));
  const stands = await file.stat();
  if (!stands.isFile()) throw new SysError("EINVAL", `"${path}" is no file`);
  const bytes = Buffer.alloc(Math.min(stands.size, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === bytes.length) break;
  }
  if (length > maxBytes || stands.size > maxBytes)
    throw new SysError("E2BIG", `"${path}" has ${Math.max(stands.size, length)} bytes, more than ${maxBytes}`);
  return bytes.subarray(0, Math.min(length, stands.size));
}

interface OpenFolder extends AsyncDisposable {
  at(name: string): string;
}

/** Step by step from an open folder to the next, so that none of them can be swapped for a link meanwhile. */
async function openFolder(root: string, parts: readonly string[], make?: Owner): Promise<OpenFolder> {
  let handle = await open(root, O_RDONLY | O_DIRECTORY);
  let path = root;
  try {
    for (const [index, part] of parts.entries()) {
      const next = isDarwin ? join(path, part) : `/proc/self/fd/${handle.fd}/${part}`;
      const shown = parts.slice(0, index + 1).join("/");
      const found = await openStep(next, { shown, make });
      await handle.close();
      handle = found;
      path = join(path, part);
    }
  } catch (cause) {
    await handle.close();
    throw cause;
  }
  const base = isDarwin ? path : `/proc/self/fd/${handle.fd}`;
  return { at: (name) => `${base}/${name}`, [Symbol.asyncDispose]: () => handle.close() };
}

async function openStep(
  path: string,
  { shown, make }: { readonly shown: string; readonly make: Owner | undefined },
): Promise<FileHandle> {
  if (make) {
    const isMade = await mkdir(path).then(
      () => true,
      (cause: NodeJS.ErrnoException) => {
        if (cause.code === "EEXIST") return false;
        throw cause;
      },
    );
    if (isMade) await chown(path, make.uid, make.gid);
  }
  return await open(path, O_RDONLY | O_DIRECTORY | noLinks).catch(refuse(shown));
}

const unlessAbsent = (cause: NodeJS.ErrnoException): undefined => {
  if (cause.code !== "ENOENT") throw cause;
};

const refuse =
  (path: string) =>
  (cause: NodeJS.ErrnoException): never => {
    if (cause.code === "ENOENT") throw new SysError("ENOENT", `there is no "${path}" in the home folder`, { cause });
    if (/^(ELOOP|ENOTDIR|ENXIO|EMLINK)$/.test(cause.code ?? ""))
      throw new SysError("EINVAL", `"${path}" is a link, or no file or folder as it should be`, { cause });
    throw cause;
  };
