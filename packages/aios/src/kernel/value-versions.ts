import type { TenantId } from "@aiosjs/sdk/protocol";
import type { Outbox } from "./outbox.ts";
import type { Journal } from "./ports.ts";

/** Writes remembered at least; one of which so many others are older is on disk long since. */
const RECENT = 4_096;

export interface ValuePlace {
  readonly tenant: TenantId;
  readonly scope: string;
  readonly key: string;
}

/**
 * The versions of values. A new one is greater than all before it, in any scope, so that a write needs to read nothing;
 * each is at most the number of the event that its call ends with, so that the journal's last event bounds them after a restart.
 * Who compares before it writes sees the writes that are still on their way to the journal, too.
 */
export class ValueVersions {
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  #last = 0;
  /** The present version by place, 0 for what was removed; two generations, of which the older is dropped whole. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  constructor(ports: { journal: Journal; outbox: Outbox }) {
    this.#journal = ports.journal;
    this.#outbox = ports.outbox;
  }

  /**
   * Ends with `decide` of the present version (0: there is no value) in one step with nothing between the two: of two
   * writers that hold the same version, the second one sees the first.
   */
  async compare<Result>(place: ValuePlace, decide: (version: number) => Result): Promise<Result> {
    for (;;) {
      const version = this.#known(place);
      if (version !== undefined) return decide(version);
      await this.#outbox.flushed();
      const [row] = await this.#journal.values({ ...place, limit: 1 });
      if (this.#known(place) === undefined) this.#remember(place, row?.version ?? 0);
    }
  }

  /** The version of the write that the caller records at once. */
  next(place: ValuePlace, { isRemoved }: { isRemoved: boolean }): number {
    const version = Math.max(this.#last, this.#outbox.events.seq) + 1;
    this.#last = version;
    this.#remember(place, isRemoved ? 0 : version);
    return version;
  }

  /** A write could not be recorded, and never was: the journal is asked anew. */
  forget(place: ValuePlace): void {
    this.#recent.delete(nameOf(place));
    this.#older.delete(nameOf(place));
  }

  #remember(place: ValuePlace, version: number): void {
    if (this.#recent.size >= RECENT) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(nameOf(place), version);
  }

  #known(place: ValuePlace): number | undefined {
    const name = nameOf(place);
    return this.#recent.get(name) ?? this.#older.get(name);
  }
}

const nameOf = ({ tenant, scope, key }: ValuePlace): string => JSON.stringify([tenant, scope, key]);
