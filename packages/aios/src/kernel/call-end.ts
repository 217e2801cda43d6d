import { SysError } from "@aiosjs/sdk/protocol";
import type { JournalEventBodies } from "@aiosjs/sdk/protocol";
import type { Account } from "./budget.ts";
import type { CallRecord } from "./call-record.ts";
import { callRow, isRelaxed, unknownEnd } from "./call-row.ts";
import type { CallTable } from "./call-table.ts";
import { asSysError } from "./driver-error.ts";
import { carriedBy } from "./gate/carried.ts";
import { denialOf } from "./denial.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { CallCounts } from "./metrics.ts";
import type { Parts } from "./parts.ts";
import type { JournalRecord } from "./ports.ts";
import type { Outcome } from "./submission.ts";

interface CallEndsOptions {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
  readonly calls: CallTable;
  readonly counts: CallCounts;
}

/** How calls end: counted, on record, and told, in this order. */
export class CallEnds {
  readonly #parts: Parts;
  readonly #lifecycle: Lifecycle;
  readonly #calls: CallTable;
  readonly #counts: CallCounts;

  constructor({ parts, lifecycle, calls, counts }: CallEndsOptions) {
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.#calls = calls;
    this.#counts = counts;
  }

  /** Counts, records and answers. A durable result is on disk before the caller sees it. */
  async finish(record: CallRecord, ended: Outcome, accounts: readonly Account[]): Promise<void> {
    let outcome = withoutSecrets(ended, record, this.#parts);
    const { process } = record;
    const { outbox, clock } = this.#parts;
    if (record.isLeft && record.cancelled && "error" in outcome) return this.#leave(record, outcome, accounts);
    const state = "error" in outcome ? "failed" : "done";
    const unknown = "error" in outcome ? unknownEnd(record, this.#parts.toolbox) : undefined;
    const error = unknown ?? ("error" in outcome ? outcome.error : undefined);
    record.usage = outcome.usage;
    if ("result" in outcome) {
      if (record.cacheKey !== undefined) this.#parts.answers.keep(record.cacheKey, outcome.result);
      if (record.conclude) outcome = { ...outcome, result: await record.conclude(outcome.result) };
      record.result = outcome.result;
      this.#parts.told.add(record);
    }
    this.#lifecycle.entries.delete(record);
    if (process.kind !== "kernel") process.count(record, state);
    if ("result" in outcome) record.see(carriedBy(record, outcome.result, this.#parts));
    const hasLearned = process.sees(record.carries);
    // An end that nobody knows is no end: whoever makes the call again is asked about.
    if (!unknown) {
      record.completion = process.done + process.failed;
      this.#parts.approvals.ended(record);
    }
    const give = record.replayKey === undefined ? undefined : process.answers.place();
    process.activeAtMs = clock.nowMs();
    this.#counts.add(record.name, state);
    const body = {
      call: record.call,
      name: record.name,
      device: record.device,
      usage: record.usage,
      timing: record.timing(),
    };
    const event = error
      ? outbox.eventRecord("syscall.failed", process, { ...body, code: error.code, detail: error.message })
      : outbox.eventRecord("syscall.completed", process, body);
    const row = callRow(record, state, error);
    const records: JournalRecord[] = [
      ...(error ? [] : record.effects),
      { kind: "call", row },
      { kind: "process", row: process.row() },
      ...accounts.map((account) => ({ kind: "account" as const, row: account.row() })),
      event,
      ...denialOf(record, error, outbox),
    ];
    let failure: SysError | undefined;
    // Who is told that it failed makes it again: it must not happen later by itself.
    const isOnce = !process.isReplayed && record.effects.length + record.settles.length > 0;
    // What is told of a change must be there for whoever asks next.
    if (isRelaxed(record) && record.effects.length === 0 && !hasLearned) outbox.note(...records);
    else
      try {
        if (process.isReplayed) await outbox.commitPatiently(...records);
        else await (isOnce ? outbox.commitOnce(...records) : outbox.commit(...records));
      } catch (cause) {
        failure = asSysError(cause, "the journal");
        if ((isOnce || process.isReplayed) && failure) this.#noteLost(record, body, failure);
      }
    for (const settle of record.settles) settle(!error && !failure);
    if (!failure) this.#parts.retries.ended(record, row);
    // Who is told of the disk comes back, and what was done is not done again.
    else if (!isOnce && outbox.failure !== undefined) this.#parts.retries.unwritten(record, row);
    const told = failure ?? error;
    const answer = (): void => {
      this.#calls.close(record);
      record.end(told ? { error: told } : outcome);
    };
    if (!give) return answer();
    await process.replay?.drained();
    await give(record, answer);
  }

  /** What a call has done could not be recorded, and was forgotten: it has failed. */
  #noteLost(
    record: CallRecord,
    body: Omit<JournalEventBodies["syscall.failed"], "code" | "detail">,
    error: SysError,
  ): void {
    const { outbox } = this.#parts;
    const { process } = record;
    outbox.note(
      { kind: "call", row: callRow(record, "failed", error) },
      { kind: "process", row: process.row() },
      outbox.eventRecord("syscall.failed", process, { ...body, code: error.code, detail: error.message }),
    );
  }

  /** The kernel stops before the call has ended: it stays open, and what it has used is paid. */
  #leave(record: CallRecord, { usage, ...outcome }: Outcome, accounts: readonly Account[]): void {
    const { outbox } = this.#parts;
    outbox.note(...accounts.map((account) => ({ kind: "account" as const, row: account.row() })));
    record.usage = usage;
    for (const settle of record.settles) settle(false);
    this.#lifecycle.entries.delete(record);
    this.#calls.close(record);
    record.end("error" in outcome ? outcome : { error: new SysError("ECANCELED", "the kernel is shutting down") });
  }
}

/** Neither its program nor the journal is told what opens something else, whoever has let it slip. */
function withoutSecrets(outcome: Outcome, { process }: CallRecord, { secrets }: Pick<Parts, "secrets">): Outcome {
  if (!secrets || process.kind === "kernel") return outcome;
  if ("result" in outcome) return { ...outcome, result: secrets.redact(process.tenant, outcome.result) };
  const { error } = outcome;
  const message = secrets.redact(process.tenant, error.message);
  if (message === error.message) return outcome;
  const { code, hint, retryAfterMs } = error;
  return { ...outcome, error: new SysError(code, message, { hint, retryAfterMs }) };
}
