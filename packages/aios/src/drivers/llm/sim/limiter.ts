import type { BucketName, ObservedLimit, RateLimits } from "../../../kernel/ports.ts";

/** The upstream's own bookkeeping: what it lets through, what it refuses, and what its headers say. */
export interface Limiter {
  /** Takes one request of so many input tokens; the wait until it would fit when it is refused. */
  take(inputTokens: number): { isRefused: false } | { isRefused: true; retryAfterMs: number; bucket: BucketName };
  /** Output is charged when it is known. */
  charge(outputTokens: number): void;
  observed(): readonly ObservedLimit[];
}

interface Meter {
  readonly bucket: BucketName;
  /** Milliseconds until `amount` fits; 0: now. */
  waitMs(amount: number, nowMs: number): number;
  spend(amount: number, nowMs: number): void;
  observed(nowMs: number): ObservedLimit;
}

export function createLimiter(limits: RateLimits, limitBy: "bucket" | "window", nowMs: () => number): Limiter {
  const meters: Meter[] = [];
  const { requestsPerMinute } = limits;
  if (requestsPerMinute !== undefined) {
    const burst = limits.burst ?? Math.max(1, Math.floor(requestsPerMinute / 60));
    meters.push(
      limitBy === "window"
        ? requestWindow(requestsPerMinute, nowMs())
        : bucketMeter("requests", { perMinute: requestsPerMinute, capacity: burst, atMs: nowMs() }),
    );
  }
  // A minute's worth of tokens may be spent at once, as the hosted APIs have it.
  const perMinute = [
    ["inputTokens", limits.inputTokensPerMinute],
    ["outputTokens", limits.outputTokensPerMinute],
    ["tokens", limits.tokensPerMinute],
  ] as const;
  for (const [bucket, rate] of perMinute) {
    if (rate !== undefined) meters.push(bucketMeter(bucket, { perMinute: rate, capacity: rate, atMs: nowMs() }));
  }
  /** What a request needs to be let in: output buckets must only not be overdrawn. */
  const need = (bucket: BucketName, inputTokens: number) =>
    bucket === "requests" ? 1 : bucket === "outputTokens" ? 0 : inputTokens;

  return {
    take: (inputTokens) => {
      const now = nowMs();
      for (const meter of meters) {
        const retryAfterMs = meter.waitMs(need(meter.bucket, inputTokens), now);
        if (retryAfterMs > 0) return { isRefused: true, retryAfterMs, bucket: meter.bucket };
      }
      for (const meter of meters) meter.spend(need(meter.bucket, inputTokens), now);
      return { isRefused: false };
    },
    charge: (outputTokens) => {
      for (const meter of meters) {
        if (meter.bucket === "outputTokens" || meter.bucket === "tokens") meter.spend(outputTokens, nowMs());
      }
    },
    observed: () => meters.map((meter) => meter.observed(nowMs())),
  };
}

function bucketMeter(bucket: BucketName, options: { perMinute: number; capacity: number; atMs: number }): Meter {
  const { perMinute, capacity } = options;
  const perMs = perMinute / 60_000;
  let level = capacity;
  let { atMs } = options;
  const refill = (nowMs: number) => {
    level = Math.min(capacity, level + (nowMs - atMs) * perMs);
    atMs = nowMs;
  };
  // 1e-9: a level that should be exactly 1 after many refills may miss it by rounding.
  const slack = 1e-9;
  return {
    bucket,
    waitMs: (amount, nowMs) => {
      refill(nowMs);
      // More than the bucket holds passes when it is full: it could never pass otherwise.
      const missing = Math.min(amount, capacity) - level;
      return missing <= slack ? 0 : missing / perMs;
    },
    spend: (amount, nowMs) => {
      refill(nowMs);
      level -= amount;
    },
    observed: (nowMs) => {
      refill(nowMs);
      return {
        bucket,
        perMinute,
        remaining: Math.max(0, Math.floor(level + slack)),
        resetMs: (capacity - level) / perMs,
      };
    },
  };
}

/** At most `perMinute` requests in any 60 seconds. */
function requestWindow(perMinute: number, startMs: number): Meter {
  const size = Math.max(1, Math.floor(perMinute));
  /** A ring of the last admissions: the slot to be written next holds the oldest. */
  const admittedAtMs = new Float64Array(size).fill(startMs - 60_000);
  let oldest = 0;
  return {
    bucket: "requests",
    waitMs: (_amount, nowMs) => Math.max(0, admittedAtMs[oldest]! + 60_000 - nowMs),
    spend: (_amount, nowMs) => {
      admittedAtMs[oldest] = nowMs;
      oldest = (oldest + 1) % size;
    },
    observed: (nowMs) => ({
      bucket: "requests",
      perMinute,
      remaining: admittedAtMs.reduce((count, atMs) => count + (atMs + 60_000 <= nowMs ? 1 : 0), 0),
      resetMs: Math.max(0, admittedAtMs[(oldest + size - 1) % size]! + 60_000 - nowMs),
    }),
  };
}
