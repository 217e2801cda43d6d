import type { Clock } from "../../kernel/ports.ts";

/** The longest delay of a Node timer; longer waits are armed again. */
const maxDelayMs = 2 ** 31 - 1;

/** The machine's two clocks. */
export interface MachineClocks {
  /** Unix epoch milliseconds; whoever sets the clock moves it, forward or backward. */
  readonly wallMs: () => number;
  /** Only ever goes on, at the pace of time. */
  readonly steadyMs: () => number;
}

const machine: MachineClocks = { wallMs: () => Date.now(), steadyMs: () => performance.now() };

/**
 * Wall-clock time that never goes back, and the machine's timers. When the wall clock is set back, time goes on at half
 * its pace until the wall clock has caught up: nothing ends before it began, and what is due in a minute comes after
 * two, not after the hour by which the clock was set. When it is set forward, that time has passed.
 * A wait keeps the machine's event loop alive until it ends or is aborted, and never ends early: a timer that fires
 * before its instant is armed again.
 */
export function createRealClock({ wallMs, steadyMs }: MachineClocks = machine): Clock {
  let lastMs = wallMs();
  let lastSteadyMs = steadyMs();
  const nowMs = (): number => {
    const steady = steadyMs();
    lastMs = Math.max(wallMs(), lastMs + (steady - lastSteadyMs) / 2);
    lastSteadyMs = steady;
    return Math.floor(lastMs);
  };
  return {
    nowMs,
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
          const leftMs = ms - nowMs();
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
}

export const realClock: Clock = createRealClock();
