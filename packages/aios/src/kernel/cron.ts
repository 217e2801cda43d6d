import { isTerminal, SysError } from "@aiosjs/sdk/protocol";
import type { KeyId, ParsedArgsOf, Pid, SysEvent } from "@aiosjs/sdk/protocol";
import type { Keys } from "./keys.ts";
import type { Outbox } from "./outbox.ts";
import type { Calendar, Clock, JournalRecord, Principal, TimerRow } from "./ports.ts";
import type { Process } from "./process.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Timer, Timers } from "./timers.ts";

/** Pause before a firing that the kernel could not take is tried again. */
const RETRY_MS = 1_000;

/** What a timer's row keeps as its program. */
export interface TimerProgram {
  readonly name: string;
  readonly spawn: ParsedArgsOf<"proc.spawn">;
  readonly overlap: "skip" | "queue";
}

interface Entry {
  row: TimerRow;
  due: Timer | undefined;
  /** A firing is on its way. */
  isFiring: boolean;
}

interface CronParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly keys: Keys;
  readonly processes: ProcessTable;
  readonly calendar: Calendar | undefined;
}

/** Makes the call that fires a timer; ends with its last event. */
export type Fire = (principal: Principal, id: string) => AsyncIterable<readonly SysEvent[]>;

/**
 * Programs that are started again and again. A process and the next time of its timer are one commit: each time fires once,
 * or, where the kernel was killed on the way, when the next one starts.
 */
export class Cron {
  readonly #entries = new Map<string, Entry>();
  readonly #parts: CronParts;
  #fire: Fire | undefined;

  constructor(parts: CronParts) {
    this.#parts = parts;
  }

  /** The timers go from here on; what came due while no kernel ran fires now, once. */
  open(rows: readonly TimerRow[], fire: Fire): void {
    this.#fire = fire;
    for (const row of rows) this.take(row);
  }

  list(): TimerRow[] {
    return [...this.#entries.values()].map(({ row }) => row);
  }

  find(id: string): TimerRow | undefined {
    return this.#entries.get(id)?.row;
  }

  /** The timer is on record as it is here. */
  take(row: TimerRow): void {
    const entry = this.#entries.get(row.id) ?? { row, due: undefined, isFiring: false };
    entry.row = row;
    this.#entries.set(row.id, entry);
    this.#arm(entry);
  }

  #arm(entry: Entry, atMs = entry.row.nextAtMs ?? Number.POSITIVE_INFINITY): void {
    entry.due?.cancel();
    entry.due = Number.isFinite(atMs) ? this.#parts.timers.at(atMs, () => void this.#due(entry)) : undefined;
  }

  /** The first time of a schedule from now on. @throws SysError EINVAL when there is none; ENOSYS in a kernel without a calendar */
  firstAt(schedule: string, wantedZone: string | undefined): { nextAtMs: number; timeZone: string } {
    const { calendar, clock } = this.#parts;
    if (!calendar) throw new SysError("ENOSYS", "this kernel has no calendar to go by");
    const timeZone = wantedZone ?? calendar.timeZone;
    const nextAtMs = calendar.nextAt(schedule, timeZone, clock.nowMs());
    if (nextAtMs !== undefined) return { nextAtMs, timeZone };
    throw new SysError("EINVAL", `"${schedule}" never comes`, { hint: "no month of its months has a day of its days" });
  }

  /** As the row is once it has fired, or was left out: at its next time, if this one has come. */
  advanced(row: TimerRow, lastPid: Pid | null = row.lastPid): TimerRow {
    const nowMs = this.#parts.clock.nowMs();
    const dueMs = row.nextAtMs ?? Number.POSITIVE_INFINITY;
    if (dueMs > nowMs) return { ...row, lastPid };
    const nextAt = (afterMs: number) => this.#parts.calendar?.nextAt(row.schedule, row.timeZone, afterMs) ?? null;
    const next = nextAt(dueMs);
    return { ...row, lastPid, nextAtMs: next !== null && next > nowMs ? next : nextAt(nowMs) };
  }

  /** The process that a timer started last, while it lives. */
  runningOf({ lastPid }: TimerRow): Process | undefined {
    const process = lastPid === null ? undefined : this.#parts.processes.get(lastPid);
    return process?.exit ? undefined : process;
  }

  /** Its records, and what is to be done when they are written. */
  removal(row: TimerRow, topic: "timer.removed" | "timer.stopped", reason: string): JournalRecord[] {
    const { outbox } = this.#parts;
    const body = { timer: row.id, name: (row.program as TimerProgram).name, reason };
    return [
      { kind: "timer", row: { ...row, nextAtMs: null, isRemoved: true } },
      outbox.eventRecord(topic, { tenant: row.tenant, pid: null }, body),
    ];
  }

  forget(id: string): void {
    this.#entries.get(id)?.due?.cancel();
    this.#entries.delete(id);
  }

  /** A key's timers stop with it. */
  keyRevoked(key: KeyId): void {
    for (const { row } of this.#entries.values()) if (row.key === key) this.#stop(row, `its key ${key} was revoked`);
  }

  #stop(row: TimerRow, reason: string): void {
    this.#parts.outbox.note(...this.removal(row, "timer.stopped", reason));
    this.forget(row.id);
  }

  async #due(entry: Entry): Promise<void> {
    const { row } = entry;
    if (this.#entries.get(row.id) !== entry || entry.isFiring) return;
    const { keys, clock } = this.#parts;
    const key = keys.find(row.key);
    const isOver = key !== undefined && key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs();
    if (!key || isOver) return this.#stop(row, `its key ${row.key} ${key ? "has expired" : "was revoked"}`);
    const running = this.runningOf(row);
    if (running) return this.#overlap(entry, running);
    entry.isFiring = true;
    try {
      await this.#fireNow(entry);
    } finally {
      entry.isFiring = false;
    }
  }

  #overlap(entry: Entry, running: Process): void {
    const { row } = entry;
    const { overlap, name } = row.program as TimerProgram;
    if (overlap === "queue") return void running.ended(new AbortController().signal).then(() => this.#due(entry));
    const { outbox } = this.#parts;
    const next = this.advanced(row);
    const body = { timer: row.id, name, pid: running.pid };
    outbox.note({ kind: "timer", row: next }, outbox.eventRecord("timer.skipped", { ...row, pid: running.pid }, body));
    this.take(next);
  }

  async #fireNow(entry: Entry): Promise<void> {
    const { row } = entry;
    const { outbox, clock } = this.#parts;
    // Who made the timer may let it fire, whatever else its key is for.
    const principal = { tenant: row.tenant, key: row.key, pid: null, scopes: [...row.scopes, "cron.run"] };
    let last: SysEvent | undefined;
    for await (const batch of this.#fire?.(principal, row.id) ?? []) last = batch.findLast(isTerminal) ?? last;
    if (last?.type !== "syscall.failed" || this.#entries.get(row.id) !== entry) return;
    const isUnwritten = outbox.failure !== undefined || last.error.code === "ENOSPC";
    if (await outbox.recovered()) return; // another kernel has the journal
    if (isUnwritten || last.error.code === "EAGAIN") return this.#arm(entry, clock.nowMs() + RETRY_MS);
    const next = this.advanced(row);
    const { code, detail } = last.error;
    const body = { timer: row.id, name: (row.program as TimerProgram).name, code, detail };
    outbox.note({ kind: "timer", row: next }, outbox.eventRecord("timer.failed", { ...row, pid: null }, body));
    this.take(next);
  }
}
