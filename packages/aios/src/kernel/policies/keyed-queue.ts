import { Heap } from "../heap.ts";
import type { HeapItem } from "../heap.ts";
import type { RunQueue, Ticket, Waiting } from "./policy.ts";

interface KeyedTicket<Entry extends Waiting> extends Ticket<Entry>, HeapItem {
  readonly key: number;
}

const isBefore = (left: KeyedTicket<Waiting>, right: KeyedTicket<Waiting>): boolean =>
  left.key < right.key || (left.key === right.key && left.entry.arrival < right.entry.arrival);

/** A run queue for policies whose order is a number fixed at arrival: O(log n), one heap per class. */
export function createKeyedQueue<Entry extends Waiting>(options: {
  keyOf: (entry: Entry) => number;
  dispatched?: (key: number) => void;
  quantumTokens?: number;
  preempts?: (waiting: Entry, running: Entry) => boolean;
}): RunQueue<Entry> {
  const { quantumTokens, preempts } = options;
  const heaps = { interactive: new Heap<KeyedTicket<Entry>>(isBefore), batch: new Heap<KeyedTicket<Entry>>(isBefore) };
  return {
    get size() {
      return heaps.interactive.size + heaps.batch.size;
    },
    push(entry) {
      const ticket: KeyedTicket<Entry> = { entry, key: options.keyOf(entry), heapIndex: -1 };
      heaps[entry.class].push(ticket);
      return ticket;
    },
    peek(only) {
      const interactive = heaps.interactive.peek();
      const batch = only ? undefined : heaps.batch.peek();
      if (!interactive || !batch) return interactive ?? batch;
      return isBefore(batch, interactive) ? batch : interactive;
    },
    remove(ticket) {
      heaps[ticket.entry.class].remove(ticket as KeyedTicket<Entry>);
    },
    dispatch(ticket) {
      heaps[ticket.entry.class].remove(ticket as KeyedTicket<Entry>);
      options.dispatched?.((ticket as KeyedTicket<Entry>).key);
    },
    charge() {
      // The key is fixed at arrival: service does not count.
    },
    release() {
      // Nor does what runs.
    },
    ...(quantumTokens === undefined ? {} : { quantumTokens: () => quantumTokens }),
    ...(preempts === undefined ? {} : { preempts }),
  };
}
