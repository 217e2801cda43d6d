import { SysError, toProblem } from "@aiosjs/sdk/protocol";
import { isUnsafe } from "./call-row.ts";
import { isAnsweredFor, isAwaited } from "./command-watch.ts";
import { BY_SIGNAL } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { parentsFirst } from "./parents-first.ts";
import type { Parts } from "./parts.ts";
import { serviceOf } from "./policies/policy.ts";
import type { CallRow, JournalImage, ProcessRow } from "./ports.ts";
import type { Suspension } from "./process.ts";

interface Restoring {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
}

/** What the journal holds becomes processes again; what died with the last kernel is ended, and paid for. */
export function restore(image: JournalImage, by: Restoring): void {
  const { parts, lifecycle } = by;
  for (const row of parentsFirst(image.processes)) restoreProcess(row, by);
  for (const call of image.intents) settleIntent(call, by);
  for (const process of parts.processes) {
    if (process.exit) continue;
    process.restoredSeq = process.seq;
    if (process.isReplayed) lifecycle.goOn(process);
    else if (process.kind === "command" && (isAwaited(process) || isAnsweredFor(process, parts.host)))
      lifecycle.watch(process);
    else if (process.kind === "command")
      lifecycle.end(process, { code: null, signal: null, reason: "it ended while no kernel ran" });
    else if (process.kind === "client") lifecycle.reapWhenIdle(process);
  }
}

/** A call without an outcome: a program that is replayed makes it again; nobody else comes back for it. */
function settleIntent(call: CallRow, { parts, lifecycle }: Restoring): void {
  const process = parts.processes.get(call.pid);
  if (process) process.seq = Math.max(process.seq, call.seq);
  if (process?.isReplayed && !process.exit && call.replayKey !== null) return;
  // What a person is asked about stays open for who makes the call again.
  if ((call.state === "ambiguous" || call.state === "asked") && process?.mayRestart && !process.exit) return;
  parts.approvals.ended(call);
  const wasMade = call.state !== "asked";
  const error =
    wasMade && isUnsafe({ name: call.name, args: call.request }, parts.toolbox)
      ? new SysError("EAMBIGUOUS", "the kernel stopped while the call was under way: it may have happened")
      : new SysError("ECANCELED", "the kernel stopped while the call was under way");
  parts.outbox.note({ kind: "call", row: { ...call, state: "failed", error: toProblem(error) } });
  // Its number is taken, also for the kernel after this one, which finds nothing open here.
  if (process) lifecycle.save(process);
}

function restoreProcess(row: ProcessRow, { parts, lifecycle }: Restoring): void {
  const { processes } = parts;
  const { model, suspension, goingBackTo, planned, ...program } = row.program as {
    planned?: readonly string[];
    goingBackTo?: number;
    model?: string | null;
    session?: string;
    suspension?: Suspension;
  };
  const process = processes.add({
    ...row,
    parent: row.parent === null ? undefined : processes.get(row.parent),
    program,
    model: model ?? null,
    keyAttained: row.kind === "client" && row.key !== null ? processes.attainedOf(row.key) : undefined,
  });
  const { inputTokens, cachedInputTokens, outputTokens } = row.usage;
  const prefillTokens = inputTokens - cachedInputTokens;
  process.attained.serve(serviceOf({ prefillTokens, decodeTokens: outputTokens }), 0);
  Object.assign(process, {
    usage: row.usage,
    host: row.host,
    incarnation: row.incarnation,
    hasBegun: row.kind !== "command" || row.host !== null || row.counts.seq > 0,
    endedAtMs: row.endedAtMs,
    exit: row.exit,
    goingBackTo,
    planned,
    ...row.counts,
  });
  if (row.exit) return processes.retire(process);
  if (row.kind === "kernel") processes.adoptInit(process);
  if (row.limits.length > 0) lifecycle.setLimits(process, row.limits);
  if (row.state === "suspended") {
    process.suspended = suspension?.reason ?? BY_SIGNAL;
    const wakesAtMs = suspension?.wakesAtMs ?? null;
    if (wakesAtMs !== null) lifecycle.wakeAt(process, wakesAtMs);
  }
  if (process.key && program.session !== undefined) processes.bindSession(process.key, program.session, process);
}
