import type { TenantId } from "@aiosjs/sdk/protocol";
import { Heap } from "../heap.ts";
import type { HeapItem } from "../heap.ts";
import { isMoreUrgent } from "./policy.ts";
import type { PolicyOptions, RunQueue, Service, Ticket, Waiting } from "./policy.ts";

interface Place<Entry extends Waiting> extends HeapItem {
  readonly tenant: Tenant<Entry>;
}

interface Tenant<Entry extends Waiting> {
  readonly queue: RunQueue<Entry>;
  /** Service received ÷ weight, or more: an idle tenant saves nothing up. */
  counter: number;
  /** Of equal counters who began to wait first goes first: new tenants come after those who wait. */
  waitsSince: number;
  running: number;
  /** Among tenants with waiting calls, and with waiting interactive calls. */
  readonly inAll: Place<Entry>;
  readonly inInteractive: Place<Entry>;
}

const isBefore = ({ tenant: left }: Place<Waiting>, { tenant: right }: Place<Waiting>): boolean =>
  left.counter < right.counter || (left.counter === right.counter && left.waitsSince < right.waitsSince);

/**
 * Virtual token counters (Sheng et al., OSDI '24, algorithm 2): the tenant that has received least ÷ its weight goes next,
 * inside a tenant whatever `createInner` orders. A tenant that comes back after a pause starts at the least counter of those
 * who wait. Counters are those of one lane: who waits for another model does not compete here. O(log tenants).
 */
export function createTenantQueue<Entry extends Waiting>(
  { weightOf }: PolicyOptions,
  options: { createInner: () => RunQueue<Entry>; serviceOf: (service: Service) => number },
): RunQueue<Entry> {
  const tenants = new Map<TenantId, Tenant<Entry>>();
  const all = new Heap<Place<Entry>>(isBefore);
  const interactive = new Heap<Place<Entry>>(isBefore);
  /** Counter of who was served last: what a tenant starts at when nobody waits. */
  let floor = 0;
  let size = 0;
  let waits = 0;

  const tenantOf = (id: TenantId): Tenant<Entry> => {
    const known = tenants.get(id);
    if (known) return known;
    const made = createTenant(options.createInner());
    tenants.set(id, made);
    return made;
  };

  /** Who has nothing waiting any more leaves the heaps; who has, enters. */
  const place = (tenant: Tenant<Entry>): void => {
    const { queue, inAll, inInteractive } = tenant;
    if (queue.size === 0) all.remove(inAll);
    else if (inAll.heapIndex < 0) {
      tenant.waitsSince = ++waits;
      all.push(inAll);
    }
    const isUrgent = queue.size > 0 && queue.peek("interactive") !== undefined;
    if (!isUrgent) interactive.remove(inInteractive);
    else if (inInteractive.heapIndex < 0) interactive.push(inInteractive);
  };

  const take = (ticket: Ticket<Entry>, how: "remove" | "dispatch"): Tenant<Entry> => {
    const tenant = tenantOf(ticket.entry.tenant);
    const before = tenant.queue.size;
    tenant.queue[how](ticket);
    size -= before - tenant.queue.size;
    place(tenant);
    return tenant;
  };

  return {
    get size() {
      return size;
    },
    push(entry) {
      const tenant = tenantOf(entry.tenant);
      if (tenant.queue.size === 0 && tenant.running === 0)
        tenant.counter = Math.max(tenant.counter, all.peek()?.tenant.counter ?? floor);
      const ticket = tenant.queue.push(entry);
      size++;
      place(tenant);
      return ticket;
    },
    peek: (only) => (only ? interactive : all).peek()?.tenant.queue.peek(only),
    remove: (ticket) => void take(ticket, "remove"),
    dispatch(ticket) {
      const tenant = take(ticket, "dispatch");
      tenant.running++;
      floor = Math.max(floor, tenant.counter);
    },
    charge(entry, service) {
      const tenant = tenantOf(entry.tenant);
      tenant.counter += options.serviceOf(service) / weightOf(entry.tenant);
      all.moved(tenant.inAll);
      interactive.moved(tenant.inInteractive);
      tenant.queue.charge(entry, service);
    },
    // Not at the cost of who has received less.
    preempts: (waiting, running) =>
      isMoreUrgent(waiting, running) &&
      (waiting.tenant === running.tenant || tenantOf(waiting.tenant).counter <= tenantOf(running.tenant).counter),
    release(entry) {
      const tenant = tenantOf(entry.tenant);
      // Not below 0: what runs may have been dispatched before the policy was switched to this one.
      tenant.running = Math.max(0, tenant.running - 1);
      tenant.queue.release(entry);
    },
  };
}

function createTenant<Entry extends Waiting>(queue: RunQueue<Entry>): Tenant<Entry> {
  const tenant = { queue, counter: 0, waitsSince: 0, running: 0 } as {
    -readonly [Key in keyof Tenant<Entry>]: Tenant<Entry>[Key];
  };
  tenant.inAll = { tenant, heapIndex: -1 };
  tenant.inInteractive = { tenant, heapIndex: -1 };
  return tenant;
}
