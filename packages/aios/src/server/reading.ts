import type { SysError } from "@aiosjs/sdk/protocol";
import type { ServerResponse } from "node:http";
import type { CallEvent, Subscription } from "../kernel/ports.ts";

/** The readings under way, so that a closing server can end them. */
export class OpenReadings {
  readonly #readings = new Set<Reading>();

  add(reading: Reading): void {
    this.#readings.add(reading);
  }

  delete(reading: Reading): void {
    this.#readings.delete(reading);
  }

  stop(error: SysError): void {
    for (const reading of this.#readings) reading.stop(error);
  }
}

/**
 * One client's hold on one call. It ends with the call, when the client goes away (which frees the upstream's slot where
 * the call is aborted by detaching), or when `stop` says why it should.
 */
export class Reading implements Disposable {
  readonly subscription: Subscription;
  /** Why it ended before the call did; undefined too when the client left. */
  stopped: SysError | undefined;
  readonly #iterator: AsyncIterator<readonly CallEvent[]>;
  readonly #outgoing: ServerResponse;
  readonly #open: OpenReadings;
  #hasLeft = false;
  readonly #onClose = (): void => this.#leave();

  constructor(subscription: Subscription, { outgoing, open }: { outgoing: ServerResponse; open: OpenReadings }) {
    this.subscription = subscription;
    this.#outgoing = outgoing;
    this.#open = open;
    this.#iterator = subscription.withFrames()[Symbol.asyncIterator]();
    open.add(this);
    if (outgoing.destroyed || outgoing.closed) this.#leave();
    else outgoing.once("close", this.#onClose);
  }

  /** Whether there is nothing more for this client, whatever becomes of the call. */
  get isOver(): boolean {
    return this.#hasLeft;
  }

  next(): Promise<IteratorResult<readonly CallEvent[]>> {
    return this.#iterator.next();
  }

  stop(error: SysError): void {
    this.stopped ??= error;
    this.#leave();
  }

  /** `return` wakes a pending `next`: the record's iterator is no generator. */
  #leave(): void {
    this.#hasLeft = true;
    this.#iterator.return?.().catch(() => undefined); // it holds nothing that could fail
  }

  [Symbol.dispose](): void {
    this.#outgoing.off("close", this.#onClose);
    this.#open.delete(this);
    this.#leave();
  }
}
