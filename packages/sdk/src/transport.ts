import type { SysEvent } from "./events.ts";
import type { SchedulingClass } from "./syscalls/spec.ts";

export interface SyscallOptions {
  /** Aborts the call itself: its last event is ECANCELED. */
  signal?: AbortSignal;
  nice?: number;
  class?: SchedulingClass;
  /** The call fails with ETIMEDOUT when it has not ended so many milliseconds after it was made. */
  deadlineMs?: number;
  /** The call's place in a program that is replayed, as `inLanes` counts it. Taken from the process itself only. */
  replayKey?: string;
  /** Calls of a process under one key are one call: made once, and answered as often as it is asked for. */
  idempotencyKey?: string;
}

/**
 * The way into a kernel. In process the kernel is the transport; remotely it is HTTP with server-sent events.
 * Events come in batches, as the device produced them. Errors do not throw: they are the last event.
 * A consumer that stops early (`break`) cancels the call.
 */
export interface Transport {
  syscall(name: string, args: unknown, options?: SyscallOptions): AsyncIterable<readonly SysEvent[]>;
  /** The same way for one of several flows of a program that is replayed; absent where nothing is. */
  lane?(name: string): Transport;
}
