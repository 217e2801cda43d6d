import type { Clock } from "../../kernel/ports.ts";

/** The longest delay of a Node timer; longer waits are armed again. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * Wall-clock time and the machine's timers. A wait keeps the machine's event loop alive until it ends or is aborted,
 * and never ends early: a timer that fires before its instant by the wall clock is armed again.
 */
export const realClock: Clock = {
  nowMs: () => Date.now(),
  wakeAt: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      let timer: NodeJS.Timeout;
      const abort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const arm = () => {
        const leftMs = ms - Date.now();
        if (leftMs > 0) {
          timer = setTimeout(arm, Math.min(Math.ceil(leftMs), maxDelayMs));
          return;
        }
        signal.removeEventListener("abort", abort);
        resolve();
      };
      signal.addEventListener("abort", abort, { once: true });
      arm();
    }),
};
