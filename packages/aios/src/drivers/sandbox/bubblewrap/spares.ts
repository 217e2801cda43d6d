import { SysError } from "@aiosjs/sdk/protocol";
import type { Clock } from "../../../kernel/ports.ts";
import type { Cell } from "./cell.ts";

export interface SparesOptions {
  readonly clock: Clock;
  /** Of all sandboxes together; 0: none. */
  readonly max: number;
  /** One that nobody took for so long is ended. */
  readonly idleTtlMs: number;
}

interface Spare {
  readonly cell: Promise<Cell>;
  started?: Cell;
  readonly untilMs: number;
}

/** Milliseconds: whoever has got the end of a command has read it by then. */
const restMs = 10;

/** Started bubblewraps that wait for a command: at most one for each folder, and taken for that folder alone. */
export class Spares {
  readonly #options: SparesOptions;
  /** Oldest first. */
  readonly #waiting = new Map<string, Spare>();
  /** Folders for which one is soon to be started. */
  readonly #soon = new Set<string>();
  readonly #closing = new AbortController();
  #isSweeping = false;

  constructor(options: SparesOptions) {
    this.#options = options;
  }

  has(folder: string): boolean {
    return this.#waiting.has(folder);
  }

  /** Whether the folder may be renamed without taking it away from what is being started. */
  isMounted(folder: string): boolean {
    return this.#waiting.get(folder)?.started?.isMounted() ?? false;
  }

  /** Undefined: there is none, or it is of no use any more. One that is just being started, or put in order, is waited for. */
  async take(folder: string): Promise<Cell | undefined> {
    const spare = this.#waiting.get(folder);
    if (!spare) return undefined;
    this.#waiting.delete(folder);
    const cell = await spare.cell;
    await cell.settled();
    if (cell.isUsable()) return cell;
    cell.kill();
    return undefined;
  }

  /** The folder has another name now: what is mounted is the folder, and not its name. */
  rename(from: string, to: string): void {
    const spare = this.#waiting.get(from);
    if (!spare) return;
    this.#waiting.delete(from);
    this.#waiting.set(to, spare);
  }

  /**
   * In the background; the next command waits for none. Not at once: whoever has just got the end of a command would wait
   * for the start of a process. `start` tells what it is then: undefined where none is needed any more.
   */
  prepareSoon(folder: string, start: () => Promise<Cell> | undefined): void {
    const { clock } = this.#options;
    if (this.#soon.has(folder)) return;
    this.#soon.add(folder);
    clock.wakeAt(clock.nowMs() + restMs, this.#closing.signal).then(
      () => {
        this.#soon.delete(folder);
        if (!this.#waiting.has(folder)) this.prepare(folder, start);
      },
      // Closed meanwhile.
      () => undefined,
    );
  }

  prepare(folder: string, start: () => Promise<Cell> | undefined): void {
    if (this.#closing.signal.aborted || this.#options.max === 0 || this.#waiting.has(folder)) return;
    const cell = start();
    if (cell) this.#keep(folder, cell);
  }

  /** One that has run a command of this folder, and may run the next. Where it cannot, `start` as for `prepareSoon`. */
  keep(folder: string, cell: Cell, start: () => Promise<Cell> | undefined): void {
    if (this.#closing.signal.aborted || this.#options.max === 0 || this.#waiting.has(folder)) {
      cell.kill();
      return;
    }
    const spare = this.#keep(folder, Promise.resolve(cell));
    void cell.settled().then(() => {
      if (cell.isUsable() || this.#waiting.get(folder) !== spare) return;
      this.#waiting.delete(folder);
      cell.kill();
      this.prepareSoon(folder, start);
    });
  }

  #keep(folder: string, cell: Promise<Cell>): Spare {
    const { clock, max, idleTtlMs } = this.#options;
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size >= max && oldest !== undefined) void this.end(oldest);
    const spare: Spare = { cell, untilMs: clock.nowMs() + idleTtlMs };
    this.#waiting.set(folder, spare);
    cell.then(
      (one) => (spare.started = one),
      // The next command starts one itself, and is told why that fails.
      () => this.#forget(spare),
    );
    if (!this.#isSweeping) void this.#sweep();
    return spare;
  }

  async end(folder: string): Promise<void> {
    const spare = this.#waiting.get(folder);
    if (!spare) return;
    this.#waiting.delete(folder);
    const cell = await spare.cell.catch(() => undefined);
    cell?.kill();
    await cell?.ended;
  }

  async close(): Promise<void> {
    this.#closing.abort(new SysError("ECANCELED", "the sandboxes are closed"));
    await Promise.all([...this.#waiting.keys()].map((folder) => this.end(folder)));
  }

  #forget(spare: Spare): void {
    for (const [folder, one] of this.#waiting) if (one === spare) this.#waiting.delete(folder);
  }

  async #sweep(): Promise<void> {
    this.#isSweeping = true;
    const { clock } = this.#options;
    for (;;) {
      const [oldest] = this.#waiting;
      if (!oldest) break;
      const [folder, { untilMs }] = oldest;
      if (untilMs <= clock.nowMs()) await this.end(folder);
      else {
        try {
          await clock.wakeAt(untilMs, this.#closing.signal);
        } catch {
          return;
        }
      }
    }
    this.#isSweeping = false;
  }
}
