import { asCallId, isSysError, noUsage, SysError } from "@aiosjs/sdk/protocol";
import type {
  CallId,
  JournalEvent,
  Pid,
  SysEvent,
  SyscallName,
  SyscallSpec,
  Topic,
  Transport,
} from "@aiosjs/sdk/protocol";
import { checkAccess, seesAll } from "./access.ts";
import { exhausted, spentAccount } from "./budget.ts";
import { CallRecord } from "./call-record.ts";
import type { CallOptions } from "./call-record.ts";
import { callRow, effectOf, isRelaxed } from "./call-row.ts";
import { CallTable } from "./call-table.ts";
import type { Handler, KernelCall } from "./devices/device.ts";
import { procDevice } from "./devices/proc.ts";
import { sysDevice } from "./devices/sys.ts";
import { Executor } from "./executor.ts";
import type { Outcome } from "./executor.ts";
import { Lifecycle } from "./lifecycle.ts";
import { CallCounts, metricsOf } from "./metrics.ts";
import { parseCall } from "./parse-args.ts";
import { openParts } from "./open-parts.ts";
import type { KernelPorts } from "./open-parts.ts";
import type { Parts } from "./parts.ts";
import type { Caller, Core, Kernel, KernelMetrics, KernelSettings, Principal, Subscription } from "./ports.ts";
import type { Process } from "./process.ts";

const kernelDevices: Readonly<Record<string, Handler<SyscallName>>> = { ...procDevice, ...sysDevice } as never;

export interface KernelOptions extends KernelPorts {
  readonly settings: KernelSettings;
  /** Reads the configuration anew; called by `sys.refresh`. @throws SysError EINVAL: nothing is changed then. */
  readonly reload: () => Promise<{
    settings: KernelSettings;
    cores: readonly Core[];
    changed: string[];
    needRestart: string[];
  }>;
  /** Called once when `sys.shutdown` was asked for. */
  readonly onShutdown: () => void;
  /** The home's own key, administrative in all tenants. */
  readonly rootKey?: { token: string; tenant: string };
}

