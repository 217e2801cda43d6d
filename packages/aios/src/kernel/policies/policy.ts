import type { Pid, SchedulingClass, TenantId } from "@aiosjs/sdk/protocol";

/** What a program, a process with all below it, has received so far over all lanes. */
export interface Attained {
  /** 0.1 × prefill tokens + decode tokens. */
  readonly service: number;
  /** Milliseconds in slots, and in run queues, since the kernel started. What ships looks at neither; policies to compare with do. */
  readonly servedMs: number;
  readonly waitedMs: number;
}

/** What a policy may know of a waiting call. */
export interface Waiting {
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** Root of the process tree: the program as a whole. */
  readonly program: Pid;
  /** Live: changes while the call waits, when other calls of its program are served. */
  readonly attained: Attained;
  readonly nice: number;
  readonly class: SchedulingClass;
  /** When the call was made; kept when it is queued again after a refusal. */
  readonly arrivedMs: number;
  /** Order of arrival over all calls; breaks ties. */
  readonly arrival: number;
  readonly deadlineAtMs: number;
  /** What it is expected to take. */
  readonly demand: { readonly inputTokens: number; readonly outputTokens: number };
}

/** A call's place in one queue. A call for `auto` has one in every lane that can serve it. */
export interface Ticket<Entry extends Waiting> {
  readonly entry: Entry;
}

/** Tokens that a call was given. */
export interface Service {
  /** Of the prompt, without those that the core had cached. */
  readonly prefillTokens: number;
  readonly decodeTokens: number;
}

/** The order of one lane. Ordered by the policy alone; slots, buckets and cooldown are the lane's. */
export interface RunQueue<Entry extends Waiting> {
  readonly size: number;
  push(entry: Entry): Ticket<Entry>;
  /** The call that goes next, among all or among the interactive class. */
  peek(only?: "interactive"): Ticket<Entry> | undefined;
  /** Takes a ticket out: it was cancelled, or picked in another lane. */
  remove(ticket: Ticket<Entry>): void;
  /** Takes a ticket out because its call goes to a slot of this lane. */
  dispatch(ticket: Ticket<Entry>): void;
  /** A running call received service: the estimated prefill at dispatch, then decoded tokens. Negative: a correction at the end. */
  charge(entry: Entry, service: Service): void;
  /** A dispatched call gave its slot back: it has ended, or will be pushed again. */
  release(entry: Entry): void;
  /** Tokens after which a core that can resume exactly makes way for who waits. Absent: no quantum. */
  quantumTokens?(entry: Entry): number | undefined;
  /** Whether `running` makes way for `waiting`, which goes next, on a core that can resume. Absent: as `isMoreUrgent`. */
  preempts?(waiting: Entry, running: Entry): boolean;
}

export interface PolicyOptions {
  /** Milliseconds of waiting that are worth one nice level. */
  readonly ageMs: number;
  readonly nowMs: () => number;
  /** A tenant's share against the others'. Default: 1. */
  readonly weightOf: (tenant: TenantId) => number;
}

export interface Policy {
  readonly name: string;
  createQueue<Entry extends Waiting>(options: PolicyOptions): RunQueue<Entry>;
}

/** What a prompt token weighs against a token of the answer (calibrated on the prototype: 60 µs against 0.6 ms). */
export const PREFILL_WEIGHT = 0.1;

export const serviceOf = ({ prefillTokens, decodeTokens }: Service): number =>
  PREFILL_WEIGHT * prefillTokens + decodeTokens;

/** Batch work makes way for interactive, nothing else does. */
export const isMoreUrgent = (waiting: Waiting, running: Waiting): boolean =>
  waiting.class === "interactive" && running.class === "batch";
