import type { CallRecord } from "./call-record.ts";

/** Who changes the same thing does so one after the other: each call sees what the one before it has made of it. */
export class Holds {
  /** The last of those who hold it, by its name: who comes next waits for them. */
  readonly #held = new Map<string, Promise<void>>();

  /** From here on, until the call's end is on record, nobody else holds these. */
  async hold(names: readonly string[], record: CallRecord): Promise<void> {
    const before = names.flatMap((name) => this.#held.get(name) ?? []);
    const done = Promise.withResolvers<void>();
    for (const name of names) this.#held.set(name, done.promise);
    record.settles.push(() => {
      for (const name of names) if (this.#held.get(name) === done.promise) this.#held.delete(name);
      done.resolve();
    });
    await Promise.all(before);
  }
}
