import type { BucketName, ObservedLimit } from "../../../kernel/ports.ts";

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const minuteMs = 60_000;
/** A minute's bucket is full again within a minute, but OpenAI's page shows six for one. */
const longestResetMs = 10 * minuteMs;

/** What one bucket's headers are called. */
interface Family {
  readonly bucket: BucketName;
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

const family = (bucket: BucketName, name: string): Family => ({
  bucket,
  limit: `x-ratelimit-limit-${name}`,
  remaining: `x-ratelimit-remaining-${name}`,
  reset: `x-ratelimit-reset-${name}`,
});

const tokens = family("tokens", "tokens");

/** OpenAI's, which most compatible servers send: per minute. */
const perMinute: readonly Family[] = [family("requests", "requests"), tokens];
/**
 * Groq: under the same name it counts requests per *day* (console.groq.com/docs/rate-limits). A day's allowance is no
 * rate to pace by, so only the tokens are read; its requests per minute show in 429 and retry-after alone.
 */
const tokensOnly: readonly Family[] = [tokens];
/** Mistral: names of its own, no reset. Seen in clients' code; the official pages do not list them. */
const mistral: readonly Family[] = [family("requests", "req-minute"), family("tokens", "tokens-minute")];

/** Anthropic: input and output apart, resets as instants; the `tokens` family is only the tighter of the two. */
const anthropic: readonly Family[] = (
  [
    ["requests", "requests"],
    ["inputTokens", "input-tokens"],
    ["outputTokens", "output-tokens"],
  ] as const
).map(([bucket, name]) => ({
  bucket,
  limit: `anthropic-ratelimit-${name}-limit`,
  remaining: `anthropic-ratelimit-${name}-remaining`,
  reset: `anthropic-ratelimit-${name}-reset`,
}));

const rateLimitFamilies = { perMinute, tokensOnly, mistral, anthropic } as const;
export type RateLimitFamily = keyof typeof rateLimitFamilies;

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "object" ? value[0] : value;

const numberOf = (value: string | undefined): number | undefined => {
  if (value === undefined || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
};

/** Reads where the rate limits stand; undefined when the headers do not say. */
export function readLimits(headers: Headers, kind: RateLimitFamily, nowMs: number): ObservedLimit[] | undefined {
  let found: ObservedLimit[] | undefined;
  for (const { bucket, limit, remaining, reset } of rateLimitFamilies[kind]) {
    const ceiling = numberOf(one(headers[limit]));
    const left = numberOf(one(headers[remaining]));
    if (ceiling === undefined || ceiling === 0 || left === undefined) continue;
    const resetMs = parseDuration(one(headers[reset]), nowMs) ?? (Math.max(0, ceiling - left) / ceiling) * minuteMs;
    // Of a day, or of another kernel's budget: no rate to pace by. Its end shows as a refusal.
    if (resetMs > longestResetMs) continue;
    found ??= [];
    found.push({ bucket, perMinute: ceiling, remaining: left, resetMs });
  }
  return found;
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const durationPart = /(\d+(?:\.\d+)?)(ms|[dhms])/gy;

/**
 * Milliseconds of `1m2.5s`, `12ms`, `6m0s`; a bare number is seconds, or an instant of the Unix epoch
 * (in seconds or milliseconds) where it is too large for a wait; RFC 3339 is an instant. Undefined for anything else.
 */
export function parseDuration(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  const bare = numberOf(trimmed);
  if (bare !== undefined) {
    if (bare > 1e11) return Math.max(0, bare - nowMs);
    return bare > 1e9 ? Math.max(0, bare * 1_000 - nowMs) : bare * 1_000;
  }
  let sum = 0;
  durationPart.lastIndex = 0;
  let end = 0;
  for (let part = durationPart.exec(trimmed); part !== null; part = durationPart.exec(trimmed)) {
    sum += Number(part[1]) * (units[part[2] ?? ""] ?? 0);
    end = durationPart.lastIndex;
  }
  if (end > 0 && end === trimmed.length) return sum;
  const at = /^\d{4}-\d\d-\d\dT/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** How long the upstream asks to wait: `retry-after-ms`, else `retry-after` in seconds or as a date. */
export function readRetryAfter(headers: Headers, nowMs: number): number | undefined {
  const exact = numberOf(one(headers["retry-after-ms"]));
  if (exact !== undefined) return exact;
  const text = one(headers["retry-after"]);
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1_000;
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return parseDuration(text, nowMs);
  // Against the upstream's own clock where it tells it: ours may be off by more than the wait.
  const here = Date.parse(one(headers["date"]) ?? "");
  return Math.max(0, at - (Number.isNaN(here) ? nowMs : here));
}
