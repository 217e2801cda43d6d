import type { BigIntStats } from "node:fs";
import { lstat, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, parse, sep } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import type { DiskRoot, MountedFolder } from "../../kernel/ports.ts";
import { codeOf } from "./fault.ts";
import { folderNameOf } from "./root-folder.ts";

/** The folder in which the files of a root stand. */
export interface Home {
  readonly path: string;
  /** It is the machine's, not the kernel's: what is missing of it is not made. */
  readonly isMounted: boolean;
  /** What is not found there is not there. @throws SysError ENODEV where the folder itself is gone */
  check(): Promise<void>;
}

interface RootsOptions {
  /** Parent of all tenants' folders; made when it is missing. */
  readonly root: string;
  /** Folders of the kernel: none that holds one of them, or lies inside of one, is mounted. */
  readonly own: readonly string[];
}

/** Where on the machine the files of each root stand: `root/<tenant>/<whose>`, or a folder that is mounted. */
export class Roots {
  readonly #options: RootsOptions;
  readonly #mounted = new Map<string, MountedFolder>();
  #base: Promise<string> | undefined;

  constructor(options: RootsOptions) {
    this.#options = options;
  }

  async homeOf(root: DiskRoot): Promise<Home> {
    if (!root.root.startsWith("mount:"))
      return {
        path: join(await this.#reachBase(), folderNameOf(root.tenant), rootName(root.root)),
        isMounted: false,
        check,
      };
    const folder = this.#mounted.get(keyOf(root));
    if (!folder) throw new SysError("ENODEV", `nothing is mounted at ${root.root}`, { retryable: false });
    await checkFolder(folder);
    return { path: folder.folder, isMounted: true, check: () => checkFolder(folder) };
  }

  /** The folder of all tenants may have been unreachable (an unmounted disk): the next call looks again. */
  forget(): void {
    this.#base = undefined;
  }

  mount(root: DiskRoot, folder: MountedFolder | undefined): void {
    if (folder) this.#mounted.set(keyOf(root), folder);
    else this.#mounted.delete(keyOf(root));
  }

  /** @throws SysError EINVAL, ENOENT, EACCES */
  async find(path: string): Promise<MountedFolder> {
    const refuse = (what: string, hint: string): SysError =>
      new SysError("EINVAL", `${JSON.stringify(path)} ${what}`, { hint });
    if (!isAbsolute(path)) throw refuse("is no path from the top of the machine", "name the folder by its whole path");
    const folder = await realpath(path).catch((cause: unknown) => {
      if (codeOf(cause) === "EACCES")
        throw new SysError("EACCES", `the system does not let the kernel at ${path}`, { cause });
      throw new SysError("ENOENT", `there is no folder ${path} on the kernel's machine`, { cause });
    });
    const stats = await stat(folder, { bigint: true });
    if (!stats.isDirectory()) throw refuse("is no folder", "name the folder that it lies in");
    if (folder === parse(folder).root)
      throw refuse("is all of the machine", "name the folder whose files the processes shall read");
    for (const own of await this.#own())
      if (holds(folder, own) || holds(own, folder))
        throw refuse(`shares files with the kernel's own folder ${own}`, "name a folder that lies beside it");
    await readdir(folder).catch((cause: unknown) => {
      throw new SysError("EACCES", `the system does not let the kernel list ${folder}`, { cause });
    });
    return { folder, identity: identityOf(stats) };
  }

  async #own(): Promise<string[]> {
    const { own } = this.#options;
    const folders = [await this.#reachBase(), ...own];
    return Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  }

  #reachBase(): Promise<string> {
    this.#base ??= openBase(this.#options.root).catch((cause: unknown) => {
      this.#base = undefined; // what is mended is seen by the next call
      throw cause;
    });
    return this.#base;
  }
}

const check = (): Promise<void> => Promise.resolve();

async function openBase(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    if (!["EEXIST", "ENOTDIR"].includes(codeOf(cause) ?? "")) throw cause;
    // Of the process's own file that would say something else.
    throw new SysError("EIO", `the files folder ${root} is no folder`, {
      cause,
      hint: "move away what stands there, or name another folder in files.root",
      retryable: false,
    });
  });
  return realpath(root);
}

/** A drive that was taken out leaves nothing, or the empty folder at which it was. */
async function checkFolder({ folder, identity }: MountedFolder): Promise<void> {
  const stats = await lstat(folder, { bigint: true }).catch((cause: unknown) => {
    throw isAway(folder, cause);
  });
  if (!stats.isDirectory()) throw isAway(folder);
  if (identityOf(stats) !== identity && (await readdir(folder)).length === 0) throw isAway(folder);
}

const isAway = (folder: string, cause?: unknown): SysError =>
  new SysError("ENODEV", `the folder ${folder} of this mount is not there`, {
    cause,
    hint: "bring it back to its place, and all goes on; or end the mount: fs.unmount",
    retryable: false,
  });

const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}-${ino}`;

const keyOf = ({ tenant, root }: DiskRoot): string => `${tenant}/${root}`;

const holds = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

/** A process's folder is named by its pid alone, all others by what they are, which no pid is. */
function rootName(root: string): string {
  const at = root.indexOf(":");
  const [kind, name] = at < 0 ? [root, ""] : [root.slice(0, at), root.slice(at + 1)];
  return kind === "process" ? folderNameOf(name) : folderNameOf(`@${kind}${name && `:${name}`}`);
}
