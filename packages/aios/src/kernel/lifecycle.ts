import { SysError } from "@aiosjs/sdk/protocol";
import type { Exit, Limit, Pid, Signal, Transport } from "@aiosjs/sdk/protocol";
import { allows } from "./access.ts";
import { usedOf } from "./budget.ts";
import type { Account } from "./budget.ts";
import type { CallRecord } from "./call-record.ts";
import { watchCommand } from "./command-watch.ts";
import { knownToClient } from "./gate/birth.ts";
import { Incarnations } from "./incarnation.ts";
import type { Parts } from "./parts.ts";
import type { HostGroup, JournalRecord, KeptProgram, KeyRow, Principal } from "./ports.ts";
import type { Process } from "./process.ts";
import { goBack } from "./rollback.ts";
import type { Entry } from "./scheduler.ts";
import { ACT_AS } from "./scopes.ts";
import { urgencyOf } from "./urgency.ts";
import type { Lender } from "./urgency.ts";

/** Who is suspended so waits for a person; all else is a budget, and begins with the word. */
export const BY_SIGNAL = "by a signal";
const isBudget = (reason: string): boolean => reason.startsWith("budget");

/** How processes begin, stop, go on and end. */
export class Lifecycle {
  readonly #parts: Parts;
  /** Entries of open calls, for taking them out of the run queues. */
  readonly entries = new Map<CallRecord, Entry>();
  readonly incarnations: Incarnations;

  constructor(parts: Parts, openTransport: (principal: Principal) => Transport) {
    this.#parts = parts;
    this.incarnations = new Incarnations(parts, this, openTransport);
  }

  /** Notes the process's row for the next commit. */
  save(process: Process): void {
    this.#parts.outbox.note({ kind: "process", row: process.row() });
  }

  /** Its records go into `effects`, or by themselves with the next commit. */
  spawned(process: Process, limits: readonly Limit[], effects?: JournalRecord[]): void {
    const { outbox } = this.#parts;
    this.setLimits(process, limits);
    const body = { name: process.name, kind: process.kind, parent: process.parent?.pid ?? null };
    const records = [
      outbox.eventRecord("process.spawned", process, body),
      { kind: "process", row: process.row() } as const,
    ];
    if (effects) effects.push(...records);
    else outbox.note(...records);
  }

  /** The process is on record: its program begins, or is about to be started by whoever entered it. */
  start(process: Process): void {
    if (process.isReplayed) void this.incarnations.begin(process);
    else this.watch(process);
  }

  /** The process could not be recorded: it never was. */
  discard(process: Process): void {
    const { processes, keys, budgets, jails } = this.#parts;
    jails?.ended(process);
    if (process.key !== null && keys.find(process.key)?.pid === process.pid) keys.revoke(process.key);
    budgets.drop(`process:${process.pid}`);
    processes.remove(process);
  }

  setLimits(process: Process, limits: readonly Limit[]): void {
    if (limits.length === 0) return;
    const nowMs = this.#parts.clock.nowMs();
    const accounts = this.#parts.budgets.set(`process:${process.pid}`, limits, nowMs);
    process.limits = accounts.map(({ resource, window, limit }) => ({ resource, window, limit }));
    const wall = accounts.find(({ resource }) => resource === "wallMs");
    if (wall) {
      wall.used = 0;
      this.#parts.timers.at(process.startedAtMs + wall.limit, () => this.#wallReached(process, wall));
    }
    // Who was stopped by a limit goes on when it is raised.
    if (process.suspended !== undefined && isBudget(process.suspended)) this.resume(process, "its limits were changed");
  }

  #wallReached(process: Process, wall: Account): void {
    if (process.exit || this.#parts.clock.nowMs() < process.startedAtMs + wall.limit) return;
    wall.used = wall.limit;
    const detail = `the wall time of ${process.pid} (${wall.limit} ms) is over`;
    this.#parts.outbox.event("budget.exhausted", process, { detail });
    if (process.onExhausted !== "refuse") for (const one of process.tree()) this.suspend(one, `budget: ${detail}`);
  }

  end(process: Process, exit: Exit): void {
    if (process.exit) return;
    const { approvals, clock, outbox, keys, budgets, processes, mailbox, pipes, sleepers, topics, retries } =
      this.#parts;
    process.end(exit, clock.nowMs());
    const ended = new SysError("ECANCELED", `process ${process.pid} has ended: ${exit.reason}`);
    process.abort.abort(ended);
    for (const record of process.calls) record.cancel(ended);
    process.replay?.giveUpWhen(() => true);
    for (const row of keys.list()) if (row.pid === process.pid) this.#revoke(row);
    outbox.event("process.exited", process, { code: exit.code, signal: exit.signal, reason: exit.reason });
    this.save(process);
    for (const part of [mailbox, pipes, sleepers, topics]) part.ended(process);
    this.#parts.sandboxes?.ended(process);
    this.#parts.jails?.ended(process);
    budgets.drop(`process:${process.pid}`);
    approvals.withdraw(process);
    retries.forget(process);
    processes.retire(process);
  }

