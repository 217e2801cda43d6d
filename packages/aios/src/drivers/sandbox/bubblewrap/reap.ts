import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { machineFolder } from "./machine.ts";
import { isOwned } from "./owner.ts";
import { removeTree } from "../home/tree.ts";

/** Where a sandbox is moved to before it is removed: away at once, and removed by the next kernel if this one is killed. */
export const goneFolder = (folder: string): string => join(folder, ".gone");

/**
 * Removes what kernels before this one left half made or half removed: folders, and the first processes of sandboxes
 * whose bubblewrap was killed before it let them begin (nothing runs in those, and nobody else ever ends them).
 * What a kernel that lives is at work on stays, and so do sandboxes: `list` shows them.
 */
export async function reapLeftovers(folder: string, generation: number): Promise<void> {
  if (!existsSync(folder)) return;
  for (const hostPid of strandedBelow(folder)) {
    try {
      process.kill(hostPid, "SIGKILL");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
    }
  }
  await removeTree(goneFolder(folder));
  for (const name of readdirSync(folder)) {
    const made = /^\.(?:new|pool|machine)-(\d+)/.exec(name)?.[1];
    if (made === undefined || Number(made) > generation || isOwned(machineFolder(folder, Number(made)))) continue;
    await removeTree(join(folder, name));
  }
}

function strandedBelow(folder: string): readonly number[] {
  if (!existsSync("/proc/self/fd")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((hostPid) => isStranded(hostPid, folder));
}

function isStranded(hostPid: number, folder: string): boolean {
  try {
    const status = readFileSync(`/proc/${hostPid}/status`, "latin1");
    // The first of a process namespace, of a program that bears bubblewrap's name, without a bubblewrap above it.
    if (!/^Name:\tbwrap$/m.test(status) || !/^NSpid:\t\d+\t1$/m.test(status)) return false;
    const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1] ?? "";
    if (readFileSync(`/proc/${parent}/comm`, "latin1").trim() === "bwrap") return false;
    const handles = `/proc/${hostPid}/fd`;
    return readdirSync(handles).some((handle) => readlinkSync(join(handles, handle)).startsWith(`${folder}/.machine-`));
  } catch (cause) {
    // Ended meanwhile, or somebody else's.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String((cause as NodeJS.ErrnoException).code))) return false;
    throw cause;
  }
}
