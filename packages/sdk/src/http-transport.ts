import { isErrno, isSysError, SysError, toProblem } from "./errors.ts";
import type { Problem } from "./errors.ts";
import { createStreamParser } from "./event-stream.ts";
import { isTerminal } from "./events.ts";
import type { SysEvent } from "./events.ts";
import type { SyscallOptions, Transport } from "./transport.ts";
import { noUsage } from "./usage.ts";

export interface HttpTransportOptions {
  /** Where the kernel listens, such as http://127.0.0.1:4141 */
  readonly url: string;
  readonly key: string;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch;
  /** The process to act as, where the key may (scope `proc:act-as`, or a process of the same key). */
  readonly pid?: string;
}

/** Pauses before the attempts to find a call again whose connection broke; a kernel that restarts needs a few seconds. */
const reconnectPausesMs = [0, 200, 500, 1_000, 2_000, 4_000];

/**
 * A kernel over HTTP: each call is a POST answered by server-sent events. A connection that breaks is taken up again where it
 * broke (`Last-Event-ID`); the call itself runs on meanwhile. Aborting, or leaving the loop early, cancels the call.
 */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const base = options.url.replace(/\/+$/, "");
  const fetchIt = options.fetch ?? fetch;
  const headers = {
    authorization: `Bearer ${options.key}`,
    ...(options.pid === undefined ? {} : { "x-aios-pid": options.pid }),
  };
  const post = (name: string, args: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal }) =>
    fetchIt(`${base}/v1/syscalls/${name}`, {
      method: "POST",
      ...init,
      headers: { ...headers, "content-type": "application/json", ...init.headers },
      body: JSON.stringify(args ?? {}),
    });

  return {
    async *syscall(name, args, syscallOptions = {}) {
      const startedAt = Date.now();
      const call = new HttpCall(base, { fetchIt, headers });
      const { signal } = syscallOptions;
      const leave = new AbortController();
      const connection = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal;
      let isOver = false;
      try {
        connection.throwIfAborted();
        const accept = { accept: "text/event-stream", ...qualityHeaders(syscallOptions) };
        const response = await post(name, args, { headers: accept, signal: connection }).catch((cause: unknown) => {
          throw signal?.aborted ? cause : unreachable(base, cause);
        });
        for await (const batch of call.events(response, connection)) {
          isOver = batch.some(isTerminal);
          yield batch;
          if (isOver) return;
        }
      } catch (cause) {
        // A failure is the last event; the call that is left behind is cancelled below.
        const error = signal?.aborted ? canceled(name, signal.reason) : asSysError(cause, name);
        yield [failedEvent(toProblem(error), startedAt)];
        isOver = !signal?.aborted;
      } finally {
        leave.abort();
        if (!isOver && call.id !== undefined)
          // Best effort: whoever left does not wait for it.
          void post("call.cancel", { call: call.id }, {}).then(
            (response) => response.body?.cancel(),
            () => undefined,
          );
      }
    },
  };
}

/** One call on the wire, over as many connections as it takes. */
class HttpCall {
  id: string | undefined;
  readonly #base: string;
  readonly #wire: { fetchIt: typeof fetch; headers: Record<string, string> };
  #lastEventId: string | undefined;

  constructor(base: string, wire: { fetchIt: typeof fetch; headers: Record<string, string> }) {
    this.#base = base;
    this.#wire = wire;
  }

  /** All batches up to the last event. Throws when the call was refused or is lost. */
  async *events(first: Response, signal: AbortSignal): AsyncGenerator<readonly SysEvent[]> {
    let response = first;
    for (;;) {
      let lost: unknown = new Error("the connection was closed before the last event");
      try {
        for await (const batch of this.#read(response)) {
          yield batch;
          if (batch.some(isTerminal)) return;
        }
      } catch (cause) {
        if (signal.aborted || isSysError(cause)) throw cause;
        lost = cause;
      }
      response = await this.#reconnect(lost, signal);
    }
  }