/** Loads the journal, restores the processes and opens the one door. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { parts, image, wasCrash } = await openParts(options);
  const kernel = new KernelDoor(parts, options);
  kernel.open(image, wasCrash);
  return kernel;
}

class KernelDoor implements Kernel {
  readonly #parts: Parts;
  readonly #options: KernelOptions;
  readonly #lifecycle: Lifecycle;
  readonly #executor: Executor;
  readonly #calls: CallTable;
  readonly #counts = new CallCounts();
  readonly #startedAtMs: number;
  #closing: Promise<void> | undefined;
  isReady = false;

  constructor(parts: Parts, options: KernelOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#lifecycle = new Lifecycle(parts, (principal) => this.transport(principal));
    this.#executor = new Executor(parts);
    this.#calls = new CallTable(parts.clock);
    this.#startedAtMs = parts.clock.nowMs();
  }

  get settings(): KernelSettings {
    return this.#parts.settings;
  }

  open(image: Parameters<Lifecycle["restore"]>[0], wasCrash: boolean): void {
    const { keys, outbox, settings } = this.#parts;
    const { rootKey } = this.#options;
    if (rootKey) {
      const isNew = keys.find(rootKey.token.split("_")[2] ?? "") === undefined;
      const row = keys.adopt(rootKey.token, rootKey.tenant);
      if (isNew) outbox.note({ kind: "key", row });
    }
    this.#lifecycle.restore(image);
    outbox.note({ kind: "meta", key: "state", value: "running" });
    const tenant = this.#homeTenant();
    outbox.event("kernel.started", { tenant, pid: null }, { version: settings.version, wasCrash });
    this.isReady = true;
  }

  #homeTenant(): Principal["tenant"] {
    return (this.#options.rootKey?.tenant ?? "local") as Principal["tenant"];
  }

  authenticate(token: string): Principal {
    return this.#parts.keys.authenticate(token);
  }

  identify(principal: Principal, identity: { pid?: string; session?: string; label?: string }): Pid {
    return this.#lifecycle.identify(principal, identity).pid;
  }

  transport(principal: Principal, pid?: Pid): Transport {
    return {
      syscall: (name, args, { signal, ...quality } = {}) => {
        const subscription = this.syscall(name, args, { principal, pid, ...quality, onDetach: "abort" });
        if (signal?.aborted) subscription.cancel();
        else signal?.addEventListener("abort", () => subscription.cancel(), { once: true });
        return subscription;
      },
    };
  }

  syscall(name: string, args: unknown, caller: Caller): Subscription {
    let record: CallRecord | undefined;
    try {
      const call = parseCall(name, args);
      const process = this.#processOf(call.name, caller);
      record = this.#record(call, process, caller);
      checkAccess({ ...call, principal: caller.principal, process: process.kind === "kernel" ? undefined : process });
      const subscription = record.subscribe();
      this.#admit(call.spec, record, caller);
      return subscription;
    } catch (cause) {
      return this.#refuse(cause, { name, caller, record });
    }
  }

  /** What is wrong before anything was done is still a call: one with a failure as its last event. */
  #refuse(
    cause: unknown,
    { name, caller, record }: { name: string; caller: Caller; record: CallRecord | undefined },
  ): Subscription {
    const error = isSysError(cause)
      ? cause
      : new SysError("EIO", `${name} failed in the kernel: ${String(cause)}`, { cause, retryable: false });
    const process = record?.process ?? this.#parts.processes.init(caller.principal.tenant);
    const refused = record ?? new CallRecord({ ...this.#identity(name, undefined, process), onDetach: "keep" });
    if (record) this.#calls.close(record);
    refused.end({ error });
    this.#counts.add(name, "failed");
    return refused.subscribe();
  }

  #identity(name: string, args: unknown, process: Process): Omit<CallOptions, "onDetach"> {
    return {
      call: asCallId(`c${this.#parts.random.text(15)}`),
      seq: process.seq,
      name,
      args,
      process,
      clock: this.#parts.clock,
    };
  }

  /** Views, and what a key does to others, need no process of their own; work does. */
  #processOf(name: SyscallName, { principal, pid }: Caller): Process {
    const { processes } = this.#parts;
    const given = pid ?? principal.pid;
    if (given !== null && given !== undefined) {
      const process = processes.get(given);
      if (!process || process.exit)
        throw new SysError("ESRCH", `process ${given} has ended`, { hint: "`aios ps -a` lists what is there" });
      return process;
    }
    if (kernelDevices[name]) return processes.init(principal.tenant);
    return this.#lifecycle.identify(principal, {});
  }

  #record(call: { name: SyscallName; spec: SyscallSpec; args: unknown }, process: Process, caller: Caller): CallRecord {
    if (!call.spec.isView) process.seq++;
    const record = new CallRecord({ ...this.#identity(call.name, call.args, process), onDetach: caller.onDetach });
    this.#calls.add(record);
    process.activeAtMs = record.queuedAtMs;
    process.hasBegun ||= process.kind !== "command";
    return record;
  }

  #admit(spec: SyscallSpec, record: CallRecord, caller: Caller): void {
    const name = record.name as SyscallName;
    const isStop = name === "sys.shutdown";
    if (!this.isReady && !isStop && !spec.isView)
      throw new SysError("EAGAIN", "the kernel is shutting down", {
        retryAfterMs: 2_000,
        hint: "send it again when it is back",
      });
    if (!spec.isView && !isStop && this.#parts.outbox.failure !== undefined) {
      const { failure } = this.#parts.outbox;
      throw isSysError(failure) ? failure : new SysError("EIO", `the journal cannot be written: ${String(failure)}`);
    }
    if (kernelDevices[name]) return void this.#answer(spec, record, caller.principal);
    const accounts = this.#lifecycle.accountsOf(record.process, caller.principal);
    const needs =
      name === "tool.call"
        ? (["calls", "toolCalls"] as const)
        : name === "llm.chat"
          ? (["calls", "tokens", "costUsd"] as const)
          : (["calls"] as const);
    const spent = spentAccount(accounts, needs, record.queuedAtMs);
    if (spent) {
      const error = exhausted(spent, name);
      if (!this.#onSpent(record.process, spent.scope, error)) throw error;
    }
    const { scheduler, settings, lanes } = this.#parts;
    scheduler.admit(record.process.tenant, settings.scheduler);
    const lane =
      name === "llm.chat"
        ? lanes.ofModel((record.args as { model: string }).model)
        : [lanes.ofDevice(name.slice(0, name.indexOf(".")))];
    const deadlineAtMs =
      record.queuedAtMs + Math.min(caller.deadlineMs ?? Number.POSITIVE_INFINITY, settings.scheduler.defaultTimeoutMs);
    void this.#schedule({ record, spec, caller, lanes: lane, accounts, deadlineAtMs });
  }

  /** A budget is spent: the process is suspended, if that is its policy. The budget may be its own or one above it. */
  #onSpent(process: Process, scope: string, error: SysError): boolean {
    this.#parts.outbox.event("budget.exhausted", process, { scope, resource: "", window: "", limit: 0 });
    if (process.onExhausted === "refuse") return false;
    this.#lifecycle.suspend(process, `budget: ${error.message}`);
    return true;
  }

  async #schedule(options: {
    record: CallRecord;
    spec: SyscallSpec;
    caller: Caller;
    lanes: Parameters<Executor["submit"]>[0]["lanes"];
    accounts: Parameters<Executor["submit"]>[0]["accounts"];
    deadlineAtMs: number;
  }): Promise<void> {
    const { record, caller, accounts, deadlineAtMs } = options;
    const { process } = record;
    const { timers, scheduler } = this.#parts;
    const timer = timers.at(deadlineAtMs, () =>
      record.cancel(
        new SysError("ETIMEDOUT", `${record.name} had not ended after ${deadlineAtMs - record.queuedAtMs} ms`),
      ),
    );
    let isFinished = false;
    const finish = (outcome: Outcome): void => {
      if (isFinished) return;
      isFinished = true;
      timer.cancel();
      void this.#finish(record, outcome, accounts);
    };
    record.abort.signal.addEventListener("abort", () => {
      if (record.state === "running") return; // the attempt under way ends the call
      const entry = this.#lifecycle.entries.get(record);
      process.held.delete(record);
      if (entry) scheduler.withdraw(entry);
      finish({ error: record.cancelled ?? new SysError("ECANCELED", "cancelled"), usage: noUsage });
    });
    try {
      await this.#intend(options.spec, record);
    } catch (cause) {
      return finish({ error: cause as SysError, usage: noUsage });
    }
    if (record.abort.signal.aborted) return;
    const entry = this.#executor.submit({
      record,
      lanes: options.lanes,
      accounts,
      nice: caller.nice ?? process.nice,
      class: caller.class ?? process.class,
      deadlineAtMs,
      nested: (name, args) => this.#nested(record, caller.principal, { name, args }),
      finish,
      onSpent: (error) => this.#onSpent(process, `process:${process.pid}`, error),
    });
    if (!isFinished) this.#lifecycle.entries.set(record, entry);
  }

  /** The call is on record before it runs; before an unsafe effect that is waited for. */
  #intend(spec: SyscallSpec, record: CallRecord): Promise<void> | undefined {
    const intent = { kind: "call" as const, row: callRow(record, "intent") };
    record.isIntended = true;
    if (effectOf(spec, record, this.#parts.toolbox) === "unsafe") return this.#parts.outbox.commit(intent);
    this.#parts.outbox.note(intent);
    return undefined;
  }

  async #nested(
    record: CallRecord,
    principal: Principal,
    { name, args }: { name: string; args: unknown },
  ): Promise<unknown> {
    const asProcess = { ...principal, pid: record.process.pid };
    const subscription = this.syscall(name, args, { principal: asProcess, pid: record.process.pid, onDetach: "abort" });
    const cancel = (): void => subscription.cancel();
    record.abort.signal.addEventListener("abort", cancel, { once: true });
    let last: SysEvent | undefined;
    for await (const batch of subscription) last = batch.at(-1);
    record.abort.signal.removeEventListener("abort", cancel);
    if (last?.type === "syscall.completed") return last.result;
    const error = last?.type === "syscall.failed" ? last.error : undefined;
    throw new SysError(error?.code ?? "EIO", error?.detail ?? `${name} ended without a result`, { hint: error?.hint });
  }

  /** A syscall of the kernel's own devices: answered without a run queue. */
  async #answer(spec: SyscallSpec, record: CallRecord, principal: Principal): Promise<void> {
    const handler = kernelDevices[record.name] as Handler<SyscallName>;
    const call: KernelCall = {
      parts: this.#parts,
      lifecycle: this.#lifecycle,
      record,
      principal,
      signal: record.abort.signal,
      findCall: (id) => this.#calls.find(asCallId(id)),
      refresh: () => this.#refresh(),
      shutdown: () => this.#options.onShutdown(),
      startedAtMs: this.#startedAtMs,
    };
    record.state = "running";
    record.startedAtMs = record.queuedAtMs;
    record.device = "kernel";
    let outcome: Outcome;
    try {
      const result = await handler(record.args as never, call);
      outcome = { result, usage: noUsage };
    } catch (cause) {
      const error =
        record.cancelled ??
        (isSysError(cause)
          ? cause
          : new SysError("EIO", `${record.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
              cause,
              retryable: false,
            }));
      outcome = { error, usage: noUsage };
    }
    if (!spec.isView) return this.#finish(record, outcome, []);
    this.#calls.close(record);
    record.end(outcome);
  }

  /** Counts, records and answers. A durable result is on disk before the caller sees it. */
  async #finish(
    record: CallRecord,
    outcome: Outcome,
    accounts: Parameters<Executor["submit"]>[0]["accounts"],
  ): Promise<void> {
    const { process } = record;
    const { outbox } = this.#parts;
    const outcomeName = "error" in outcome ? "failed" : "done";
    record.usage = outcome.usage;
    if ("result" in outcome) record.result = outcome.result;
    this.#lifecycle.entries.delete(record);
    if (process.kind !== "kernel") process.count(record, outcomeName);
    process.activeAtMs = this.#parts.clock.nowMs();
    this.#counts.add(record.name, outcomeName);
    const { usage } = record;
    const timing = record.timing();
    const body = { call: record.call, name: record.name, device: record.device, usage, timing };
    const event =
      "error" in outcome
        ? outbox.eventRecord("syscall.failed", process, {
            ...body,
            code: outcome.error.code,
            detail: outcome.error.message,
          })
        : outbox.eventRecord("syscall.completed", process, body);
    const error = "error" in outcome ? outcome.error : undefined;
    const committed = outbox.commit(
      { kind: "call", row: callRow(record, outcomeName, error) },
      { kind: "process", row: process.row() },
      ...accounts.map((account) => ({ kind: "account" as const, row: account.row() })),
      event,
    );
    let failure: SysError | undefined;
    if (isRelaxed(record)) committed.catch(() => undefined); // kept by the outbox for the next try
    else
      try {
        await committed;
      } catch (cause) {
        failure = isSysError(cause) ? cause : new SysError("EIO", "the journal could not be written", { cause });
      }
    this.#calls.close(record);
    record.end(failure ? { error: failure } : outcome);
  }

  subscribe(call: CallId, principal: Principal): Subscription | undefined {
    const record = this.#calls.find(call);
    return record && this.#parts.processes.isVisible(record.process, principal) ? record.subscribe() : undefined;
  }

  events(
    principal: Principal,
    query: { afterSeq: number; pid?: Pid; topics?: readonly Topic[] },
    signal: AbortSignal,
  ): AsyncIterable<readonly JournalEvent[]> {
    const pid = principal.pid ?? query.pid;
    const tenant = seesAll(principal) ? undefined : principal.tenant;
    return this.#parts.outbox.follow({ ...query, pid, tenant }, signal);
  }

  metrics(): KernelMetrics {
    return metricsOf(this.#parts, this.#counts);
  }

  async #refresh(): Promise<{ changed: string[]; needRestart: string[] }> {
    const { settings, cores, changed, needRestart } = await this.#options.reload();
    this.#parts.settings = settings;
    for (const lane of this.#parts.lanes.refresh(settings, cores))
      this.#parts.scheduler.dissolve(lane, (model) => this.#parts.lanes.ofModel(model));
    for (const [tenant, limits] of Object.entries(settings.budgets))
      this.#parts.budgets.set(`tenant:${tenant}`, limits, this.#parts.clock.nowMs());
    this.#parts.outbox.event("config.refreshed", { tenant: this.#homeTenant(), pid: null }, { changed });
    return { changed, needRestart };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#shutDown());
  }

  /** Running calls may end within the grace time; waiting ones are cancelled; bucket levels are kept for the next start. */
  async #shutDown(): Promise<void> {
    this.isReady = false;
    const { timers, clock, outbox, lanes, journal } = this.#parts;
    const reason = new SysError("ECANCELED", "the kernel is shutting down");
    for (const record of this.#calls)
      if (record.state === "queued" || record.device === "kernel") record.cancel(reason);
    const grace = new Promise<void>((resolve) => void timers.at(clock.nowMs() + this.#parts.settings.graceMs, resolve));
    await Promise.race([this.#calls.drained(), grace]);
    for (const record of this.#calls) record.cancel(reason);
    for (const process of this.#parts.processes)
      if (process.kind === "agent")
        this.#lifecycle.end(process, { code: 1, signal: null, reason: "the kernel was stopped" });
    const nowMs = clock.nowMs();
    for (const lane of lanes.all())
      for (const bucket of lane.buckets.values())
        outbox.note({
          kind: "bucket",
          row: { lane: lane.id, bucket: bucket.name, level: bucket.levelAt(nowMs), atMs: nowMs },
        });
    outbox.event("kernel.stopped", { tenant: this.#homeTenant(), pid: null }, { reason: "shutdown" });
    timers.close();
    try {
      await outbox.commit({ kind: "meta", key: "state", value: "stopped" });
    } finally {
      await journal[Symbol.asyncDispose]();
    }
  }
}
