import { readdir, readFile, statfs } from "node:fs/promises";
import type { Clock } from "../../../kernel/ports.ts";
import { temporaryBytes } from "./profile.ts";

/** How often it is looked at what a command holds: the bound of one process is the system's, that of all together ours. */
const watchMs = 200;
/** The same for what the system holds for it: that is told by three numbers, and grows faster. */
const kernelWatchMs = 50;

interface MemoryWatch {
  readonly clock: Clock;
  readonly memoryBytes: number;
  /** Undefined as long as it is not known. */
  readonly firstProcess: () => number | undefined | Promise<number | undefined>;
  readonly signal: AbortSignal;
}

/** Resolves when a command holds more than it may; rejects when `signal` aborts. */
export async function untilFull({ clock, memoryBytes, firstProcess, signal }: MemoryWatch): Promise<void> {
  const when = async (everyMs: number, isOver: (first: number) => Promise<boolean>): Promise<void> => {
    for (;;) {
      await clock.wakeAt(clock.nowMs() + everyMs, signal);
      const first = await firstProcess();
      if (first !== undefined && (await isOver(first))) return;
    }
  };
  await Promise.race([
    when(watchMs, async (first) => (await heldBelow(first)).memoryBytes > memoryBytes),
    when(kernelWatchMs, (first) => isKernelFull(first, memoryBytes)),
  ]);
}

/** The first process inside of a bubblewrap that others have started; undefined: it has none yet, or none any more. */
export async function firstInside(bubblewrap: number): Promise<number | undefined> {
  for (const child of await childrenOf(bubblewrap))
    if (/^NSpid:\t\d+(?:\t\d+)*\t1$/m.test(await read(`/proc/${child}/status`))) return child;
  return undefined;
}

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
async function isKernelFull(firstProcess: number, memoryBytes: number): Promise<boolean> {
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
    // Until all is mounted the folder is the machine's.
    statfs(folder).then(({ files, ffree, blocks, bsize }) => (blocks * bsize === temporaryBytes ? files - ffree : 0)),
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
