import { isSysError } from "@aiosjs/sdk/protocol";
import type { SysError } from "@aiosjs/sdk/protocol";
import type { Clock, Journal, NodeRow } from "./ports.ts";

interface LeaseOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** As this kernel has claimed the journal. */
  readonly node: NodeRow;
  /** Whether the operating system says by now that no other kernel has the journal. */
  readonly isSole: () => boolean;
  /** Called whenever the journal has said something: what was held back goes on. */
  readonly whenSure: () => void;
}

/**
 * This kernel's hold on its journal: renewed three times within the lease, and lost for ever when another kernel has
 * claimed the journal. Until the first look at the journal after a long silence (the kernel was stopped, the machine
 * slept, the clock jumped) nobody knows whether it still holds: nothing may act on the world meanwhile.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #closed = new AbortController();
  readonly #lost = Promise.withResolvers<SysError>();
  #lostTo: SysError | undefined;
  /** The journal's last word, be it that the disk is full: whoever would take over was told the same. */
  #askedAtMs: number;
  #asking: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#askedAtMs = options.clock.nowMs();
    void this.#keep();
  }

  /** Settles when another kernel has taken over, with the ESTALE that says so. */
  get lost(): Promise<SysError> {
    return this.#lost.promise;
  }

  /** False after a silence as long as the lease; the journal is asked at once then. */
  isSure(): boolean {
    const { clock, node } = this.#options;
    if (clock.nowMs() < this.#askedAtMs + node.leaseMs) return true;
    void this.#ask();
    return false;
  }

  /** Resolves when the journal has said who holds it, at once where that is known: with the ESTALE when it is another kernel. */
  async sure(): Promise<SysError | undefined> {
    while (this.#lostTo === undefined && !this.isSure()) await this.#ask();
    return this.#lostTo;
  }

  /** Told by whoever was refused by the fence. */
  lose(cause: SysError): void {
    this.#lostTo ??= cause;
    this.close();
    this.#lost.resolve(cause);
  }

  close(): void {
    this.#closed.abort();
  }

  async #keep(): Promise<void> {
    const { clock, node } = this.#options;
    try {
      for (;;) {
        await clock.wakeAt(this.#askedAtMs + node.leaseMs / 3, this.#closed.signal);
        await this.#ask();
      }
    } catch (cause) {
      if (!this.#closed.signal.aborted) throw cause;
    }
  }

  #ask(): Promise<void> {
    return (this.#asking ??= this.#renew().finally(() => (this.#asking = undefined)));
  }

  async #renew(): Promise<void> {
    const { journal, clock, isSole, whenSure } = this.#options;
    try {
      await journal.renew({ isSole: isSole() });
    } catch (cause) {
      if (isSysError(cause) && cause.code === "ESTALE") return this.lose(cause);
      // A full disk or a locked file keeps others out as well: the next renewal tells.
    }
    this.#askedAtMs = clock.nowMs();
    whenSure();
  }
}
