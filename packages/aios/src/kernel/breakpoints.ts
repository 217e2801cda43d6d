import { piecesOf, SysError } from "@aiosjs/sdk/protocol";
import type { CallId, ChatResult, HeldCall, Pid } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import { matcherOf } from "./devices/pattern.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, Hash, Random } from "./ports.ts";
import type { Process } from "./process.ts";
import { requestHash } from "./request-hash.ts";
import type { Timer, Timers } from "./timers.ts";

/** A debugger that has not asked for so long has left. */
const LEAVES_AFTER_MS = 5_000;

/** What becomes of a call that was held. */
export type Release =
  | { readonly is: "as-it-was" }
  | { readonly is: "edited"; readonly args: unknown }
  | { readonly is: "answered"; readonly result: unknown }
  | { readonly is: "failed"; readonly error: SysError };

interface Held {
  readonly record: CallRecord;
  readonly atMs: number;
  readonly released: PromiseWithResolvers<Release>;
  isTold: boolean;
}

interface Debugger {
  readonly id: string;
  readonly process: Process;
  isWanted: (name: string) => boolean;
  isStepping: boolean;
  readonly held: Map<CallId, Held>;
  /** Calls of `proc.debug` that wait. */
  readonly waiting: Set<() => void>;
  leaves: Timer | undefined;
  readonly left: AbortController;
}

interface BreakpointParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly outbox: Outbox;
}

/** Debuggers, one a process at most, and the calls that they hold before these are admitted. None of them outlives the kernel. */
export class Breakpoints {
  readonly #debuggers = new Map<Pid, Debugger>();
  readonly #parts: BreakpointParts;

  constructor(parts: BreakpointParts) {
    this.#parts = parts;
  }

  /** @throws SysError EBUSY when another one holds its calls, ESTALE when this one has left */
  attach(process: Process, id: string | undefined): Debugger {
    const known = this.#debuggers.get(process.pid);
    if (known && known.id === id) return known;
    if (id !== undefined)
      throw new SysError("ESTALE", `debugger ${id} has left process ${process.pid}: what it held has gone on`);
    if (known)
      throw new SysError("EBUSY", `another debugger holds calls of process ${process.pid}`, {
        hint: "end it; one that is gone leaves by itself within seconds",
      });
    const { random, outbox } = this.#parts;
    const made: Debugger = {
      id: `d${random.text(7)}`,
      process,
      isWanted: () => true,
      isStepping: false,
      held: new Map(),
      waiting: new Set(),
      leaves: undefined,
      left: new AbortController(),
    };
    this.#debuggers.set(process.pid, made);
    void process.ended(made.left.signal).then(
      () => this.detach(made),
      () => undefined, // it left first
    );
    outbox.event("debugger.attached", process, { debugger: made.id });
    return made;
  }

  breakAt(debugging: Debugger, patterns: readonly string[] | undefined, isStepping: boolean): void {
    if (patterns) debugging.isWanted = patterns.length === 0 ? () => false : matcherOf(patterns);
    debugging.isStepping ||= isStepping;
  }

  /** Resolves when there is a call that the debugger has not been told of, the process has ended, or the time is over. */
  async wait(debugging: Debugger, waitMs: number, signal: AbortSignal): Promise<HeldCall[]> {
    const { timers, clock } = this.#parts;
    debugging.leaves?.cancel();
    debugging.leaves = undefined;
    if (waitMs > 0 && !debugging.process.exit && [...debugging.held.values()].every(({ isTold }) => isTold)) {
      const over = Promise.withResolvers<void>();
      const timer = timers.at(clock.nowMs() + waitMs, over.resolve);
      signal.addEventListener("abort", over.resolve as () => void, { once: true });
      debugging.waiting.add(over.resolve);
      await over.promise;
      timer.cancel();
      debugging.waiting.delete(over.resolve);
    }
    // Whoever cancels its call has left.
    if (signal.aborted) this.detach(debugging);
    else if (debugging.waiting.size === 0 && !debugging.left.signal.aborted)
      debugging.leaves = timers.at(clock.nowMs() + LEAVES_AFTER_MS, () => this.detach(debugging));
    return [...debugging.held.values()].map((held) => {
      held.isTold = true;
      const { call, process, name, args } = held.record;
      return { call, pid: process.pid, name, args, heldAt: held.atMs };
    });
  }

