import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SysError } from "@aiosjs/sdk/protocol";
import { refuseNetworkFilesystem } from "./network-filesystem.ts";
import { toFault } from "./sqlite-fault.ts";

/** `kernel.json` of a home: the kernel that holds it. `url` is null until it listens. */
interface KernelFile {
  readonly pid: number;
  readonly url: string | null;
  readonly version: string | null;
}

/** A home held by this kernel alone; disposing gives it back and removes `kernel.json`. */
export interface HomeLock extends AsyncDisposable {
  /** Tells where the kernel is reached: writes `kernel.json` anew, whole. */
  publish(kernel: { url: string; version: string }): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes `home` for this kernel, making the folder where there is none. The lock is the operating system's, on
 * `kernel.lock.db`: it ends with the process, however that ends, and leaves nothing behind to clean up.
 * @throws SysError EBUSY naming the kernel that holds the home, EACCES when the home cannot be written, ENOSPC on a
 *   full disk, EINVAL when it is no folder.
 */
export async function acquireHomeLock(home: string): Promise<HomeLock> {
  await refuseNetworkFilesystem(home);
  const file = join(home, "kernel.json");
  const db = openLock(home);
  try {
    db.exec("begin exclusive");
  } catch (cause) {
    db.close();
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY) throw cannotLock(home, cause);
    throw heldBy(home, readKernelFile(home), cause);
  }
  const write = (kernel: KernelFile): void => {
    const draft = `${file}.new`;
    writeFileSync(draft, `${JSON.stringify(kernel)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  };
  try {
    // Also replaces the file of a kernel that was killed: nobody is sent to its address.
    write({ pid: process.pid, url: null, version: null });
  } catch (cause) {
    db.close();
    throw cannotLock(home, cause);
  }
  return {
    publish: ({ url, version }) => write({ pid: process.pid, url, version }),
    [Symbol.asyncDispose]: () => {
      if (db.isOpen) {
        rmSync(file, { force: true });
        db.close();
      }
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

function openLock(home: string): DatabaseSync {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    // Waits for nobody: a kernel holds its home for hours.
    return new DatabaseSync(join(home, "kernel.lock.db"), { timeout: 0 });
  } catch (cause) {
    throw cannotLock(home, cause);
  }
}

function heldBy(home: string, kernel: KernelFile | undefined, cause: unknown): SysError {
  const place = kernel?.url === null || kernel === undefined ? "" : `, ${kernel.url}`;
  const who = kernel ? ` (pid ${kernel.pid}${place})` : "";
  return new SysError("EBUSY", `another kernel${who} runs on ${home}`, {
    cause,
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
