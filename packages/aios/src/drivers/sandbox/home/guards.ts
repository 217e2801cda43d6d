import { lstatSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { SysError } from "@aiosjs/sdk/protocol";
import { isPathBelow } from "./path-below.ts";

/** A place in the workspace that is mounted over itself. */
export interface Guard {
  /** Relative to the workspace. */
  readonly path: string;
  /** A folder on the way to what is guarded: as a mount it can be neither moved nor removed, and all else in it is free. */
  readonly isWritable: boolean;
  /** Of what was mounted: where it was replaced on the machine meanwhile, the mount went with it. */
  readonly identity: string;
}

/** Made where something guarded is absent: only what is there can be mounted over. */
export interface Ghost {
  readonly path: string;
  readonly is: "file" | "folder";
  readonly inode: number;
}

/**
 * What keeps `guarded` as it is. The folders on the way count: who may rename `.git` makes another one with other hooks.
 * Where the path ends early, its first absent part is made, empty, and taken away by `removeGhosts`.
 * @throws SysError EPOLICY a link stands on the way: what is behind it could be swapped.
 */
export function placeGuards(
  workspace: string,
  guarded: readonly string[],
  onGhost: (ghost: Ghost) => void,
): readonly Guard[] {
  const guards = new Map<string, Guard>();
  for (const path of guarded) {
    if (!isPathBelow(path)) {
      throw new SysError("EINVAL", `${JSON.stringify(path)} cannot be guarded: it is no path below the workspace`);
    }
    const parts = path.split("/").filter((part) => part !== "");
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts.slice(0, depth).join("/");
      const stat = lstatSync(`${workspace}/${part}`, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink()) {
        throw new SysError("EPOLICY", `${JSON.stringify(part)} is to be guarded and is a link`, {
          hint: `put the file or folder itself in the place of ${workspace}/${part}`,
        });
      }
      const isLast = depth === parts.length;
      const ghost = stat ? undefined : makeGhost(workspace, part, isLast ? "file" : "folder");
      if (ghost) onGhost(ghost);
      const identity = identityOf(`${workspace}/${part}`);
      if (isLast || ghost) guards.set(part, { path: part, isWritable: false, identity });
      else if (!guards.has(part)) guards.set(part, { path: part, isWritable: true, identity });
      if (ghost) break;
    }
  }
  // Shallow ones first: a mount hides what was mounted below it before.
  return [...guards.values()].toSorted((a, b) => a.path.split("/").length - b.path.split("/").length);
}

/** Whether what was mounted over is still there, and nothing else in its place. */
export const isInPlace = (workspace: string, guards: readonly Guard[]): boolean =>
  guards.every(({ path, identity }) => identityOf(`${workspace}/${path}`) === identity);

/** Not the inode alone: a file that is made right after another was removed often has the same. */
function identityOf(at: string): string {
  const stat = lstatSync(at, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.dev}:${stat.ino}:${stat.birthtimeNs}` : "";
}

/** Whether all that is guarded is there: then nothing has to be made for it. */
export const isComplete = (workspace: string, guarded: readonly string[]): boolean =>
  guarded.every((path) => lstatSync(`${workspace}/${path}`, { throwIfNoEntry: false }) !== undefined);

/** @throws SysError EPOLICY the path is guarded, is on the way to what is, or lies below it. */
export function refuseGuarded(path: string, guarded: readonly string[]): void {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const asked = parts.join("/");
  const isGuarded = guarded.some((one) => asked === one || asked.startsWith(`${one}/`) || one.startsWith(`${asked}/`));
  if (isGuarded) throw new SysError("EPOLICY", `${JSON.stringify(path)} is guarded in this sandbox`);
}

function makeGhost(workspace: string, path: string, is: Ghost["is"]): Ghost {
  const at = `${workspace}/${path}`;
  if (is === "folder") mkdirSync(at, { mode: 0o755 });
  else writeFileSync(at, "", { flag: "wx", mode: 0o444 });
  return { path, is, inode: lstatSync(at).ino };
}

/** What somebody else has filled or replaced meanwhile stays. */
export function removeGhosts(workspace: string, ghosts: readonly Ghost[]): void {
  for (const { path, is, inode } of ghosts.toReversed()) {
    const at = `${workspace}/${path}`;
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (!stat || stat.ino !== inode) continue;
    try {
      if (is === "folder") rmdirSync(at);
      else if (stat.size === 0) unlinkSync(at);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw cause;
    }
  }
}
