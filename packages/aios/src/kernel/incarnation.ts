import { isSysError, noUsage, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { SysEvent, Transport } from "@aiosjs/sdk/protocol";
import type { Lifecycle } from "./lifecycle.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, KeptProgram, Principal } from "./ports.ts";
import type { Process } from "./process.ts";
import { Replay } from "./replay.ts";

/** Deaths of a program without a new recorded call between them; the last one ends its process. */
const MAX_DEATHS = 5;
/** Before a program that died is started again; twice as long after each further death in the same place. */
const RESTART_PAUSE_MS = 100;
/** Recorded calls that are read at a time. */
const PAGE = 1_000;

/** Starts the programs that run here: for the first time, and again after a kernel or a program was killed. */
export class Incarnations {
  readonly #parts: Parts;
  readonly #lifecycle: Lifecycle;
  readonly #openTransport: (principal: Principal) => Transport;
  readonly #runs = new WeakMap<Process, Promise<void>>();
  #isClosing = false;

  constructor(parts: Parts, lifecycle: Lifecycle, openTransport: (principal: Principal) => Transport) {
    this.#parts = parts;
    this.#lifecycle = lifecycle;
    this.#openTransport = openTransport;
  }

  /** The kernel stops: programs stop with it, and their processes stay. */
  close(): void {
    this.#isClosing = true;
  }

  /** A process whose program ran under an earlier kernel: it goes on where its recorded answers end. */
  async again(process: Process): Promise<void> {
    const { abort } = process;
    const rows = await this.recordedOf(process).catch((cause: unknown) => this.#unreadable(process, abort, cause));
    if (!rows || process.exit || process.abort !== abort) return;
    // Its program may live on without a kernel to talk to: there are never two of them.
    if (process.host) this.#parts.host.signal(process.host, "kill");
    process.host = null;
    process.replay = new Replay(rows);
    process.seq = Math.max(process.seq, ...rows.slice(-1).map(({ seq }) => seq));
    process.incarnation++;
    this.#parts.outbox.event("process.restarted", process, { incarnation: process.incarnation, calls: rows.length });
    this.#lifecycle.save(process);
    await this.begin(process);
  }

  /** One damaged record keeps neither the kernel nor other programs from going on: its process waits for a person. */
  #unreadable(process: Process, abort: AbortController, cause: unknown): void {
    if (process.abort !== abort) return;
    this.#lifecycle.suspend(
      process,
      `its record cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
    process.dormant = () => void this.again(process);
  }

  /** Commands that live on after a restart of their own: what they were not told again yet, they still are. */
  async recollect(): Promise<void> {
    const startedAgain = [...this.#parts.processes].filter(
      ({ exit, mayRestart, incarnation }) => !exit && mayRestart && incarnation > 1,
    );
    if (startedAgain.length > 0) await this.#parts.outbox.flushed();
    for (const process of startedAgain) {
      // Nothing was told by this kernel yet: it opens on a full disk, too.
      const rows = await this.#read(process);
      process.replay = new Replay(rows.filter(({ incarnation }) => incarnation < process.incarnation));
    }
  }

  /** All calls of a process that are on record, oldest first. */
  async recordedOf(process: Process): Promise<CallRow[]> {
    await this.#parts.outbox.flushed();
    // On a full disk what was told is not there yet, and will be.
    await this.#parts.outbox.recovered();
    return this.#read(process);
  }

  async #read({ tenant, pid }: Process): Promise<CallRow[]> {
    const rows: CallRow[] = [];
    for (;;) {
      const afterSeq = rows.at(-1)?.seq ?? 0;
      const page = await this.#parts.journal.calls({ tenant, pid, afterSeq, limit: PAGE });
      rows.push(...page);
      if (page.length < PAGE) return rows;
    }
  }

  /** Ends the present incarnation and nothing else: what it has open is left. Resolves when nothing of it goes on. */
  async stop(process: Process, reason: SysError): Promise<void> {
    const { abort } = process;
    process.abort = new AbortController();
    process.dormant = undefined;
    abort.abort(reason);
    const left = this.#leave(process, reason);
    await this.#runs.get(process);
    await left;
  }

  /** What the incarnation has open is left to the next one. Resolves when nothing of it goes on, be it on its way to the journal. */
  async #leave({ calls, replay }: Process, reason: SysError): Promise<void> {
    // What is held back for answers that nobody will ask for ends, too.
    replay?.giveUpWhen(() => true);
    const open = [...calls];
    for (const record of open) {
      record.isLeft = record.isAskedAgain;
      record.cancel(reason);
    }
    await Promise.all(open.map((record) => record.hasEnded()));
  }

  /** Runs its program to the end. */
  begin(process: Process): Promise<void> {
    const run = this.#run(process);
    this.#runs.set(process, run);
    return run;
  }

  async #run(process: Process): Promise<void> {
    const { programs, jails } = this.#parts;
    const { pid, tenant, key, capabilities, abort } = process;
    const isStopped = (): boolean => this.#isClosing || process.abort !== abort;
    process.hasBegun = true;
    process.isAtLarge = process.kind === "module" && !programs.isConfining;
    try {
      const egress = process.isJailed ? await jails?.wayOut(process) : undefined;
      const result = await programs.run({
        pid,
        tenant,
        egress,
        program: process.program as KeptProgram,
        transport: untilStopped(
          this.#openTransport({ tenant, key: key as Principal["key"], pid, scopes: capabilities }),
          abort.signal,
        ),
        signal: abort.signal,
        print: (text) => this.#print(process, text),
        started: (group) => {
          if (isStopped()) return;
          process.host = group;
          this.#lifecycle.save(process);
        },
        quiet: (isStill) => this.#quiet(process, isStill),
      });
      if (!isStopped()) this.#lifecycle.end(process, { code: 0, signal: null, reason: "finished", result });
    } catch (cause) {
      if (isStopped() || process.exit) return;
      if (isDeath(cause) && this.#mayGoOn(process)) this.#afterDeath(process, cause);
      else this.#fail(process, cause);
    }
  }

  /** A program that dies again and again where it stands would do so for ever. */
  #mayGoOn(process: Process): boolean {
    const calls = process.done + process.failed;
    const deaths = process.deaths?.calls === calls ? process.deaths.count + 1 : 1;
    process.deaths = { calls, count: deaths };
    return deaths < MAX_DEATHS;
  }

  #afterDeath(process: Process, cause: Error): void {
    const { timers, clock, logs } = this.#parts;
    const { abort } = process;
    // What it had asked for has nobody to hear it; the next incarnation asks again.
    const left = this.#leave(process, new SysError("ECANCELED", cause.message));
    logs.append(process.pid, `⟲ ${cause.message}; it is started again\n`);
    const again = (): void => {
      if (!process.exit && !this.#isClosing && process.abort === abort) void this.again(process);
    };
    // What has ended is on record by then, also on a full disk: it is told, not made again.
    const pauseMs = RESTART_PAUSE_MS * 2 ** ((process.deaths?.count ?? 1) - 1);
    timers.at(clock.nowMs() + pauseMs, () => void left.then(again));
  }

  #fail(process: Process, cause: unknown): void {
    const reason = isSysError(cause)
      ? `${cause.code}: ${cause.message}`
      : cause instanceof Error
        ? cause.message
        : String(cause);
    const hint = isSysError(cause) && cause.hint !== undefined ? `  → ${cause.hint}\n` : "";
    if (!process.exit) this.#parts.logs.append(process.pid, `${reason}\n${hint}`);
    this.#lifecycle.end(process, { code: 1, signal: null, reason });
  }

  /** All that it waits for is held back for an answer that it does not ask for: it goes another way than it went then. */
  #quiet({ replay, calls }: Process, isStill: () => boolean): void {
    replay?.giveUpWhen(() => replay.held === calls.size && isStill());
  }

  /** What it printed before is in its log already. */
  #print({ pid, replay }: Process, text: string): void {
    if (!replay || replay.isLive) this.#parts.logs.append(pid, text);
  }
}

/** An incarnation that was stopped is not heard any more: its calls would be taken for the next one's. */
const untilStopped = (transport: Transport, signal: AbortSignal): Transport => ({
  syscall: (name, args, options) => (signal.aborted ? refused(signal.reason) : transport.syscall(name, args, options)),
});

async function* refused(reason: unknown): AsyncGenerator<readonly SysEvent[]> {
  const error = isSysError(reason) ? reason : new SysError("ECANCELED", "the program was stopped");
  const timing = { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 };
  yield [{ type: "syscall.failed", error: toProblem(error), usage: noUsage, timing }];
}

/** Its process was killed: what it was doing can be done again. */
const isDeath = (cause: unknown): cause is Error =>
  cause instanceof Error && "isDeath" in cause && cause.isDeath === true;
