import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

let ticksPerSecond: number | undefined;

/** CPU time that a process of this machine has used, in milliseconds; undefined where the system does not tell. */
function cpuMsOf(pid: number): number | undefined {
  try {
    // After the name, which may hold anything, come the fields from the third on: 14 is user, 15 system time.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    ticksPerSecond ??= Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout) || 100;
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
  } catch {
    return undefined; // no /proc here
  }
}

/** CPU milliseconds that process `pid` used while `work` ran. */
export async function cpuOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const before = cpuMsOf(pid);
  await work();
  const after = cpuMsOf(pid);
  if (before === undefined || after === undefined)
    throw new Error("this system does not tell the CPU time of other processes");
  return after - before;
}

/** Runs a command to its end. @returns the CPU time that it measured of itself, in milliseconds. */
export function cpuMsOfRun(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const tell =
    "process.on('exit',()=>{const{user,system}=process.cpuUsage();require('node:fs').writeSync(2,'\\ncpu '+(user+system)/1000)})";
  const hook = `data:text/javascript,import{createRequire}from'node:module';const require=createRequire('file:///');${tell}`;
  const { stderr } = spawnSync(process.execPath, ["--import", hook, ...args], { encoding: "utf8", env });
  const found = /cpu ([\d.]+)\s*$/.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`the run of ${args.join(" ")} told no CPU time: ${stderr.slice(-200)}`);
  return Number(found);
}
