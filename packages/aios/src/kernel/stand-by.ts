import type { Lane } from "./lane.ts";
import type { Snapshot } from "./ports.ts";
import type { Entry, Scheduler, Slot } from "./scheduler.ts";

interface StandByOptions {
  readonly lane: Lane;
  readonly snapshot: Snapshot;
  readonly scheduler: Scheduler;
  /** The call has a slot again. */
  readonly goOn: (slot: Slot) => void;
  /** The core that could go on is gone. True when the call can begin anew elsewhere; else it has ended. */
  readonly abandon: () => boolean;
}

/** A call that made way and has no slot yet. */
export interface StandingBy {
  /** It will not go on: the snapshot is freed, and the entry is what it was before. */
  leave(): void;
}

/**
 * Back to the run queue, with everything that was reserved and everything that was handed out. Only the lane that it came from
 * can go on with it, and the buckets have given what it takes.
 */
export function standBy(entry: Entry, { lane, snapshot, scheduler, goOn, abandon }: StandByOptions): StandingBy {
  const { record, lanes, demand, dispatch } = entry;
  const restore = (): void => void Object.assign(entry, { lanes, demand, dispatch, standby: undefined });
  const leave = (): void => {
    snapshot.discard();
    restore();
  };
  entry.timesMadeWay++;
  entry.producedTokens = snapshot.outputTokens;
  Object.assign(entry, {
    lanes: [lane],
    // Its place in the core's memory is to be found again.
    demand: { requests: 0, inputTokens: 0, outputTokens: 0, memoryTokens: demand.memoryTokens },
    dispatch: (_lane: Lane, slot: Slot) => {
      restore();
      goOn(slot);
    },
    standby: {
      abandon: () => {
        leave();
        return abandon();
      },
    },
  });
  if (record.process.suspended === undefined) scheduler.enqueue(entry);
  else {
    record.state = "queued";
    record.process.held.set(record, () => scheduler.enqueue(entry));
  }
  return { leave };
}
