import { SysError } from "@aiosjs/sdk/protocol";
import type { ProgramAttained } from "./attained.ts";
import { Batch } from "./batch.ts";
import type { CallRecord } from "./call-record.ts";
import { Joining, takeAlong } from "./joining.ts";
import type { Joinable } from "./joining.ts";
import type { Demand, Lane } from "./lane.ts";
import { Preemption } from "./preemption.ts";
import { serviceOf } from "./policies/policy.ts";
import type { Service, Ticket, Waiting } from "./policies/policy.ts";
import type { Clock, Random } from "./ports.ts";
import type { Timer, Timers } from "./timers.ts";
import type { Asked } from "./urgency.ts";

/** A call on its way through the lanes. */
export interface Entry extends Waiting {
  readonly record: CallRecord;
  /** How urgent the call said it is. */
  readonly asked: Asked;
  readonly attained: ProgramAttained;
  readonly lanes: readonly Lane[];
  readonly demand: Demand;
  /** Whether it may share a request with others, where the core takes several. */
  readonly joinable: Joinable | undefined;
  /** Runs in a slot of `lane`; settles the slot by calling `release`. Must not throw. */
  readonly dispatch: (lane: Lane, slot: Slot) => void;
  readonly tickets: Map<Lane, Ticket<Waiting>>;
  /** Tokens of the answer so far, as far as they are known before its end. */
  producedTokens: number;
  /** How often it gave its slot up. */
  timesMadeWay: number;
  /** Set while the call waits to go on where it made way: only its own lane can. */
  standby: Standby | undefined;
  /** Set while the call waits for its next attempt, outside the run queues. */
  delay: Timer | undefined;
}

/** A preempted call in the run queue. */
interface Standby {
  /** Its core is gone. True when the call can begin anew elsewhere; else it has ended. */
  abandon(): boolean;
}

/** A place on a lane: given back once, for good, or lent while a nested call runs. */
export interface Slot {
  readonly lane: Lane;
  /** Number of the dispatch, for correcting buckets by response headers. */
  readonly dispatch: number;
  readonly atMs: number;
  /** The request that it shares with the calls that were dispatched with it. */
  readonly batch: Batch | undefined;
  /** Fires when the slot is wanted for more urgent work. */
  readonly preempt: AbortSignal | undefined;
  /** After so many tokens it makes way for whoever waits. */
  readonly quantumTokens: number | undefined;
  release(): void;
  /** Gives the slot back while `work` runs, and waits for one before it returns. */
  lend<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Run queues in front of the lanes: bounded in all and per tenant, ordered by the policy, gated by slots and buckets. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #wakeups = new Map<Lane, { atMs: number; timer: Timer }>();
  readonly #joining = new Joining();
  readonly #preemption = new Preemption();
  /** Lanes whose next call waits for memory of a core that other lanes use too. */
  readonly #short = new Set<Lane>();
  readonly #perTenant = new Map<string, number>();
  #queued = 0;
  #arrivals = 0;

  readonly #lanesOf: (record: CallRecord) => readonly Lane[];

  /** `lanesOf`: where a call is routed now. */
  constructor(options: {
    clock: Clock;
    timers: Timers;
    random: Random;
    lanesOf: (record: CallRecord) => readonly Lane[];
  }) {
    this.#clock = options.clock;
    this.#timers = options.timers;
    this.#random = options.random;
    this.#lanesOf = options.lanesOf;
  }

  get queued(): number {
    return this.#queued;
  }

  nextArrival(): number {
    return ++this.#arrivals;
  }

  /** @throws SysError EAGAIN when the queues are full. */
  admit(tenant: string, limits: { queueLimit: number; tenantQueueLimit: number }): void {
    const mine = this.#perTenant.get(tenant) ?? 0;
    const isFull = this.#queued >= limits.queueLimit;
    if (!isFull && mine < limits.tenantQueueLimit) return;
    throw new SysError(
      "EAGAIN",
      isFull
        ? `the run queues are full (${limits.queueLimit} calls wait)`
        : `tenant ${tenant} has ${mine} calls waiting, its limit`,
      {
        retryAfterMs: 1_000,
        hint: "send it again later, or raise scheduler.queueLimit / tenantQueueLimit",
      },
    );
  }

