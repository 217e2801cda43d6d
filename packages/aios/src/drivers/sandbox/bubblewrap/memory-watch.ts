import { readFile } from "node:fs/promises";

/** What the processes of one command hold, shared memory counted for each that maps it. */
export interface Held {
  readonly processes: number;
  readonly memoryBytes: number;
}

/** The first process of a sandbox and all below it: what daemonises becomes a child of the first. */
export async function heldBelow(firstProcess: number): Promise<Held> {
  const [status, threads] = await Promise.all([read(`/proc/${firstProcess}/status`), childrenOf(firstProcess)]);
  if (status === "") return { processes: 0, memoryBytes: 0 };
  let processes = 1;
  let memoryBytes = kibibytes(status, "RssAnon") + kibibytes(status, "RssShmem");
  for (const held of await Promise.all(threads.map(heldBelow))) {
    processes += held.processes;
    memoryBytes += held.memoryBytes;
  }
  return { processes, memoryBytes };
}

async function childrenOf(hostPid: number): Promise<readonly number[]> {
  const text = await read(`/proc/${hostPid}/task/${hostPid}/children`);
  return text
    .split(" ")
    .filter((one) => one !== "")
    .map(Number);
}

const kibibytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch (cause) {
    // It has ended meanwhile.
    if (["ENOENT", "ESRCH"].includes(String((cause as NodeJS.ErrnoException).code))) return "";
    throw cause;
  }
}