  #revoke(row: KeyRow): void {
    const revoked = this.#parts.keys.revoke(row.id);
    if (revoked) this.#parts.outbox.note({ kind: "key", row: revoked });
  }

  signal(process: Process, signal: Signal, by: Pid | null): void {
    if (process.exit) return;
    this.#parts.outbox.event("process.signalled", process, { signal, by });
    // What is interrupted of a program that is replayed are its calls.
    const reachesHost = process.host !== null && !(signal === "interrupt" && process.isReplayed);
    const isHosted = reachesHost && this.#parts.host.signal(process.host as HostGroup, signal);
    switch (signal) {
      case "interrupt":
        process.isInterrupted = true;
        for (const record of process.calls)
          record.cancel(new SysError("ECANCELED", `process ${process.pid} was interrupted`));
        return;
      case "suspend":
        return this.suspend(process, BY_SIGNAL);
      case "resume":
        return this.resume(process, BY_SIGNAL);
      case "kill":
        return this.end(process, {
          code: null,
          signal: "SIGKILL",
          reason: isHosted ? "killed, with its process group" : "killed",
        });
    }
  }

  /**
   * Waiting calls leave the run queues; running ones end. New calls wait until it is resumed, at `wakesAtMs` by itself.
   * Who is suspended by a budget and then by a person waits for the person.
   */
  suspend(process: Process, reason: string, wakesAtMs?: number): void {
    if (process.exit) return;
    if (process.suspended !== undefined) {
      if (reason !== BY_SIGNAL || process.suspended === BY_SIGNAL) return;
      process.suspended = reason;
      process.wakesAtMs = undefined;
      return this.save(process);
    }
    process.suspended = reason;
    if (wakesAtMs !== undefined) this.wakeAt(process, wakesAtMs);
    if (process.host && reason !== BY_SIGNAL) this.#parts.host.signal(process.host, "suspend");
    for (const record of process.calls) {
      const entry = this.entries.get(record);
      if (!entry || record.state !== "queued" || process.held.has(record)) continue;
      this.#parts.scheduler.withdraw(entry);
      process.held.set(record, () => this.#parts.scheduler.enqueue(entry));
    }
    this.#parts.outbox.event("process.suspended", process, { reason });
    // Whoever waits for it would wait for ever without a word.
    if (process.kind === "agent" && reason !== BY_SIGNAL) {
      const alone = wakesAtMs === undefined ? "" : "it goes on by itself when the window is over; ";
      const later = process.onExhausted === "hold" ? `, and when the window is over: aios resume ${process.pid}` : "";
      const hint = isBudget(reason)
        ? `${alone}aios limits ${process.pid} RESOURCE=NUMBER lets it go on${later}`
        : `aios resume ${process.pid} tries again`;
      this.#parts.logs.append(process.pid, `‖ suspended: ${reason.replace(/^budget: /, "")}\n  → ${hint}\n`);
    }
    this.save(process);
  }

  resume(process: Process, reason: string): void {
    if (process.exit || process.suspended === undefined) return;
    const wasBudget = process.suspended !== BY_SIGNAL;
    process.suspended = undefined;
    process.wakesAtMs = undefined;
    process.resumedAtMs = this.#parts.clock.nowMs();
    if (process.host && wasBudget) this.#parts.host.signal(process.host, "resume");
    const held = [...process.held.values()];
    process.held.clear();
    for (const goOn of held) goOn();
    process.dormant?.();
    process.dormant = undefined;
    this.#parts.outbox.event("process.resumed", process, { reason });
    this.save(process);
  }

  /** Resumes it when the window of the budget that it has spent is over. */
  wakeAt(process: Process, wakesAtMs: number): void {
    process.wakesAtMs = wakesAtMs;
    this.#parts.timers.at(wakesAtMs, () => {
      if (process.wakesAtMs === wakesAtMs) this.resume(process, "its budget's next window has begun");
    });
  }

  /** A nice value or class was set, for calls under way too, whatever they said of themselves. */
  renice(process: Process): void {
    for (const record of process.calls) {
      const entry = this.entries.get(record);
      if (entry) Object.assign(entry, { asked: {} });
    }
    this.#urge(process);
  }

  /** Until the returned function is called, `to` is at least as urgent as who waits for it. */
  lend(lender: Lender, to: Process): () => void {
    to.lenders.add(lender);
    lender.process.awaited.add(to);
    this.#urge(to);
    return () => {
      to.lenders.delete(lender);
      const { process } = lender;
      if (![...to.lenders].some((one) => one.process === process)) process.awaited.delete(to);
      this.#urge(to);
    };
  }

  /** How urgent the process's calls are, and those of whom it waits for, may have changed: who waits stands in the queues anew. */
  #urge(process: Process, seen: Set<Process> = new Set()): void {
    if (seen.has(process)) return;
    seen.add(process);
    for (const record of process.calls) {
      const entry = this.entries.get(record);
      if (!entry) continue;
      const urgency = urgencyOf(process, entry.asked);
      if (urgency.nice === entry.nice && urgency.class === entry.class) continue;
      const isQueued = entry.tickets.size > 0;
      if (isQueued) this.#parts.scheduler.withdraw(entry);
      const renewed: Entry = Object.assign(entry, urgency);
      if (isQueued) this.#parts.scheduler.enqueue(renewed);
    }
    for (const one of process.awaited) this.#urge(one, seen);
  }

  /** Reaps client processes that have been idle for long; one timer each, looked at when it is due. */
  reapWhenIdle(process: Process): void {
    const { timers, clock } = this.#parts;
    const idleMs = this.#parts.settings.idleReapMs;
    timers.at(process.activeAtMs + idleMs, () => {
      if (process.exit) return;
      const isIdle = process.calls.size === 0 && clock.nowMs() - process.activeAtMs >= idleMs;
      if (isIdle) return this.end(process, { code: 0, signal: null, reason: "idle" });
      if (process.calls.size > 0) process.activeAtMs = clock.nowMs();
      this.reapWhenIdle(process);
    });
  }

  /** Looks after a command, which may end without a word. */
  watch(process: Process): void {
    // Of one that outlived its kernel; where it cannot be had, nothing leaves.
    if (process.isJailed) void this.#parts.jails?.wayOut(process).catch(() => undefined);
    watchCommand(process, { parts: this.#parts, end: (one, exit) => this.end(one, exit) });
  }

  /** Suspended ones wait until they are resumed: ten thousand of them cost a start nothing. */
  goOn(process: Process): void {
    if (process.exit) return;
    // An earlier kernel was told to take it back, and died on the way; what keeps this one from it, its state tells.
    if (process.goingBackTo !== undefined)
      return void goBack(process, { parts: this.#parts, lifecycle: this }).catch(() => undefined);
    if ((process.program as Partial<KeptProgram>).kind === undefined)
      return this.end(process, {
        code: 1,
        signal: null,
        reason: "the kernel stopped while it ran, and kept no program",
      });
    const again = (): void => void this.incarnations.again(process);
    if (process.suspended === undefined) again();
    else process.dormant = again;
  }

  /** It lives again after its end, with what it has used of limits for its whole life. */
  revive(process: Process): void {
    const { processes, budgets } = this.#parts;
    processes.revive(process);
    this.setLimits(process, process.limits);
    for (const account of budgets.of(`process:${process.pid}`))
      if (account.window === "run") account.used = usedOf(process, account.resource);
  }

  /** All limits that bind a call of this process: its own, its ancestors', its tenant's, the key's. */
  accountsOf(process: Process, principal: Principal): Account[] {
    const { budgets } = this.#parts;
    if (budgets.isEmpty) return [];
    const accounts: Account[] = [];
    for (let one: Process | undefined = process; one; one = one.parent)
      accounts.push(...budgets.of(`process:${one.pid}`));
    accounts.push(...budgets.of(`tenant:${process.tenant}`), ...budgets.of(`key:${principal.key}`));
    return accounts;
  }

  /** The process of a foreign client, made when it first comes. */
  identify(principal: Principal, identity: { pid?: string; session?: string; label?: string }): Process {
    const { processes, settings } = this.#parts;
    if (principal.pid !== null) return processes.visible(principal.pid, principal);
    if (identity.pid !== undefined) return checkActs(processes.visible(identity.pid, principal), principal);
    const session = identity.session ?? "";
    const known = processes.bySession(principal.key, session);
    if (known) return known;
    processes.countBirth(principal.key, settings.maxNewProcessesPerMinute);
    const process = processes.add({
      tenant: principal.tenant,
      parent: undefined,
      name: identity.label ?? (session === "" ? `key-${principal.key}` : session.slice(0, 32)),
      kind: "client",
      nice: 0,
      class: "batch",
      capabilities: principal.scopes,
      onExhausted: "refuse",
      program: { session },
      model: null,
      key: principal.key,
      keyAttained: processes.attainedOf(principal.key),
      ...knownToClient(principal),
    });
    process.hasBegun = true;
    process.attained.beginAtMean();
    processes.bindSession(principal.key, session, process);
    this.spawned(process, []);
    this.reapWhenIdle(process);
    return process;
  }
}

/** @throws SysError EACCES for a process that another key has started, without the scope to speak for it */
function checkActs(process: Process, { key, scopes }: Principal): Process {
  for (let one: Process | undefined = process; one; one = one.parent) if (one.key === key) return process;
  if (allows(scopes, ACT_AS)) return process;
  throw new SysError("EACCES", `process ${process.pid} is of another key than ${key}`, {
    hint: `a key speaks for those that it has started; with the scope ${ACT_AS} for all of its tenant`,
  });
}
