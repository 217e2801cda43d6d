import { isSyscallName, specOf, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { EmbedArgs, ParsedArgsOf, SyscallName, SyscallSpec } from "@aiosjs/sdk/protocol";
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
    request: state === "intent" || !record.isIntended ? requestOf(record) : undefined,
    requestContent: state === "done" && !record.isIntended ? writtenBy(record) : undefined,
    result: state === "done" && !isBulky(record) ? withoutKey(record) : null,
    error: error ? toProblem(error) : null,
    timing: record.timing(),
    incarnation: process.incarnation,
    replayKey: record.replayKey ?? null,
    requestHash: record.requestHash ?? null,
    idempotencyKey: record.idempotencyKey ?? null,
    completion: record.completion ?? null,
    firstOutputAtMs: record.firstOutputAtMs ?? null,
    context: record.context,
    judgement: record.judgement,
  };
}

/** A new key is told once: the journal has its hash alone. */
export const withoutKey = ({ name, result }: Pick<CallRecord, "name" | "result">): unknown =>
  name === "proc.spawn" || name === "proc.restart" || name === "key.create"
    ? { ...(result as object), key: null }
    : result;

/** A call that is made again has its place for a name; without one, its id. */
export const idempotencyKeyOf = ({ call, process, replayKey }: CallRecord): string =>
  replayKey === undefined ? call : `${process.pid}:${replayKey}`;

/**
 * A hundred vectors are megabytes of JSON, and most foreign programs do not come back for them: they ask again. Nobody comes
 * back for those of notes and of what is searched for.
 */
const isBulky = (record: CallRecord): boolean =>
  record.name === "llm.embed" &&
  (isOfKernel(record) || record.withinSeq !== record.seq || (isRelaxed(record) && record.idempotencyKey === undefined));

const isOfKernel = ({ process }: CallRecord): boolean => process.kind === "kernel";

/** The kernel embeds notes, which the journal has already, and which can be forgotten there. */
function requestOf(record: CallRecord): unknown {
  const { name, args } = record;
  if (name !== "llm.embed" || !isOfKernel(record)) return args;
  const { input, ...rest } = args as EmbedArgs;
  return { ...rest, input: [`(${input.length} texts)`] };
}

/** The content of a file that is the request's own text: what was written, byte for byte. */
function writtenBy({ name, args, effects }: CallRecord): string | undefined {
  if (name !== "fs.write") return undefined;
  const { content, encoding } = args as ParsedArgsOf<"fs.write">;
  const blob = effects.find((effect) => effect.kind === "blob");
  return encoding === "utf8" && content.isWellFormed() ? blob?.row.hash : undefined;
}

/** A tool declares its own effect; the syscall's row only says the worst. */
function effectOf(name: SyscallName, args: unknown, toolbox: Toolbox | undefined): SyscallSpec["effect"] {
  const { effect } = specOf(name);
  if (name !== "tool.call") return effect;
  const { name: wanted } = args as { name: string };
  return toolbox?.tools().find((tool) => tool.name === wanted)?.effect ?? effect;
}

/** Whether a call may do something that must not be done twice. */
export const isUnsafe = ({ name, args }: Pick<CallRecord, "name" | "args">, toolbox: Toolbox | undefined): boolean =>
  isSyscallName(name) && effectOf(name, args, toolbox) === "unsafe";

/** Why nobody knows whether a cancelled call has happened; undefined where that matters to nobody, or is known. */
export function unknownEnd(record: CallRecord, toolbox: Toolbox | undefined): SysError | undefined {
  const { name, process, cancelled, attempts } = record;
  if (!process.mayRestart || !cancelled || attempts === 0 || !isUnsafe(record, toolbox)) return undefined;
  return new SysError("EAMBIGUOUS", `${name} was cut off, and may have happened: ${cancelled.message}`, {
    cause: cancelled,
  });
}

/**
 * Model calls of foreign programs are answered before they are durable: a crash loses at most the last group commit. A command
 * that is started again is to be told what it was told.
 */
export const isRelaxed = ({ name, process }: CallRecord): boolean =>
  name.startsWith("llm.") && (process.kind === "client" || (process.kind === "command" && !process.mayRestart));
