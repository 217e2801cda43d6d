import { expect, test } from "vitest";
import { parseDuration, readLimits, readRetryAfter } from "./rate-limits.ts";

const nowMs = Date.parse("2026-05-01T12:00:00Z");

test.each([
  ["1s", 1_000],
  ["6m0s", 360_000],
  ["1m2.5s", 62_500],
  ["12ms", 12],
  ["2h3m", 7_380_000],
  ["1d", 86_400_000],
  ["0.25", 250],
  ["30", 30_000],
  [String(nowMs / 1_000 + 5), 5_000],
  [String(nowMs + 5), 5],
])("%s until a limit resets is %i ms", (text, ms) => {
  expect(parseDuration(text, nowMs)).toBe(ms);
});

test.each(["", "soon", "5x", "1m later", "-3"])("%j is no duration", (text) => {
  expect(parseDuration(text, nowMs)).toBeUndefined();
});

test("OpenAI's headers tell both buckets", () => {
  const headers = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6m0s",
  };
  expect(readLimits(headers, "perMinute", nowMs)).toEqual([
    { bucket: "requests", perMinute: 60, remaining: 59, resetMs: 1_000 },
    { bucket: "tokens", perMinute: 150_000, remaining: 149_984, resetMs: 360_000 },
  ]);
});

test("a limit without its reset refills evenly over the minute", () => {
  const headers = { "x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "30" };
  expect(readLimits(headers, "mistral", nowMs)).toEqual([
    { bucket: "requests", perMinute: 60, remaining: 30, resetMs: 30_000 },
  ]);
});

test("headers that say nothing, half, or nonsense tell no limit", () => {
  expect(readLimits({}, "perMinute", nowMs)).toBeUndefined();
  expect(readLimits({ "x-ratelimit-remaining-requests": "5" }, "perMinute", nowMs)).toBeUndefined();
  const nonsense = { "x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "-1" };
  expect(readLimits(nonsense, "perMinute", nowMs)).toBeUndefined();
});

test("Groq's requests per day are not taken for a rate per minute", () => {
  const headers = { "x-ratelimit-limit-requests": "14400", "x-ratelimit-remaining-requests": "14370" };
  expect(readLimits(headers, "tokensOnly", nowMs)).toBeUndefined();
});

test("a limit that resets in an hour or a day, as budgets of another kernel do, is no rate per minute", () => {
  const headers = {
    "x-ratelimit-limit-tokens": "1000000",
    "x-ratelimit-remaining-tokens": "999000",
    "x-ratelimit-reset-tokens": "11h3m5s",
  };
  expect(readLimits(headers, "perMinute", nowMs)).toBeUndefined();
});

test("retry-after is read in milliseconds, seconds and as a date by the upstream's own clock", () => {
  expect(readRetryAfter({ "retry-after-ms": "120", "retry-after": "1" }, nowMs)).toBe(120);
  expect(readRetryAfter({ "retry-after": "1.5" }, nowMs)).toBe(1_500);
  const date = "Fri, 01 May 2026 12:00:07 GMT";
  expect(readRetryAfter({ "retry-after": date }, nowMs)).toBe(7_000);
  expect(readRetryAfter({ "retry-after": date, date: "Fri, 01 May 2026 12:00:05 GMT" }, nowMs)).toBe(2_000);
  expect(readRetryAfter({ "retry-after": "1m" }, nowMs)).toBe(60_000);
  expect(readRetryAfter({ "retry-after": "later" }, nowMs)).toBeUndefined();
  expect(readRetryAfter({}, nowMs)).toBeUndefined();
});
