import { constants } from "node:fs";
import { chmod, lstat, open, readdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** A folder that is open: nobody can put another one or a link in its place meanwhile. */
export class FolderHandle implements AsyncDisposable {
  readonly handle: FileHandle;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  static async open(path: string): Promise<FolderHandle> {
    return new FolderHandle(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }

  /** Path of a name in it. */
  at(name: string): string {
    return `/proc/self/fd/${this.handle.fd}/${name}`;
  }

  names(): Promise<string[]> {
    return readdir(`/proc/self/fd/${this.handle.fd}`);
  }

  /** What its owner has shut to itself is opened up and stays so. */
  async into(name: string): Promise<FolderHandle> {
    return new FolderHandle(
      await openShut(this.at(name), { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, rights: 0o700 }),
    );
  }

  /** @throws what the system says where a part is absent or no folder. */
  async walk(parts: readonly string[]): Promise<FolderHandle> {
    let folder: FolderHandle = await FolderHandle.open(`/proc/self/fd/${this.handle.fd}/.`);
    for (const part of parts) {
      try {
        const next = await folder.into(part);
        await folder[Symbol.asyncDispose]();
        folder = next;
      } catch (cause) {
        await folder[Symbol.asyncDispose]();
        throw cause;
      }
    }
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

/** Opens what its owner, who is not root, may have taken the right to from itself. */
export async function openShut(
  path: string,
  { flags, rights }: { readonly flags: number; readonly rights: number },
): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EACCES") throw cause;
    const stands = await lstat(path);
    if (stands.uid !== process.getuid?.() || stands.isSymbolicLink()) throw cause;
    await chmod(path, (stands.mode & 0o777) | rights);
    return await open(path, flags);
  }
}
