import { addUsage, noUsage } from "@aiosjs/sdk/protocol";
import type { Usage } from "@aiosjs/sdk/protocol";
import { Bucket } from "./bucket.ts";
import type { Policy, PolicyOptions, RunQueue, Ticket, Waiting } from "./policies/policy.ts";
import type { BucketName, BucketRow, Core, Driver, ModelSpec, ObservedLimit, Price, RateLimits } from "./ports.ts";

/** What one call takes from the buckets. */
export interface Demand {
  readonly requests: number;
  /** Of prompt and answer, in the core's memory. */
  readonly memoryTokens: number;
  inputTokens: number;
  outputTokens: number;
}

export interface LaneOptions {
  readonly id: string;
  readonly driver: Driver | Core;
  readonly limits: RateLimits;
  readonly maxConcurrent: number;
  readonly spec: ModelSpec;
  readonly policy: Policy;
  readonly policyOptions: PolicyOptions;
  readonly nowMs: number;
  readonly levels: readonly BucketRow[];
  /** After a crash nobody knows what was sent in the last minute: buckets start empty. */
  readonly startsEmpty: boolean;
}

/** Consecutive faults after which a lane rests. */
const FAULTS_TO_COOL = 3;
/** Calls wait for a lane that was told to pause so long; beyond it the router looks elsewhere. */
const PAUSE_TO_WAIT_MS = 5_000;
const COOL_BASE_MS = 1_000;
const COOL_MAX_MS = 60_000;
/** While an interactive call came within this time, one slot is kept for the next. */
const INTERACTIVE_MEMORY_MS = 60_000;

/**
 * One (core, key, model), or one driver instance: a run queue, slots, rate buckets, and how the upstream behaves.
 * A lane decides nothing about order; the policy does.
 */
export class Lane {
  readonly id: string;
  readonly driver: Driver | Core;
  readonly model: string;
  /** What is known of the model; kept up to date, for an upstream's list may come after the first call. */
  spec: ModelSpec;
  /** Replaced, when it is empty, by a refresh of the configuration. */
  queue: RunQueue<Waiting>;
  #policy: Policy;
  readonly buckets = new Map<BucketName, Bucket>();
  running = 0;
  /** Calls that gave their slot back to wait for a nested one and want it again; they go before the queue. */
  readonly returning: (() => void)[] = [];
  pausedUntilMs = 0;
  /** The next call waits until its tokens fit into the core's memory. */
  isShortOfMemory = false;
  /** A refresh took its core away: nothing is queued here any more. */
  isGone = false;
  faults = 0;
  done = 0;
  failed = 0;
  refused = 0;
  waitingMsTotal = 0;
  usage: Usage = noUsage;

  readonly #ceiling: number;
  /** Nothing is known of this upstream's limits: calls go one at a time until its headers or its behaviour tell. */
  #isProbing: boolean;
  #window: number;
  #windowRaisedAtMs = 0;
  #coolMs = 0;
  #interactiveAtMs = Number.NEGATIVE_INFINITY;
  #dispatches = 0;

  constructor(options: LaneOptions) {
    const { limits, nowMs } = options;
    this.id = options.id;
    this.driver = options.driver;
    this.model = options.spec.id;
    this.spec = options.spec;
    this.#policy = options.policy;
    this.queue = options.policy.createQueue(options.policyOptions);
    this.#ceiling = limits.concurrency ?? options.maxConcurrent;
    const configured: [BucketName, number | undefined][] = [
      ["requests", limits.requestsPerMinute],
      ["inputTokens", limits.inputTokensPerMinute],
      ["outputTokens", limits.outputTokensPerMinute],
      ["tokens", limits.tokensPerMinute],
    ];
    for (const [name, perMinute] of configured) {
      if (perMinute === undefined) continue;
      const burst = name === "requests" ? (limits.burst ?? Math.max(2, perMinute / 60)) : perMinute;
      const stored = options.levels.find((row) => row.bucket === name);
      const level = options.startsEmpty ? 0 : stored?.level;
      const bucket = new Bucket(name, {
        perMinute,
        burst,
        nowMs: stored ? Math.min(stored.atMs, nowMs) : nowMs,
        source: "configured",
        ...(level === undefined ? {} : { level }),
      });
      this.buckets.set(name, bucket);
    }
    this.#isProbing = options.driver.device === "llm" && this.buckets.size === 0 && limits.concurrency === undefined;
    this.#window = this.#isProbing ? 1 : this.#ceiling;
  }

