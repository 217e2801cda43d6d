import { isSysError, parseExactly, SysError } from "@aiosjs/sdk/protocol";
import type { Dispatcher, Pool } from "undici";
import type { DriverEvent } from "../../../kernel/ports.ts";
import { exchangeError, malformed, quote, readUpstreamError, refusalError, type Place } from "./errors.ts";
import { createForwarding, type Forwarding } from "./forwarding.ts";
import { readLimits, type Headers, type RateLimitFamily } from "./rate-limits.ts";
import { createSseSplitter, type SseSplitter } from "./sse.ts";

type Batch = readonly DriverEvent[];

/** What a dialect makes of one answer. Its methods may throw: a SysError says what the answer is worth, anything else that it is broken. */
export interface AnswerReader {
  /**
   * Takes the data of one server-sent event and appends its deltas to `out`.
   * `end`: the dialect's last event. `withhold`: told only because we asked, so not to be forwarded.
   */
  takeEvent(data: string, out: DriverEvent[]): "more" | "end" | "withhold";
  /** Takes an answer in one piece; its deltas go to `out`. */
  takeBody(json: object, out: DriverEvent[]): void;
  /** The upstream said why it stopped: the answer is whole even when the last event is missing. */
  readonly isFinished: boolean;
  /** Anything of the answer itself has come. */
  readonly hasOutput: boolean;
  result(): Extract<DriverEvent, { type: "result" }>;
}

interface Options {
  readonly pool: Pool;
  readonly request: Dispatcher.DispatchOptions;
  readonly place: Place;
  readonly answer: AnswerReader;
  readonly rateLimits: RateLimitFamily;
  readonly wantsDeltas: boolean;
  /** The dialect whose client wants the answer's own bytes; absent: nobody does. */
  readonly forwards?: string | undefined;
  /** What could not be said in this dialect and need not be. */
  readonly leftOut?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

const maxErrorBytes = 64 * 1024;
const deepestAnswer = 256;
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
  #forwarding: Forwarding | undefined;
  #body: Buffer[] = [];
  #receivedBytes = 0;

  constructor(options: Options) {
    this.#options = options;
    const { leftOut = [] } = options;
    if (leftOut.length > 0) this.#pending.push({ type: "request.adapted", leftOut: [...leftOut] });
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
    const { rateLimits, forwards, wantsDeltas } = this.#options;
    const limits = readLimits(headers, rateLimits, Date.now());
    if (limits !== undefined) this.#emit({ type: "limits", limits });
    if (status !== 200 || !String(headers["content-type"]).startsWith("text/event-stream")) return;
    // A stream that nobody asked for is read, but no client could be handed it.
    const forwarding = forwards === undefined || !wantsDeltas ? undefined : createForwarding(forwards);
    this.#forwarding = forwarding;
    this.#splitter = createSseSplitter((data) => this.#take(data));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#receivedBytes += chunk.length;
    if (this.#splitter === undefined) {
      if (this.#status === 200 || this.#receivedBytes <= maxErrorBytes) this.#body.push(chunk);
      return;
    }
    try {
      this.#forwarding?.take(chunk);
      this.#splitter.push(chunk);
      // The whole answer may be over with this chunk; its bytes still belong to it.
      this.#forward();
    } catch (cause) {
      this.#forward();
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
    try {
      const what = this.#options.answer.takeEvent(data, this.#pending);
      if (what === "withhold") this.#forwarding?.withhold(data);
      else if (what === "end") this.#finish();
    } catch (cause) {
      // The door tells what is wrong in words of its own.
      this.#forwarding?.withhold(data);
      throw cause;
    }
  }

  /** Bytes go before the deltas that say the same, and not before something has come that a retry could not take back. */
  #forward(): void {
    const { answer } = this.#options;
    if (this.#forwarding === undefined || !(answer.hasOutput || answer.isFinished)) return;
    const frames = this.#forwarding.release();
    if (frames === undefined) return;
    const [first] = this.#pending;
    // Several chunks of one socket read are one batch, and their bytes one piece.
    if (first?.type === "frames") this.#pending[0] = { ...first, bytes: Buffer.concat([first.bytes, frames.bytes]) };
    else this.#pending.unshift(frames);
  }

  #endStream(splitter: SseSplitter): void {
    const rest = splitter.end();
    const { answer, place } = this.#options;
    // Without the last event, a reason to stop still says that the answer is whole.
    if (!this.#isOver && answer.isFinished) this.#finish();
    if (this.#isOver) {
      this.#forwarding?.close();
      this.#forward();
      return;
    }
    const last = rest === "" ? "" : `, in the middle of "${quote(rest, place, 120)}"`;
    throw malformed(place, `ended its stream after ${this.#receivedBytes} bytes before the answer was complete${last}`);
  }

  #takeBody(): void {
    const { answer, place, wantsDeltas, forwards } = this.#options;
    const bytes = Buffer.concat(this.#body);
    const text = bytes.toString("utf8");
    const status = this.#status;
    const headers = this.#headers;
    let json: unknown;
    let isJson = true;
    try {
      json = parseExactly(text);
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
          : `sent ${type} instead of JSON: "${quote(text, place, 120)}"`,
      );
    }
    const error = errorWithin(json, { place, headers, hasOutput: answer.hasOutput });
    if (error) throw error;
    answer.takeBody(json, wantsDeltas ? this.#pending : []);
    if (forwards !== undefined && !wantsDeltas) this.#pending.push({ type: "frames", dialect: forwards, bytes });
    this.#finish();
  }

  #finish(): void {
    const { answer, place } = this.#options;
    if (!answer.isFinished && !answer.hasOutput) throw malformed(place, "ended its stream without an answer");
    const event = answer.result();
    // Doors and the journal write it as JSON again, which JSON.parse alone could take at any depth.
    if (isDeeper(event.result, deepestAnswer))
      throw malformed(place, `sent an answer nested deeper than ${deepestAnswer} levels`);
    this.#pending.push(event);
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

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

/** An error in a body or stream that began with 200; undefined where there is none. */
export function errorWithin(
  json: object,
  { place, headers, hasOutput }: { place: Place; headers?: Headers; hasOutput: boolean },
): SysError | undefined {
  if (!(json as { error?: unknown }).error) return undefined;
  const error = readUpstreamError(json);
  if (error.status !== undefined && !hasOutput)
    return refusalError(place, { status: error.status, headers: headers ?? {}, error, text: "", nowMs: Date.now() });
  const said = quote(error.sentence || error.kind, place);
  return new SysError("EIO", `core ${place.core} reported an error in its answer: ${said}`);
}

const cancellation = (signal: AbortSignal): SysError =>
  isSysError(signal.reason)
    ? signal.reason
    : new SysError("ECANCELED", "the call was cancelled", { cause: signal.reason });
