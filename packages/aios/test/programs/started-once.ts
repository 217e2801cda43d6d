import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Whether a process of this machine runs: one that has ended and was not asked after does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "");
  } catch {
    return false;
  }
}

/** Tells the truth that this process is a start of the program `name`, and which earlier one still runs. */
export function startedOnce({ name, truth }: { name: string; truth: string }): void {
  const file = join(truth, "starts");
  appendFileSync(file, `${name} ${process.pid}\n`);
  const earlier = readFileSync(file, "utf8").trim().split("\n");
  for (const line of earlier) {
    const [other, pid] = line.split(" ");
    if (other === name && Number(pid) !== process.pid && isRunning(Number(pid)))
      appendFileSync(join(truth, "twins"), `${name} ${pid} ${process.pid}\n`);
  }
}
