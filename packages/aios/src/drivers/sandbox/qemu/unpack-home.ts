import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lchown, link, lstat, mkdir, open, rename, rm, rmdir, symlink, unlink } from "node:fs/promises";
import { promisify } from "node:util";
import { SysError } from "@aiosjs/sdk/protocol";
import type { Owner } from "../home/files.ts";
import { isPathBelow } from "../home/path-below.ts";
import { kinds, padding, readHead } from "./archive.ts";
import type { Entry, ReceivedEntry } from "./archive.ts";
import type { ByteReader } from "./byte-reader.ts";
import { FolderHandle } from "./folder-handle.ts";

const start = promisify(execFile);
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const chunkBytes = 256 * 1024;
const longestTarget = 4096;
/** What a file system says where the guest's answer does not fit what stands there: somebody else has changed it meanwhile. */
const misfits = new Set([
  "ENOTDIR",
  "ENOENT",
  "ELOOP",
  "ENOTEMPTY",
  "EEXIST",
  "EISDIR",
  "EACCES",
  "EPERM",
  "ENAMETOOLONG",
]);

interface UnpackOptions {
  readonly home: string;
  readonly owner: Owner;
  readonly guarded: readonly string[];
  /** What the guest was given: path, and whether it is a folder. */
  readonly given: ReadonlyMap<string, boolean>;
  /** All that is there now in the guest. */
  readonly present: ReadonlySet<string>;
  /** More than that the guest cannot have written. */
  readonly mostBytes: number;
}

/**
 * Does in the home folder what a command did in the guest. The guest is believed in nothing: no name leads out of the folder
 * or through a link, nothing guarded is made, changed or removed, nothing is made that its owner could not make, and no
 * file gets a set-user-id bit.
 * @throws SysError EIO the answer is none.
 */
export async function unpackHome(from: ByteReader, options: UnpackOptions): Promise<void> {
  await using home = await FolderHandle.open(options.home);
  const unpacking = new Unpacking(home, options);
  for (const path of [...options.given.keys()].toReversed())
    if (!options.present.has(path)) await unpacking.remove(path);
  for (let entry = await readHead(from); entry; entry = await readHead(from)) await unpacking.take(entry, from);
  await unpacking.finish();
}

class Unpacking {
  readonly #home: FolderHandle;
  readonly #options: UnpackOptions;
  readonly #isRoot = process.getuid?.() === 0;
  /** Their rights come last: a folder may be shut to who fills it. */
  readonly #folders: Entry[] = [];
  /** Of files with more than one name: the names, and which of them has the content. */
  readonly #linked = new Map<number, { readonly paths: string[]; whole?: string }>();
  #roomBytes: number;

  constructor(home: FolderHandle, options: UnpackOptions) {
    this.#home = home;
    this.#options = options;
    this.#roomBytes = options.mostBytes;
  }

  async remove(path: string): Promise<void> {
    if (isGuarded(path, this.#options.guarded)) return;
    await this.#inParent(path, async (parent, name) => {
      const stands = await lstat(parent.at(name));
      await (stands.isDirectory() ? rmdir(parent.at(name)) : unlink(parent.at(name)));
    });
  }

