import type { NodeRow } from "./ports.ts";

/**
 * Tells whether the lease of another kernel has lapsed: the same beat was seen for the whole length of the lease. No
 * instant of another's clock is compared, so that no clock that jumps takes a journal from a kernel that lives.
 */
export class LeaseWatch {
  #beat = "";
  #sinceMs = 0;
  #lookedAtMs = 0;

  /** `nowMs` by a clock that does not jump. To be asked several times within a third of the lease. */
  hasLapsed({ id, epoch, beat, leaseMs }: NodeRow, nowMs: number): boolean {
    const seen = `${id} ${epoch} ${beat}`;
    // Who looks was stopped itself (the machine slept): so was the other one, perhaps.
    const wasAway = nowMs - this.#lookedAtMs > leaseMs / 3;
    if (seen !== this.#beat || wasAway) this.#sinceMs = nowMs;
    this.#beat = seen;
    this.#lookedAtMs = nowMs;
    return nowMs - this.#sinceMs >= leaseMs;
  }
}
