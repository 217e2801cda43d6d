import type { Errno } from "@aiosjs/sdk/protocol";
import { sentence } from "../dialect.ts";
import type { Dialect } from "../dialect.ts";

/** docs.anthropic.com, "Errors": the type says all, there is no code. */
const types: Partial<Record<Errno, { status: number; type: string }>> = {
  EAUTH: { status: 401, type: "authentication_error" },
  E2BIG: { status: 413, type: "request_too_large" },
  EACCES: { status: 403, type: "permission_error" },
  EPOLICY: { status: 403, type: "permission_error" },
  EPENDING: { status: 403, type: "permission_error" },
  EAGAIN: { status: 429, type: "rate_limit_error" },
  EDQUOT: { status: 429, type: "rate_limit_error" },
  EINVAL: { status: 400, type: "invalid_request_error" },
  ENOENT: { status: 404, type: "not_found_error" },
  ENOSYS: { status: 404, type: "not_found_error" },
  ESRCH: { status: 404, type: "not_found_error" },
  ENODEV: { status: 529, type: "overloaded_error" },
};

export const anthropicDialect: Dialect = {
  contentType: "application/json",
  status: ({ code, status }) => types[code]?.status ?? status,
  body: (problem) =>
    JSON.stringify({
      type: "error",
      error: { type: types[problem.code]?.type ?? "api_error", message: sentence(problem) },
      request_id: problem.call ?? null,
    }),
};