  /** All that it holds goes on. */
  detach(debugging: Debugger): void {
    const { process, id, held } = debugging;
    if (this.#debuggers.get(process.pid) !== debugging) return;
    this.#debuggers.delete(process.pid);
    debugging.leaves?.cancel();
    debugging.left.abort();
    for (const wake of debugging.waiting) wake();
    for (const { released } of held.values()) released.resolve({ is: "as-it-was" });
    this.#parts.outbox.event("debugger.detached", process, { debugger: id });
  }

  find(call: string): CallRecord | undefined {
    return this.#heldOf(call)?.held.record;
  }

  /** The call goes on, or is answered. */
  release(call: string, release: Release, isStepping: boolean): void {
    const found = this.#heldOf(call);
    if (!found) return;
    found.debugging.isStepping ||= isStepping;
    found.held.released.resolve(release);
  }

  #heldOf(call: string): { debugging: Debugger; held: Held } | undefined {
    for (const debugging of this.#debuggers.values()) {
      const held = debugging.held.get(call as CallId);
      if (held) return { debugging, held };
    }
    return undefined;
  }

  /** Holds the call where a debugger wants it; undefined: nobody does. Rejects when the call is cancelled. */
  hold(record: CallRecord): Promise<Release> | undefined {
    if (this.#debuggers.size === 0) return undefined;
    const debugging = this.#debuggers.get(record.process.pid);
    if (!debugging || !(debugging.isStepping || debugging.isWanted(record.name))) return undefined;
    debugging.isStepping = false;
    return this.#held(record, debugging);
  }

  async #held(record: CallRecord, { held, waiting }: Debugger): Promise<Release> {
    const { call, process, abort, device } = record;
    const released = Promise.withResolvers<Release>();
    const leave = (): void => released.reject(abort.signal.reason);
    if (abort.signal.aborted) leave();
    abort.signal.addEventListener("abort", leave, { once: true });
    held.set(call, { record, atMs: this.#parts.clock.nowMs(), released, isTold: false });
    process.stopped.set(call, record.name);
    record.device = "debugger";
    for (const wake of waiting) wake();
    try {
      const release = await released.promise;
      this.#carryOut(record, release);
      if (release.is === "as-it-was" || release.is === "edited") record.device = device;
      return release;
    } finally {
      abort.signal.removeEventListener("abort", leave);
      held.delete(call);
      process.stopped.delete(call);
      // Its time begins anew: a person's thoughts are no call's.
      process.resumedAtMs = this.#parts.clock.nowMs();
    }
  }

  #carryOut(record: CallRecord, release: Release): void {
    const { outbox, clock } = this.#parts;
    const { call, name, process } = record;
    if (release.is === "edited") {
      outbox.event("debugger.edited", process, { call, name, asked: record.args });
      record.args = release.args;
      // The client's own bytes say what was asked, not what is made of it.
      record.original = undefined;
    }
    if (release.is !== "answered" && release.is !== "failed") return;
    outbox.event("debugger.answered", process, {
      call,
      name,
      code: release.is === "failed" ? release.error.code : null,
    });
    record.state = "running";
    record.startedAtMs = clock.nowMs();
    const pieces = name === "llm.chat" && release.is === "answered" ? piecesOf(release.result as ChatResult) : [];
    record.push([{ type: "syscall.started", device: "debugger", waitingMs: 0 }, ...pieces]);
  }
}

/**
 * A call that was edited and then cut off is made again as it was edited. What its program asks for is the hash of its row,
 * what was made of it the row's request.
 */
export function remakeEdited(record: CallRecord, hash: Hash): void {
  const { recorded, name, requestHash: asked } = record;
  if (!recorded || asked === undefined || recorded.request === null || recorded.request === undefined) return;
  if (requestHash(hash, name, recorded.request) === asked) return;
  record.args = recorded.request;
  record.original = undefined;
}
