import { isSysError, SysError } from "@aiosjs/sdk/protocol";
import type { Dispatcher, Pool } from "undici";
import type { DriverEvent } from "../../../kernel/ports.ts";
import type { Answer } from "./answer.ts";
import { exchangeError, malformed, quote, readUpstreamError, refusalError, type Place } from "./errors.ts";
import { readLimits, type Headers, type RateLimitFamily } from "./rate-limits.ts";
import { createSseSplitter, type SseSplitter } from "./sse.ts";
import type { WireAnswer } from "./wire.ts";

type Batch = readonly DriverEvent[];

interface Options {
  readonly pool: Pool;
  readonly request: Dispatcher.DispatchOptions;
  readonly place: Place;
  readonly answer: Answer;
  readonly rateLimits: RateLimitFamily;
  readonly wantsDeltas: boolean;
  readonly signal: AbortSignal;
}

const maxErrorBytes = 64 * 1024;
const ended: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One POST: undici's callbacks come in, batches of driver events go out. There is no stream in between: a body read
 * through an async iterator costs 1.5 µs more per packet (bench/core-stream). undici calls back once per HTTP
 * chunk but synchronously for all chunks of one socket read, so a batch handed over in a microtask is one read.
 * Leaving early (`return`) or aborting the signal destroys the socket at once.
 */
