import { noUsage, SysError } from "@aiosjs/sdk/protocol";
import type { CallId, Resource, SysEvent, SyscallName, SyscallSpec } from "@aiosjs/sdk/protocol";
import type { Outcome } from "./submission.ts";
import { askLeave, askWhetherAgain } from "./asking.ts";
import { remakeEdited } from "./breakpoints.ts";
import type { Release } from "./breakpoints.ts";
import { exhausted, spentAccount } from "./budget.ts";
import type { Account } from "./budget.ts";
import type { CallRecord } from "./call-record.ts";
import { CallEnds } from "./call-end.ts";
import { callRow, isUnsafe } from "./call-row.ts";
import type { CallTable } from "./call-table.ts";
import type { Handler, KernelCall } from "./devices/device.ts";
import { isKernelDevice, kernelDevices } from "./devices/table.ts";
import { denialOf } from "./denial.ts";
import { asSysError } from "./driver-error.ts";
import { Executor } from "./executor.ts";
import { carriedBy } from "./gate/carried.ts";
import { expose } from "./gate/expose.ts";
import { refuseForbidden } from "./gate/gate.ts";
import { hearTranscript } from "./gate/transcript.ts";
import type { Lane } from "./lane.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { CallCounts } from "./metrics.ts";
import { isModelCall } from "./model-call.ts";
import { memoryOf, prepareChat } from "./note-remembering.ts";
import type { Parts } from "./parts.ts";
import type { Caller, Principal } from "./ports.ts";
import type { Process } from "./process.ts";
import { recall } from "./recall.ts";
import { mayHaveHappened } from "./replay.ts";
import type { Asked } from "./urgency.ts";

type Controls = Pick<KernelCall, "refresh" | "shutdown" | "startedAtMs">;

interface CallFlowOptions {
  readonly parts: Parts;
  readonly lifecycle: Lifecycle;
  readonly calls: CallTable;
  readonly counts: CallCounts;
  readonly controls: Controls;
  /** A call made on behalf of another one. Resolves with its last event. */
  readonly nested: (record: CallRecord, principal: Principal, call: NestedCall) => Promise<SysEvent | undefined>;
}

export interface NestedCall {
  readonly name: string;
  readonly args: unknown;
  /** Default: as urgent as the call that it is made for. */
  readonly nice?: number | undefined;
  /** Default: as long as any call. */
  readonly deadlineMs?: number | undefined;
  /** What it is known by in the journal, as one of that call's. */
  readonly key?: string | undefined;
  /** As its caller would make it itself. Default: as the process, whoever called. */
  readonly isCallers?: boolean | undefined;
  /** Hears its id. */
  readonly onCall?: ((call: CallId) => void) | undefined;
}

interface Begun {
  readonly spec: SyscallSpec;
  readonly record: CallRecord;
  readonly caller: Caller;
  /** When a recorded answer may be handed out. */
  readonly turn?: Promise<void> | undefined;
}

/** The way of an admitted call: budgets → record of intent → run queue → driver → settled, recorded, answered. */
export class CallFlow {
  readonly #options: CallFlowOptions;
  readonly #parts: Parts;
  readonly #executor: Executor;
  readonly #ends: CallEnds;

  constructor(options: CallFlowOptions) {
    this.#options = options;
    this.#parts = options.parts;
    this.#executor = new Executor(options.parts);
    this.#ends = new CallEnds(options);
  }

  /** @throws SysError for what is refused at once. */
  begin(call: Begun): void {
    const { record } = call;
    const { lease, outbox } = this.#parts;
    const isWritable = outbox.failure === undefined || record.replayKey === undefined;
    const isSure = lease === undefined || !record.process.isReplayed || lease.isSure();
    if (isWritable && isSure) return this.#begin(call);
    void Promise.all([isSure ? undefined : lease.sure(), isWritable ? undefined : outbox.recovered()]).then(
      (fenced) => {
        try {
          // A recorded answer is given in its turn all the same: others wait behind it.
          const refusal =
            fenced.find((cause) => cause !== undefined) ?? (record.isToldAgain ? undefined : record.cancelled);
          if (refusal) throw refusal;
          this.#begin(call);
        } catch (cause) {
          this.refuse(record, asSysError(cause, record.name));
        }
      },
    );
  }

