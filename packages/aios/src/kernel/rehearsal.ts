import { canonicalJson, isSysError, noUsage, piecesOf, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { ChatResult, Exit, Problem, ResultOf, SysEvent, SyscallOptions, Transport } from "@aiosjs/sdk/protocol";
import { parseCall } from "./parse-args.ts";
import type { Parts } from "./parts.ts";
import type { CallRow, KeptProgram } from "./ports.ts";
import type { Process } from "./process.ts";
import { recordedCalls } from "./recorded-calls.ts";
import { Replay } from "./replay.ts";
import { requestHash } from "./request-hash.ts";

type Rehearsed = ResultOf<"proc.replay">;

/** A program in this process that has asked for nothing so long does not go on without an answer. */
const STILL_MS = 2_000;

/**
 * Runs the process's program over its record, from the first call to the last, and makes no call of its own: nothing is asked,
 * changed or recorded.
 * @throws SysError EDIVERGED where it goes another way than it went.
 */
export async function rehearse(process: Process, parts: Parts, signal: AbortSignal): Promise<Rehearsed> {
  const rows: CallRow[] = [];
  for await (const row of recordedCalls(parts, process)) if (row.replayKey !== null) rows.push(row);
  const rehearsal = new Rehearsal(process, parts, rows);
  const stop = new AbortController();
  const left = AbortSignal.any([signal, stop.signal]);
  try {
    const program = parts.programs.run({
      pid: process.pid,
      tenant: process.tenant,
      program: process.program as KeptProgram,
      transport: rehearsal,
      signal: left,
      print: () => undefined,
      started: () => undefined,
      quiet: (isStill) => rehearsal.quiet(isStill),
    });
    const ended = program.then(
      (result) => rehearsal.returned(result),
      (cause: unknown) => rehearsal.threw(cause),
    );
    const cancelled = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    );
    const { end } = await Promise.race([ended, rehearsal.end, cancelled]);
    return { calls: rehearsal.calls, end };
  } finally {
    stop.abort(new SysError("ECANCELED", "the rehearsal is over"));
    rehearsal.close();
  }
}

/** The way into a kernel that is not there: it answers what was answered. */
class Rehearsal implements Transport {
  readonly #process: Process;
  readonly #parts: Parts;
  readonly #replay: Replay;
  readonly #end = Promise.withResolvers<Pick<Rehearsed, "end">>();
  readonly #closed = Promise.withResolvers<void>();
  calls = 0;
  /** Calls that wait for an answer, and those of them that have none on record. */
  #open = 0;
  #new = 0;
  #asked = 0;

  constructor(process: Process, parts: Parts, rows: readonly CallRow[]) {
    this.#process = process;
    this.#parts = parts;
    this.#replay = new Replay(rows);
    // Whoever waits for it has heard of something else already.
    this.#end.promise.catch(() => undefined);
    if (process.kind === "agent") this.#watch();
  }

  get end(): Promise<Pick<Rehearsed, "end">> {
    return this.#end.promise;
  }

  close(): void {
    this.#closed.resolve();
  }

  quiet(isStill: () => boolean): void {
    this.#replay.giveUpWhen(() => this.#replay.held + this.#new === this.#open && isStill());
    this.#look(isStill);
  }

  async *syscall(name: string, args: unknown, options: SyscallOptions = {}): AsyncGenerator<readonly SysEvent[]> {
    this.#asked++;
    let row: CallRow;
    this.#open++;
    try {
      row = await this.#answerOf(name, args, options);
    } catch (cause) {
      const error = isSysError(cause) ? cause : new SysError("EIO", String(cause));
      if (error.code === "EDIVERGED") this.#end.reject(error);
      return yield [failed(toProblem(error))];
    } finally {
      this.#open--;
    }
    this.calls++;
    const { device, usage, timing, error, result } = row;
    const pieces = name === "llm.chat" && !error ? piecesOf(result as ChatResult) : [];
    const last: SysEvent = error
      ? { ...failed(error), usage, timing }
      : { type: "syscall.completed", result, usage, timing };
    try {
      yield [{ type: "syscall.started", device, waitingMs: 0, isReplayed: true }, ...pieces, last];
    } finally {
      // Taken: whoever heard the last event goes on, or leaves.
      this.#replay.handedOut();
    }
  }

