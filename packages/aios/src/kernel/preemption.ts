import type { Lane } from "./lane.ts";
import { isMoreUrgent, PREFILL_WEIGHT } from "./policies/policy.ts";
import type { Ticket, Waiting } from "./policies/policy.ts";
import type { Core } from "./ports.ts";
import type { Entry } from "./scheduler.ts";

/** One running call that can make way. */
export interface Hold {
  /** Fires when its slot is wanted. */
  readonly signal: AbortSignal;
  /** After so many tokens it makes way for whoever waits; undefined: for more urgent work alone. */
  readonly quantumTokens: number | undefined;
  release(): void;
}

interface Holder {
  readonly entry: Entry;
  readonly order: number;
  readonly makeWay: AbortController;
}

/** A call that made way for more urgent work so often runs to its end: urgent work without end must not starve it. */
const MAX_TIMES = 8;
/** A turn is worth at least so many switches, or they would take more than a sixteenth of the machine. */
const SWITCHES_PER_TURN = 16;
/** Turns of one length; then they double, so that a long answer is cut logarithmically often. */
const TURNS_OF_A_LENGTH = 4;
/**
 * What saving and loading the state of a token takes, in tokens of an answer: a fiftieth of computing it again, which is what
 * the local core is held to (`aios bench llm`); the models measured were far below.
 */
const SWAP_WEIGHT = PREFILL_WEIGHT / 50;
/** Below it the slot comes free sooner than a switch is done, whatever that costs. */
const LEAST_SAVED_TOKENS = 8;
/** An answer that is longer than was expected is expected to be longer by this part of itself. */
const FURTHER_PART = 0.25;

/** How often a call was asked to make way so far. */
const timesOf = new WeakMap<Entry, number>();

/**
 * Whether a core goes on exactly where a call stopped. A model that continues its own text (`prefix`) would read the prompt
 * again for every slice, at the caller's cost.
 */
const resumesExactly = (lane: Lane): boolean =>
  lane.driver.device === "llm" && ["kv", "tokens"].includes((lane.driver as Core).resume);

/** Running calls of the lanes whose cores resume exactly, and who of them makes way when more urgent work finds no slot. */
export class Preemption {
  readonly #holders = new WeakMap<Lane, Set<Holder>>();
  #order = 0;

  /** The call was given a slot. Undefined where it cannot make way. */
  hold(lane: Lane, entry: Entry): Hold | undefined {
    if (!resumesExactly(lane) || entry.record.name !== "llm.chat") return undefined;
    const holders = this.#holders.get(lane) ?? new Set();
    this.#holders.set(lane, holders);
    const holder = { entry, order: this.#order++, makeWay: new AbortController() };
    holders.add(holder);
    return {
      signal: holder.makeWay.signal,
      quantumTokens: quantumOf(lane, entry),
      release: () => void holders.delete(holder),
    };
  }

  /**
   * No slot is free: the call that goes next gets one if some running call is to make way for it, and if that pays. One at a
   * time, for the lane is looked at again when that one has. Of several it is the one that made way least often, then the one
   * that ran shortest.
   * @param heirOf who would be given the next free slot, if buckets let it go
   */
  makeRoom(lane: Lane, heirOf: () => Ticket<Waiting> | undefined): void {
    const holders = this.#holders.get(lane);
    const heir = holders && heirOf();
    if (!heir) return;
    let best: Holder | undefined;
    let leastLeft = Number.POSITIVE_INFINITY;
    for (const holder of holders) {
      if (holder.makeWay.signal.aborted) return;
      leastLeft = Math.min(leastLeft, tokensLeft(holder.entry));
      if (timesIn(holder.entry) >= MAX_TIMES || !makesWay(lane, heir.entry, holder.entry)) continue;
      if (!best || isBetter(holder, best)) best = holder;
    }
    if (!best || leastLeft < LEAST_SAVED_TOKENS + switchCost(lane, best.entry)) return;
    timesOf.set(best.entry, timesIn(best.entry) + 1);
    best.makeWay.abort(MORE_URGENT);
  }
}

/** Interactive calls before all, then by nice value and age. Less goes first. Live: a waiting process may lend its urgency. */
export const rankOf = ({ class: urgency, nice, arrivedMs }: Waiting): number =>
  (urgency === "interactive" ? INTERACTIVE_RANK : 0) + nice * NICE_MS + arrivedMs;

/** Below any arrival. */
const INTERACTIVE_RANK = -1e14;
/** What a nice level is worth among calls that run together. */
const NICE_MS = 30_000;

/** One reason for all: an abort without one builds an exception with a stack each time. */
const MORE_URGENT = "more urgent work waits";

const timesIn = (entry: Entry): number => timesOf.get(entry) ?? 0;

const makesWay = (lane: Lane, waiting: Waiting, running: Waiting): boolean =>
  lane.queue.preempts?.(waiting, running) ?? isMoreUrgent(waiting, running);

function isBetter(left: Holder, right: Holder): boolean {
  const [leftTimes, rightTimes] = [timesIn(left.entry), timesIn(right.entry)];
  return leftTimes < rightTimes || (leftTimes === rightTimes && left.order > right.order);
}

/** What the call is expected to write yet: only a slot that stays taken for long is worth a switch. */
function tokensLeft({ demand, producedTokens }: Entry): number {
  return producedTokens < demand.outputTokens ? demand.outputTokens - producedTokens : producedTokens * FURTHER_PART;
}

/** Out and in again, in tokens of an answer: moving the state, or computing all of it anew. */
function switchCost(lane: Lane, { demand, producedTokens }: Entry): number {
  const heldTokens = demand.inputTokens + producedTokens;
  return heldTokens * ((lane.driver as Core).resume === "kv" ? SWAP_WEIGHT : PREFILL_WEIGHT);
}

/** The policy's, but long enough to be worth the switch. */
function quantumOf(lane: Lane, entry: Entry): number | undefined {
  const quantumTokens = lane.queue.quantumTokens?.(entry);
  if (quantumTokens === undefined) return undefined;
  const turns = quantumTokens * 2 ** Math.floor(entry.timesMadeWay / TURNS_OF_A_LENGTH);
  return Math.ceil(Math.max(turns, SWITCHES_PER_TURN * switchCost(lane, entry)));
}
