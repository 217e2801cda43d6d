import { monitorEventLoopDelay } from "node:perf_hooks";

/** Milliseconds between the turns of this thread's event loop. */
export interface Delay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How long this thread kept others waiting while it did that. */
export async function watchDelay(act: () => Promise<void>): Promise<Delay> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  try {
    await act();
  } finally {
    delay.disable();
  }
  return { p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 };
}
