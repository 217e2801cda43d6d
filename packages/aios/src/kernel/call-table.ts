import { asCallId } from "@aiosjs/sdk/protocol";
import type { CallId, TenantId } from "@aiosjs/sdk/protocol";
import type { CallRecord } from "./call-record.ts";
import type { Clock } from "./ports.ts";

/** Ended calls stay readable for so long, for clients that lost their connection. */
const KEEP_MS = 60_000;
const MAX_KEPT = 2_000;

/** Records of the calls under way, and of those that ended lately. */
export class CallTable {
  readonly #records = new Map<CallId, CallRecord>();
  readonly #clock: Clock;
  #kept: { record: CallRecord; endedAtMs: number }[] = [];
  readonly #openOf = new Map<TenantId, number>();
  #open = 0;
  #onDrained: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get open(): number {
    return this.#open;
  }

  /** Of one tenant. */
  openOf(tenant: TenantId): number {
    return this.#openOf.get(tenant) ?? 0;
  }

  #count({ process: { tenant } }: CallRecord, step: 1 | -1): void {
    this.#open += step;
    this.#openOf.set(tenant, this.openOf(tenant) + step);
  }

  [Symbol.iterator](): IterableIterator<CallRecord> {
    return this.#records.values();
  }

  add(record: CallRecord): void {
    this.#records.set(record.call, record);
    record.process.calls.add(record);
    this.#count(record, 1);
  }

  find(id: string): CallRecord | undefined {
    return this.#records.get(asCallId(id));
  }

  /** The call is about to end. Who may come back for it finds it for a while; a foreign client never does. */
  close(record: CallRecord): void {
    record.process.calls.delete(record);
    this.#count(record, -1);
    if (record.onDetach === "abort") this.#records.delete(record.call);
    else {
      this.#kept.push({ record, endedAtMs: this.#clock.nowMs() });
      this.#forget();
    }
    if (this.#open === 0) this.#onDrained?.();
  }

  /** Resolves when no call is open. */
  drained(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onDrained = resolve));
  }

  #forget(): void {
    const before = this.#clock.nowMs() - KEEP_MS;
    const isOld = (index: number): boolean =>
      (this.#kept[index]?.endedAtMs ?? before) < before || this.#kept.length - index > MAX_KEPT;
    let count = 0;
    while (count < this.#kept.length && isOld(count))
      this.#records.delete((this.#kept[count++] as { record: CallRecord }).record.call);
    if (count > 0) this.#kept = this.#kept.slice(count);
  }
}
