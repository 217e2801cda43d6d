import type { CallRecord } from "./call-record.ts";

/** Gives an answer, when its turn has come. */
export type Give = (record: CallRecord, hand: () => void) => Promise<void>;

/**
 * One program's answers go out one after the other, each when the one before has been taken: what ended first is heard first,
 * whatever else lies on the way of the two. Whoever is started again hears them in the same order.
 */
export class AnswerOrder {
  #last: Promise<void> = Promise.resolve();

  /** The next place in the order. Whoever has one gives something, or all behind it wait. */
  place(): Give {
    const before = this.#last;
    const taken = Promise.withResolvers<void>();
    this.#last = taken.promise;
    return async (record, hand) => {
      await before;
      hand();
      await record.taken();
      taken.resolve();
    };
  }
}
