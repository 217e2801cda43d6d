import { holdersBelow, listProcesses } from "./process-table.ts";
import type { Listed } from "./process-table.ts";
import type { SystemPrograms } from "./programs.ts";

interface PackOptions {
  readonly programs: SystemPrograms;
  /** The first process: of a session and a group of its own. */
  readonly first: number;
  /** The sandbox's own folder, in which nobody else has anything open. */
  readonly folder: string;
  /** When it was started, Unix epoch milliseconds. */
  readonly sinceMs: number;
}

/** A second: what ps knows of a start. */
const startedAgoMs = 1_000;
/** More looks than any descent takes once what was found has been stopped. */
const maxLooks = 30;

/**
 * All that a command has started, as far as it can be told from outside: nothing on macOS holds the processes of a sandbox
 * together. Found are those of its group, all that descend from one that was seen before, and orphans of this user that
 * hold something of the sandbox open; every command is given a handle that its descendants inherit. A program that leaves
 * its group, loses its parent between two looks and closes every handle is not found: it goes on, inside the profile,
 * until it has used up its processor time.
 */
export class Pack {
  readonly #options: PackOptions;
  /** Pids with their starts. */
  readonly #known = new Map<number, string>();

  constructor(options: PackOptions) {
    this.#options = options;
  }

  /** One look at it. */
  async look(): Promise<{ readonly processes: number; readonly residentBytes: number }> {
    const living = this.#livingIn(await listProcesses(this.#options.programs));
    const residentBytes = living.reduce((sum, one) => sum + one.residentBytes, 0);
    return { processes: living.length, residentBytes };
  }

  /** Ends all of it. What was found is stopped before anything of it is ended: an orphan's parent cannot be seen any more. */
  async end(): Promise<void> {
    const { programs, first } = this.#options;
    const stopped = new Set<number>();
    try {
      await this.#stopAll(stopped);
    } finally {
      signalGroup(first, "SIGKILL");
    }
    for (let round = 0; stopped.size > 0 && round < maxLooks; round++) {
      const living = this.#livingIn(await listProcesses(programs));
      if (living.length === 0) return;
      for (const { pid } of living) signal(pid, "SIGKILL");
    }
  }

  async #stopAll(stopped: Set<number>): Promise<void> {
    const { programs, first } = this.#options;
    signalGroup(first, "SIGSTOP");
    for (let round = 0; round < maxLooks; round++) {
      const all = await listProcesses(programs);
      await this.#addOrphans(all);
      const fresh = this.#livingIn(all).filter(({ pid }) => !stopped.has(pid));
      if (fresh.length === 0) return;
      for (const { pid } of fresh) {
        signal(pid, "SIGSTOP");
        stopped.add(pid);
      }
    }
  }

  #livingIn(all: readonly Listed[]): readonly Listed[] {
    const { first } = this.#options;
    const members = new Map<number, Listed>();
    for (let before = -1; before < members.size;) {
      before = members.size;
      for (const one of all) {
        const isKnown = this.#known.get(one.pid) === one.startedAt;
        if (isKnown || one.group === first || members.has(one.parent)) members.set(one.pid, one);
      }
    }
    for (const { pid, startedAt } of members.values()) this.#known.set(pid, startedAt);
    return [...members.values()];
  }

  async #addOrphans(all: readonly Listed[]): Promise<void> {
    const { programs, folder, sinceMs } = this.#options;
    const uid = process.getuid?.();
    const orphans = all.filter(
      (one) =>
        one.parent === 1 &&
        one.uid === uid &&
        this.#known.get(one.pid) !== one.startedAt &&
        !(Date.parse(`${one.startedAt} UTC`) < sinceMs - startedAgoMs),
    );
    const holders = new Set(await holdersBelow(programs, { folder, pids: orphans.map(({ pid }) => pid) }));
    for (const { pid, startedAt } of orphans) if (holders.has(pid)) this.#known.set(pid, startedAt);
  }
}

const signalGroup = (first: number, name: NodeJS.Signals): void => signal(-first, name);

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    // EPERM: on macOS what kill(2) says of a group in which nothing but a zombie is left.
    if (!["ESRCH", "EPERM"].includes(String((cause as NodeJS.ErrnoException).code))) throw cause;
  }
}
