import { SysError } from "@aiosjs/sdk/protocol";
import type { KernelCall } from "./devices/device.ts";
import { orAborted } from "./or-aborted.ts";
import type { Clock } from "./ports.ts";
import type { Timers } from "./timers.ts";

/** As often as the journal tries a full disk again. */
const RETRY_MS = 1_000;

/**
 * Does work of a call that a full disk may refuse. A program that lives on the journal waits until there is space, as it does for
 * the journal itself; whoever else asks is told. @throws SysError ENOSPC, and whatever the work throws
 */
export async function throughFullDisk<Result>(
  work: () => Promise<Result>,
  { record, signal }: Pick<KernelCall, "record" | "signal">,
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
): Promise<Result> {
  for (;;)
    try {
      return await work();
    } catch (cause) {
      const isFull = cause instanceof SysError && cause.code === "ENOSPC";
      if (!isFull || !record.process.isReplayed || signal.aborted) throw cause;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = timers.at(clock.nowMs() + RETRY_MS, resolve);
      await orAborted(promise, signal).finally(() => timer.cancel());
    }
}
