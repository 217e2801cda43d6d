import { SysError } from "@aiosjs/sdk/protocol";
import type { Pid } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { asSysError } from "./driver-error.ts";
import type { Outbox } from "./outbox.ts";
import type { CallRow, Caller, Clock, Hash, Journal } from "./ports.ts";
import type { Process } from "./process.ts";
import type { Asked } from "./replay.ts";
import { requestHash } from "./request-hash.ts";

/** A client that has not come back by now does not: official ones try again for some seconds. */
const KEEP_MS = 10 * 60_000;
const MAX_KEPT = 4_096;
/** Calls of a process that are looked through after a restart of the kernel. */
const LAST_CALLS = 200;
/** An answer that was recorded so shortly before the last sign of its process may not have reached its client. */
const LAST_MS = 10_000;

/** A call whose client may come back for it. */
interface Left {
  readonly row: CallRow;
  readonly requestHash: string;
  readonly atMs: number;
  /** It is done and not on disk, which was full: it is told when it is. */
  readonly isUnwritten?: boolean;
}

/** What a retry goes on with: a call under way, or one that has ended and is answered, or made, again under its own name. */
export type Earlier = { is: "open"; record: CallRecord } | { is: "ended"; row: CallRow };

/**
 * The calls whose answers have not reached their clients, and those under a key of their client's. A retry is not a new call:
 * it goes on with the oldest equal one that nobody has come back for. A call whose client still reads it is only joined under
 * its key.
 */
export class Retries {
  readonly #ports: { journal: Journal; outbox: Outbox; clock: Clock; hash: Hash };
  readonly #left = new Map<Pid, Left[]>();
  readonly #keyed = new Map<string, Left>();
  /** Processes of an earlier kernel whose last calls were looked through, or are. */
  readonly #lookedUp = new WeakMap<Process, Promise<void>>();
  #kept = 0;

  constructor(ports: { journal: Journal; outbox: Outbox; clock: Clock; hash: Hash }) {
    this.#ports = ports;
  }

  /** A call has ended. Ordinary ones, whose client is there and hears something final, cost nothing here. */
  ended(record: CallRecord, row: CallRow): void {
    const isKeyed = record.idempotencyKey !== undefined && record.withinSeq === record.seq;
    if (!isKeyed && !row.error?.retryable && record.isRead) return;
    if (!record.process.isReplayed) this.#keep(row, record.requestHash ?? this.#hashOf(record));
  }

  /** A call has ended, and its end waits for the disk. Its client was told so. */
  unwritten(record: CallRecord, row: CallRow): void {
    if (!record.process.isReplayed) this.#keep(row, record.requestHash ?? this.#hashOf(record), true);
  }

  /** Whoever came back for it was sent away: it is there for the next one. */
  putBack(row: CallRow): void {
    this.#keep(row, row.requestHash ?? this.#hashOf(row));
  }