  #begin(call: Begun): void {
    const { spec, record, caller, turn } = call;
    const { recorded } = record;
    if (recorded && record.isToldAgain) {
      this.#parts.gate.recalls(record);
      return void recall(record, recorded, { turn, calls: this.#options.calls, parts: this.#parts });
    }
    remakeEdited(record, this.#parts.hash);
    const isOwn =
      caller.isNested !== true && !spec.isAdministrative && !(spec.isView && record.replayKey === undefined);
    const release = isOwn ? this.#parts.breakpoints.hold(record) : undefined;
    if (release) void this.#orRefuse(record, this.#goOnWhen(release, call));
    else this.#go(call);
  }

  /** A debugger holds the call: it goes on, edited perhaps, or is answered. */
  async #goOnWhen(released: Promise<Release>, call: Begun): Promise<void> {
    const release = await released;
    if (release.is === "answered" || release.is === "failed")
      return this.#ends.finish(call.record, { ...release, usage: noUsage }, []);
    this.#go(call);
  }

  /** What goes wrong on a call's way is how it ends. */
  async #orRefuse(record: CallRecord, way: Promise<void>): Promise<void> {
    try {
      await way;
    } catch (cause) {
      this.refuse(record, record.cancelled ?? asSysError(cause, record.name));
    }
  }

  /** To its device, if the policy lets it; where that wants a person's leave, when they have given it. */
  #go(call: Begun): void {
    const { record } = call;
    const verdict = this.#parts.gate.verdictOf(record);
    if (!verdict) return this.#pass(call);
    this.#parts.gate.hear(record);
    record.context = record.process.seen;
    record.judgement = this.#parts.gate.judgementOf(verdict);
    if (verdict.gate === "L3") return refuseForbidden(record.name, verdict);
    record.see(verdict.returns);
    hearTranscript(record, call.caller.principal, this.#parts.told);
    if (verdict.gate !== "L2") return this.#pass(call);
    const { deadlineMs } = call.caller;
    const asked = askLeave(record, verdict, { parts: this.#parts, deadlineMs });
    void this.#orRefuse(
      record,
      asked.then(() => this.#pass(call)),
    );
  }

  #pass({ spec, record, caller }: Begun): void {
    const { recorded } = record;
    this.#parts.gate.passes(record);
    if (isKernelDevice(record.name)) return void this.#answer(spec, record, caller);
    if (recorded && mayHaveHappened(recorded) && isUnsafe(record, this.#parts.toolbox))
      return void this.#orRefuse(record, this.#askWhetherAgain({ spec, record, caller }));
    this.#enter({ spec, record, caller });
  }

  async #askWhetherAgain(call: Begun): Promise<void> {
    const { record } = call;
    const said = await askWhetherAgain(record, this.#parts);
    if (said) return this.#ends.finish(record, { ...said, usage: noUsage }, []);
    this.#enter(call);
  }

  #enter(call: { spec: SyscallSpec; record: CallRecord; caller: Caller }): void {
    const wanted = memoryOf(call, this.#parts.settings);
    if (wanted) void this.#orRefuse(call.record, this.#remind(wanted, call));
    else this.#keptOrNew(call);
  }

  /** A chat that recalls, or is remembered. */
  async #remind(
    wanted: NonNullable<ReturnType<typeof memoryOf>>,
    call: { spec: SyscallSpec; record: CallRecord; caller: Caller },
  ): Promise<void> {
    const { record, caller } = call;
    const { principal } = caller;
    await prepareChat(wanted, {
      parts: this.#parts,
      record,
      principal,
      nested: (name, args) => this.#nested(record, principal, { name, args }),
    });
    if (record.cancelled) throw record.cancelled;
    this.#keptOrNew(call);
  }

  #keptOrNew({ spec, record, caller }: { spec: SyscallSpec; record: CallRecord; caller: Caller }): void {
    // Who is suspended waits, even for what would cost nothing.
    const cacheKey = record.process.suspended === undefined ? this.#parts.answers.keyOf(record) : undefined;
    if (cacheKey === undefined) this.#admit(spec, record, caller);
    else void this.#lookUp(cacheKey, { spec, record, caller });
  }

  /** An answer that is kept is given at once: no queue, no budget. Otherwise the call goes its way, and its answer is kept. */
  async #lookUp(key: string, call: { spec: SyscallSpec; record: CallRecord; caller: Caller }): Promise<void> {
    const { spec, record, caller } = call;
    const kept = await this.#parts.answers.find(key, record.args);
    if (record.cancelled) return this.#ends.finish(record, { error: record.cancelled, usage: noUsage }, []);
    if (!kept) {
      record.cacheKey = key;
      try {
        this.#admit(spec, record, caller);
      } catch (cause) {
        this.refuse(record, asSysError(cause, record.name));
      }
      return;
    }
    const { result, events } = kept;
    record.state = "running";
    record.startedAtMs = this.#parts.clock.nowMs();
    record.device = result.model;
    if (record.name === "llm.chat") record.process.model = result.model;
    const marks = { isCached: true, ...(result.isSimulated ? { isSimulated: true } : {}) };
    record.push([{ type: "syscall.started", device: result.model, waitingMs: 0, ...marks }, ...events]);
    return this.#ends.finish(record, { result, usage: noUsage }, []);
  }

