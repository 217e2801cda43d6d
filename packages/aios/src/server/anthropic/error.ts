import type { Errno, Problem } from "@aiosjs/sdk/protocol";
import { isPromptTooLong, sentence } from "../dialect.ts";
import type { Dialect } from "../dialect.ts";
import { anthropicLimits } from "../limit-headers.ts";

interface Row {
  readonly status: number;
  readonly type: string;
}

/** docs.anthropic.com, "Errors": the type says all, there is no code. Statuses without a type there are `api_error`. */
export const errorTable: Readonly<Record<Errno, Row>> = {
  EAUTH: { status: 401, type: "authentication_error" },
  E2BIG: { status: 413, type: "request_too_large" },
  // 202 would be taken for an answer.
  EPENDING: { status: 403, type: "permission_error" },
  EACCES: { status: 403, type: "permission_error" },
  EPOLICY: { status: 403, type: "permission_error" },
  EAGAIN: { status: 429, type: "rate_limit_error" },
  EBUSY: { status: 409, type: "conflict_error" },
  ECANCELED: { status: 499, type: "api_error" },
  // Not 429: clients that look at the status alone would send it again, for nothing.
  EDQUOT: { status: 402, type: "billing_error" },
  EEXIST: { status: 409, type: "conflict_error" },
  EINVAL: { status: 400, type: "invalid_request_error" },
  EIO: { status: 502, type: "api_error" },
  ENODEV: { status: 529, type: "overloaded_error" },
  ENOENT: { status: 404, type: "not_found_error" },
  ENOSPC: { status: 507, type: "api_error" },
  ENOSYS: { status: 404, type: "not_found_error" },
  ESRCH: { status: 404, type: "not_found_error" },
  ESTALE: { status: 409, type: "conflict_error" },
  ETIMEDOUT: { status: 504, type: "timeout_error" },
  EAMBIGUOUS: { status: 409, type: "conflict_error" },
  EDIVERGED: { status: 409, type: "conflict_error" },
};

/** A prompt that no model holds: Claude Code and others shorten their conversation at these very words. */
const tooLong = { status: 400, type: "invalid_request_error", words: "prompt is too long" };

function rowOf(problem: Problem): Row {
  return isPromptTooLong(problem) ? tooLong : errorTable[problem.code];
}

function messageOf(problem: Problem): string {
  const said = sentence(problem);
  return isPromptTooLong(problem) && !said.includes(tooLong.words) ? `${tooLong.words}: ${said}` : said;
}

function body(problem: Problem, details?: { error_code: string }): string {
  const error = { type: rowOf(problem).type, message: messageOf(problem) };
  return JSON.stringify({
    type: "error",
    error: details ? { ...error, details } : error,
    request_id: problem.call ?? null,
  });
}

export const anthropicDialect: Dialect = {
  contentType: "application/json",
  status: (problem) => rowOf(problem).status,
  limitHeaders: anthropicLimits,
  body: (problem) => body(problem),
};

/**
 * For requests that belong to a thread kept at Anthropic. Where that is refused, the official client sends the whole
 * conversation instead, once it reads this code.
 */
export const threadDialect: Dialect = {
  ...anthropicDialect,
  body: (problem) =>
    problem.code === "EINVAL" || problem.code === "ENOENT"
      ? body(problem, { error_code: "thread_unsupported_request" })
      : body(problem),
};
