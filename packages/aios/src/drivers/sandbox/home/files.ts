import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { isPathBelow } from "./path-below.ts";

/** Whose what is made is; of use to root alone. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** macOS has no /proc to step from; it has a flag that refuses a link anywhere on the way instead. */
const isDarwin = platform() === "darwin";
const noLinks = isDarwin ? 0x20000000 : O_NOFOLLOW;
const chunkBytes = 64 * 1024;

/**
 * Writes beside the file and puts it in its place: what stands there, a link too, is replaced and never written through.
 * Folders on its way are made.
 * @throws SysError EINVAL a link stands on its way: what it leads to is not asked.
 */
export async function writeFileBelow(
  home: string,
  path: string,
  { bytes, owner }: { readonly bytes: Uint8Array; readonly owner: Owner },
): Promise<void> {
  const parts = partsOf(path);
  await using folder = await openFolder(home, parts.slice(0, -1), owner);
  const beside = folder.at(`.aios-${randomUUID()}`);
  try {
    await using file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | noLinks, 0o644);
    await file.writeFile(bytes);
    if (process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
    await rename(beside, folder.at(parts.at(-1)!));
  } catch (cause) {
    await rm(beside, { force: true });
    throw refusal(cause, path);
  }
}

/** @throws SysError ENOENT, E2BIG, EINVAL it is no plain file, or is reached by a link. */
export async function readFileBelow(home: string, path: string, maxBytes: number): Promise<Uint8Array> {
  const parts = partsOf(path);
  await using folder = await openFolder(home, parts.slice(0, -1));
  // Without waiting: a pipe in its place has nobody at its other end.
  await using file = await open(folder.at(parts.at(-1)!), O_RDONLY | noLinks | O_NONBLOCK).catch((cause: unknown) => {
    throw refusal(cause, path);
  });
  const stat = await file.stat();
  if (!stat.isFile()) throw new SysError("EINVAL", `${JSON.stringify(path)} is no file`);
  const tooLarge = (): SysError => new SysError("E2BIG", `${JSON.stringify(path)} is larger than ${maxBytes} bytes`);
  if (stat.size > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  // It may grow while it is read.
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(chunkBytes));
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    length += bytesRead;
    if (length > maxBytes) throw tooLarge();
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function partsOf(path: string): readonly string[] {
  if (!isPathBelow(path)) {
    throw new SysError("EINVAL", `${JSON.stringify(path)} is no path below the home folder of a sandbox`, {
      hint: "it is relative, and names a file",
    });
  }
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

interface OpenFolder extends AsyncDisposable {
  /** A name in it: nobody can put another folder in its place meanwhile. */
  at(name: string): string;
}

/** One step at a time, through no link: what runs inside may be at work there meanwhile. */
async function openFolder(home: string, parts: readonly string[], make?: Owner): Promise<OpenFolder> {
  let handle = await open(home, O_RDONLY | O_DIRECTORY | (isDarwin ? 0 : O_NOFOLLOW));
  let path = isDarwin ? await realpath(home) : home;
  const at = (name: string): string => (isDarwin ? join(path, name) : `/proc/self/fd/${handle.fd}/${name}`);
  for (const part of parts) {
    try {
      if (make) await makeFolder(at(part), make);
      const next = await open(at(part), O_RDONLY | O_DIRECTORY | noLinks);
      await handle.close();
      handle = next;
      path = join(path, part);
    } catch (cause) {
      await handle.close();
      throw refusal(cause, parts.join("/"));
    }
  }
  return { at, [Symbol.asyncDispose]: () => handle.close() };
}

/** Given away by its handle: by its name it might be another one by then. */
async function makeFolder(at: string, { uid, gid }: Owner): Promise<void> {
  try {
    await mkdir(at, { mode: 0o755 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return;
    throw cause;
  }
  if (process.getuid?.() !== 0) return;
  await using folder = await open(at, O_RDONLY | O_DIRECTORY | noLinks);
  await folder.chown(uid, gid);
}

/** A link or a file where a folder should be, a folder where the file should be. */
const notAsItShould = new Set(["ELOOP", "EMLINK", "ENOTDIR", "EISDIR", "ENXIO", "ENAMETOOLONG"]);

function refusal(cause: unknown, path: string): unknown {
  const code = String((cause as NodeJS.ErrnoException).code);
  const shown = JSON.stringify(path);
  if (code === "ENOENT") return new SysError("ENOENT", `there is no ${shown} in the sandbox`, { cause });
  if (notAsItShould.has(code))
    return new SysError("EINVAL", `${shown} is not reached by folders alone, or is no file`, { cause });
  return cause;
}