  #admit(spec: SyscallSpec, record: CallRecord, caller: Caller): void {
    const accounts = this.#options.lifecycle.accountsOf(record.process, caller.principal);
    record.accounts = accounts;
    const spent = spentAccount(accounts, needsOf(record.name), record.queuedAtMs);
    if (spent) {
      const error = exhausted(spent, record.name, record.queuedAtMs);
      if (!this.#onSpent(record.process, error)) throw error;
    }
    const { scheduler, settings, router } = this.#parts;
    scheduler.admit(record.process.tenant, settings.scheduler);
    void this.#schedule({ record, spec, caller, accounts, lanes: router.lanesOf(record) });
  }

  /** Refused at the door: on record, unless the journal is what refuses, or holds how the call has ended. */
  refuse(record: CallRecord, error: SysError): void {
    const { outbox, retries } = this.#parts;
    const { recorded, process } = record;
    // That it may have happened must not be forgotten: who asks again is not to make it a second time.
    const isKept = record.isToldAgain || (!process.isReplayed && recorded !== undefined && mayHaveHappened(recorded));
    if (outbox.failure === undefined && !isKept) return void this.#ends.finish(record, { error, usage: noUsage }, []);
    if (recorded && !process.isReplayed) retries.putBack(recorded);
    this.#options.calls.close(record);
    record.end({ error });
  }

