import { SysError } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { throughFullDisk } from "./full-disk.ts";
import type { Clock, SearchIndex } from "./ports.ts";
import type { Timers } from "./timers.ts";

interface FollowedIndexOptions<Change> {
  readonly what: "notes" | "files";
  /** Called once, by whoever needs it first. */
  readonly openIndex: () => Promise<SearchIndex>;
  /** Tells the index of changes; of each key the last. */
  readonly tell: (changes: ReadonlyMap<string, Change>, index: SearchIndex) => Promise<void>;
  /** Compares all that is on record with the index, and puts right what differs. */
  readonly catchUp: () => Promise<unknown>;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * An index that follows what is on record: it is told of each change after the commit, and is brought in line with all that it
 * missed when somebody searches first.
 */
export class FollowedIndex<Change> {
  readonly #options: FollowedIndexOptions<Change>;
  #index: Promise<SearchIndex> | undefined;
  /** What the index has not been told of, by key. */
  readonly #changes = new Map<string, Change>();
  #isTelling = false;
  /** Settles when the index has been told of those; of the ones that it is being told of now. */
  #next = Promise.withResolvers<void>();
  #now: Promise<void> = Promise.resolve();
  #caughtUp: Promise<unknown> | undefined;

  constructor(options: FollowedIndexOptions<Change>) {
    this.#options = options;
  }

  /** Whether somebody has searched: before that all of it is compared anyway. */
  get isCaughtUp(): boolean {
    return this.#caughtUp !== undefined;
  }

  /** @throws SysError EIO, ENOSPC when it cannot be opened; the next one tries again. */
  open(): Promise<SearchIndex> {
    this.#index ??= this.#options.openIndex().catch((cause: unknown) => {
      this.#index = undefined;
      throw cause;
    });
    return this.#index;
  }

  /** A change is on record. What comes while the index is busy goes together. */
  changed(key: string, change: Change): void {
    this.#changes.set(key, change);
    if (!this.#isTelling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#changes.size > 0) {
      const changes = new Map(this.#changes);
      this.#changes.clear();
      const { promise, resolve } = this.#next;
      this.#now = promise;
      this.#next = Promise.withResolvers<void>();
      try {
        await this.#options.tell(changes, await this.open());
      } catch {
        // What it was not told it finds when everything is compared.
        this.#caughtUp = undefined;
      }
      resolve();
    }
    this.#isTelling = false;
  }

  /** Resolves when the index has been told of all that is on record now; who goes on writing holds nobody up. */
  async told(): Promise<void> {
    const { promise } = this.#next;
    const isMore = this.#changes.size > 0;
    await this.#now;
    if (isMore) await promise;
  }

  /** Resolves when all that was on record can be found. @throws SysError ENOSPC, EIO when the index failed. */
  async isFound(call: Pick<KernelCall, "record" | "signal">): Promise<void> {
    const { what } = this.#options;
    try {
      await throughFullDisk(() => this.caughtUp(), call, this.#options);
    } catch (cause) {
      const isFull = cause instanceof SysError && cause.code === "ENOSPC";
      throw new SysError(isFull ? "ENOSPC" : "EIO", `the index of ${what} does not answer`, {
        cause,
        hint: isFull ? cause.hint : `the ${what} are where they were; search again, or look at ${commands[what]}`,
      });
    }
  }

  /** Something is not in it: it is compared again before anybody searches. */
  missed(): void {
    this.#caughtUp = undefined;
  }

  /** Resolves when the index is in line with all that was on record. */
  async caughtUp(): Promise<void> {
    await this.told();
    this.#caughtUp ??= this.#options.catchUp();
    try {
      await this.#caughtUp;
      await this.told();
    } catch (cause) {
      this.#caughtUp = undefined;
      throw cause;
    }
  }
}

const commands = { notes: "aios mem verify", files: "aios fs verify" };
