import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./fault.ts";
import { Versions } from "./versions.ts";
import type { Bounds } from "./versions.ts";

/** Beside the process's own folder; its name has a dot, which no process's folder has. */
const SUFFIX = ".versions";
/** Logs that are kept in memory. */
const MAX_OPEN = 1_000;

/** The versions of all processes' folders; of each process one thing happens at a time. */
export class VersionShelf {
  readonly #bounds: Bounds;
  readonly #open = new Map<string, Versions>();
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Changes files of a process. */
  change<Result>(home: string, work: (versions: Versions) => Promise<Result>): Promise<Result> {
    return this.use(home, async (versions) => {
      const result = await work(versions);
      await versions.bound();
      return result;
    });
  }

  /** Nothing else changes the process's files meanwhile. */
  use<Result>(home: string, work: (versions: Versions) => Promise<Result>): Promise<Result> {
    const before = this.#busy.get(home) ?? Promise.resolve();
    const done = before.then(() => work(this.#of(home)));
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#busy.set(home, settled);
    void settled.then(() => {
      if (this.#busy.get(home) === settled) this.#busy.delete(home);
      this.#close();
    });
    return done;
  }

  /** Waits for the change under way, and cleans up after one that a crash cut off. */
  settle(home: string): Promise<void> {
    return this.use(home, async (versions) => void (await versions.floor()));
  }

  /** What was there is gone. */
  forget(home: string): void {
    this.#open.delete(home);
  }

  async prune(base: string, beforeMs: number): Promise<void> {
    for (const tenant of await namesIn(base))
      for (const name of await namesIn(join(base, tenant)))
        if (name.endsWith(SUFFIX))
          await this.use(join(base, tenant, name.slice(0, -SUFFIX.length)), (versions) => versions.prune(beforeMs));
  }

  #of(home: string): Versions {
    const versions = this.#open.get(home) ?? new Versions(home + SUFFIX, this.#bounds);
    this.#open.delete(home);
    this.#open.set(home, versions);
    return versions;
  }

  #close(): void {
    for (const home of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN) return;
      if (!this.#busy.has(home)) this.#open.delete(home);
    }
  }
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT" || codeOf(cause) === "ENOTDIR") return [];
    throw cause;
  });