export class Exchange implements AsyncIterableIterator<Batch>, Dispatcher.DispatchHandler {
  readonly #options: Options;
  #pending: DriverEvent[] = [];
  #waiter: PromiseWithResolvers<IteratorResult<Batch, undefined>> | undefined;
  #isFlushing = false;
  #hasStarted = false;
  /** Nothing more comes: the result is in `#pending` or was taken, or `#failure` says why not. */
  #isOver = false;
  #failure: SysError | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Headers = {};
  #splitter: SseSplitter | undefined;
  #body: Buffer[] = [];
  #receivedBytes = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    if (!this.#hasStarted) this.#start();
    if (this.#pending.length > 0) return Promise.resolve({ done: false, value: this.#takePending() });
    if (this.#failure !== undefined) return Promise.reject(this.#takeFailure());
    if (this.#isOver) return Promise.resolve(ended);
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  return(): Promise<IteratorResult<Batch, undefined>> {
    this.#hasStarted = true;
    if (!this.#isOver) this.#close(new SysError("ECANCELED", "nobody reads the answer any more"));
    this.#failure = undefined;
    this.#pending = [];
    return Promise.resolve(ended);
  }

  // ── undici's side ─────────────────────────────────────────────────────────

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) controller.abort(new SysError("ECANCELED", "cancelled before it was sent"));
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.#isOver) return;
    this.#status = status;
    this.#headers = headers;
    const limits = readLimits(headers, this.#options.rateLimits, Date.now());
    if (limits !== undefined) this.#emit({ type: "limits", limits });
    if (status === 200 && String(headers["content-type"]).startsWith("text/event-stream")) {
      this.#splitter = createSseSplitter((data) => this.#take(data));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#receivedBytes += chunk.length;
    if (this.#splitter === undefined) {
      if (this.#status === 200 || this.#receivedBytes <= maxErrorBytes) this.#body.push(chunk);
      return;
    }
    try {
      this.#splitter.push(chunk);
    } catch (cause) {
      this.#close(isSysError(cause) ? cause : malformed(this.#options.place, "sent a broken stream", cause));
      return;
    }
    if (this.#pending.length > 0) this.#wake();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    try {
      if (this.#splitter === undefined) this.#takeBody();
      else this.#endStream(this.#splitter);
    } catch (cause) {
      this.#close(isSysError(cause) ? cause : malformed(this.#options.place, "sent a broken answer", cause));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (!this.#isOver) this.#close(exchangeError(this.#options.place, cause, this.#receivedBytes));
  }

  // ── inside ────────────────────────────────────────────────────────────────

  #start(): void {
    this.#hasStarted = true;
    const { pool, request, signal } = this.#options;
    if (signal.aborted) {
      this.#close(cancellation(signal));
      return;
    }
    signal.addEventListener("abort", this);
    pool.dispatch(request, this);
  }

  /** The signal's listener: an object instead of a closure per call. */
  handleEvent(): void {
    this.#pending = [];
    this.#close(cancellation(this.#options.signal));
  }

  /** One event of the stream. */
  #take(data: string): void {
    if (this.#isOver) return;
    const { answer, place } = this.#options;
    if (data === "[DONE]") {
      this.#finish();
      return;
    }
    let wire: WireAnswer;
    try {
      wire = JSON.parse(data) as WireAnswer;
    } catch (cause) {
      throw malformed(place, `sent an event that is not JSON: "${quote(data.slice(0, 120), place)}"`, cause);
    }
    if (typeof wire !== "object" || wire === null) return;
    if (wire.error) throw this.#errorWithin(wire);
    answer.take(wire, this.#pending);
  }

  #endStream(splitter: SseSplitter): void {
    const rest = splitter.end();
    if (this.#isOver) return;
    const { answer, place } = this.#options;
    // Without [DONE], a finish reason still says that the answer is whole.
    if (answer.isFinished) {
      this.#finish();
      return;
    }
    const last = rest === "" ? "" : `, in the middle of "${quote(rest.slice(0, 120), place)}"`;
    throw malformed(place, `ended its stream after ${this.#receivedBytes} bytes before the answer was complete${last}`);
  }

  #takeBody(): void {
    const { answer, place, wantsDeltas } = this.#options;
    const text = Buffer.concat(this.#body).toString("utf8");
    const status = this.#status;
    const headers = this.#headers;
    let json: unknown;
    let isJson = true;
    try {
      json = JSON.parse(text);
    } catch {
      isJson = false;
    }
    if (status < 200 || status > 299) {
      // An HTML page says nothing to people: its status does.
      const page = isJson || text.trimStart().startsWith("<") ? "" : text;
      throw refusalError(place, { status, headers, error: readUpstreamError(json), text: page, nowMs: Date.now() });
    }
    if (!isJson || typeof json !== "object" || json === null) {
      const type = String(headers["content-type"] ?? "no content type");
      throw malformed(
        place,
        text === ""
          ? `answered ${status} with an empty body`
          : `sent ${type} instead of JSON: "${quote(text.slice(0, 120), place)}"`,
      );
    }
    const wire = json as WireAnswer;
    if (wire.error) throw this.#errorWithin(wire);
    if (!wire.choices?.[0])
      throw malformed(place, `sent an answer without choices: "${quote(text.slice(0, 120), place)}"`);
    answer.take(wire, wantsDeltas ? this.#pending : []);
    this.#finish();
  }

  /** An error in a body or stream that began with 200. */
  #errorWithin(wire: WireAnswer): SysError {
    const error = readUpstreamError(wire);
    const { place } = this.#options;
    if (error.status !== undefined && !this.#options.answer.hasOutput) {
      return refusalError(place, { status: error.status, headers: this.#headers, error, text: "", nowMs: Date.now() });
    }
    return new SysError(
      "EIO",
      `core ${place.core} reported an error in its answer: ${quote(error.sentence || error.kind, place)}`,
    );
  }

  #finish(): void {
    const { answer, place } = this.#options;
    if (!answer.isFinished && !answer.hasOutput) throw malformed(place, "ended its stream without an answer");
    this.#pending.push(answer.result());
    this.#settle();
  }

  /** Ends with a failure, and the socket with it. What is pending is still delivered first. */
  #close(failure: SysError): void {
    this.#failure = failure;
    this.#settle();
    // After the end of a response undici ignores it.
    if (this.#controller?.aborted === false) this.#controller.abort(failure);
  }

  #settle(): void {
    this.#isOver = true;
    this.#options.signal.removeEventListener("abort", this);
    this.#wake();
  }

  #emit(event: DriverEvent): void {
    this.#pending.push(event);
    this.#wake();
  }

  #wake(): void {
    if (this.#waiter === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      const waiter = this.#waiter;
      if (waiter === undefined) return;
      if (this.#pending.length > 0) {
        this.#waiter = undefined;
        waiter.resolve({ done: false, value: this.#takePending() });
      } else if (this.#isOver) {
        this.#waiter = undefined;
        if (this.#failure === undefined) waiter.resolve(ended);
        else waiter.reject(this.#takeFailure());
      }
    });
  }

  #takePending(): Batch {
    const batch = this.#pending;
    this.#pending = [];
    return batch;
  }

  /** Thrown once; after it the iterator is done. */
  #takeFailure(): SysError | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }
}

const cancellation = (signal: AbortSignal): SysError =>
  isSysError(signal.reason)
    ? signal.reason
    : new SysError("ECANCELED", "the call was cancelled", { cause: signal.reason });
