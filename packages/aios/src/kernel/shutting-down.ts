import { SysError } from "@aiosjs/sdk/protocol";
import { HOME_TENANT } from "./access.ts";
import type { CallTable } from "./call-table.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";

interface Closing {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
  readonly calls: CallTable;
  /** Another kernel has the journal: nothing is written any more. */
  readonly isFenced: () => boolean;
}

/** Running calls may end within the grace time; waiting ones are cancelled; bucket levels are kept for the next start. */
export async function shutDown({ parts, lifecycle, calls, isFenced }: Closing): Promise<void> {
  const { timers, clock, outbox, lanes, processes, settings, notices, lease, files } = parts;
  const reason = new SysError("ECANCELED", "the kernel is shutting down");
  lifecycle.incarnations.close();
  // What the next kernel goes on with stays open.
  for (const record of calls) record.isLeft = record.isAskedAgain;
  for (const record of calls) if (record.state === "queued" || record.device === "kernel") record.cancel(reason);
  for (const { replay } of processes) replay?.giveUpWhen(() => true);
  const grace = new Promise<void>((resolve) => void timers.at(clock.nowMs() + settings.graceMs, resolve));
  await Promise.race([calls.drained(), grace]);
  for (const record of calls) record.cancel(reason);
  for (const process of processes) if (process.isReplayed) process.abort.abort(reason);
  const nowMs = clock.nowMs();
  for (const lane of lanes.all())
    for (const bucket of lane.buckets.values())
      outbox.note({
        kind: "bucket",
        row: { lane: lane.id, bucket: bucket.name, level: bucket.levelAt(nowMs), atMs: nowMs },
      });
  outbox.event("kernel.stopped", { tenant: HOME_TENANT, pid: null }, { reason: "shutdown" });
  timers.close();
  await notices?.[Symbol.asyncDispose]();
  await parts.sandboxes?.close();
  await parts.jails?.close();
  lease?.close();
  await files?.synced();
  if (!isFenced()) await outbox.commit({ kind: "meta", key: "state", value: "stopped" });
}
