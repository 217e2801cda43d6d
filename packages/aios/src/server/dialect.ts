import { isSysError, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { Problem } from "@aiosjs/sdk/protocol";
import type { ServerResponse } from "node:http";
import type { CallerLimit } from "../kernel/ports.ts";

/** How one family of clients is told that a request failed. */
export interface Dialect {
  readonly contentType: string;
  /** The HTTP status that this family expects for the error. */
  status(problem: Problem): number;
  /** The headers that tell its clients what their own budgets leave them; absent: it knows none. */
  limitHeaders?(limits: readonly CallerLimit[], nowMs: number): Record<string, string>;
  /** The body: JSON text. */
  body(problem: Problem, param: string | null): string;
}

/** Whatever was thrown as an error of ours: an unknown one is a defect, and its stack is nobody's business. */
export function asSysError(thrown: unknown): SysError {
  if (isSysError(thrown)) return thrown;
  return new SysError("EIO", "the server failed at this request", {
    cause: thrown,
    hint: "`aios doctor` looks at the set-up; if this comes again, it is a defect worth reporting",
    retryable: false,
  });
}

/** The headers that tell clients whether and when to try again, and which process and call the answer is about. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const headers: Record<string, string> = {};
  if (problem.pid !== undefined) headers["x-aios-pid"] = problem.pid;
  if (problem.call !== undefined) {
    headers["x-aios-call"] = problem.call;
    headers["x-request-id"] = problem.call;
    headers["request-id"] = problem.call;
  }
  if (problem.code === "EPENDING" && problem.call !== undefined) headers["location"] = `/v1/calls/${problem.call}`;
  if (!problem.retryable) headers["x-should-retry"] = "false";
  else if (problem.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.ceil(problem.retryAfterMs / 1_000));
    headers["retry-after-ms"] = String(Math.ceil(problem.retryAfterMs));
  }
  return headers;
}

/** Answers with an error. Without effect when the client is gone or has been answered already. */
export function refuse(
  outgoing: ServerResponse,
  dialect: Dialect,
  options: { problem: Problem; param?: string | null; headers?: Readonly<Record<string, string>>; status?: number },
): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  const { problem, param = null, headers } = options;
  const body = dialect.body(problem, param);
  outgoing.writeHead(options.status ?? dialect.status(problem), {
    "content-type": dialect.contentType,
    "content-length": Buffer.byteLength(body),
    ...headers,
    ...problemHeaders(problem),
  });
  outgoing.end(body);
}

/** Answers with whatever was thrown while a request was taken. */
export function refuseThrown(outgoing: ServerResponse, dialect: Dialect, thrown: unknown): void {
  const error = asSysError(thrown);
  const { param } = error as { param?: unknown };
  refuse(outgoing, dialect, { problem: toProblem(error), param: typeof param === "string" ? param : null });
}

/** What went wrong and what to do next, as one text. */
export const sentence = ({ detail, hint }: Problem): string => (hint === undefined ? detail : `${detail} (${hint})`);

/** A model call's E2BIG is about its tokens; without a call it is about the bytes of a body. */
export const isPromptTooLong = ({ code, call }: Problem): boolean => code === "E2BIG" && call !== undefined;
