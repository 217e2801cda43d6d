import type { SysError } from "@aiosjs/sdk/protocol";
import type { Lane } from "./lane.ts";
import type { Parts } from "./parts.ts";
import type { ObservedLimit } from "./ports.ts";
import type { Entry, Slot } from "./scheduler.ts";

/** Headers told limits. */
export function observe(
  parts: Parts,
  { entry, slot }: { entry: Entry; slot: Slot },
  limits: readonly ObservedLimit[],
): void {
  const { outbox, scheduler, clock } = parts;
  const { lane } = slot;
  for (const bucket of lane.observe(limits, slot, clock.nowMs())) {
    const body = { lane: lane.id, limit: bucket.name, perMinute: bucket.perMinute, burst: bucket.burst };
    outbox.event("lane.learned", { tenant: entry.tenant, pid: null }, body);
  }
  scheduler.pump(lane);
}

/** An attempt ended well: a lane that was resting is back. */
export function praise({ outbox, clock }: Parts, { entry, lane }: { entry: Entry; lane: Lane }): void {
  if (lane.succeeded(clock.nowMs()))
    outbox.event("lane.recovered", { tenant: entry.tenant, pid: null }, { lane: lane.id });
}

/** The lane pauses or rests for what its upstream did. @returns when it goes on, as far as it has said. */
export function blame(parts: Parts, { entry, lane }: { entry: Entry; lane: Lane }, error: SysError): number {
  const { scheduler, clock, outbox } = parts;
  const origin = { tenant: entry.tenant, pid: entry.pid };
  const nowMs = clock.nowMs();
  if (error.code === "EAGAIN") {
    const untilMs = scheduler.refused(lane, error.retryAfterMs);
    outbox.event("lane.refused", origin, { lane: lane.id, retryAfterMs: untilMs - nowMs });
    return untilMs;
  }
  const untilMs = scheduler.broke(lane);
  if (untilMs === undefined) return nowMs;
  outbox.event("lane.cooled", origin, { lane: lane.id, untilMs, faults: lane.faults });
  // Who waits for this lane alone may have another one.
  scheduler.reroute(scheduler.drain([lane]));
  return nowMs;
}
