import type { Snapshot } from "../../../kernel/ports.ts";
import type { SimFaults } from "./parameters.ts";

/** Where a simulated answer stopped. The answer is a function of the prompt, so its length so far says all. */
export interface SimSnapshot extends Snapshot {
  /** Of the prompt. */
  readonly hash: string;
  readonly cachedTokens: number;
  readonly fault: keyof SimFaults | undefined;
  readonly breaksAfter: number | undefined;
}

/** Snapshots that a core has handed out and not seen again: each holds memory on a real one. */
export class SnapshotShelf {
  readonly #held = new Set<SimSnapshot>();

  get size(): number {
    return this.#held.size;
  }

  put(stopped: Omit<SimSnapshot, "discard">): SimSnapshot {
    const snapshot: SimSnapshot = { ...stopped, discard: () => void this.#held.delete(snapshot) };
    this.#held.add(snapshot);
    return snapshot;
  }

  /** @throws Error for a snapshot of another prompt, or one that is held no more. */
  take(snapshot: SimSnapshot, hash: string): SimSnapshot {
    if (!this.#held.delete(snapshot)) throw new Error("the snapshot is held no more");
    if (snapshot.hash !== hash) throw new Error("the snapshot is of another prompt");
    return snapshot;
  }
}
