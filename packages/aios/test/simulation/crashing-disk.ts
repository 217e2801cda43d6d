import { SysError } from "@aiosjs/sdk/protocol";
import { createMemoryJournal } from "../../src/drivers/journal/memory.ts";
import { createMemoryStore } from "../../src/drivers/journal/memory-store.ts";
import type { MemoryStore } from "../../src/drivers/journal/memory-store.ts";
import type { Clock, Journal, JournalRecord, Random } from "../../src/kernel/ports.ts";

interface Frame {
  readonly records: readonly JournalRecord[];
  isSynced: boolean;
}

/** Shares of commits that meet a fault. */
export interface DiskFaults {
  /** The group is refused, and nothing of it is written. */
  readonly eio: number;
  /** So is everything for a while. */
  readonly enospc: number;
  /** Milliseconds that a write or an fsync takes at most. */
  readonly slowMs: number;
}

/**
 * A disk with a log of frames, one a group of commits, each with its checksum. What was not yet synced when the power fails is
 * kept, torn or lost, each frame for itself; a reader takes the log up to the first frame that is not whole.
 */
export class CrashingDisk {
  readonly #random: Random;
  readonly #faults: DiskFaults;
  #frames: Frame[] = [];
  #store: MemoryStore = createMemoryStore();
  #fullUntilMs = Number.NEGATIVE_INFINITY;

  constructor(random: Random, faults: DiskFaults) {
    this.#random = random;
    this.#faults = faults;
  }

  /** A kernel's hold on the disk. After `kill` nothing of it is written any more, and nothing answered. */
  open(clock: Clock): Journal & { kill(): void } {
    const memory = createMemoryJournal({ nowMs: () => clock.nowMs(), store: this.#store });
    const life = { isOver: false };
    const pending: { records: readonly JournalRecord[]; settled: PromiseWithResolvers<void> }[] = [];
    let isFlushing = false;
    const never = new Promise<never>(() => undefined);
    const alive = <T>(answer: Promise<T>): Promise<T> =>
      answer.then(
        (value) => (life.isOver ? never : value),
        (cause) => (life.isOver ? never : Promise.reject(cause)),
      );
    const flush = async (): Promise<void> => {
      isFlushing = true;
      while (pending.length > 0) {
        const group = pending.splice(0);
        try {
          await this.#write(
            group.flatMap(({ records }) => records),
            { clock, life, commit: (records) => memory.commit(records) },
          );
          for (const { settled } of group) settled.resolve();
        } catch (cause) {
          for (const { settled } of [...group, ...pending.splice(0)]) settled.reject(cause);
        }
      }
      isFlushing = false;
    };
    return {
      driver: "simulated",
      isReadOnly: false,
      kill: () => void (life.isOver = true),
      commit: (records) => {
        const settled = Promise.withResolvers<void>();
        pending.push({ records, settled });
        if (!isFlushing) void flush();
        return alive(settled.promise);
      },
      load: () => memory.load(),
      holder: () => alive(memory.holder()),
      claim: (node, after) => alive(memory.claim(node, after)),
      renew: (node) => alive(memory.renew(node)),
      events: (query) => alive(memory.events(query)),
      calls: (query) => alive(memory.calls(query)),
      call: (id) => alive(memory.call(id)),
      process: (pid) => alive(memory.process(pid)),
      values: (query) => alive(memory.values(query)),
      notes: (query) => alive(memory.notes(query)),
      noteVersions: (query) => alive(memory.noteVersions(query)),
      noteNamespaces: (tenant) => alive(memory.noteNamespaces(tenant)),
      noteUsage: (places) => alive(memory.noteUsage(places)),
      evictableNotes: (place, limit) => alive(memory.evictableNotes(place, limit)),
      files: (query) => alive(memory.files(query)),
      fileVersions: (query) => alive(memory.fileVersions(query)),
      blob: (hash) => alive(memory.blob(hash)),
      unplacedFiles: (limit) => alive(memory.unplacedFiles(limit)),
      fileUsage: (tenant, root) => alive(memory.fileUsage(tenant, root)),
      fileRoots: (tenant) => alive(memory.fileRoots(tenant)),
      verifyAudit: (query) => alive(memory.verifyAudit(query)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #write(
    records: readonly JournalRecord[],
    {
      clock,
      life,
      commit,
    }: { clock: Clock; life: { isOver: boolean }; commit: (records: readonly JournalRecord[]) => Promise<void> },
  ): Promise<void> {
    const wait = (): Promise<void> =>
      clock.wakeAt(clock.nowMs() + Math.floor(this.#random.next() * this.#faults.slowMs), new AbortController().signal);
    await wait();
    if (life.isOver) return;
    if (this.#random.next() < this.#faults.enospc) this.#fullUntilMs = clock.nowMs() + this.#random.next() * 5_000;
    if (clock.nowMs() < this.#fullUntilMs) throw new SysError("ENOSPC", "the simulated disk is full");
    if (this.#random.next() < this.#faults.eio) throw new SysError("EIO", "the simulated disk failed");
    await commit(records);
    this.#frames.push({ records, isSynced: false });
    await wait();
    if (!life.isOver) for (const earlier of this.#frames) earlier.isSynced = true;
  }

  /** The machine loses its power: what the next kernel finds is what survived. */
  async failPower(): Promise<void> {
    const isWhole = (frame: Frame): boolean => frame.isSynced || this.#random.next() < 1 / 3;
    const gap = this.#frames.findIndex((frame) => !isWhole(frame));
    // A frame behind a torn or a lost one is not read, were it whole.
    this.#frames = gap < 0 ? this.#frames : this.#frames.slice(0, gap);
    this.#store = createMemoryStore();
    const journal = createMemoryJournal({ store: this.#store });
    for (const frame of this.#frames) {
      frame.isSynced = true;
      await journal.commit(frame.records);
    }
  }
}
