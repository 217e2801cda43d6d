import type { CallRecord } from "./call-record.ts";

/** Who changes the same thing does so one after the other: each call sees what the one before it has made of it. */
export class Holds {
  /** The last of those who hold it, by its name: who comes next waits for them. */
  readonly #held = new Map<string, Promise<void>>();

  /**
   * From here on nobody else holds these: until the call's end is on record, or what is returned is called. A call that
   * needs more gives back what it has first: two that wait for each other wait for ever.
   */
  async hold(names: readonly string[], record: Pick<CallRecord, "settles">): Promise<() => void> {
    const before = names.flatMap((name) => this.#held.get(name) ?? []);
    const done = Promise.withResolvers<void>();
    for (const name of names) this.#held.set(name, done.promise);
    // Who comes after a call that gave up waiting waits for those before it.
    const release = (): void =>
      void Promise.all(before).then(() => {
        for (const name of names) if (this.#held.get(name) === done.promise) this.#held.delete(name);
        done.resolve();
      });
    record.settles.push(release);
    await Promise.all(before);
    return release;
  }
}
