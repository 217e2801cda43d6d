import { asCallId, SysError } from "@aiosjs/sdk/protocol";
import type { CallRow, Principal } from "../ports.ts";
import type { KernelCall, KernelDevice } from "./device.ts";

/**
 * Earlier chats, from the journal: there is no second store of them. Rows are the caller's tenant's own, whatever else
 * its key may see, and under a process key the process's own.
 */
export const chatDevice: KernelDevice<"llm.recall" | "llm.forget"> = {
  "llm.recall": async ({ call }, context) => {
    const record = context.findCall(call);
    const { principal, parts } = context;
    const isOpen = record?.name === "llm.chat" && record.state !== "ended";
    const isOwn = record?.process.tenant === principal.tenant && parts.processes.isVisible(record.process, principal);
    if (isOpen && isOwn)
      return {
        state: record.state === "queued" ? "queued" : "running",
        request: record.args,
        result: null,
        error: null,
        usage: record.usage,
        timing: record.timing(),
      };
    const { state, request, result, error, usage, timing } = await rowOf(call, context);
    // An intent without a record was cut off when the kernel stopped: a client cannot come back to it.
    if (state !== "done" && state !== "failed") throw unknownChat(call);
    return { state, request, result, error, usage, timing };
  },
  "llm.forget": async ({ call }, context) => {
    const row = await rowOf(call, context);
    if (row.state === "intent")
      throw new SysError("EBUSY", `chat ${call} has not ended`, { hint: "cancel it first (call.cancel)" });
    await context.parts.outbox.commit({ kind: "call", row: { ...row, request: undefined, result: null, error: null } });
    return {};
  },
};

/** @throws SysError ENOENT for what is not there, is another's, was forgotten, or has been pruned. */
async function rowOf(call: string, { parts, principal }: KernelCall): Promise<CallRow> {
  await parts.outbox.flushed();
  const row = await parts.journal.call(asCallId(call));
  const isKept = row?.name === "llm.chat" && hasBody(row.request) && (row.state === "intent" || hasEnd(row));
  if (!isKept || !isOwner(row, principal)) throw unknownChat(call);
  return row;
}

const hasBody = (body: unknown): boolean => body !== undefined && body !== null;

/** A forgotten chat has neither, a pruned one no result. */
const hasEnd = ({ state, result, error }: CallRow): boolean => (state === "done" ? hasBody(result) : hasBody(error));

const isOwner = ({ tenant, pid }: CallRow, principal: Principal): boolean =>
  tenant === principal.tenant && (principal.pid === null || pid === principal.pid);

const unknownChat = (call: string): SysError =>
  new SysError("ENOENT", `no chat ${call}`, { hint: "the journal keeps chats for journal.keepDays" });
