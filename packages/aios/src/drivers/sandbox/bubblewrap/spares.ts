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

/** Started bubblewraps that wait for a command: at most one for each sandbox, and never taken by another. */
export class Spares {
  readonly #options: SparesOptions;
  readonly #waiting = new Map<string, { cell: Promise<Cell>; ready?: Cell; untilMs: number }>();
  readonly #closing = new AbortController();
  #isSweeping = false;

  constructor(options: SparesOptions) {
    this.#options = options;
  }

  /** Undefined: there is none, or it is not ready. */
  take(key: string): Cell | undefined {
    const spare = this.#waiting.get(key);
    if (!spare?.ready) return undefined;
    this.#waiting.delete(key);
    if (spare.ready.isUsable()) return spare.ready;
    spare.ready.kill();
    return undefined;
  }

  /** In the background; the next command waits for none. */
  prepare(key: string, start: () => Promise<Cell>): void {
    const { clock, max, idleTtlMs } = this.#options;
    if (this.#closing.signal.aborted || max === 0 || this.#waiting.has(key)) return;
    if (this.#waiting.size >= max) void this.end(this.#waiting.keys().next().value!);
    const spare: { cell: Promise<Cell>; ready?: Cell; untilMs: number } = {
      cell: start(),
      untilMs: clock.nowMs() + idleTtlMs,
    };
    this.#waiting.set(key, spare);
    spare.cell.then(
      (cell) => {
        spare.ready = cell;
        // It may end by itself, with what it is in: then the next command starts one.
        cell.ended.catch(() => undefined);
      },
      // The next command starts one itself, and is told why that fails.
      () => this.#waiting.delete(key),
    );
    if (!this.#isSweeping) void this.#sweep();
  }

  async end(key: string): Promise<void> {
    const spare = this.#waiting.get(key);
    if (!spare) return;
    this.#waiting.delete(key);
    const cell = await spare.cell.catch(() => undefined);
    cell?.kill();
    await cell?.ended;
    for (const stream of [cell?.stdout, cell?.stderr]) stream?.destroy();
  }

  async close(): Promise<void> {
    this.#closing.abort(new SysError("ECANCELED", "the sandboxes are closed"));
    await Promise.all([...this.#waiting.keys()].map((key) => this.end(key)));
  }

  async #sweep(): Promise<void> {
    this.#isSweeping = true;
    const { clock } = this.#options;
    while (this.#waiting.size > 0) {
      const [[key, { untilMs }] = ["", { untilMs: 0 }]] = this.#waiting;
      if (untilMs <= clock.nowMs()) await this.end(key);
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
