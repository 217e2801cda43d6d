import { isSyscallName, specOf, toProblem } from "@aiosjs/sdk/protocol";
import type { SyscallName, SyscallSpec, SysError } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { CallRow, Toolbox } from "./ports.ts";

/** A call as the journal keeps it. The request is written with the intent; later rows leave it as it is. */
export function callRow(record: CallRecord, state: CallRow["state"], error?: SysError): CallRow {
  const { call, process, seq, name, device, usage } = record;
  return {
    call,
    tenant: process.tenant,
    pid: process.pid,
    seq,
    name,
    device,
    usage,
    state,
    request: state === "intent" || !record.isIntended ? record.args : undefined,
    result: state === "done" && !isBulky(record) ? record.result : null,
    error: error ? toProblem(error) : null,
    timing: record.timing(),
    incarnation: process.incarnation,
    replayKey: record.replayKey ?? null,
    requestHash: record.requestHash ?? null,
    idempotencyKey: record.idempotencyKey ?? null,
    completion: record.completion ?? null,
    firstOutputAtMs: record.firstOutputAtMs ?? null,
  };
}

/** A hundred vectors are megabytes of JSON, and no foreign program comes back for them: it asks again. */
const isBulky = (record: CallRecord): boolean => record.name === "llm.embed" && isRelaxed(record);

/** A tool declares its own effect; the syscall's row only says the worst. */
export function effectOf(name: SyscallName, args: unknown, toolbox: Toolbox | undefined): SyscallSpec["effect"] {
  const { effect } = specOf(name);
  if (name !== "tool.call") return effect;
  const { name: wanted } = args as { name: string };
  return toolbox?.tools().find((tool) => tool.name === wanted)?.effect ?? effect;
}

/** Whether a recorded call may have done something that must not be done twice. */
export const isUnsafe = ({ name, request }: CallRow, toolbox: Toolbox | undefined): boolean =>
  isSyscallName(name) && effectOf(name, request, toolbox) === "unsafe";

/** Model calls of foreign programs are answered before they are durable: a crash loses at most the last group commit. */
export const isRelaxed = ({ name, process }: CallRecord): boolean =>
  name.startsWith("llm.") && (process.kind === "client" || process.kind === "command");
