import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { SysError } from "@aiosjs/sdk/protocol";
import { isPathBelow } from "../home/path-below.ts";

/** A path below the home folder that is mounted on itself in the guest: what is a mount can be neither moved nor removed. */
export interface Pin {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Nothing is there: in the guest something empty holds its place. */
  readonly absent?: "file" | "folder" | undefined;
}

/**
 * What shows commands that guarded paths stay as they are; that they do stay is seen to where the guest's answer comes in.
 * @throws SysError EINVAL, EPOLICY a link stands on the way: what is behind it could be swapped.
 */
export async function pinsOf(workspace: string, guarded: readonly string[]): Promise<readonly Pin[]> {
  const pins = new Map<string, Pin>();
  for (const path of guarded) {
    if (!isPathBelow(path))
      throw new SysError("EINVAL", `${JSON.stringify(path)} cannot be guarded: it is no path below the workspace`);
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    for (let depth = 1; depth <= parts.length; depth++) {
      const at = parts.slice(0, depth).join("/");
      const stands = await lstat(join(workspace, at)).catch(() => undefined);
      if (stands?.isSymbolicLink())
        throw new SysError("EPOLICY", `${JSON.stringify(at)} is to be guarded and is a link`, {
          hint: `put the file or folder itself in the place of ${join(workspace, at)}`,
        });
      const isLast = depth === parts.length;
      const isReadOnly = isLast || stands === undefined || (pins.get(at)?.isReadOnly ?? false);
      const absent = stands ? undefined : isLast ? "file" : "folder";
      // A name that is guarded itself and leads to another one that is.
      pins.set(at, { path: at, isReadOnly, absent: pins.get(at)?.absent === "folder" ? "folder" : absent });
      if (!stands) break;
    }
  }
  return [...pins.values()].toSorted((a, b) => a.path.split("/").length - b.path.split("/").length);
}
