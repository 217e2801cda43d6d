import { isSysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { attenuate, heldBy, refuseModule, seesAll } from "./access.ts";
import type { KernelCall } from "./devices/device.ts";
import { callOf, endedCalls, heldCalls, overtaken, ToldCalls, underWay } from "./held-calls.ts";
import type { JournalRecord } from "./ports.ts";
import type { Process } from "./process.ts";

/** Calls that are written by one commit. */
const BATCH = 200;
/** A process that goes on while it is copied is looked at anew so often. */
const TRIES = 20;

/**
 * Makes a second process of one, as that was after call `seq`: the same program, told the same, with copies of what it held.
 * Nothing of it is there before all of it is.
 * @throws SysError ESTALE for what is not kept any more, ENOSPC, EIO.
 */
export async function fork(
  from: Process,
  as: { seq: number; name: string },
  call: KernelCall,
): Promise<ResultOf<"proc.fork">> {
  for (let left = TRIES; ; left--)
    try {
      return await copy(from, as, call);
    } catch (cause) {
      if (!isSysError(cause) || cause.code !== "EBUSY" || left <= 1) throw cause;
    }
}

async function copy(
  from: Process,
  { seq, name }: { seq: number; name: string },
  { parts, lifecycle, record, principal }: KernelCall,
): Promise<ResultOf<"proc.fork">> {
  const { outbox, holdings, processes } = parts;
  if (from.kind === "module" && !seesAll(principal)) throw refuseModule();
  const capabilities = attenuate(from.capabilities, heldBy(principal, record.process));
  const process = processes.add({
    tenant: from.tenant,
    parent: livingParentOf(from),
    name,
    kind: from.kind,
    nice: from.nice,
    class: from.class,
    capabilities,
    onExhausted: from.onExhausted,
    program: from.program,
    model: from.model,
    key: from.key,
    seen: from.seen,
    userTexts: from.userTexts,
  });
  const discard = async (): Promise<void> => {
    lifecycle.discard(process);
    for (const holding of holdings) await holding.drop(process);
  };
  try {
    const told = new ToldCalls();
    let batch: JournalRecord[] = [];
    const anew = underWay(from, parts);
    for await (const held of heldCalls(parts, from, { seq, anew })) {
      told.add(held);
      batch.push({ kind: "call", row: callOf(held, process, parts) });
      if (batch.length >= BATCH) await outbox.commitOnce(...batch.splice(0));
    }
    process.planned = from.planned;
    told.giveTo(process);
    process.lastPrompt = from.lastPrompt;
    process.incarnation = 0;
    for (const holding of holdings) batch.push(...(await holding.copyTo(process, from, { seq, anew })));
    if ((await endedCalls(parts, from, seq)) !== told.ended) throw overtaken(from, seq);
    record.effects.push(...batch);
  } catch (cause) {
    await discard();
    throw cause;
  }
  lifecycle.spawned(process, from.limits, record.effects);
  record.effects.push(outbox.eventRecord("process.forked", process, { from: from.pid, seq }));
  // What cannot be taken away now was nobody's.
  record.settles.push((isKept) => void (isKept ? lifecycle.goOn(process) : discard().catch(() => undefined)));
  return { pid: process.pid, seq };
}

/** The nearest one above it that lives: what binds those above binds the fork too. */
function livingParentOf({ parent }: Process): Process | undefined {
  return parent?.exit ? livingParentOf(parent) : parent;
}
