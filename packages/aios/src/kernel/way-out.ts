import type { JournalEventBodies } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Parts } from "./parts.ts";
import type { DriverContext } from "./ports.ts";

/** Of a driver that reaches beyond the machine on behalf of a call. */
export const wayOut = (
  { process, call }: CallRecord,
  { gate, outbox }: Pick<Parts, "gate" | "outbox">,
): Required<Pick<DriverContext, "reach" | "tell">> => ({
  reach: () => gate.rowOf(process),
  tell: ({ topic, body }) => outbox.event(topic, process, { ...body, call } as JournalEventBodies[typeof topic]),
});
