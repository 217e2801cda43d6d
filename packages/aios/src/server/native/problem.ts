import type { Dialect } from "../dialect.ts";

/** RFC 9457. */
export const nativeDialect: Dialect = {
  contentType: "application/problem+json",
  status: (problem) => problem.status,
  body: (problem) => JSON.stringify(problem),
};