  enqueue(entry: Entry): void {
    if (!this.#isAtHome(entry)) return;
    this.#count(entry);
    this.#stand(entry);
  }

  /** Waits for `atMs` first: the next attempt of a call whose upstream broke. */
  enqueueLater(entry: Entry, atMs: number, beforeStanding?: () => void): void {
    this.#count(entry);
    entry.delay = this.#timers.at(atMs, () => {
      beforeStanding?.();
      if (entry.lanes.every(({ isGone }) => !isGone)) {
        entry.delay = undefined;
        return this.#stand(entry);
      }
      this.withdraw(entry);
      this.enqueue(entry);
    });
  }

  /** A call that was not in the queues during a refresh is routed again where its cores are gone. False: it has ended. */
  #isAtHome(entry: Entry): boolean {
    if (entry.lanes.every(({ isGone }) => !isGone)) return true;
    if (entry.standby?.abandon() === false) return false;
    return this.#isRouted(entry);
  }

  #isRouted(entry: Entry): boolean {
    try {
      Object.assign(entry, { lanes: this.#lanesOf(entry.record) });
      return true;
    } catch (cause) {
      // It may come from an attempt that has ended.
      entry.record.state = "queued";
      entry.record.cancel(cause as SysError);
      return false;
    }
  }

  #count(entry: Entry): void {
    const { record } = entry;
    record.state = "queued";
    record.waitingSinceMs = this.#clock.nowMs();
    record.process.queued++;
    this.#queued++;
    this.#perTenant.set(entry.tenant, (this.#perTenant.get(entry.tenant) ?? 0) + 1);
  }

  #stand(entry: Entry): void {
    for (const lane of entry.lanes) {
      entry.tickets.set(lane, lane.queue.push(entry));
      this.#joining.stood(lane, entry);
      if (entry.class === "interactive") lane.sawInteractive(this.#clock.nowMs());
    }
    for (const lane of entry.lanes) if (entry.tickets.size > 0) this.pump(lane);
  }

  /** Takes all waiting calls out of these lanes, in order of arrival. */
  drain(lanes: readonly Lane[]): Entry[] {
    const waiting: Entry[] = [];
    for (const lane of lanes)
      for (let ticket = lane.queue.peek(); ticket; ticket = lane.queue.peek()) {
        const entry = ticket.entry as Entry;
        this.withdraw(entry);
        waiting.push(entry);
      }
    return waiting.toSorted((left, right) => left.arrival - right.arrival);
  }

  /** Queues drained calls again where they are routed now; one that made way waits for the core that it comes from. */
  reroute(waiting: readonly Entry[]): void {
    for (const entry of waiting) if (entry.standby || this.#isRouted(entry)) this.enqueue(entry);
  }

  /** Takes a waiting call out of all its queues. */
  withdraw(entry: Entry, picked?: Lane): void {
    if (entry.tickets.size === 0 && !entry.delay) return;
    entry.delay?.cancel();
    entry.delay = undefined;
    for (const [lane, ticket] of entry.tickets) {
      this.#joining.left(lane, entry);
      if (lane === picked) lane.queue.dispatch(ticket);
      else lane.queue.remove(ticket);
    }
    entry.tickets.clear();
    const { record } = entry;
    const waitedMs = record.waitingMs();
    entry.attained.wait(waitedMs - record.waitedMs);
    record.waitedMs = waitedMs;
    record.waitingSinceMs = undefined;
    record.process.queued--;
    this.#queued--;
    const left = (this.#perTenant.get(entry.tenant) ?? 1) - 1;
    if (left > 0) this.#perTenant.set(entry.tenant, left);
    else this.#perTenant.delete(entry.tenant);
  }

  /** Dispatches from this lane whatever may go now, and sets the timer for the rest. */
  pump(lane: Lane): void {
    for (;;) {
      const nowMs = this.#clock.nowMs();
      if (lane.returning.length > 0 && lane.running < lane.concurrency) {
        lane.running++;
        lane.returning.shift()?.();
        continue;
      }
      if (lane.queue.size === 0) return;
      const next = lane.next(nowMs, demandOf);
      if (typeof next === "number") {
        if (next === Number.POSITIVE_INFINITY) this.#preemption.makeRoom(lane, () => lane.heir(nowMs, demandOf));
        if (lane.isShortOfMemory) this.#short.add(lane);
        return this.#wakeLater(lane, nowMs + next);
      }
      const entry = next.entry as Entry;
      const companyMs = this.#joining.waitMs(lane, entry, nowMs);
      if (companyMs > 0) return this.#wakeLater(lane, nowMs + companyMs);
      this.#dispatch(entry, lane, nowMs);
    }
  }

  /** Gives the call a slot, and those that share its request a part of it. */
  #dispatch(first: Entry, lane: Lane, nowMs: number): void {
    this.withdraw(first, lane);
    const dispatch = lane.take(first.demand, nowMs);
    const company: Entry[] = [];
    let inputs = first.joinable?.inputs ?? 0;
    for (;;) {
      const next = this.#joining.next(lane, first, { inputs, nowMs });
      if (!next) break;
      this.withdraw(next, lane);
      takeAlong(lane, next, nowMs);
      inputs += next.joinable?.inputs ?? 0;
      company.push(next);
    }
    const batch = company.length > 0 ? new Batch(lane, () => this.#clock.nowMs()) : undefined;
    let holders = 1 + company.length;
    const giveBack = (): void => {
      if (--holders > 0) return;
      lane.running--;
      this.pump(lane);
      this.#pumpShort(lane);
    };
    const share = { lane, dispatch, atMs: nowMs, batch };
    this.#start(first, share, giveBack);
    for (const entry of company) this.#start(entry, share, giveBack);
    batch?.send();
  }

  /** What ended here may have freed memory for other lanes of the core. */
  #pumpShort({ driver }: Lane): void {
    for (const lane of [...this.#short].filter((one) => one.driver === driver)) {
      this.#short.delete(lane);
      this.pump(lane);
    }
  }

  #start(entry: Entry, share: Pick<Slot, "lane" | "dispatch" | "atMs" | "batch">, free: () => void): void {
    const { lane, atMs: nowMs } = share;
    const { record } = entry;
    lane.waitingMsTotal += record.waitedMs;
    record.state = "running";
    record.startedAtMs ??= nowMs;
    record.process.running++;
    let isHeld = true;
    const hold = this.#preemption.hold(lane, entry);
    const giveBack = (): void => {
      record.process.running--;
      free();
    };
    entry.dispatch(lane, {
      ...share,
      preempt: hold?.signal,
      quantumTokens: hold?.quantumTokens,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        hold?.release();
        entry.attained.serve(0, this.#clock.nowMs() - nowMs);
        lane.queue.release(entry);
        giveBack();
      },
      lend: async (work) => {
        giveBack();
        try {
          return await work();
        } finally {
          await new Promise<void>((resolve) => {
            lane.returning.push(resolve);
            this.pump(lane);
          });
          record.process.running++;
        }
      },
    });
  }

  /** A running call received service on this lane, or less than it was charged for. */
  charge(entry: Entry, lane: Lane, service: Service): void {
    lane.queue.charge(entry, service);
    entry.attained.serve(serviceOf(service), 0);
  }

  /** Refused by the upstream: the lane pauses, the call waits at its old place. @returns when the lane goes on. */
  refused(lane: Lane, retryAfterMs: number | undefined): number {
    return lane.refuse(retryAfterMs, this.#clock.nowMs(), this.#random.next());
  }

  broke(lane: Lane): number | undefined {
    return lane.broke(this.#clock.nowMs(), this.#random.next());
  }

  #wakeLater(lane: Lane, atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) return;
    const set = this.#wakeups.get(lane);
    if (set && set.atMs <= atMs && set.atMs > this.#clock.nowMs()) return;
    set?.timer.cancel();
    const timer = this.#timers.at(atMs, () => {
      this.#wakeups.delete(lane);
      this.pump(lane);
    });
    this.#wakeups.set(lane, { atMs, timer });
  }
}

const demandOf = (entry: Waiting): Demand => (entry as Entry).demand;
