import type { Attained } from "./policies/policy.ts";

/** What the live client processes of one key have earned: what a new one begins with. */
export class KeyAttained {
  programs = 0;
  service = 0;
}

/**
 * What one program has received, over all lanes: of the root of a process tree, for all below it. Policies that favour who has
 * received little look at it; it outlives queues, policies and refreshes.
 */
export class ProgramAttained implements Attained {
  service = 0;
  /** Since the kernel started, as `waitedMs`. */
  servedMs = 0;
  waitedMs = 0;
  readonly #key: KeyAttained | undefined;
  #earned = 0;

  constructor(key?: KeyAttained) {
    this.#key = key;
  }

  /** A new session begins with what its key's sessions have received in the mean: else a fresh id would buy priority. */
  beginAtMean(): void {
    if (!this.#key || this.#key.programs === 0) return;
    this.service = this.#key.service / this.#key.programs;
  }

  /** Negative service is a correction of what was charged before. */
  serve(service: number, ms: number): void {
    this.service += service;
    this.servedMs += ms;
    if (!this.#key) return;
    // Who has not been served yet does not count: a thousand idle sessions must not lower the mean.
    if (this.#earned === 0 && service > 0) this.#key.programs++;
    this.#earned += service;
    this.#key.service += service;
  }

  wait(ms: number): void {
    this.waitedMs += ms;
  }

  /** The session is over: it no longer counts for its key. */
  leave(): void {
    if (!this.#key || this.#earned === 0) return;
    this.#key.programs--;
    this.#key.service -= this.#earned;
    this.#earned = 0;
  }
}
