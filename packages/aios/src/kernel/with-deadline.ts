import type { Timers } from "./timers.ts";

/** Why work was stopped: its time is over. */
export const expired = Symbol("expired");

/** Works until `atMs`; the signal of `work` aborts then with `expired`, and earlier as `signal` does. */
export async function withDeadline<Result>(
  { timers }: { timers: Timers },
  { atMs, signal }: { atMs: number | undefined; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (atMs === undefined) return work(signal);
  const over = new AbortController();
  const timer = timers.at(atMs, () => over.abort(expired));
  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    timer.cancel();
  }
}
