import { asCallId, asPid, errnoTable, SysError, toProblem } from "@aiosjs/sdk/protocol";
import type { Errno } from "@aiosjs/sdk/protocol";
import { expect, test } from "vitest";
import { anthropicDialect } from "./anthropic/error.ts";
import { asSysError, problemHeaders } from "./dialect.ts";
import { nativeDialect } from "./native/problem.ts";
import { openaiDialect } from "./openai/error.ts";

const codes = Object.keys(errnoTable) as Errno[];
const problem = (code: Errno, options: ConstructorParameters<typeof SysError>[2] = {}) =>
  toProblem(new SysError(code, "it went wrong", options));

test("the native door answers with the status of the errno table", () => {
  for (const code of codes) expect(nativeDialect.status(problem(code))).toBe(errnoTable[code].status);
});

test("no foreign client takes an error for an answer", () => {
  for (const code of codes) {
    expect(openaiDialect.status(problem(code)), code).toBeGreaterThanOrEqual(400);
    expect(anthropicDialect.status(problem(code)), code).toBeGreaterThanOrEqual(400);
  }
});

test("a client that retries by status is stopped where the errno is not retryable", () => {
  const retriedBy = (status: number): boolean => [408, 409, 429].includes(status) || status >= 500;
  for (const code of codes) {
    const headers = problemHeaders(problem(code));
    const isStopped = headers["x-should-retry"] === "false";
    expect(isStopped, code).toBe(!errnoTable[code].retryable);
    if (!isStopped) expect(retriedBy(openaiDialect.status(problem(code))), code).toBe(true);
  }
  expect(problemHeaders(problem("EIO", { retryable: false }))["x-should-retry"]).toBe("false");
});

test("when to come back is told in both headers, rounded up", () => {
  const headers = problemHeaders(problem("EAGAIN", { retryAfterMs: 1_200.4 }));
  expect([headers["retry-after"], headers["retry-after-ms"]]).toEqual(["2", "1201"]);
  expect(problemHeaders(problem("EDQUOT", { retryAfterMs: 1_000 }))).not.toHaveProperty("retry-after");
});

test("what waits for an approval names the call to come back for", () => {
  const pending = problem("EPENDING", { call: asCallId("c1"), pid: asPid("p1") });
  expect(problemHeaders(pending)).toMatchObject({ location: "/v1/calls/c1", "x-aios-call": "c1", "x-aios-pid": "p1" });
  expect(nativeDialect.status(pending)).toBe(202);
});

test("each dialect says what went wrong and what to do next", () => {
  const hinted = problem("EDQUOT", { hint: "raise it" });
  expect(JSON.parse(nativeDialect.body(hinted, null))).toMatchObject({
    code: "EDQUOT",
    detail: "it went wrong",
    hint: "raise it",
  });
  expect(JSON.parse(openaiDialect.body(hinted, null))).toEqual({
    error: { message: "it went wrong (raise it)", type: "insufficient_quota", param: null, code: "insufficient_quota" },
  });
  expect(JSON.parse(anthropicDialect.body(hinted, null))).toEqual({
    type: "error",
    error: { type: "billing_error", message: "it went wrong (raise it)" },
    request_id: null,
  });
});

test("a defect of ours is told without its stack, and is not worth a retry", () => {
  const error = asSysError(new TypeError("Cannot read properties of undefined"));
  const { detail, retryable, code } = toProblem(error);
  expect([code, retryable]).toEqual(["EIO", false]);
  expect(detail).not.toMatch(/undefined/);
  expect(error.cause).toBeInstanceOf(TypeError);
});
