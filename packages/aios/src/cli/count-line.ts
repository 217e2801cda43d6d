import { pad } from "../tui/width.ts";

/** So often it is asked how far something is. */
const ASK_MS = 200;
const BAR = 24;

interface Waited {
  readonly what: string;
  readonly terminal: NodeJS.WriteStream;
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
}

/**
 * Waits until everything is done; on a terminal one line tells how far it is, and goes at the end.
 * @throws what the signal is aborted with
 */
export async function untilDone(
  ask: () => Promise<{ readonly done: number; readonly of: number; readonly isOver: boolean }>,
  { what, terminal, isQuiet, signal }: Waited,
): Promise<void> {
  using line = new CountLine({ what, terminal, isQuiet });
  for (;;) {
    const { done, of, isOver } = await ask();
    if (isOver) return;
    line.show({ done, of });
    await passed(ASK_MS, signal);
  }
}

/** One line on a terminal that is written over, and goes at the end. */
export class CountLine implements Disposable {
  readonly #what: string;
  readonly #terminal: NodeJS.WriteStream;
  readonly #isQuiet: boolean;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor({ what, terminal, isQuiet }: Pick<Waited, "what" | "terminal" | "isQuiet">) {
    this.#what = what;
    this.#terminal = terminal;
    this.#isQuiet = isQuiet || !terminal.isTTY;
  }

  /** Returns whether it is time to show it again; more often nobody looks. */
  show({ done, of }: { readonly done: number; readonly of: number }): boolean {
    const nowMs = performance.now();
    // Who asks in time is a little early now and then.
    if (nowMs - this.#shownMs < ASK_MS / 2) return false;
    this.#shownMs = nowMs;
    const filled = of === 0 ? 0 : Math.floor((done / of) * BAR);
    const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
    if (!this.#isQuiet) this.#terminal.write(`\r${pad(`${this.#what}  ${bar}  ${done} / ${of}`, this.#columns)}`);
    return true;
  }

  [Symbol.dispose](): void {
    const isShown = !this.#isQuiet && this.#shownMs > 0;
    if (isShown) this.#terminal.write(`\r${" ".repeat(this.#columns)}\r`);
  }

  get #columns(): number {
    return (this.#terminal.columns || 80) - 1;
  }
}

function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}
