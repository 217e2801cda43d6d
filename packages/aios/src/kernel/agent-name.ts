import type { Principal } from "./ports.ts";
import type { Process } from "./process.ts";

type Named = Pick<Process, "kind" | "program">;

const manifestName = ({ kind, program }: Named): string | undefined =>
  kind === "agent" ? (program as { manifest?: { name?: string } }).manifest?.name : undefined;

/** Who remembers by this name, is in groups by it, and has its rights; undefined for what is none, or is only called so. */
export const agentName = (process: Named): string | undefined =>
  (process.program as { under?: string }).under !== undefined ? undefined : manifestName(process);

/**
 * Whether what `caller` starts is an agent in its own name: a person may start any. A program starts those of the programs
 * folders, below no other agent than themselves: one agent that starts another does not open that one's memory. What comes with
 * its own manifest may call itself anything, and is no other agent than who starts it.
 */
export function isNamesake(
  caller: Process,
  { name, principal, isBrought }: { name: string; principal: Principal; isBrought: boolean },
): boolean {
  if (principal.pid !== null && isBrought && agentName(caller) !== name) return true;
  for (let above: Process | undefined = caller; above; above = above.parent)
    if (manifestName(above) !== undefined && agentName(above) !== name) return true;
  return false;
}