  /** A budget is spent: the process is suspended if that is its policy, until the window ends or a person says so; the call waits. */
  #onSpent(process: Process, error: SysError): boolean {
    this.#parts.outbox.event("budget.exhausted", process, { detail: error.message });
    if (process.onExhausted === "refuse") return false;
    const { retryAfterMs } = error;
    const mayWake = process.onExhausted === "suspend" && retryAfterMs !== undefined;
    const wakesAtMs = mayWake ? this.#parts.clock.nowMs() + retryAfterMs : undefined;
    this.#options.lifecycle.suspend(process, `budget: ${error.message}`, wakesAtMs);
    return true;
  }

  async #schedule(call: {
    record: CallRecord;
    spec: SyscallSpec;
    caller: Caller;
    lanes: readonly Lane[];
    accounts: readonly Account[];
  }): Promise<void> {
    const { record, caller, accounts, lanes } = call;
    const { process } = record;
    const { lifecycle } = this.#options;
    const { timers, scheduler, settings } = this.#parts;
    const timeoutMs = Math.min(caller.deadlineMs ?? Number.POSITIVE_INFINITY, settings.scheduler.defaultTimeoutMs);
    const deadlineAtMs = record.queuedAtMs + timeoutMs;
    const expire = (): void => {
      const nowMs = this.#parts.clock.nowMs();
      // A call of a process that waits for its budget's next hour does not hang: its time begins anew when that goes on.
      // Nor does one that waits for a person.
      const isHeld = process.suspended !== undefined || process.asks.size > 0;
      const sinceMs = isHeld ? nowMs : process.resumedAtMs;
      if (caller.deadlineMs === undefined && sinceMs + timeoutMs > nowMs)
        timer = timers.at(sinceMs + timeoutMs, expire);
      else record.cancel(new SysError("ETIMEDOUT", `${record.name} had not ended after ${timeoutMs} ms`));
    };
    let timer = timers.at(deadlineAtMs, expire);
    let isFinished = false;
    const finish = (outcome: Outcome): void => {
      if (isFinished) return;
      isFinished = true;
      timer.cancel();
      void this.#ends.finish(record, outcome, accounts);
    };
    record.abort.signal.addEventListener("abort", () => {
      if (record.state === "running") return; // the attempt under way ends the call
      const entry = lifecycle.entries.get(record);
      process.held.delete(record);
      if (entry) scheduler.withdraw(entry);
      if (entry?.standby) return; // its attempt settles what it has used
      finish({ error: record.cancelled ?? new SysError("ECANCELED", "cancelled"), usage: noUsage });
    });
    // Cancelled before anybody listened.
    if (record.cancelled) return finish({ error: record.cancelled, usage: noUsage });
    try {
      await this.#intend(record);
    } catch (cause) {
      return finish({ error: asSysError(cause, "the journal"), usage: noUsage });
    }
    if (record.abort.signal.aborted) return;
    const entry = this.#executor.admit({
      record,
      lanes,
      accounts,
      asked: askedOf(caller),
      deadlineAtMs,
      nested: (name, args) => this.#nested(record, caller.principal, { name, args }),
      finish,
      onSpent: (error) => this.#onSpent(process, error),
    });
    lifecycle.entries.set(record, entry);
    this.#executor.park(entry);
  }

  /** The call is on record before it runs; before an unsafe effect that is waited for. */
  #intend(record: CallRecord): Promise<void> | undefined {
    const { outbox } = this.#parts;
    const intent = { kind: "call" as const, row: callRow(record, "intent") };
    record.isIntended = true;
    if (isUnsafe(record, this.#parts.toolbox))
      return record.process.isReplayed ? outbox.commitPatiently(intent) : outbox.commit(intent);
    outbox.note(intent);
    return undefined;
  }

  async #nested(record: CallRecord, principal: Principal, call: NestedCall): Promise<unknown> {
    const last = await this.#options.nested(record, principal, call);
    if (last?.type === "syscall.completed") return last.result;
    const error = last?.type === "syscall.failed" ? last.error : undefined;
    throw new SysError(error?.code ?? "EIO", error?.detail ?? `${call.name} ended without a result`, {
      hint: error?.hint,
    });
  }

  /** A syscall of the kernel's own devices: answered without a run queue. */
  async #answer(spec: SyscallSpec, record: CallRecord, caller: Caller): Promise<void> {
    const { parts, lifecycle, calls, controls } = this.#options;
    const handler = kernelDevices[record.name] as Handler<SyscallName>;
    const { signal } = record.abort;
    record.state = "running";
    record.startedAtMs = record.queuedAtMs;
    record.device = "kernel";
    let outcome: Outcome;
    try {
      const result = await handler(record.args as never, {
        ...controls,
        parts,
        lifecycle,
        record,
        principal: caller.principal,
        asked: askedOf(caller),
        signal,
        nested: (name, args, quality) => this.#nested(record, caller.principal, { name, args, ...quality }),
        findCall: (id) => calls.find(id),
      });
      outcome = { result, usage: noUsage };
    } catch (cause) {
      outcome = { error: record.cancelled ?? asSysError(cause, record.name), usage: noUsage };
    }
    if (!spec.isView || record.replayKey !== undefined) return this.#ends.finish(record, outcome, []);
    if ("result" in outcome) record.see(carriedBy(record, outcome.result, parts));
    try {
      await expose(record, record.carries, parts);
    } catch (cause) {
      outcome = { error: asSysError(cause, "the journal"), usage: noUsage };
    }
    if ("error" in outcome) parts.outbox.note(...denialOf(record, outcome.error, parts.outbox));
    calls.close(record);
    record.end(outcome);
  }
}

const askedOf = ({ nice, class: urgency }: Caller): Asked => ({ nice, class: urgency });

function needsOf(name: string): readonly Resource[] {
  if (name === "tool.call") return ["calls", "toolCalls", "wallMs"];
  if (isModelCall(name)) return ["calls", "tokens", "costUsd", "wallMs"];
  return ["calls", "wallMs"];
}
