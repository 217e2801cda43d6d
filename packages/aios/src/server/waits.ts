import { SysError } from "@aiosjs/sdk/protocol";
import type { IncomingHttpHeaders } from "node:http";

/** What a waiting client is told, and when. All in milliseconds. */
export interface Waits {
  /** Silence after which a stream gets a comment, so that no proxy or client takes it for dead. */
  readonly commentMs: number;
  /** How long a stream's status line is held back, so that a refusal out of the run queue keeps its own status. */
  readonly headersMs: number;
  /** The same for a native stream, whose failures are events: long enough for what is refused at once, too short to be a wait. */
  readonly refusalMs: number;
  /** Between two `102 Processing`, to clients that take them. */
  readonly processingMs: number;
  /** How long a native answer waits for a person. */
  readonly pendingMs: number;
  /** After it an answer that can be held open by nothing ends with EAGAIN. */
  readonly maxWaitMs: number;
}

export const defaultWaits: Waits = {
  commentMs: 10_000,
  headersMs: 60_000,
  refusalMs: 50,
  processingMs: 20_000,
  pendingMs: 30_000,
  // undici gives up after 300 s without headers, most proxies after 300 too.
  maxWaitMs: 240_000,
};

/**
 * Whether the client is known to run on undici (Node's fetch), which reads on after a `102`. Python's http.client takes
 * a 102 for the answer; whoever is not known gets none.
 */
export function takesProcessing(headers: IncomingHttpHeaders): boolean {
  const runtime = headers["x-stainless-runtime"];
  if (runtime !== undefined) return runtime === "node";
  const agent = headers["user-agent"];
  return agent !== undefined && (agent === "node" || agent === "undici" || /\bruntime\/node\.js\b/.test(agent));
}

/** A timer that beats until it is stopped; `beat` says after how many milliseconds it wants to be called again. */
export interface Beat extends Disposable {
  stop(): void;
}

/**
 * One timer for one waiting answer, set again only when it has fired: what happens on the stream meanwhile (a token)
 * never touches it. Node keeps all timers of one duration in one list under one handle.
 */
export function startBeat(firstMs: number, beat: () => number | undefined): Beat {
  const fire = (): void => {
    const nextMs = beat();
    timer = nextMs === undefined ? undefined : setTimeout(fire, nextMs);
  };
  let timer: NodeJS.Timeout | undefined = setTimeout(fire, firstMs);
  const stop = (): void => clearTimeout(timer);
  return { stop, [Symbol.dispose]: stop };
}

export const waitedTooLong = (maxWaitMs: number): SysError =>
  new SysError("EAGAIN", `no answer after ${maxWaitMs} ms: the model is busy`, {
    retryAfterMs: 1_000,
    hint: "ask for a stream, which waits as long as it takes, or raise server.maxWaitMs",
  });

/** The call goes on; who asks again for it hears its end. */
export const waitsForPerson = (call: string, approval: string): SysError =>
  new SysError("EPENDING", `the call ${call} waits for a person's answer to the question ${approval}`, {
    hint: `GET /v1/calls/${call} tells how it stands; aios approve show ${approval} says what is asked`,
  });
