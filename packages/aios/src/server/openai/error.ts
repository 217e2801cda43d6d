import type { Errno, Problem } from "@aiosjs/sdk/protocol";
import { isPromptTooLong, sentence } from "../dialect.ts";
import type { Dialect } from "../dialect.ts";
import { openaiLimits } from "../limit-headers.ts";

interface Row {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

/** platform.openai.com, "Error codes"; where OpenAI has no code of its own, ours stands. */
const rows: Readonly<Record<Errno, Row>> = {
  EAUTH: { status: 401, type: "authentication_error", code: "invalid_api_key" },
  E2BIG: { status: 413, type: "invalid_request_error", code: "request_too_large" },
  // 202 would be taken for an answer.
  EPENDING: { status: 403, type: "permission_error", code: "approval_pending" },
  EACCES: { status: 403, type: "permission_error", code: "insufficient_permissions" },
  EPOLICY: { status: 403, type: "permission_error", code: "policy_violation" },
  EAGAIN: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  EBUSY: { status: 409, type: "conflict_error", code: "EBUSY" },
  ECANCELED: { status: 499, type: "cancelled_error", code: "cancelled" },
  EDQUOT: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  EEXIST: { status: 409, type: "conflict_error", code: "EEXIST" },
  EINVAL: { status: 400, type: "invalid_request_error", code: null },
  EIO: { status: 502, type: "server_error", code: "upstream_error" },
  ENODEV: { status: 503, type: "server_error", code: "service_unavailable" },
  // What the doors look for by name is a model, unless they say otherwise.
  ENOENT: { status: 404, type: "invalid_request_error", code: "model_not_found" },
  ENOSPC: { status: 507, type: "server_error", code: "no_space_left" },
  ENOSYS: { status: 404, type: "invalid_request_error", code: "unknown_url" },
  ESRCH: { status: 404, type: "invalid_request_error", code: "process_not_found" },
  ESTALE: { status: 409, type: "conflict_error", code: "ESTALE" },
  ETIMEDOUT: { status: 504, type: "server_error", code: "timeout" },
  EAMBIGUOUS: { status: 409, type: "conflict_error", code: "EAMBIGUOUS" },
  EDIVERGED: { status: 409, type: "conflict_error", code: "EDIVERGED" },
};

/** OpenAI's codes for what else is not found, by the member that named it. */
const notFound: Readonly<Record<string, string | null>> = {
  previous_response_id: "previous_response_not_found",
  input: null,
  response_id: null,
};

/** A prompt that no model holds: clients shorten it, or take a larger model, at this code. */
const tooLong: Row = { status: 400, type: "invalid_request_error", code: "context_length_exceeded" };

const rowOf = (problem: Problem): Row => (isPromptTooLong(problem) ? tooLong : rows[problem.code]);

function body(problem: Problem, param: string | null): string {
  const { type, code } = rowOf(problem);
  const isMissing = problem.code === "ENOENT";
  const about = param ?? (isMissing ? "model" : null);
  const told = isMissing && about !== null && Object.hasOwn(notFound, about) ? (notFound[about] ?? null) : code;
  return JSON.stringify({ error: { message: sentence(problem), type, param: about, code: told } });
}

export const openaiDialect: Dialect = {
  contentType: "application/json",
  status: (problem) => rowOf(problem).status,
  limitHeaders: openaiLimits,
  body,
};
