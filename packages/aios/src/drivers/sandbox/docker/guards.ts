import { lstat, mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { partsOf } from "./home-files.ts";

/** A path below the workspace that is mounted on itself: what is a mount can be neither moved nor removed. */
export interface Pin {
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** What stands in the workspace only so that something can be mounted there. */
export interface Placeholder {
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * What keeps guarded paths as they are: each is read-only, and the folders on its way cannot be moved aside. Where a path is
 * absent, the first part of it that is absent is held by a placeholder, so that nothing can be made there.
 * @throws SysError EPOLICY where a link stands on the way: what is behind it could be swapped.
 */
export async function guardsOf(
  workspace: string,
  { guarded, placed }: { readonly guarded: readonly string[]; readonly placed: readonly Placeholder[] },
): Promise<{ readonly pins: readonly Pin[]; readonly absent: readonly Placeholder[] }> {
  const pins = new Map<string, boolean>();
  const absent = new Map<string, boolean>();
  for (const path of guarded) {
    const parts = partsOf(path);
    for (const index of parts.keys()) {
      const at = parts.slice(0, index + 1).join("/");
      const isLast = index === parts.length - 1;
      const stands = await lstat(join(workspace, at)).catch(() => undefined);
      if (stands?.isSymbolicLink())
        throw new SysError("EPOLICY", `${at} is a link, and cannot be guarded`, {
          hint: "guard what it leads to, or put a file or folder in its place",
        });
      const holder = placed.find((one) => one.path === at);
      const isHeld = holder !== undefined && (await isEmpty(join(workspace, at), holder));
      const isAbsent = stands === undefined || isHeld;
      if (stands === undefined) absent.set(at, (absent.get(at) ?? false) || !isLast);
      pins.set(at, (pins.get(at) ?? false) || isLast || isAbsent);
      if (isAbsent) break;
    }
  }
  return {
    pins: [...pins].map(([path, isReadOnly]) => ({ path, isReadOnly })).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    absent: [...absent].map(([path, isFolder]) => ({ path, isFolder })),
  };
}

/** Whether a write to this path would change what is guarded. */
export function isGuarded(path: string, guarded: readonly string[]): boolean {
  const at = `${partsOf(path).join("/")}/`;
  return guarded.some((one) => at.startsWith(`${partsOf(one).join("/")}/`));
}

export async function placeHolders(workspace: string, placeholders: readonly Placeholder[]): Promise<void> {
  for (const { path, isFolder } of placeholders) {
    const at = join(workspace, path);
    if (isFolder) await mkdir(at, { mode: 0o555 });
    else await writeFile(at, "", { flag: "wx", mode: 0o444 });
  }
}

/** Only what is still empty: whatever has been put there since is somebody's. */
export async function removeHolders(workspace: string, placeholders: readonly Placeholder[]): Promise<void> {
  for (const holder of placeholders) {
    const at = join(workspace, holder.path);
    if (await isEmpty(at, holder)) await (holder.isFolder ? rmdir(at) : rm(at));
  }
}

async function isEmpty(path: string, { isFolder }: Placeholder): Promise<boolean> {
  const stands = await lstat(path).catch(() => undefined);
  if (isFolder) return stands?.isDirectory() === true && (await readdir(path)).length === 0;
  return stands?.isFile() === true && stands.size === 0;
}
