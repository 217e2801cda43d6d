import { toProblem } from "@aiosjs/sdk/protocol";
import type { Problem, SysError, SysEvent } from "@aiosjs/sdk/protocol";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Kernel, Subscription } from "../kernel/ports.ts";
import { refuse } from "./dialect.ts";
import type { Dialect } from "./dialect.ts";
import type { OpenReadings } from "./reading.ts";
import type { Crowd } from "./sse.ts";
import type { Waits } from "./waits.ts";

/** What all doors of one server share. */
export interface Doors {
  readonly kernel: Kernel;
  readonly maxBodyBytes: number;
  readonly waits: Waits;
  readonly readings: OpenReadings;
  readonly crowd: Crowd;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}

/** One request and its answer. */
export interface Exchange {
  readonly doors: Doors;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly dialect: Dialect;
}

/** What the events of a call have told so far that the headers tell too. */
export interface CallFacts {
  /** For a model call: core/model. */
  device: string | undefined;
  queuedAtMs: number;
  isSimulated: boolean;
  isClamped: boolean;
  isCached: boolean;
  isRecorded: boolean;
  /** It was answered before, and is not made again. */
  isReplayed: boolean;
  /** What the core's dialect cannot say and the answer does not need. */
  leftOut: readonly string[];
}

export const noFacts = (): CallFacts => ({
  device: undefined,
  queuedAtMs: 0,
  isSimulated: false,
  isClamped: false,
  isCached: false,
  isRecorded: false,
  isReplayed: false,
  leftOut: [],
});

export function learn(facts: CallFacts, event: SysEvent): void {
  if (event.type === "syscall.queued") facts.queuedAtMs = event.atMs;
  else if (event.type === "syscall.started") {
    facts.device = event.device;
    facts.isSimulated = event.isSimulated ?? false;
    facts.isClamped = event.isClamped ?? false;
    facts.isCached = event.isCached ?? false;
    facts.isRecorded = event.isRecorded ?? false;
    facts.isReplayed = event.isReplayed ?? false;
  } else if (event.type === "request.adapted") facts.leftOut = event.leftOut;
  else if (event.type === "syscall.completed") {
    const result = event.result as
      | { isClamped?: unknown; isSimulated?: unknown; isCached?: unknown; isRecorded?: unknown }
      | null
      | undefined;
    facts.isClamped ||= result?.isClamped === true;
    facts.isCached ||= result?.isCached === true;
    facts.isRecorded ||= result?.isRecorded === true;
    facts.isSimulated ||= result?.isSimulated === true;
  }
}

const longestNames = 2_000;

/**
 * Names for a header. A client may call a member anything: what a header cannot hold is percent-encoded, and there is an end to
 * the list, for clients take 16 KB of headers in all.
 */
function headerNames(names: readonly string[]): string {
  let list = "";
  for (const [index, name] of names.entries()) {
    const encoded = name.toWellFormed().replaceAll(/[^\x21-\x7e]|[%,]/gu, encodeURIComponent);
    if (list.length + encoded.length > longestNames) return `${list}${list === "" ? "" : ", "}+${names.length - index}`;
    list += index === 0 ? encoded : `, ${encoded}`;
  }
  return list;
}

/** What every answer to a syscall carries. */
export function callHeaders(
  { dialect }: Pick<Exchange, "dialect">,
  subscription: Subscription,
  facts: CallFacts,
): Record<string, string> {
  return {
    ...dialect.limitHeaders?.(subscription.limits(), Date.now()),
    "x-aios-pid": subscription.pid,
    "x-aios-call": subscription.call,
    // the official clients show it with their errors
    "x-request-id": subscription.call,
    "request-id": subscription.call,
    "x-aios-waiting-ms": String(Math.round(subscription.waitingMs())),
    ...(facts.isClamped ? { "x-aios-clamped": "true" } : {}),
    ...(facts.isCached ? { "x-aios-cached": "true" } : {}),
    ...(facts.leftOut.length > 0 ? { "x-aios-left-out": headerNames(facts.leftOut) } : {}),
    ...(facts.isRecorded ? { "x-aios-recorded": "true" } : {}),
    ...(facts.isReplayed ? { "x-aios-replayed": "true" } : {}),
    ...(facts.isSimulated ? { "x-aios-simulated": "true" } : {}),
  };
}

/** A problem that says which call it is about. */
export const problemOf = (error: SysError, { pid, call }: Subscription): Problem => ({
  ...toProblem(error),
  pid,
  call,
});

/** Answers with an error of a call. */
export function refuseCall(
  exchange: Exchange,
  about: { problem: Problem; subscription: Subscription; facts: CallFacts },
): void {
  const { problem, subscription, facts } = about;
  refuse(exchange.outgoing, exchange.dialect, { problem, headers: callHeaders(exchange, subscription, facts) });
}

/** Answers with a body that is whole. Without effect when the client is gone. */
export function answer(
  outgoing: ServerResponse,
  body: string | Uint8Array,
  options: { status?: number; contentType?: string; headers?: OutgoingHttpHeaders } = {},
): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  outgoing.writeHead(options.status ?? 200, {
    "content-type": options.contentType ?? "application/json",
    "content-length": Buffer.byteLength(body),
    ...options.headers,
  });
  outgoing.end(body);
}