  /** Another policy orders from now on; the queue must be empty. The same one keeps its counters. */
  follow(policy: Policy, options: PolicyOptions): void {
    if (policy === this.#policy) return;
    this.#policy = policy;
    this.queue = policy.createQueue(options);
  }

  get price(): Price | undefined {
    return this.spec.price;
  }

  get concurrency(): number {
    return Math.max(1, Math.floor(this.#window));
  }

  /**
   * The call that may go now, or how long until one may: `Infinity` when only an ending call can change that.
   * One token of each bucket, and one slot while interactive work is about, are kept for the interactive class.
   */
  next(nowMs: number, demandOf: (entry: Waiting) => Demand): Ticket<Waiting> | number {
    this.isShortOfMemory = false;
    if (nowMs < this.pausedUntilMs) return this.pausedUntilMs - nowMs;
    const free = this.concurrency - this.running;
    if (free <= 0) return Number.POSITIVE_INFINITY;
    const next = this.#candidate(free, nowMs, demandOf);
    // Nobody passes who does not fit: small calls would keep a large one waiting for ever.
    if (typeof next === "number" || this.#hasMemory(demandOf(next.entry))) return next;
    this.isShortOfMemory = true;
    return Number.POSITIVE_INFINITY;
  }

  /** Where all slots are taken: the call that would be given the first one to come free at this instant. */
  heir(nowMs: number, demandOf: (entry: Waiting) => Demand): Ticket<Waiting> | undefined {
    if (nowMs < this.pausedUntilMs || this.running < this.concurrency) return undefined;
    const next = this.#candidate(1, nowMs, demandOf);
    return typeof next === "number" ? undefined : next;
  }

  #candidate(free: number, nowMs: number, demandOf: (entry: Waiting) => Demand): Ticket<Waiting> | number {
    const keepsSlot = free === 1 && this.concurrency > 1 && nowMs - this.#interactiveAtMs < INTERACTIVE_MEMORY_MS;
    const first = this.queue.peek(keepsSlot ? "interactive" : undefined);
    if (!first) return Number.POSITIVE_INFINITY;
    const waitMs = this.#bucketWaitMs(first.entry, demandOf, nowMs);
    if (waitMs === 0) return first;
    if (first.entry.class === "interactive") return waitMs;
    const urgent = this.queue.peek("interactive");
    if (!urgent) return waitMs;
    const urgentWaitMs = this.#bucketWaitMs(urgent.entry, demandOf, nowMs);
    return urgentWaitMs === 0 ? urgent : Math.min(waitMs, urgentWaitMs);
  }

  /** With nothing running the core has to try: what it has is all there is. */
  #hasMemory({ memoryTokens }: Demand): boolean {
    if (this.running === 0 || !("freeTokens" in this.driver)) return true;
    return memoryTokens <= (this.driver.freeTokens?.() ?? Number.POSITIVE_INFINITY);
  }

  #bucketWaitMs(entry: Waiting, demandOf: (entry: Waiting) => Demand, nowMs: number): number {
    return this.buckets.size === 0 ? 0 : this.#bucketsWaitMs(entry.class, demandOf(entry), nowMs);
  }

  #bucketsWaitMs(schedulingClass: Waiting["class"], demand: Demand, nowMs: number): number {
    let waitMs = 0;
    for (const bucket of this.buckets.values()) {
      const amount = amountOf(bucket, demand);
      const kept = schedulingClass === "interactive" ? 0 : bucket.name === "requests" ? 1 : amount;
      // Keeping back is possible only where the bucket holds more than the call itself.
      const canKeep = bucket.capacity >= amount + kept;
      waitMs = Math.max(waitMs, bucket.waitMs(amount, canKeep ? kept : 0, nowMs));
    }
    return waitMs;
  }

  /** After faults, or told to pause for longer than a call cares to wait where another lane is free. */
  isResting(nowMs: number): boolean {
    const leftMs = this.pausedUntilMs - nowMs;
    return leftMs > 0 && (this.faults >= FAULTS_TO_COOL || leftMs > PAUSE_TO_WAIT_MS);
  }

