import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SysError } from "@aiosjs/sdk/protocol";
import { isBusy, toFault } from "../sql/fault.ts";
import { refuseNetworkFilesystem } from "./network-filesystem.ts";

/** `kernel.json` of a home: the kernel that holds it. `url` is null until it listens. */
interface KernelFile {
  readonly pid: number;
  readonly url: string | null;
  readonly version: string | null;
}

/** Ports that are remembered: a kernel that took over from a stopped one began on another. */
const MAX_PORTS = 4;

/** A home of this kernel: the operating system's lock on it, and the file that says where its kernel is. */
export interface HomeLock extends AsyncDisposable {
  /** While it is true, no other process has the lock. */
  readonly isHeld: boolean;
  /** The ports on which earlier kernels were reached, the oldest first. */
  readonly lastPorts: readonly number[];
  /** Takes the lock if it is free; waits for nobody. @throws SysError EACCES, ENOSPC */
  take(): boolean;
  release(): void;
  /** Who holds it, as an error for who wanted to. */
  refusal(): SysError;
  /** From now on this kernel is the home's: writes `kernel.json` anew, whole, without an address yet. @throws SysError EACCES, ENOSPC */
  announce(): void;
  /** Tells where the kernel is reached, and on which ports the next one is looked for. */
  publish(kernel: { url: string; ports: readonly number[]; version: string }): void;
}

/**
 * The lock of `home`, not yet taken; makes the folder where there is none. The lock is the operating system's, on
 * `kernel.lock.db`: it ends with the process, however that ends, and leaves nothing behind to clean up. Disposing gives
 * it back, and removes `kernel.json` if that still names this process.
 * @throws SysError EACCES when the home cannot be written, ENOSPC on a full disk, EINVAL when it is no folder.
 */
export async function openHomeLock(home: string): Promise<HomeLock> {
  await refuseNetworkFilesystem(home);
  let db = openLock(home);
  let isHeld = false;
  const take = (): boolean => {
    if (isHeld) return true;
    if (!db.isOpen) db = openLock(home);
    try {
      db.exec("begin exclusive");
      return (isHeld = true);
    } catch (cause) {
      db.close();
      if (!isBusy(cause)) throw cannotLock(home, cause);
      return false;
    }
  };
  const release = (): void => {
    isHeld = false;
    if (db.isOpen) db.close();
  };
  const write = (name: string, text: string): void => {
    const file = join(home, name);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  const tell = (kernel: KernelFile): void => write("kernel.json", `${JSON.stringify(kernel)}\n`);
  return {
    get isHeld() {
      return isHeld;
    },
    get lastPorts() {
      return readPorts(home);
    },
    take,
    release,
    refusal: () => heldBy(home, readKernelFile(home)),
    announce: () => {
      try {
        // Also replaces the file of a kernel that was killed: nobody is sent to its address.
        tell({ pid: process.pid, url: null, version: null });
      } catch (cause) {
        throw cannotLock(home, cause);
      }
    },
    publish: ({ url, ports, version }) => {
      tell({ pid: process.pid, url, version });
      // The oldest is what most were told; of the others the latest.
      write("kernel.port", `${[...ports.slice(0, 1), ...ports.slice(1).slice(1 - MAX_PORTS)].join("\n")}\n`);
    },
    [Symbol.asyncDispose]: () => {
      // Who has taken over has written its own.
      if (readKernelFile(home)?.pid === process.pid) rmSync(join(home, "kernel.json"), { force: true });
      release();
      return Promise.resolve();
    },
  };
}

/** Who holds `home`, or held it last when it was killed; undefined when nobody says. */
function readKernelFile(home: string): KernelFile | undefined {
  try {
    const { pid, url, version } = JSON.parse(readFileSync(join(home, "kernel.json"), "utf8")) as Partial<KernelFile>;
    return typeof pid === "number" ? { pid, url: url ?? null, version: version ?? null } : undefined;
  } catch {
    // Absent, or not yet whole: the lock decides, this file only tells.
    return undefined;
  }
}

function readPorts(home: string): readonly number[] {
  try {
    const lines = readFileSync(join(home, "kernel.port"), "utf8").split("\n").slice(0, MAX_PORTS);
    return lines.map(Number).filter((port) => Number.isInteger(port) && port > 0 && port < 65_536);
  } catch {
    return []; // nobody has listened here yet
  }
}

function openLock(home: string): DatabaseSync {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    // Waits for nobody: a kernel holds its home for hours.
    return new DatabaseSync(join(home, "kernel.lock.db"), { timeout: 0 });
  } catch (cause) {
    throw cannotLock(home, cause);
  }
}

function heldBy(home: string, kernel: KernelFile | undefined): SysError {
  const place = kernel?.url === null || kernel === undefined ? "" : `, ${kernel.url}`;
  const who = kernel ? ` (pid ${kernel.pid}${place})` : "";
  return new SysError("EBUSY", `another kernel${who} runs on ${home}`, {
    hint: "use that one (aios status), stop it (aios down), or start this one with another --home",
    retryable: false,
  });
}

function cannotLock(home: string, cause: unknown): SysError {
  const { code } = cause as { code?: string };
  if (code === "EEXIST" || code === "ENOTDIR")
    return new SysError("EINVAL", `the home ${home} is no folder`, { cause, hint: "choose another with --home DIR" });
  // SQLite says of a full disk that the file cannot be opened: the fault is looked for beside it.
  const isFull = toFault(cause, join(home, "kernel.lock.db")).kind === "full";
  return isFull
    ? new SysError("ENOSPC", `the disk that holds ${home} is full`, {
        cause,
        hint: "free some space, or start with another --home",
      })
    : new SysError("EACCES", `the home ${home} cannot be written`, {
        cause,
        hint: "make the folder writable for this user, or start with another --home",
      });
}
