import { openSync, readdirSync, readFileSync } from "node:fs";

const closedOnExec = 0o2000000;

/**
 * Handles that a started program would find though nobody gave them to it: what this process's own parent left open, or
 * an addon opened without the flag. Node opens all of its own with it. What is open changes, so it is looked at each time.
 */
function inheritedHandles(): readonly number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((handle) => handle > 2 && !isClosedOnExec(handle));
}

function isClosedOnExec(handle: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle}`, "latin1"))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & closedOnExec) !== 0;
  } catch (cause) {
    // The folder itself was open while it was read.
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw cause;
  }
}

/**
 * What to give a program so that it finds none of them: nothing to read in their places. `firstFree`: the numbers below
 * are taken. Undefined where nothing is inherited.
 */
export function coverInherited(
  firstFree: number,
): { readonly empty: number; readonly at: readonly number[] } | undefined {
  const at = inheritedHandles().filter((handle) => handle >= firstFree);
  return at.length === 0 ? undefined : { empty: openSync("/dev/null", "r"), at };
}
