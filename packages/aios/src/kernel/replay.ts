import { SysError } from "@aiosjs/sdk/protocol";
import type { CallRow } from "./ports.ts";

/** Where a call stands: in its program's flow (`lane#n`), or anywhere, by what it asks for. */
export interface Asked {
  readonly key: string | undefined;
  readonly name: string;
  readonly requestHash: string;
}

/** A call of an earlier incarnation that stands where the program is now. */
export interface Recorded {
  readonly row: CallRow;
  /** Resolves when those that ended before it have been handed out; rejects when one of them is not asked for any more. */
  readonly turn: Promise<void>;
}

/**
 * What the earlier incarnations of a program were told. A call with a place gets the answer of that place, once, and in the
 * order in which the answers came then: a race is won by who won it, and a program that depends on nothing but its answers does
 * the same again. A call without one (a foreign program's) gets the answer of the k-th equal request, in any order; what is not
 * on record is made.
 */
export class Replay {
  readonly #byKey = new Map<string, CallRow>();
  readonly #byMeaning = new Map<string, CallRow[]>();
  /** Ended calls with a place, in the order of their ends. */
  readonly #order: (CallRow | undefined)[];
  readonly #drained = Promise.withResolvers<void>();
  readonly #waiting = new Map<CallRow, PromiseWithResolvers<void>>();
  #next = 0;
  /** New answers that wait for the last recorded one. */
  #behind = 0;
  #isStuck = (): boolean => false;
  /** A call was made that was not on record: the program goes on by itself. */
  isLive = false;

  constructor(rows: readonly CallRow[]) {
    // What was asked for weighs most; where it is answered already, nobody needs it any more.
    for (const row of rows) if (row.state !== "undone") this.#add(hasEnded(row) ? { ...row, request: undefined } : row);
    this.#order = [...this.#byKey.values()].filter(hasEnded).toSorted(byCompletion);
    if (this.#order.length === 0) this.#drained.resolve();
  }

  #add(row: CallRow): void {
    if (row.replayKey !== null) this.#byKey.set(row.replayKey, row);
    else if (row.requestHash !== null && (isAnswered(row) || mayHaveHappened(row))) {
      const equal = this.#byMeaning.get(row.requestHash);
      if (equal) equal.push(row);
      else this.#byMeaning.set(row.requestHash, [row]);
    }
  }

  /** It was told under its key: no equal request is told it as well. */
  drop({ call, requestHash }: CallRow): void {
    const equal = requestHash === null ? undefined : this.#byMeaning.get(requestHash);
    const index = equal?.findIndex((row) => row.call === call) ?? -1;
    if (index >= 0) equal?.splice(index, 1);
  }

  /** It could not be handed out: the next equal request gets it. */
  giveBack(row: CallRow): void {
    if (row.requestHash === null || row.replayKey !== null) return;
    const equal = this.#byMeaning.get(row.requestHash);
    if (equal) equal.unshift(row);
    else this.#byMeaning.set(row.requestHash, [row]);
  }

  /** @throws SysError EDIVERGED when something else was asked in this place. */
  take({ key, name, requestHash }: Asked): Recorded | undefined {
    if (key === undefined) {
      const row = this.#byMeaning.get(requestHash)?.shift();
      return row && { row, turn: Promise.resolve() };
    }
    const row = this.#byKey.get(key);
    if (row && (row.name !== name || row.requestHash !== requestHash)) throw diverged(row, name);
    this.#byKey.delete(key);
    if (row && hasEnded(row)) {
      const turn = this.#turnOf(row);
      // Its call may not wait for it yet when it is given up.
      turn.catch(() => undefined);
      return { row, turn };
    }
    this.isLive = true;
    return row && { row, turn: Promise.resolve() };
  }

  async #turnOf(row: CallRow): Promise<void> {
    if (this.#order[this.#next] !== row) {
      const turn = Promise.withResolvers<void>();
      this.#waiting.set(row, turn);
      this.#lookIfStuck();
      await turn.promise;
    }
  }

  /** The answer whose turn it was has been given and taken: the next one may go. */
  handedOut(): void {
    this.#order[this.#next++] = undefined;
    const next = this.#order[this.#next];
    if (!next) this.#drained.resolve();
    const turn = next && this.#waiting.get(next);
    if (!turn) return;
    this.#waiting.delete(next);
    turn.resolve();
  }

  /** Resolves when every recorded answer was handed out: a new one comes after them, as it will when all are recorded. */
  async drained(): Promise<void> {
    this.#behind++;
    this.#lookIfStuck();
    await this.#drained.promise;
    this.#behind--;
  }

  /** Calls whose answers wait for their turn, recorded ones and new ones. */
  get held(): number {
    return this.#waiting.size + this.#behind;
  }

  /** The answer on record that comes next. */
  get unasked(): CallRow | undefined {
    return this.#order[this.#next];
  }

  /** The answer that they wait behind. */
  get awaited(): CallRow | undefined {
    return this.held > 0 ? this.#order[this.#next] : undefined;
  }

  /** The answers are given up as soon as all that the program waits for is held: looked at now, and whenever more is. */
  giveUpWhen(isStuck: () => boolean): void {
    this.#isStuck = isStuck;
    this.#lookIfStuck();
  }

  #lookIfStuck(): void {
    if (this.held > 0 && this.#isStuck()) this.#giveUp();
  }

  /** What waits behind an answer that is not asked for any more fails. */
  #giveUp(): void {
    const missing = this.#order[this.#next];
    if (!missing) return;
    for (const [row, turn] of this.#waiting) turn.reject(missed(row, missing));
    this.#waiting.clear();
    this.#drained.resolve();
  }
}

/** Its answer is there; the journal drops old ones. */
const isAnswered = ({ state, result }: CallRow): boolean => state === "done" && result !== null && result !== undefined;

/** Whether nobody knows what became of a recorded call that is made again. */
export const mayHaveHappened = ({ state, error }: CallRow): boolean =>
  state === "intent" || state === "ambiguous" || error?.code === "EAMBIGUOUS";

const hasEnded = ({ completion }: CallRow): boolean => completion !== null;
const byCompletion = (left: CallRow, right: CallRow): number => Number(left.completion) - Number(right.completion);

const hint =
  "a program that is replayed takes time, chance and the outer world from syscalls only, and its concurrent flows are lanes (proc.lane)";

const diverged = ({ replayKey, name, call }: CallRow, asked: string): SysError =>
  new SysError(
    "EDIVERGED",
    asked === name
      ? `${replayKey}: ${asked} asks for something else than before the restart (call ${call})`
      : `${replayKey}: the program calls ${asked} where it called ${name} before the restart (call ${call})`,
    { hint },
  );

const missed = (row: CallRow, missing: CallRow): SysError =>
  new SysError(
    "EDIVERGED",
    `${row.replayKey} ended after ${missing.replayKey} (${missing.name}) before the restart, and that is not called any more`,
    { hint },
  );
