import { asCallId, SysError } from "@aiosjs/sdk/protocol";
import type { SnapshotItem } from "@aiosjs/sdk/protocol";
import { isUnsafe } from "./call-row.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, Holder } from "./ports.ts";
import type { Process } from "./process.ts";
import { recordedCalls } from "./recorded-calls.ts";

export type HeldCall = Extract<SnapshotItem, { is: "call" }>;

/** Calls of the program that are under way, and that a copy may make anew: all but those of which a person is asked. */
export const underWay = ({ calls }: Process, { toolbox }: Parts): Set<number> =>
  new Set(
    [...calls].flatMap((record) => (record.replayKey === undefined || isUnsafe(record, toolbox) ? [] : [record.seq])),
  );

/** Of the calls up to `seq` those that `heldCalls` does not tell, for they have not ended. */
export async function madeAnew(parts: Parts, process: Process, seq: number): Promise<ReadonlySet<number>> {
  const anew = underWay(process, parts);
  for await (const _ of heldCalls(parts, process, { seq, anew }));
  return anew;
}

/**
 * What a program was told up to its call `seq`, as another process can be told it: in order of arrival, after `after`. A call
 * that was under way is made anew, except one that may do what must not be done twice: of that a person is asked. `anew` begins
 * with those that are under way, and ends as those that are not told.
 * @throws SysError ESTALE when the journal does not hold an answer any more.
 */
export async function* heldCalls(
  parts: Parts,
  process: Process,
  { seq, after = 0, anew }: { seq: number; after?: number; anew?: Set<number> },
): AsyncGenerator<HeldCall> {
  for await (const row of recordedCalls(parts, process, after)) {
    // What a call makes on its way comes after it, and before the program's next one.
    if (row.seq > seq && row.replayKey !== null) return;
    const isOpen = row.completion === null;
    if (row.state === "undone") continue;
    // What waits for a person's leave has not been made.
    if (isOpen && (row.state === "asked" || !isUnsafe({ name: row.name, args: row.request }, parts.toolbox))) {
      if (row.replayKey !== null) anew?.add(row.seq);
      continue;
    }
    anew?.delete(row.seq);
    if (row.state === "done" && row.replayKey !== null && (row.result ?? undefined) === undefined)
      throw lost(process, row);
    yield {
      is: "call",
      seq: row.seq,
      name: row.name,
      device: row.device,
      state: isOpen ? "intent" : row.state === "done" ? "done" : "failed",
      request: row.request ?? null,
      result: row.result ?? null,
      error: isOpen || !row.error ? null : { ...row.error },
      usage: row.usage,
      timing: row.timing,
      replayKey: row.replayKey,
      requestHash: row.requestHash,
      completion: row.completion,
      firstOutputAtMs: row.firstOutputAtMs,
    };
  }
}

/** The same call, as one of this process. */
export function callOf(held: HeldCall, { tenant, pid }: Holder, { random }: Pick<Parts, "random">): CallRow {
  const { is: _is, error, ...rest } = held;
  return {
    ...rest,
    error: error as CallRow["error"],
    call: asCallId(`c${random.text(15)}`),
    tenant,
    pid,
    context: null,
    judgement: null,
    incarnation: 1,
    idempotencyKey: null,
  };
}

/** Counts what a new process was told already: its own calls go on behind them. */
export class ToldCalls {
  seq = 0;
  /** Of them, those that had ended. */
  ended = 0;
  #failed = 0;
  #completion = 0;

  add({ seq, state, completion }: HeldCall): void {
    this.seq = seq;
    if (state !== "intent") this.ended++;
    if (state === "failed") this.#failed++;
    this.#completion = Math.max(this.#completion, completion ?? 0);
  }

  /** Ends are numbered by how many calls have ended. */
  giveTo(process: Process): void {
    Object.assign(process, { seq: this.seq, failed: this.#failed, done: Math.max(0, this.#completion - this.#failed) });
  }
}

/** How many of the calls that `heldCalls` tells have ended by now. */
export async function endedCalls(parts: Parts, process: Process, seq: number): Promise<number> {
  let ended = 0;
  for await (const { state } of heldCalls(parts, process, { seq })) if (state !== "intent") ended++;
  return ended;
}

/** A call of the process has ended while its belongings were copied: what it did may be among them, and it was told as open. */
export const overtaken = ({ pid }: Process, seq: number): SysError =>
  new SysError("EBUSY", `a call of ${pid} up to ${seq} has ended while it was copied`, {
    hint: "begin again; where calls end all the time, suspend it first, or name an earlier call",
  });

/** @throws SysError EINVAL for what is not folded again from its record. */
export function checkFolded({ pid, kind, name }: Process, what: string): void {
  if (kind === "agent" || kind === "module") return;
  const hints = {
    command:
      "a command's equal requests are answered from the record when it is started again: aios run --restart on-failure -- CMD",
    client: "start its program as an agent or a module: aios run-agent",
    kernel: "name an agent or a module",
  };
  throw new SysError(
    "EINVAL",
    `${what}: ${name} (${pid}) is a ${kind}; what its program has come to is known to itself alone`,
    {
      hint: hints[kind],
    },
  );
}

/** @throws SysError EINVAL for a call that it has not made yet. */
export function checkSeq(process: Process, seq: number): void {
  if (seq > process.seq)
    throw new SysError("EINVAL", `process ${process.pid} has made ${process.seq} calls, none with the number ${seq}`, {
      hint: `aios trace ${process.pid} lists them`,
    });
}

const lost = ({ pid }: Process, { call, name }: CallRow): SysError =>
  new SysError("ESTALE", `the journal does not hold any more what process ${pid} was told by ${name} (call ${call})`, {
    hint: "journal.keepDays and journal.keepMb say how much is kept",
  });
