import { readdir, readFile, statfs } from "node:fs/promises";

/** What the processes of one command hold, shared memory counted for each that maps it. */
export interface Held {
  readonly processes: number;
  readonly memoryBytes: number;
}

/** The first process of a sandbox and all below it: what daemonises becomes a child of the first. */
export async function heldBelow(firstProcess: number): Promise<Held> {
  const [status, children] = await Promise.all([read(`/proc/${firstProcess}/status`), childrenOf(firstProcess)]);
  if (status === "") return { processes: 0, memoryBytes: 0 };
  let processes = 1;
  let memoryBytes = kibibytes(status, "RssAnon") + kibibytes(status, "RssShmem");
  for (const held of await Promise.all(children.map(heldBelow))) {
    processes += held.processes;
    memoryBytes += held.memoryBytes;
  }
  return { processes, memoryBytes };
}

/** Of /tmp and /dev/shm together: each takes about a kilobyte of the system's memory, whatever it holds. */
const mostEntries = 65_536;
/** What may lie in a socket's buffers on its way in and out, as Linux makes them: the filter lets nobody ask for more. */
const socketBytes = 2 * 212_992;

/**
 * Whether the system holds more for a sandbox than it may, in no process's account: entries of the folders that are kept
 * in memory, buffers of sockets. These are bounded by their number.
 */
export async function isKernelFull(firstProcess: number, memoryBytes: number): Promise<boolean> {
  const [temporary, shared, sockets] = await Promise.all([
    entriesOf(`/proc/${firstProcess}/root/tmp`),
    entriesOf(`/proc/${firstProcess}/root/dev/shm`),
    read(`/proc/${firstProcess}/net/sockstat`),
  ]);
  const used = Number(/^sockets: used (\d+)$/m.exec(sockets)?.[1] ?? 0);
  return temporary + shared > mostEntries || used * socketBytes > memoryBytes;
}

const entriesOf = (folder: string): Promise<number> =>
  unlessEnded(
    statfs(folder).then(({ files, ffree }) => files - ffree),
    0,
  );

/** The system lists a child with the thread that started it. */
async function childrenOf(hostPid: number): Promise<readonly number[]> {
  const threads = await names(`/proc/${hostPid}/task`);
  const lists = await Promise.all(threads.map((thread) => read(`/proc/${hostPid}/task/${thread}/children`)));
  return lists.flatMap((list) =>
    list
      .split(" ")
      .filter((one) => one !== "")
      .map(Number),
  );
}

const kibibytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;

const read = (path: string): Promise<string> => unlessEnded(readFile(path, "latin1"), "");

const names = (folder: string): Promise<readonly string[]> => unlessEnded(readdir(folder), []);

async function unlessEnded<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    // EACCES: it is ending, and what it saw is nobody's any more.
    if (["ENOENT", "ESRCH", "EACCES"].includes(String((cause as NodeJS.ErrnoException).code))) return otherwise;
    throw cause;
  }
}