  async #answerOf(name: string, args: unknown, { replayKey }: SyscallOptions): Promise<CallRow> {
    const call = parseCall(name, args);
    const asked = { key: replayKey ?? "", name, requestHash: requestHash(this.#parts.hash, name, call.args) };
    const recorded = this.#replay.take(asked);
    if (recorded && recorded.row.completion !== null) {
      await recorded.turn;
      return recorded.row;
    }
    const { exit, pid } = this.#process;
    if (exit && exit.signal === null)
      throw new SysError(
        "EDIVERGED",
        `${replayKey}: the program calls ${name} where process ${pid} had ended (${exit.reason})`,
      );
    this.#new++;
    this.#look(() => false);
    await this.#closed.promise;
    throw new SysError("ECANCELED", "the rehearsal is over");
  }

  /** A program that runs in this process does not say when it waits. */
  #watch(): void {
    const { timers, clock } = this.#parts;
    const asked = this.#asked;
    const timer = timers.at(clock.nowMs() + STILL_MS, () => {
      const isStill = (): boolean => this.#asked === asked;
      if (isStill()) this.quiet(isStill);
      this.#watch();
    });
    void this.#closed.promise.then(() => timer.cancel());
  }

  /** All that is on record was told, and it asks for more: it has come to where it is. */
  #look(isStill: () => boolean): void {
    if (this.#new === 0) return;
    const { unasked } = this.#replay;
    if (!unasked) this.#end.resolve({ end: this.#process.exit ? "killed" : "open" });
    else if (isStill() && this.#replay.held === 0) this.#end.reject(unmet(unasked));
  }

  returned(result: unknown): Pick<Rehearsed, "end"> {
    this.#checkAll();
    const { exit } = this.#process;
    if (exit && exit.signal === null && (exit.code !== 0 || jsonOf(exit.result) !== jsonOf(result)))
      throw new SysError("EDIVERGED", `the program returned ${clip(jsonOf(result))}; it had ${wordsOf(exit)}`);
    return { end: "same" };
  }

  async threw(cause: unknown): Promise<Pick<Rehearsed, "end">> {
    const { exit } = this.#process;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    // What it did not get over is told first.
    const seen = await Promise.race([this.#end.promise, Promise.resolve(undefined)]);
    if (seen) return seen;
    this.#checkAll();
    const reason = isSysError(error) ? `${error.code}: ${error.message}` : error.message;
    if (exit?.signal === null && exit.code !== 0 && exit.reason === reason) return { end: "same" };
    if (exit && exit.signal !== null) return { end: "killed" };
    throw new SysError("EDIVERGED", `the program failed: ${reason}${exit ? `; it had ${wordsOf(exit)}` : ""}`, {
      cause,
    });
  }

  #checkAll(): void {
    const { unasked } = this.#replay;
    if (unasked) throw unmet(unasked);
  }
}

const failed = (error: Problem): Extract<SysEvent, { type: "syscall.failed" }> => ({
  type: "syscall.failed",
  error,
  usage: noUsage,
  timing: { queuedAt: 0, startedAt: 0, endedAt: 0, waitingMs: 0, turnaroundMs: 0 },
});

const unmet = ({ replayKey, name, call }: CallRow): SysError =>
  new SysError("EDIVERGED", `${replayKey}: the program does not call ${name} any more (call ${call})`);

const wordsOf = ({ code, reason, result }: Exit): string =>
  code === 0 ? `returned ${clip(jsonOf(result))}` : `failed: ${reason}`;

const jsonOf = (value: unknown): string => canonicalJson(value ?? null);
const clip = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
