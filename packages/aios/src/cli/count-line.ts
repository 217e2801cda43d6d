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
  const isShown = terminal.isTTY && !isQuiet;
  const columns = (terminal.columns || 80) - 1;
  try {
    for (;;) {
      const { done, of, isOver } = await ask();
      if (isOver) return;
      const filled = of === 0 ? 0 : Math.floor((done / of) * BAR);
      const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
      if (isShown) terminal.write(`\r${pad(`${what}  ${bar}  ${done} / ${of}`, columns)}`);
      await passed(ASK_MS, signal);
    }
  } finally {
    if (isShown) terminal.write(`\r${" ".repeat(columns)}\r`);
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
