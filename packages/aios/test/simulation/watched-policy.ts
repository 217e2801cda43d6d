import type { Policy, PolicyOptions, Service, Ticket, Waiting } from "../../src/kernel/policies/policy.ts";

/** What a policy is told and decides, as it happens. */
export interface PolicyWatch {
  pushed?(entry: Waiting, nowMs: number): void;
  /** Dispatched or withdrawn. */
  left?(entry: Waiting): void;
  /** After `left`. */
  dispatched?(entry: Waiting): void;
  charged?(entry: Waiting, service: Service): void;
}

/** The same policy under another name, with somebody who looks on. */
export function watched(policy: Policy, watch: PolicyWatch): Policy {
  return {
    name: "watched",
    createQueue<Entry extends Waiting>(options: PolicyOptions) {
      const queue = policy.createQueue<Entry>(options);
      const inner = {
        push: queue.push.bind(queue),
        remove: queue.remove.bind(queue),
        dispatch: queue.dispatch.bind(queue),
        charge: queue.charge.bind(queue),
      };
      return Object.assign(queue, {
        push: (entry: Entry) => {
          const ticket = inner.push(entry);
          watch.pushed?.(entry, options.nowMs());
          return ticket;
        },
        remove: (ticket: Ticket<Entry>) => {
          inner.remove(ticket);
          watch.left?.(ticket.entry);
        },
        dispatch: (ticket: Ticket<Entry>) => {
          inner.dispatch(ticket);
          watch.left?.(ticket.entry);
          watch.dispatched?.(ticket.entry);
        },
        charge: (entry: Entry, service: Service) => {
          inner.charge(entry, service);
          watch.charged?.(entry, service);
        },
      });
    },
  };
}
