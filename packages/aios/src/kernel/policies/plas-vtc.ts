import { Heap } from "../heap.ts";
import type { HeapItem } from "../heap.ts";
import { serviceOf } from "./policy.ts";
import type { Policy, PolicyOptions, RunQueue, Ticket, Waiting } from "./policy.ts";
import { createTenantQueue } from "./tenant-queue.ts";

/** Upper bound of the first level in tokens of service; each further one holds four times as much. */
const FIRST_LEVEL = 64;

/** Of so many calls of a tenant one goes because it is the oldest: nobody starves, whatever comes. */
const TURNS = 4;

/** What a nice level is worth in service; Linux weighs its own the same. */
const NICE_FACTOR = 1.25;

/** The tenant that has received least for its weight, and inside it the program that has received least. */
export const plasVtc: Policy = {
  name: "plas-vtc",
  createQueue: (options) => createTenantQueue(options, { createInner: () => createProgramQueue(options), serviceOf }),
};

/** Levels are bounded by 64, 256, 1k, 4k, 16k… tokens of service. */
export function levelOfService(service: number): number {
  let level = 0;
  for (let bound = FIRST_LEVEL; service >= bound; bound *= 4) level++;
  return level;
}

interface Place<Entry extends Waiting> extends HeapItem {
  readonly ticket: ProgramTicket<Entry>;
}

interface ProgramTicket<Entry extends Waiting> extends Ticket<Entry> {
  readonly level: number;
  /** When the call was made, later by what its nice value is worth. */
  readonly ageKey: number;
  readonly byLevel: Place<Entry>;
  readonly byAge: Place<Entry>;
}

/** The calls of one class, in both orders. */
interface Line<Entry extends Waiting> {
  readonly byLevel: Heap<Place<Entry>>;
  readonly byAge: Heap<Place<Entry>>;
  dispatched: number;
}

const isOlder = ({ ticket: left }: Place<Waiting>, { ticket: right }: Place<Waiting>): boolean =>
  left.ageKey < right.ageKey || (left.ageKey === right.ageKey && left.entry.arrival < right.entry.arrival);

const isLower = (left: Place<Waiting>, right: Place<Waiting>): boolean =>
  left.ticket.level < right.ticket.level || (left.ticket.level === right.ticket.level && isOlder(left, right));

/**
 * Levels of attained service, by programs instead of calls, the oldest first in a level (Autellix, 2025). Every fourth turn is
 * the oldest call's of all levels instead of a promotion after some wait: with n calls before it by age, a call goes after
 * 4 (n + 1) of its tenant at the latest, however many come later. Level and age are fixed when the call is queued, so no timer
 * moves anything. Interactive calls go first. O(log n).
 */
function createProgramQueue<Entry extends Waiting>({ ageMs }: PolicyOptions): RunQueue<Entry> {
  const lines = { interactive: createLine<Entry>(), batch: createLine<Entry>() };

  const first = ({ byLevel, byAge, dispatched }: Line<Entry>): Ticket<Entry> | undefined =>
    (dispatched % TURNS === TURNS - 1 ? byAge : byLevel).peek()?.ticket;

  const remove = (ticket: Ticket<Entry>): void => {
    const { byLevel, byAge } = ticket as ProgramTicket<Entry>;
    const line = lines[ticket.entry.class];
    line.byLevel.remove(byLevel);
    line.byAge.remove(byAge);
  };

  return {
    get size() {
      return lines.interactive.byAge.size + lines.batch.byAge.size;
    },
    push(entry) {
      const { attained, nice, arrivedMs } = entry;
      const ticket = createTicket(entry, {
        level: levelOfService(attained.service * NICE_FACTOR ** nice),
        ageKey: arrivedMs + nice * ageMs,
      });
      const line = lines[entry.class];
      line.byLevel.push(ticket.byLevel);
      line.byAge.push(ticket.byAge);
      return ticket;
    },
    peek: (only) => first(lines.interactive) ?? (only ? undefined : first(lines.batch)),
    remove,
    dispatch(ticket) {
      remove(ticket);
      lines[ticket.entry.class].dispatched++;
    },
    charge() {
      // Levels are asked for when a call is queued.
    },
    release() {
      // What runs does not count.
    },
  };
}

const createLine = <Entry extends Waiting>(): Line<Entry> => ({
  byLevel: new Heap<Place<Entry>>(isLower),
  byAge: new Heap<Place<Entry>>(isOlder),
  dispatched: 0,
});

function createTicket<Entry extends Waiting>(
  entry: Entry,
  { level, ageKey }: { level: number; ageKey: number },
): ProgramTicket<Entry> {
  const ticket = { entry, level, ageKey } as {
    -readonly [Key in keyof ProgramTicket<Entry>]: ProgramTicket<Entry>[Key];
  };
  ticket.byLevel = { ticket, heapIndex: -1 };
  ticket.byAge = { ticket, heapIndex: -1 };
  return ticket;
}