  #keep(row: CallRow, hash: string, isUnwritten = false): void {
    const atMs = this.#ports.clock.nowMs();
    const left: Left = { row, requestHash: hash, atMs, isUnwritten };
    if (row.idempotencyKey !== null) {
      const name = keyName(row.pid, row.idempotencyKey);
      this.#keyed.delete(name);
      this.#keyed.set(name, left);
      for (const [oldest, { atMs: keptAtMs }] of this.#keyed) {
        if (this.#keyed.size <= MAX_KEPT && keptAtMs > atMs - KEEP_MS) break;
        this.#keyed.delete(oldest);
      }
      return;
    }
    if (this.#kept >= MAX_KEPT) this.#forgetOld(atMs);
    if (this.#kept >= MAX_KEPT) return;
    const calls = this.#left.get(row.pid) ?? [];
    this.#left.set(row.pid, calls);
    calls.push(left);
    this.#kept++;
  }

  #forgetOld(nowMs: number): void {
    this.#kept = 0;
    for (const [pid, calls] of this.#left) {
      const kept = calls.filter(({ atMs }) => atMs > nowMs - KEEP_MS);
      this.#kept += kept.length;
      if (kept.length === 0) this.#left.delete(pid);
      else this.#left.set(pid, kept);
    }
  }

  /** The process begins anew, or has ended: nobody comes back for what it left. */
  forget({ pid }: Process): void {
    this.#kept -= this.#left.get(pid)?.length ?? 0;
    this.#left.delete(pid);
  }

  /** Looks up in the journal what earlier kernels left of this process, and the call under this key. */
  async recollect(process: Process, { idempotencyKey }: Pick<Caller, "idempotencyKey">): Promise<void> {
    if (process.isReplayed) return;
    if (process.restoredSeq > 0 && !this.#lookedUp.has(process))
      this.#lookedUp.set(process, this.#lookThrough(process));
    await this.#lookedUp.get(process);
    if (idempotencyKey === undefined || this.#keyed.has(keyName(process.pid, idempotencyKey))) return;
    if ([...process.calls].some((record) => record.idempotencyKey === idempotencyKey)) return;
    const { tenant, pid } = process;
    const [row] = await this.#ports.journal.calls({ tenant, pid, idempotencyKey, afterSeq: 0, limit: 1 });
    if (row && (isTold(row) || hasFailed(row))) this.#keep(row, row.requestHash ?? this.#hashOf(row));
  }

  async #lookThrough({ tenant, pid, restoredSeq, incarnation }: Process): Promise<void> {
    const { journal, outbox, clock } = this.#ports;
    await outbox.flushed();
    const afterSeq = Math.max(0, restoredSeq - LAST_CALLS);
    const found = await journal.calls({ tenant, pid, afterSeq, limit: LAST_CALLS });
    const rows = found.filter((row) => row.seq <= restoredSeq && row.incarnation === incarnation);
    const lastMs = Math.max(...rows.map(({ timing }) => timing.endedAt));
    const isRecent = ({ timing }: CallRow): boolean => timing.endedAt > clock.nowMs() - KEEP_MS;
    const cutOff = rows.filter((row) => row.idempotencyKey === null && wasCutOff(row) && isRecent(row));
    // The one that ended last is the likeliest that nobody has heard.
    const answered = rows
      .filter((row) => row.idempotencyKey === null && row.state === "done" && isRecent(row))
      .filter((row) => isTold(row) && row.timing.endedAt > lastMs - LAST_MS)
      .toSorted((left, right) => right.timing.endedAt - left.timing.endedAt);
    for (const row of [...cutOff, ...answered]) this.putBack(row);
  }

  /**
   * The call that this one is a retry of.
   * @throws SysError EINVAL when its key belongs to another request; ENOSPC, EIO while its end waits for the disk.
   */
  claim(process: Process, asked: Asked, { isRetry, idempotencyKey }: Caller): Earlier | undefined {
    if (process.isReplayed) return undefined;
    if (idempotencyKey !== undefined) return this.#claimKeyed(process, asked, idempotencyKey);
    if (isRetry !== true) return undefined;
    const isEqual = (record: CallRecord): boolean => (record.requestHash ?? this.#hashOf(record)) === asked.requestHash;
    for (const record of process.calls)
      if (!record.isRead && !record.cancelled && record.name === asked.name && isEqual(record))
        return { is: "open", record };
    const calls = this.#left.get(process.pid) ?? [];
    const oldestMs = this.#ports.clock.nowMs() - KEEP_MS;
    const index = calls.findIndex((one) => one.requestHash === asked.requestHash && one.atMs > oldestMs);
    const left = calls[index];
    if (!left) return undefined;
    this.#checkWritten(left);
    calls.splice(index, 1);
    this.#kept--;
    return { is: "ended", row: goneOnWith(process, left.row) };
  }

  #claimKeyed(process: Process, asked: Asked, key: string): Earlier | undefined {
    for (const record of process.calls) {
      if (record.idempotencyKey !== key) continue;
      if (record.requestHash !== asked.requestHash) throw otherRequest(key, record.call);
      return record.cancelled ? undefined : { is: "open", record };
    }
    const name = keyName(process.pid, key);
    const left = this.#keyed.get(name);
    if (!left) return undefined;
    if (left.requestHash !== asked.requestHash) throw otherRequest(key, left.row.call);
    this.#checkWritten(left);
    const isFinal = isTold(left.row) || !mayBeMadeAgain(left.row);
    if (!isFinal) this.#keyed.delete(name);
    return { is: "ended", row: isFinal ? left.row : goneOnWith(process, left.row) };
  }

  #checkWritten({ isUnwritten }: Left): void {
    const { failure } = this.#ports.outbox;
    if (isUnwritten && failure !== undefined) throw asSysError(failure, "the journal");
  }

  #hashOf(call: { readonly name: string } & ({ readonly args: unknown } | { readonly request: unknown })): string {
    return requestHash(this.#ports.hash, call.name, "args" in call ? call.args : call.request);
  }
}

/** Its answer is on record. */
const isTold = ({ state, result }: CallRow): boolean => state === "done" && result !== null && result !== undefined;

/** Without an answer; also where nobody knows whether it happened. */
const hasFailed = ({ state }: CallRow): boolean => state === "failed" || state === "ambiguous";

/** What its client was told, if anything, was no final word. */
const mayBeMadeAgain = ({ state, completion, error }: CallRow): boolean =>
  state !== "failed" || completion === null || error?.retryable === true || error?.code === "ECANCELED";

/** Cut off by the end of its kernel: under way, or refused or cancelled because that stopped. */
const wasCutOff = (row: CallRow): boolean => hasFailed(row) && mayBeMadeAgain(row);

/** A row that ended without an answer is open again: it stays one call, and counts once. */
function goneOnWith(process: Process, row: CallRow): CallRow {
  if (isTold(row)) return row;
  if (row.completion !== null && row.state === "failed") process.failed--;
  return { ...row, completion: null };
}

const keyName = (pid: Pid, key: string): string => `${pid} ${key}`;

const otherRequest = (key: string, call: string): SysError =>
  new SysError(
    "EINVAL",
    `the idempotency key ${JSON.stringify(key.slice(0, 100))} belongs to another request (call ${call})`,
    {
      hint: "a key stands for one request: send a new one with a new request",
    },
  );