  async take(entry: ReceivedEntry, from: ByteReader): Promise<void> {
    this.#roomBytes -= entry.sizeBytes;
    if (this.#roomBytes < 0) throw new SysError("EIO", "the guest answers with more than it can have");
    const kind = entry.mode & kinds.mask;
    const path = entry.path.replace(/^\.\//, "");
    const isOurs = path !== "." && isPathBelow(path) && !isGuarded(path, this.#options.guarded);
    const asked = { ...entry, path };
    let taken = false;
    if (isOurs && kind === kinds.folder) await this.#makeFolder(asked);
    else if (isOurs && kind === kinds.pipe) await this.#makePipe(asked);
    else if (isOurs && kind === kinds.link && entry.sizeBytes <= longestTarget) {
      const target = await from.exactly(entry.sizeBytes);
      taken = true;
      await this.#makeLink(asked, target);
    } else if (isOurs && kind === kinds.file) {
      if (entry.links > 1) this.#noteLink(asked);
      // Of several names only the last one has the content.
      if (entry.links <= 1 || entry.sizeBytes > 0) {
        await this.#makeFile(asked, from);
        taken = true;
      }
    }
    for (let left = taken ? 0 : entry.sizeBytes; left > 0;)
      left -= (await from.some(Math.min(left, chunkBytes))).length;
    await from.exactly(padding(entry.sizeBytes).length);
  }

  async finish(): Promise<void> {
    for (const { paths, whole } of this.#linked.values())
      for (const path of paths) if (path !== whole) await this.#linkTo(path, whole);
    // A folder's time is when this was done: the guest's own is older than it should be.
    for (const { path, mode } of this.#folders.toReversed())
      await this.#inParent(path, async (parent, name) => {
        await using folder = await parent.into(name);
        await folder.handle.chmod(mode & 0o777);
      });
  }

  async #makeFolder(entry: Entry): Promise<void> {
    await this.#inParent(entry.path, async (parent, name) => {
      const stands = await lstat(parent.at(name)).catch(() => undefined);
      if (stands && !stands.isDirectory()) await unlink(parent.at(name));
      if (!stands?.isDirectory()) {
        await mkdir(parent.at(name), 0o700);
        await using made = await parent.into(name);
        if (this.#isRoot) await made.handle.chown(this.#options.owner.uid, this.#options.owner.gid);
      } else if (this.#isRoot && stands.uid !== this.#options.owner.uid) return;
      this.#folders.push(entry);
    });
  }

  async #makeFile({ path, mode, modifiedSeconds, sizeBytes }: Entry, from: ByteReader): Promise<void> {
    let left = sizeBytes;
    await this.#replace(path, async (beside) => {
      await using file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      while (left > 0) {
        const piece = await from.some(Math.min(left, chunkBytes));
        left -= piece.length;
        await file.writeFile(piece);
      }
      if (this.#isRoot) await file.chown(this.#options.owner.uid, this.#options.owner.gid);
      await file.chmod(mode & 0o777);
      await file.utimes(modifiedSeconds, modifiedSeconds);
    });
    while (left > 0) left -= (await from.some(Math.min(left, chunkBytes))).length;
  }

  async #makeLink({ path }: Entry, target: Buffer): Promise<void> {
    if (target.length === 0 || target.includes(0)) return;
    await this.#replace(path, async (beside) => {
      await symlink(target, beside);
      if (this.#isRoot) await lchown(beside, this.#options.owner.uid, this.#options.owner.gid);
    });
  }

  async #makePipe({ path, mode }: Entry): Promise<void> {
    await this.#replace(path, async (beside) => {
      const at = beside.replace("/proc/self/", `/proc/${process.pid}/`);
      await start("mkfifo", ["-m", (mode & 0o777).toString(8), at], { env: { PATH: "/usr/bin:/bin" }, cwd: "/" });
      if (this.#isRoot) await lchown(beside, this.#options.owner.uid, this.#options.owner.gid);
    });
  }

  #noteLink({ path, inode, sizeBytes }: ReceivedEntry): void {
    const one = this.#linked.get(inode) ?? { paths: [] };
    one.paths.push(path);
    if (sizeBytes > 0) one.whole = path;
    this.#linked.set(inode, one);
  }

  /** Without content anywhere it is an empty file. */
  async #linkTo(path: string, whole: string | undefined): Promise<void> {
    await this.#replace(path, async (beside) => {
      if (whole === undefined) {
        await using file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
        if (this.#isRoot) await file.chown(this.#options.owner.uid, this.#options.owner.gid);
        return;
      }
      const parts = whole.split("/");
      await using parent = await this.#home.walk(parts.slice(0, -1));
      await link(parent.at(parts.at(-1)!), beside);
    });
  }

  /** Made beside, and put in the place of what stands there. */
  async #replace(path: string, make: (beside: string) => Promise<void>): Promise<void> {
    await this.#inParent(path, async (parent, name) => {
      const beside = parent.at(`.aios-${randomUUID()}`);
      try {
        await make(beside);
        const stands = await lstat(parent.at(name)).catch(() => undefined);
        if (stands?.isDirectory()) await rmdir(parent.at(name));
        await rename(beside, parent.at(name));
      } finally {
        await rm(beside, { force: true });
      }
    });
  }

  /** What does not fit, or what its owner could not do there, is left as it is. */
  async #inParent(path: string, act: (parent: FolderHandle, name: string) => Promise<void>): Promise<void> {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    try {
      await using parent = await this.#home.walk(parts.slice(0, -1));
      const stands = await parent.handle.stat();
      if (this.#isRoot && stands.uid !== this.#options.owner.uid) return;
      await act(parent, parts.at(-1)!);
    } catch (cause) {
      if (!misfits.has(String((cause as NodeJS.ErrnoException).code))) throw cause;
    }
  }
}

/** What is guarded, what is below it, and the folders on the way: they are neither made nor replaced nor removed. */
function isGuarded(path: string, guarded: readonly string[]): boolean {
  const at = `${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}/`;
  return guarded.some((one) => {
    const guard = `${one
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .join("/")}/`;
    return at.startsWith(guard) || guard.startsWith(at);
  });
}
