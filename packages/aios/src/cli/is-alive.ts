import { readFileSync } from "node:fs";

/** Whether a process of this machine runs. One that was killed and that nobody has waited for yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  try {
    // proc(5): the state follows the program's name, which may hold parentheses itself.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch (cause) {
    // It ended this instant; where /proc is hidden, the signal above is all there is to know.
    return (cause as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
