import { isInside, rootName } from "./file-path.ts";
import type { FilePlace } from "./file-path.ts";
import { orAborted } from "./or-aborted.ts";
import type { DiskRoot, FileRow, Journal } from "./ports.ts";

interface Watch {
  readonly path: string;
  readonly came: PromiseWithResolvers<void>;
}

/** Calls that wait for a change of a file. What they tell is on record: a change between two of them is told by the second. */
export class FileWatches {
  readonly #journal: Journal;
  readonly #waiting = new Map<string, Set<Watch>>();

  constructor({ journal }: { journal: Journal }) {
    this.#journal = journal;
  }

  /** A change of a file is on record. */
  written(row: FileRow): void {
    for (const { path, came } of this.#waiting.get(rootName(row)) ?? [])
      if (row.path === path || isInside(row.path, path)) came.resolve();
  }

  /** Nothing of the root is on record any more: who waits looks whether it still reaches it. */
  forgotten(root: DiskRoot): void {
    for (const { came } of this.#waiting.get(rootName(root)) ?? []) came.resolve();
  }

  /** The last change of a root: of one root they come on record in their order. */
  async last({ tenant, root }: FilePlace): Promise<number> {
    const [last] = await this.#journal.fileVersions({ tenant, root, limit: 1 });
    return last?.change ?? 0;
  }

  /** Changes at a path and inside of it, the first first. */
  async after({ tenant, root, path }: FilePlace, afterChange: number, limit: number): Promise<FileRow[]> {
    const asked = { tenant, root, afterChange, limit };
    const inside = await this.#journal.fileVersions({ ...asked, within: path });
    const own = path === "" ? [] : await this.#journal.fileVersions({ ...asked, paths: [path] });
    return [...own, ...inside].toSorted((left, right) => left.change - right.change).slice(0, limit);
  }

  /**
   * The next of them: at once where there are some, else when there are. `check` says whether the caller still reaches it.
   * @throws what `check` throws, and what the call is cancelled with
   */
  async next(
    place: FilePlace,
    { afterChange, limit, check }: { afterChange: number; limit: number; check: () => void },
    signal: AbortSignal,
  ): Promise<FileRow[]> {
    const name = rootName(place);
    for (;;) {
      const watch = { path: place.path, came: Promise.withResolvers<void>() };
      const watches = this.#waiting.get(name) ?? new Set<Watch>();
      this.#waiting.set(name, watches.add(watch));
      try {
        const rows = await this.after(place, afterChange, limit);
        check();
        if (rows.length > 0) return rows;
        await orAborted(watch.came.promise, signal);
      } finally {
        watches.delete(watch);
        if (watches.size === 0) this.#waiting.delete(name);
      }
    }
  }
}
