import type { Pid, SchedulingClass, TenantId } from "@aiosjs/sdk/protocol";

/** What a policy may know of a waiting call. */
export interface Waiting {
  readonly tenant: TenantId;
  readonly pid: Pid;
  /** Root of the process tree: the program as a whole. */
  readonly program: Pid;
  readonly nice: number;
  readonly class: SchedulingClass;
  /** When the call was made; kept when it is queued again after a refusal. */
  readonly arrivedMs: number;
  /** Order of arrival over all calls; breaks ties. */
  readonly arrival: number;
  readonly deadlineAtMs: number;
}

/** A call's place in one queue. A call for `auto` has one in every lane that can serve it. */
export interface Ticket<Entry extends Waiting> {
  readonly entry: Entry;
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
  /** Service the call has received; what fair policies count. */
  charge(entry: Entry, service: { prefillTokens: number; decodeTokens: number }): void;
}

export interface PolicyOptions {
  /** Milliseconds of waiting that are worth one nice level. */
  readonly ageMs: number;
}

export interface Policy {
  readonly name: string;
  createQueue<Entry extends Waiting>(options: PolicyOptions): RunQueue<Entry>;
}