  /** Until buckets and pauses would let such a call go, were nobody else waiting. */
  idleWaitMs(demand: Demand, nowMs: number): number {
    return Math.max(this.pausedUntilMs - nowMs, this.#bucketsWaitMs("batch", demand, nowMs), 0);
  }

  sawInteractive(nowMs: number): void {
    this.#interactiveAtMs = nowMs;
  }

  /** Takes slot and tokens; returns the number that `observe` wants. */
  take(demand: Demand, nowMs: number): number {
    this.running++;
    for (const bucket of this.buckets.values()) bucket.take(amountOf(bucket, demand), nowMs);
    return ++this.#dispatches;
  }

  /** An answer that is longer than was reserved for it takes the rest as it comes: it is gone, and nobody is promised it. */
  outgrow(demand: Demand, outputTokens: number, nowMs: number): void {
    const more = { requests: 0, inputTokens: 0, outputTokens: outputTokens - demand.outputTokens };
    if (more.outputTokens <= 0) return;
    for (const bucket of this.buckets.values()) {
      const amount = amountOf(bucket, more);
      if (amount > 0) bucket.take(amount, nowMs);
    }
    demand.outputTokens = outputTokens;
  }

  /** Corrects the token buckets by what the call really took. */
  settle(demand: Demand, usage: Usage, nowMs: number): void {
    const actual = { requests: demand.requests, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
    for (const bucket of this.buckets.values()) {
      const difference = amountOf(bucket, actual) - amountOf(bucket, demand);
      if (difference !== 0) bucket.take(difference, nowMs);
    }
  }

  /**
   * Headers of the call with this dispatch number, sent at `sentAtMs`. The upstream counted when it admitted that
   * call: what was dispatched since comes off, what has been refilled since comes on.
   * @returns the buckets that were unknown until now.
   */
  observe(limits: readonly ObservedLimit[], sent: { dispatch: number; atMs: number }, nowMs: number): Bucket[] {
    const learned: Bucket[] = [];
    for (const { bucket: name, perMinute, remaining, resetMs } of limits) {
      if (!(perMinute > 0)) continue;
      const since = name === "requests" ? this.#dispatches - sent.dispatch : 0;
      const believed = remaining - since + ((nowMs - sent.atMs) * perMinute) / 60_000;
      const known = this.buckets.get(name);
      if (known) {
        if (perMinute < known.perMinute) known.perMinute = perMinute;
        known.lowerTo(believed, nowMs);
        continue;
      }
      // A token bucket is full again after (burst − remaining) / rate. A server that counts a 60 s window tells the same
      // figures and forgives no burst: so requests learn one second's worth at most.
      const told = Math.round(remaining + (resetMs * perMinute) / 60_000);
      const burst = Math.max(1, Math.min(name === "requests" ? perMinute / 60 : perMinute, told));
      const bucket = new Bucket(name, { perMinute, burst, level: believed, nowMs, source: "learned" });
      this.buckets.set(name, bucket);
      learned.push(bucket);
    }
    if (learned.length > 0) this.#endProbing(this.#ceiling);
    return learned;
  }

  #endProbing(window: number): void {
    if (!this.#isProbing) return;
    this.#isProbing = false;
    this.#window = window;
  }

  /** A call ended well. @returns true when the lane had been cooling. */
  succeeded(nowMs: number): boolean {
    const wasCooling = this.faults >= FAULTS_TO_COOL;
    this.faults = 0;
    this.#coolMs = 0;
    // Headers told nothing: open up, doubling per answer, until the upstream refuses (slow start).
    if (this.#isProbing) {
      this.#window = Math.min(this.#ceiling, this.#window * 2);
      if (this.#window === this.#ceiling) this.#isProbing = false;
    } else if (this.#window < this.#ceiling) {
      if (wasCooling) this.#window = Math.max(this.#window, 2);
      // Additive increase: one slot per window, and at most one per second.
      if (nowMs - this.#windowRaisedAtMs >= 1_000) {
        this.#windowRaisedAtMs = nowMs;
        this.#window = Math.min(this.#ceiling, this.#window + 1);
      }
    }
    return wasCooling;
  }

  /** 429, 503 or 529: pause as told, halve the window. @returns when calls may go again. */
  refuse(retryAfterMs: number | undefined, nowMs: number, chance: number): number {
    this.refused++;
    this.#endProbing(this.#window);
    this.#window = Math.max(1, this.#window / 2);
    this.#windowRaisedAtMs = nowMs;
    const pauseMs = retryAfterMs ?? this.#jitter(chance);
    this.pausedUntilMs = Math.max(this.pausedUntilMs, nowMs + pauseMs);
    return this.pausedUntilMs;
  }

  /** The upstream broke. After three in a row the lane rests, then tries one call. @returns the end of the rest, if it rests. */
  broke(nowMs: number, chance: number): number | undefined {
    this.faults++;
    if (this.faults < FAULTS_TO_COOL) return undefined;
    this.#window = 1;
    this.pausedUntilMs = Math.max(this.pausedUntilMs, nowMs + this.#jitter(chance));
    return this.pausedUntilMs;
  }

  /** Decorrelated jitter (AWS architecture blog, 2015): uniform between the base and three times the last pause. */
  #jitter(chance: number): number {
    const top = Math.max(COOL_BASE_MS, this.#coolMs * 3);
    this.#coolMs = Math.min(COOL_MAX_MS, COOL_BASE_MS + chance * (top - COOL_BASE_MS));
    return Math.round(this.#coolMs);
  }

  count(outcome: "done" | "failed", usage: Usage): void {
    this[outcome]++;
    this.usage = addUsage(this.usage, usage);
  }
}

function amountOf(bucket: Bucket, demand: Omit<Demand, "memoryTokens">): number {
  switch (bucket.name) {
    case "requests":
      return demand.requests;
    case "inputTokens":
      return demand.inputTokens;
    case "outputTokens":
      return demand.outputTokens;
    case "tokens":
      return demand.inputTokens + demand.outputTokens;
  }
}
