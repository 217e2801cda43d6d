import type { SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Outbox } from "./outbox.ts";
import type { JournalRecord } from "./ports.ts";

/**
 * What tells of a call that a scope, a capability, a rule or a label forbids, and whose key made it; nothing for other ends.
 * What an upstream refuses to us forbids nothing here.
 */
export function denialOf(record: CallRecord, error: SysError | undefined, outbox: Outbox): JournalRecord[] {
  if (error?.code !== "EACCES" && error?.code !== "EPOLICY") return [];
  const { call, name, device, key, process } = record;
  const isUpstreams = error.code === "EACCES" && device.includes("/");
  if (isUpstreams) return [];
  return [outbox.eventRecord("access.denied", process, { call, name, code: error.code, detail: error.message, key })];
}
