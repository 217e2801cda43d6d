import type { VirtualClock } from "../../src/drivers/clock/virtual.ts";
import type { Clock } from "../../src/kernel/ports.ts";

/** The clock of one kernel: it can be stopped with its kernel (SIGSTOP), for ever (SIGKILL), and its wall time may jump. */
export class KernelClock implements Clock {
  readonly #base: VirtualClock;
  #offsetMs = 0;
  #stopped: PromiseWithResolvers<void> | undefined;

  constructor(base: VirtualClock) {
    this.#base = base;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#offsetMs;
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  stop(): void {
    this.#stopped ??= Promise.withResolvers<void>();
  }

  goOn(): void {
    this.#stopped?.resolve();
    this.#stopped = undefined;
  }

  async wakeAt(ms: number, signal: AbortSignal): Promise<void> {
    await this.#base.wakeAt(this.#base.nowMs() + Math.max(0, ms - this.nowMs()), signal);
    while (this.#stopped) await this.#stopped.promise;
    signal.throwIfAborted();
  }
}
