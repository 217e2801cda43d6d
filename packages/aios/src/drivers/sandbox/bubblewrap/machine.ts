import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { seccompFilter } from "../seccomp.ts";
import type { Processor } from "../seccomp-table.ts";
import { makeEtcFolder } from "./etc-folder.ts";
import { own } from "./owner.ts";
import { createPipes } from "./pipes.ts";
import type { Pipes } from "./pipes.ts";
import type { SystemFolder } from "./profile.ts";

/** What all sandboxes of a driver share on this machine. */
export interface Machine {
  readonly processor: Processor;
  readonly isRoot: boolean;
  /** Whether a sandbox keeps a process that runs its commands one after the other. */
  readonly hasResidents: boolean;
  readonly etc: string;
  readonly system: readonly SystemFolder[];
  readonly pipes: Pipes;
  /** A handle of the filter: each start reads its own to the end. */
  openFilter(): number;
  /** A handle of a file without a name that holds these bytes. */
  openInput(bytes: string | Uint8Array, owner: { uid: number; gid: number }): Promise<number>;
}

/** Of the kernel of one generation; the folder's other ones have theirs beside it. */
export const machineFolder = (folder: string, generation: number): string => join(folder, `.machine-${generation}`);

export const processorHere = (): Processor | undefined =>
  process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;

/** perl, which every Debian has, and a system that tells of a process's end by a handle. */
const canHaveResidents = (): boolean => {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return (major > 5 || (major === 5 && minor >= 3)) && ["/usr/bin/perl", "/usr/local/bin/perl"].some(existsSync);
};

export function openMachine(
  folder: string,
  { residents = true }: { readonly residents?: boolean | undefined } = {},
): Machine {
  const processor = processorHere();
  if (!processor) throw new SysError("ENOSYS", `there is no seccomp filter for the processor ${process.arch}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  own(folder);
  const filter = join(folder, "seccomp.bpf");
  writeFileSync(filter, seccompFilter(processor), { mode: 0o600 });
  return {
    processor,
    isRoot: process.getuid?.() === 0,
    hasResidents: residents && canHaveResidents(),
    etc: makeEtcFolder(join(folder, "etc")),
    system: systemFolders(),
    pipes: createPipes(join(folder, "pipes")),
    openFilter: () => openSync(filter, "r"),
    async openInput(bytes, { uid, gid }) {
      const { open, unlink } = await import("node:fs/promises");
      const path = join(folder, `input-${randomUUID()}`);
      await using file = await open(path, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        if (process.getuid?.() === 0) await file.chown(uid, gid);
        return openSync(path, "r");
      } finally {
        await unlink(path);
      }
    },
  };
}

/** /bin, /lib and their like are links into /usr, or folders of their own on systems that keep them apart. */
function systemFolders(): readonly SystemFolder[] {
  return ["bin", "sbin", "lib", "lib64", "lib32", "libx32"].flatMap((name): SystemFolder[] => {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return [{ name, is: "link", to: readlinkSync(`/${name}`) }];
    return stat?.isDirectory() ? [{ name, is: "folder" }] : [];
  });
}

/** Whether a user other than root gets to a path: every folder on the way lets all pass, or is theirs. `needs`: the rights it takes there, as in a mode. */
export function isReachable(path: string, { uid, needs }: { readonly uid: number; readonly needs: number }): boolean {
  if ((statSync(path).mode & needs) !== needs) return false;
  for (let at = dirname(path); ; at = dirname(at)) {
    const { mode, uid: owner } = statSync(at);
    if ((mode & (owner === uid ? 0o100 : 0o001)) === 0) return false;
    if (at === "/") return true;
  }
}

/** Closes what was opened for a start that did not come about. */
export const closeAll = (...handles: readonly (number | undefined)[]): void => {
  for (const handle of handles) if (handle !== undefined) closeSync(handle);
};
