import { canonicalJson } from "@aiosjs/sdk/protocol";
import type { CallView, JournalEvent } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "../call-record.ts";
import type { CallRow, Hash } from "../ports.ts";
import { requestHash } from "../request-hash.ts";
import { summarize } from "./summary.ts";

/** A call of the journal, as `trace` shows it. `hash`: with digests. */
export function viewOfRow(row: CallRow, hash?: Hash): CallView {
  const { call, pid, seq, name, device, usage, timing, incarnation, replayKey, request, result } = row;
  return {
    call,
    pid,
    seq,
    name,
    device,
    usage,
    timing,
    incarnation,
    replayKey,
    state: row.state === "intent" ? "running" : row.state === "asked" ? "queued" : row.state,
    detail: summarize(name, request, result),
    code: row.error?.code ?? null,
    error: row.error?.detail ?? null,
    firstOutputAt: row.firstOutputAtMs,
    ...placeOf(name, request),
    ...(hash
      ? {
          requestHash: row.requestHash ?? requestHash(hash, name, request),
          ...(result === null || result === undefined ? {} : { resultHash: hash.sha256(canonicalJson(result)) }),
        }
      : {}),
  };
}

/** A call that is under way. */
export function viewOfRecord(record: CallRecord): CallView {
  const { call, process, seq, name, device, usage, state, args } = record;
  return {
    call,
    pid: process.pid,
    seq,
    name,
    device,
    usage,
    state: state === "ended" ? "done" : state,
    detail: summarize(name, args, undefined),
    timing: record.timing(),
    code: null,
    error: null,
    incarnation: process.incarnation,
    replayKey: record.replayKey ?? null,
    firstOutputAt: record.firstOutputAtMs ?? null,
    ...placeOf(name, args),
  };
}

export type CallEnd = Extract<JournalEvent, { topic: "syscall.completed" | "syscall.failed" }>;

/** A call that has just ended and may not be in the journal yet. */
export function viewOfEnd(end: CallEnd, record: CallRecord): CallView {
  const { device, usage, timing } = end.body;
  const isFailed = end.topic === "syscall.failed";
  return {
    ...viewOfRecord(record),
    device,
    usage,
    timing,
    state: isFailed ? "failed" : "done",
    detail: summarize(record.name, record.args, record.result),
    code: isFailed ? end.body.code : null,
    error: isFailed ? end.body.detail : null,
  };
}

/** Where in its program a model call was made, and which tool was called. */
function placeOf(name: string, request: unknown): Pick<CallView, "callSite" | "tool"> {
  const { callSite, name: tool } = (request ?? {}) as { callSite?: unknown; name?: unknown };
  if (name === "tool.call" && typeof tool === "string") return { tool };
  return name.startsWith("llm.") && typeof callSite === "string" ? { callSite } : {};
}
