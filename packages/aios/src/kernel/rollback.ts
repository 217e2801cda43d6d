import { SysError } from "@aiosjs/sdk/protocol";
import type { ResultOf } from "@aiosjs/sdk/protocol";
import { isUnsafe } from "./call-row.ts";
import { summarize } from "./devices/summary.ts";
import { heldCalls } from "./held-calls.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, JournalRecord, WayBack } from "./ports.ts";
import type { Process } from "./process.ts";
import { recordedCalls } from "./recorded-calls.ts";

type RolledBack = ResultOf<"proc.rollback">;

/** Effects that are named in an answer. */
const MAX_NAMED = 1_000;
/** Calls that are taken off the record by one commit. */
const BATCH = 200;

interface Surroundings {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
}

/** What a process on its way back is will be known when it is there. @throws SysError EBUSY */
export function refuseOnWayBack({ pid, goingBackTo }: Process): void {
  if (goingBackTo === undefined) return;
  throw new SysError("EBUSY", `process ${pid} is on its way back to its call ${goingBackTo}`, {
    hint: "it is there in a moment; then again",
  });
}

/**
 * Takes a process back to what it was after call `seq`, and lets it go on from there. That it goes back is on record before
 * anything else is done: a kernel that dies on the way leaves the rest to the next one.
 * @throws SysError ESTALE when what was there then is not kept any more, EBUSY while it goes back already; nothing is changed then.
 */
export async function rollBack(process: Process, seq: number, surroundings: Surroundings): Promise<RolledBack> {
  const { parts, lifecycle } = surroundings;
  refuseOnWayBack(process);
  process.goingBackTo = seq;
  try {
    // What the program is to be told again is all there.
    for await (const _ of heldCalls(parts, process, { seq }));
    for (const holding of parts.holdings) await holding.checkBack(process, seq);
    await parts.outbox.commitOnce({ kind: "process", row: { ...process.row(), ...process.alive() } });
  } catch (cause) {
    process.goingBackTo = undefined;
    throw cause;
  }
  if (process.exit) lifecycle.revive(process);
  return goBack(process, surroundings);
}

/** The rest of the way, which may have been begun by an earlier kernel. Where it fails the process is suspended, and tries again when it is resumed. */
export async function goBack(process: Process, surroundings: Surroundings): Promise<RolledBack> {
  try {
    return await undo(process, surroundings);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    surroundings.lifecycle.suspend(process, `on its way back to call ${process.goingBackTo}: ${why}`);
    process.dormant = () => void goBack(process, surroundings).catch(() => undefined);
    throw cause;
  }
}

async function undo(process: Process, { parts, lifecycle }: Surroundings): Promise<RolledBack> {
  const { outbox, holdings } = parts;
  const seq = process.goingBackTo as number;
  await lifecycle.incarnations.stop(
    process,
    new SysError("ECANCELED", `process ${process.pid} goes back to call ${seq}`),
  );
  const unsafe: RolledBack["unsafe"] = [];
  let batch: JournalRecord[] = [];
  let calls = 0;
  for await (const row of recordedCalls(parts, process, seq)) {
    if (row.replayKey === null || row.state === "undone") continue;
    calls++;
    if (unsafe.length < MAX_NAMED && isUnsafe({ name: row.name, args: row.request }, parts.toolbox))
      unsafe.push(effectOf(row));
    batch.push({ kind: "call", row: { ...row, request: undefined, state: "undone" } });
    if (batch.length >= BATCH) await outbox.commitPatiently(...batch.splice(0));
  }
  const way: WayBack = { settles: [], stays: [] };
  let isKept = false;
  try {
    for (const holding of holdings) batch.push(...(await holding.backTo(process, seq, way)));
    process.goingBackTo = undefined;
    batch.push(
      { kind: "process", row: process.row() },
      outbox.eventRecord("process.rolled-back", process, { seq, calls }),
    );
    await outbox.commitPatiently(...batch);
    isKept = true;
  } finally {
    for (const settle of way.settles) settle(isKept);
  }
  lifecycle.goOn(process);
  unsafe.push(...way.stays.map((stays) => ({ ...stays, isKnown: true })));
  return { seq, calls, unsafe: unsafe.slice(0, MAX_NAMED) };
}

const effectOf = ({ call, seq, name, request, result, state }: CallRow): RolledBack["unsafe"][number] => ({
  call,
  seq,
  detail: summarize(name, request, result),
  isKnown: state === "done",
});