  async *#read(response: Response): AsyncGenerator<readonly SysEvent[]> {
    this.id ??= response.headers.get("x-aios-call") ?? undefined;
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    if (!response.ok || !isStream || !response.body) throw await refusalOf(response, this.#base);
    const parse = createStreamParser();
    const decoder = new TextDecoder();
    for await (const bytes of chunksOf(response.body)) {
      const batch: SysEvent[] = [];
      for (const { id, data } of parse(decoder.decode(bytes, { stream: true }))) {
        this.#lastEventId = id ?? this.#lastEventId;
        const event = JSON.parse(data) as SysEvent;
        if (event.type === "syscall.queued") this.id = event.call;
        batch.push(event);
      }
      if (batch.length > 0) yield batch;
    }
  }

  async #reconnect(lost: unknown, signal: AbortSignal): Promise<Response> {
    const { fetchIt, headers } = this.#wire;
    let cause = lost;
    if (this.id === undefined)
      throw new SysError("EIO", `the connection to ${this.#base} broke before the call had an id; it may be running`, {
        cause,
      });
    for (const pauseMs of reconnectPausesMs) {
      await sleep(pauseMs, signal);
      const resume = this.#lastEventId === undefined ? {} : { "last-event-id": this.#lastEventId };
      try {
        const response = await fetchIt(`${this.#base}/v1/calls/${encodeURIComponent(this.id)}`, {
          headers: { ...headers, accept: "text/event-stream", ...resume },
          signal,
        });
        if (response.status === 404)
          throw new SysError(
            "EIO",
            `the kernel that had call ${this.id} is gone, and the next one has no record of it`,
            {
              cause: await refusalOf(response, this.#base),
              hint: "make the call again",
            },
          );
        // Not ready yet after a restart, or a proxy in front of a kernel that is not there yet.
        if (response.status < 502 || response.status > 504) return response;
        cause = await refusalOf(response, this.#base);
      } catch (error) {
        if (signal.aborted || isSysError(error)) throw error;
        cause = error;
      }
    }
    throw new SysError(
      "EIO",
      `the connection to ${this.#base} broke during call ${this.id} and could not be taken up again`,
      {
        cause,
        hint: "`aios status` says whether the kernel runs; the call may have ended without us.",
      },
    );
  }
}

function qualityHeaders(options: SyscallOptions): Record<string, string> {
  const { nice, class: schedulingClass, deadlineMs, replayKey, idempotencyKey } = options;
  return {
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    ...(nice === undefined ? {} : { "x-aios-nice": String(nice) }),
    ...(schedulingClass === undefined ? {} : { "x-aios-class": schedulingClass }),
    ...(deadlineMs === undefined ? {} : { "x-aios-deadline-ms": String(deadlineMs) }),
    ...(replayKey === undefined ? {} : { "x-aios-replay-key": encodeURIComponent(replayKey) }),
  };
}

/** Not every browser can iterate a body. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // The connection may be broken already, which is one way of being closed.
    await reader.cancel().catch(() => undefined);
  }
}

/** What the server said instead of a stream of events. */
async function refusalOf(response: Response, base: string): Promise<SysError> {
  const text = await response.text();
  const problem = parseProblem(text);
  if (problem) {
    const { code, detail, hint, retryable, retryAfterMs, pid, call } = problem;
    return new SysError(code, detail, { hint, retryable, retryAfterMs, pid, call });
  }
  return new SysError("EIO", `${base} answered ${response.status} without a problem: is it an AIOS kernel?`, {
    cause: text.slice(0, 500),
    retryable: response.status >= 500,
  });
}

function parseProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    if (typeof value?.code === "string" && isErrno(value.code) && typeof value.detail === "string")
      return value as Problem;
  } catch {
    // Not JSON: somebody else's page, told as such.
  }
  return undefined;
}

const unreachable = (base: string, cause: unknown): SysError =>
  new SysError("ENODEV", `no kernel at ${base}`, { cause, hint: "Start one with `aios up`." });

const canceled = (name: string, cause: unknown): SysError =>
  new SysError("ECANCELED", `${name} was cancelled by the caller`, { cause });

const asSysError = (cause: unknown, name: string): SysError =>
  isSysError(cause) ? cause : new SysError("EIO", `${name} failed on the way to the kernel`, { cause });

function failedEvent(error: Problem, startedAt: number): SysEvent {
  const endedAt = Date.now();
  const timing = { queuedAt: startedAt, startedAt: endedAt, endedAt, waitingMs: 0, turnaroundMs: endedAt - startedAt };
  return { type: "syscall.failed", error, usage: noUsage, timing };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
