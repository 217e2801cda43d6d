import { Heap } from "../../../kernel/heap.ts";
import type { HeapItem } from "../../../kernel/heap.ts";
import type { RunQueue, Service, Ticket, Waiting } from "../../../kernel/policies/policy.ts";

interface Place<Entry extends Waiting> extends HeapItem {
  readonly ticket: LevelTicket<Entry>;
}

interface LevelTicket<Entry extends Waiting> extends Ticket<Entry> {
  readonly key: number;
  readonly promoteAtMs: number;
  level: number;
  readonly inLevel: Place<Entry>;
  /** Absent on the first level: there is nothing to rise to. */
  readonly inPromotion: Place<Entry> | undefined;
}

interface ClassLevels<Entry extends Waiting> {
  readonly levels: Heap<Place<Entry>>[];
  readonly promotion: Heap<Place<Entry>>;
}

interface LevelQueueOptions<Entry extends Waiting> {
  /** 0 goes first. Asked when a call is pushed. */
  levelOf(entry: Entry): number;
  /** When a call that still waits then rises to level 0. Asked when it is pushed. */
  promoteAtMs(entry: Entry): number;
  /** Order inside a level. */
  keyOf(entry: Entry): number;
  nowMs(): number;
  charged?(entry: Entry, service: Service): void;
  released?(entry: Entry): void;
  /** Absent: a call that runs is not interrupted. */
  quantumTokens?(entry: Entry): number;
}

/**
 * A run queue of levels: the first level that is not empty goes, inside it the least key, the interactive class before the
 * batch class. Promotion takes no timer: what is due is moved when somebody looks. O(log n), and a look at each level.
 */
export function createLevelQueue<Entry extends Waiting>(options: LevelQueueOptions<Entry>): RunQueue<Entry> {
  const classes = { interactive: createClass<Entry>(), batch: createClass<Entry>() };
  let size = 0;

  const put = (ticket: LevelTicket<Entry>, level: number): void => {
    const { levels } = classes[ticket.entry.class];
    ticket.level = level;
    while (levels.length <= level) levels.push(new Heap<Place<Entry>>(isBefore));
    levels[level]?.push(ticket.inLevel);
  };

  const promote = ({ levels, promotion }: ClassLevels<Entry>): void => {
    const nowMs = options.nowMs();
    for (let due = promotion.peek(); due && due.ticket.promoteAtMs <= nowMs; due = promotion.peek()) {
      promotion.remove(due);
      levels[due.ticket.level]?.remove(due.ticket.inLevel);
      put(due.ticket, 0);
    }
  };

  const first = (one: ClassLevels<Entry>): LevelTicket<Entry> | undefined => {
    if (one.promotion.size > 0) promote(one);
    for (const level of one.levels) if (level.size > 0) return level.peek()?.ticket;
    return undefined;
  };

  const remove = (ticket: Ticket<Entry>): void => {
    const { entry, level, inLevel, inPromotion } = ticket as LevelTicket<Entry>;
    const { levels, promotion } = classes[entry.class];
    if (inLevel.heapIndex < 0) return;
    levels[level]?.remove(inLevel);
    if (inPromotion) promotion.remove(inPromotion);
    size--;
  };

  return {
    get size() {
      return size;
    },
    push(entry) {
      const level = options.levelOf(entry);
      const ticket = createTicket(entry, {
        key: options.keyOf(entry),
        promoteAtMs: level === 0 ? Number.POSITIVE_INFINITY : options.promoteAtMs(entry),
      });
      put(ticket, level);
      if (ticket.inPromotion) classes[entry.class].promotion.push(ticket.inPromotion);
      size++;
      return ticket;
    },
    peek: (only) => first(classes.interactive) ?? (only ? undefined : first(classes.batch)),
    remove,
    dispatch: remove,
    // Levels are asked for when a call is pushed.
    charge: (entry, service) => options.charged?.(entry, service),
    release: (entry) => options.released?.(entry),
    ...(options.quantumTokens ? { quantumTokens: options.quantumTokens.bind(options) } : {}),
  };
}

function createClass<Entry extends Waiting>(): ClassLevels<Entry> {
  return {
    levels: [],
    promotion: new Heap((left, right) => left.ticket.promoteAtMs < right.ticket.promoteAtMs),
  };
}

function createTicket<Entry extends Waiting>(
  entry: Entry,
  { key, promoteAtMs }: { key: number; promoteAtMs: number },
): LevelTicket<Entry> {
  const ticket = { entry, key, promoteAtMs, level: 0 } as {
    -readonly [Key in keyof LevelTicket<Entry>]: LevelTicket<Entry>[Key];
  };
  ticket.inLevel = { ticket, heapIndex: -1 };
  ticket.inPromotion = promoteAtMs === Number.POSITIVE_INFINITY ? undefined : { ticket, heapIndex: -1 };
  return ticket;
}

const isBefore = ({ ticket: left }: Place<Waiting>, { ticket: right }: Place<Waiting>): boolean =>
  left.key < right.key || (left.key === right.key && left.entry.arrival < right.entry.arrival);
