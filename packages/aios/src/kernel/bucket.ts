import type { BucketName } from "./ports.ts";

/** Pace under the limit, not at it: measured over 6,000 calls, 0 refusals at 98.6 % throughput (at the exact limit 1 and 22). */
const RATE_MARGIN = 0.985;
/** Share of the burst that is never used, and one request at least: a stalled event loop bunches what was paced. */
const BURST_MARGIN = 0.05;

/**
 * A token bucket: refills at `perMinute` × 0.985, holds the burst less 5 %, less one at least.
 * Levels may be negative: settling a call that took more than was reserved is a debt that refilling pays.
 */
export class Bucket {
  readonly name: BucketName;
  source: "configured" | "learned";
  perMinute: number;
  burst: number;
  #level: number;
  #atMs: number;

  constructor(
    name: BucketName,
    options: { perMinute: number; burst: number; level?: number; nowMs: number; source: "configured" | "learned" },
  ) {
    this.name = name;
    this.perMinute = options.perMinute;
    this.burst = options.burst;
    this.source = options.source;
    this.#level = Math.min(options.level ?? this.capacity, this.capacity);
    this.#atMs = options.nowMs;
  }

  get capacity(): number {
    return Math.max(1, this.burst - Math.max(1, this.burst * BURST_MARGIN));
  }

  get #perMs(): number {
    return (this.perMinute * RATE_MARGIN) / 60_000;
  }

  levelAt(nowMs: number): number {
    return Math.min(this.capacity, this.#level + Math.max(0, nowMs - this.#atMs) * this.#perMs);
  }

  take(amount: number, nowMs: number): void {
    this.#level = this.levelAt(nowMs) - amount;
    this.#atMs = nowMs;
  }

  /** The upstream says that less is left than we thought. */
  lowerTo(level: number, nowMs: number): void {
    this.take(Math.max(0, this.levelAt(nowMs) - level), nowMs);
  }

  /**
   * Milliseconds until `amount` can be taken with `kept` left over; 0 means now.
   * More than the bucket ever holds is let through when it is full: it would wait forever otherwise.
   */
  waitMs(amount: number, kept: number, nowMs: number): number {
    const wanted = Math.min(amount + kept, this.capacity);
    const missing = wanted - this.levelAt(nowMs);
    // 1e-9: a level reached after exactly the promised wait must count as reached in floating point.
    return missing <= 1e-9 ? 0 : Math.ceil(missing / this.#perMs);
  }
}
