import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** Nothing tells when the other process is done, or was killed. */
const lookEveryMs = 250;

interface Lock extends Disposable {
  /** False while another process holds it. */
  take(): boolean;
  taken(signal: AbortSignal): Promise<void>;
}

/**
 * One process at a time. Node has no file locks of its own; SQLite's are the operating system's, which frees them
 * with the process however that ends: no lock is ever left behind.
 */
export async function openLock(path: string): Promise<Lock> {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  const take = (): boolean => {
    try {
      database.exec("BEGIN EXCLUSIVE");
      return true;
    } catch (cause) {
      if ((cause as { errcode?: number }).errcode === busy) return false;
      throw cause;
    }
  };
  return {
    take,
    async taken(signal) {
      while (!take()) await sleep(lookEveryMs, undefined, { signal });
    },
    [Symbol.dispose]: () => database.close(),
  };
}

const busy = 5; // SQLITE_BUSY
